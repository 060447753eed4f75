//! The relay alone, on paused time: a listing ends whatever the server does, and nothing is asked that cannot be recorded.

use std::time::Duration;

use portcullis::relay::in_force::InForce;
use portcullis::relay::pipeline::Relay;
use portcullis_policy::permit::Origin;
use tokio::time::Instant;

use crate::support::desk::Desk;
use crate::support::records::{Entry, Memory};
use crate::support::script::{Play, Scripted};
use crate::support::{call, handle, policy, relay};

/// The tool of the call, pinned to something.
fn pinned(desk: &Desk, servers: &Scripted, records: Memory) -> Relay<Desk, Scripted, Memory> {
    let pin = "0".repeat(64);
    let text = format!(
        "schema = 1\n[[server]]\nchannel = \"main\"\n[[server.tool]]\nname = \"echo\"\npin = \"sha256:{pin}\"\nargs.n = {{ type = \"number\" }}\nargs.s = {{ type = \"string\" }}\n"
    );
    Relay {
        policy: InForce::first(policy(&text), [0; 32]),
        records,
        ..relay(desk.clone(), servers.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_never_ends_is_given_up() {
    let (desk, records) = (Desk::new(), Memory::default());
    let servers = Scripted::new(|_| Play::Hang);
    let relay = pinned(&desk, &servers, records.clone());
    let start = Instant::now();
    handle(&relay, call("r"), start).await;
    assert_eq!(start.elapsed(), Duration::from_secs(15));
    let reply = desk.reply("r");
    assert_eq!((reply.origin, reply.code), (Origin::Denial, 200));
    assert_eq!(reply.value()["error"]["data"]["retryable"], true);
    assert_eq!(servers.asked().len(), 1, "the call itself was never sent");
    // The agent's own message has its intent and its outcome, the command its refusal.
    let kinds: Vec<String> = records.entries().iter().map(kind).collect();
    assert_eq!(
        kinds,
        [
            "intent agent tools/list",
            "outcome failed timeout",
            "refusal listing_failed"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_listed_that_cannot_be_recorded() {
    let desk = Desk::new();
    let servers = Scripted::willing();
    let relay = pinned(&desk, &servers, Memory::full());
    handle(&relay, call("r"), Instant::now()).await;
    assert_eq!(desk.reply("r").value()["error"]["data"]["retryable"], true);
    assert!(servers.asked().is_empty(), "{:?}", servers.asked());
}

/// A panic while the agent lists refuses that call, and who waited for the same listing lists anew.
#[tokio::test(start_paused = true)]
async fn a_listing_that_panics_leaves_nobody_waiting_f1() {
    let desk = Desk::new();
    let servers = Scripted::new(|_| Play::Panic);
    let relay = pinned(&desk, &servers, Memory::default());
    let now = Instant::now();
    tokio::join!(
        handle(&relay, call("a"), now),
        handle(&relay, call("b"), now)
    );
    for id in ["a", "b"] {
        let reply = desk.reply(id);
        assert_eq!(
            (reply.origin, reply.error_code()),
            (Origin::Denial, -31403),
            "{id}"
        );
    }
}

fn kind(entry: &Entry) -> String {
    match entry {
        Entry::Intent { kind, method, .. } => format!("intent {kind} {method}"),
        Entry::Outcome { ended, .. } => format!("outcome {} {}", ended.verdict, ended.reason),
        Entry::Refusal { refusal, .. } => format!("refusal {}", refusal.reason),
        Entry::PollLost(why) => format!("poll lost {why}"),
    }
}
