//! What must hold of every run, whatever went wrong in it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use portcullis::ops::gate::Standing;
use portcullis::relay::admission::Occupancy;
use serde_json::Value;

use crate::diary::{Fact, Post};
use crate::run::Left;

/// What is known of one command after a run.
#[derive(Default)]
struct Command {
    handed: usize,
    until: Option<Duration>,
    ran: Vec<(usize, String)>,
    posts: Vec<(Duration, Post)>,
    intents: Vec<usize>,
    outcomes: Vec<(&'static str, &'static str, Result<u16, &'static str>)>,
    refusals: Vec<&'static str>,
    duplicates: usize,
}

/// What a run broke.
pub fn faults(left: &Left) -> Vec<String> {
    let mut faults = Vec::new();
    let commands = commands(left);
    for (id, command) in &commands {
        let found = [
            one_end(command),
            one_reply(command, left.cut),
            ran_once(command),
            recorded_first(command),
            in_time(command),
            own_answer(id, command),
            told_apart(command),
        ];
        faults.extend(
            found
                .into_iter()
                .flatten()
                .map(|fault| format!("{id}: {fault}")),
        );
    }
    faults.extend(whole(left));
    faults.extend(cancelled(left, &commands));
    faults
}

fn commands(left: &Left) -> HashMap<String, Command> {
    let mut all: HashMap<String, Command> = HashMap::new();
    for (index, (at, fact)) in left.facts.iter().enumerate() {
        let Some(command) = whose(fact).map(|id| all.entry(id.clone()).or_default()) else {
            continue;
        };
        match fact {
            Fact::Handed { until, .. } => {
                command.until = command.until.or(*until);
                command.handed += 1;
            }
            Fact::Ran { upstream, .. } => command.ran.push((index, upstream.clone())),
            Fact::Post(post) => command.posts.push((*at, post.clone())),
            Fact::Intent { .. } => command.intents.push(index),
            Fact::Outcome {
                verdict,
                reason,
                reply,
                ..
            } => command.outcomes.push((*verdict, *reason, *reply)),
            Fact::Refusal {
                reason: "duplicate",
                ..
            } => command.duplicates += 1,
            Fact::Refusal { reason, .. } => command.refusals.push(*reason),
            _ => {}
        }
    }
    all
}

fn whose(fact: &Fact) -> Option<&String> {
    match fact {
        Fact::Handed { id, .. }
        | Fact::Ran { id, .. }
        | Fact::Intent { id }
        | Fact::Outcome { id, .. }
        | Fact::Refusal { id, .. } => Some(id),
        Fact::Post(post) => Some(&post.id),
        _ => None,
    }
}

/// INVARIANT 7: one record says how a command ended. A second delivery is recorded as that and as nothing else (E2).
fn one_end(command: &Command) -> Option<String> {
    let ends = command.outcomes.len() + command.refusals.len();
    // What a cut left in the hands of the poll loop was never begun.
    (ends != 1 && !(ends == 0 && command.intents.is_empty() && command.posts.is_empty()))
        .then(|| format!("{ends} ends: {:?} {:?}", command.outcomes, command.refusals))
}

/// One terminal reply, or a record that says why there is none.
fn one_reply(command: &Command, cut: bool) -> Option<String> {
    let terminal = command.posts.iter().filter(|(_, post)| post.terminal);
    let unanswered = command.outcomes.iter().any(|(_, _, reply)| reply.is_err())
        || command
            .refusals
            .iter()
            .any(|reason| *reason == "expired" || command.until.is_some());
    match terminal.count() {
        0 if unanswered || cut => None,
        0 => Some("no reply, and no reason".to_owned()),
        1 => None,
        more => Some(format!("{more} terminal posts")),
    }
}

/// The server ran it once at most, and nothing that was refused.
fn ran_once(command: &Command) -> Option<String> {
    match command.ran.len() {
        0 => None,
        1 if command.refusals.is_empty() => None,
        1 => Some(format!("ran, and was refused: {:?}", command.refusals)),
        more => Some(format!("ran {more} times")),
    }
}

/// No message at a server without an intent before it, and one outcome for each intent.
fn recorded_first(command: &Command) -> Option<String> {
    let first = command.intents.first();
    if command
        .ran
        .iter()
        .any(|(at, _)| first.is_none_or(|intent| intent > at))
    {
        return Some("ran before its intent was written".to_owned());
    }
    let (intents, outcomes) = (command.intents.len(), command.outcomes.len());
    (intents != outcomes).then(|| format!("{intents} intents, {outcomes} outcomes"))
}

/// Nothing is posted once the service has stopped waiting.
fn in_time(command: &Command) -> Option<String> {
    let until = command.until?;
    let late = command.posts.iter().find(|(at, _)| *at >= until)?;
    Some(format!("posted at {:?}, after {until:?}", late.0))
}

/// A reply carries the token, the id and the content of its own command.
fn own_answer(id: &str, command: &Command) -> Option<String> {
    let foreign = |post: &Post| {
        let value: Value = serde_json::from_str(&post.json).unwrap_or_default();
        let ids = [
            &value["id"],
            &value["params"]["progressToken"],
            &value["result"]["content"][0]["text"],
        ];
        post.token != format!("token-{id}")
            || ids
                .iter()
                .any(|found| found.as_str().is_some_and(|found| found != id))
    };
    let (_, post) = command.posts.iter().find(|(_, post)| foreign(post))?;
    Some(format!("got what is not its own: {post:?}"))
}

/// Each delivery beyond the first is recorded as such.
fn told_apart(command: &Command) -> Option<String> {
    let ends = command.outcomes.len() + command.refusals.len();
    (command.handed > 0 && ends > 0 && command.duplicates > command.handed - 1).then(|| {
        format!(
            "{} deliveries, {} duplicates",
            command.handed, command.duplicates
        )
    })
}

/// Of the run as a whole.
fn whole(left: &Left) -> Vec<String> {
    let mut faults = Vec::new();
    if !left.drained {
        faults.push("the drain did not end".to_owned());
    }
    if left.places != (0, 0, [Occupancy::default(); 2]) {
        faults.push(format!("places were not given back: {:?}", left.places));
    }
    let facts: Vec<&Fact> = left.facts.iter().map(|(_, fact)| fact).collect();
    let count = |wanted: &Fact| facts.iter().filter(|fact| **fact == wanted).count();
    let (broke, recorded) = (count(&Fact::Broke), count(&Fact::PollLost));
    if broke != recorded && !left.cut {
        faults.push(format!("{broke} polls broke off, {recorded} are recorded"));
    }
    if !left.cut && !matches!(facts.last(), Some(Fact::Drained)) {
        faults.push(format!("after the drain: {:?}", facts.last()));
    }
    for fact in facts {
        match fact {
            Fact::Polled(gate) if *gate != Standing::Raised => {
                faults.push(format!("polled under a {} gate", gate.label()));
            }
            Fact::Ran {
                id,
                gate: Standing::Lowered,
                ..
            } => {
                faults.push(format!("{id} ran under a lowered gate"));
            }
            _ => {}
        }
    }
    faults
}

/// W-18: a server at work on a call that was given up is told.
fn cancelled(left: &Left, commands: &HashMap<String, Command>) -> Vec<String> {
    let ids = |of: fn(&Fact) -> Option<&String>| -> HashSet<&String> {
        left.facts.iter().filter_map(|(_, fact)| of(fact)).collect()
    };
    let told = ids(|fact| match fact {
        Fact::Cancelled { upstream } => Some(upstream),
        _ => None,
    });
    let finished = ids(|fact| match fact {
        Fact::Finished { upstream } => Some(upstream),
        _ => None,
    });
    let mut faults = Vec::new();
    for (id, command) in commands.iter().filter(|_| !left.cut) {
        let given_up = command.outcomes.iter().any(|(verdict, reason, _)| {
            matches!(*reason, "gate_lowered" | "timeout") || *verdict == "none"
        });
        for (_, upstream) in command.ran.iter().filter(|_| given_up) {
            if !told.contains(upstream) && !finished.contains(upstream) {
                faults.push(format!("{id}: nobody told the server that it was given up"));
            }
        }
    }
    faults
}
