//! The private servers of a run: they do as they should, or whatever else a server may do.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use portcullis::ops::gate::Gate;
use portcullis::relay::port::{Answer, Upstream};
use portcullis::runtime::deadline::Deadline;
use portcullis_policy::{Failure, FailureKind, FailureSource, Permitted};
use serde_json::Value;
use tokio::time::sleep;

use crate::diary::{Diary, Fact};
use crate::dice::{Cup, Dice};
use crate::mutants::Mutant;

pub struct Servers {
    pub diary: Diary,
    pub cup: Mutex<Cup>,
    pub gate: Arc<Gate>,
    pub calm: bool,
    pub mutant: Option<Mutant>,
}

/// One step of an answer.
enum Line {
    Say(String),
    Wait(Duration),
    Fail(Failure),
    Hang,
    Panic,
}

/// An answer that goes line by line.
pub struct Lines {
    lines: VecDeque<Line>,
    status: u16,
    upstream: String,
    diary: Diary,
}

const fn timed_out() -> Failure {
    Failure::new(FailureSource::Timeout, FailureKind::Timeout)
}

impl Servers {
    /// Throws for a message: its id at the server and its method say which.
    fn roll<T>(&self, message: &Value, draw: impl FnOnce(&Dice) -> T) -> T {
        let hand = format!(
            "{} {} {}",
            message["id"], message["method"], message["params"]
        );
        draw(&self.cup.lock().unwrap().of(&hand))
    }

    /// Which command a message belongs to, and the id the server knows it by.
    fn note(&self, message: &Value) {
        let upstream = message["id"].to_string();
        if message["method"] == "notifications/cancelled" {
            let upstream = message["params"]["requestId"].to_string();
            let fact = Fact::Cancelled { upstream };
            if !Mutant::forgets(self.mutant, &fact) {
                self.diary.write(fact);
            }
        } else if let Some(id) = message["params"]["arguments"]["command"].as_str() {
            let fact = Fact::Ran {
                id: id.to_owned(),
                upstream,
                gate: self.gate.standing(),
            };
            for fact in Mutant::runs(self.mutant, fact) {
                self.diary.write(fact);
            }
        }
    }

    fn lines(&self, message: &Value) -> VecDeque<Line> {
        let (id, command) = (&message["id"], &message["params"]["arguments"]["command"]);
        let answer = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":{command}}}]}}}}"#
        );
        let foreign =
            r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"foreign"}]}}"#;
        let progress = format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{id},"progress":1}}}}"#
        );
        let ping = r#"{"jsonrpc":"2.0","id":"s","method":"ping"}"#;
        let say = |text: &str| Line::Say(text.to_owned());
        self.roll(message, |dice| {
            let wait = || Line::Wait(dice.moment(6000));
            match dice.below(if self.calm { 1 } else { 30 }) {
                0..=8 => vec![wait(), say(&answer)],
                9..=13 => vec![say(&answer)],
                14 => vec![Line::Hang],
                15 => vec![say(&progress), wait(), Line::Hang],
                16 => vec![wait(), Line::Fail(timed_out())],
                17 => vec![
                    say(&progress),
                    Line::Fail(Failure::new(
                        FailureSource::TransportClosed,
                        FailureKind::UnexpectedEof,
                    )),
                ],
                18 => vec![],
                19 => vec![say(&answer), say(&answer)],
                20..=21 => vec![say(foreign), wait(), say(&answer)],
                22 => (0..40)
                    .map(|_| say(&progress))
                    .chain([say(&answer)])
                    .collect(),
                23..=24 => vec![say(&progress), wait(), say(&progress), say(&answer)],
                25..=26 => vec![say(ping), wait(), say(&answer)],
                27 => vec![say("[]")],
                28 => vec![
                    say(foreign),
                    Line::Wait(Duration::from_secs(60)),
                    say(&answer),
                ],
                _ => vec![say(&progress), Line::Panic],
            }
        })
        .into()
    }
}

impl Upstream for Servers {
    type Answer = Lines;

    async fn call(&self, permitted: Permitted, deadline: Deadline) -> Result<Lines, Failure> {
        let body = permitted.into_outgoing().body;
        let message: Value = serde_json::from_slice(&body).unwrap_or_default();
        let lines = Lines {
            lines: self.lines(&message),
            status: self.roll(&message, |dice| dice.pick(&[200, 200, 200, 202, 404])),
            upstream: message["id"].to_string(),
            diary: self.diary.clone(),
        };
        let refused = Failure::new(FailureSource::Connect, FailureKind::ConnectionRefused);
        let chance = self.roll(&message, |dice| dice.below(100));
        let is_cancel = message["method"] == "notifications/cancelled";
        let unreachable = chance < 3 && !self.calm;
        if is_cancel || !unreachable {
            self.note(&message);
        }
        if unreachable {
            return Err(refused);
        }
        match chance {
            _ if self.calm => {}
            3..=5 => pending().await,
            6..=7 => {
                deadline.passed().await;
                return Err(timed_out());
            }
            8..=20 => sleep(self.roll(&message, |dice| dice.moment(3000))).await,
            21 => panic!("a server that panics"),
            _ => {}
        }
        Ok(lines)
    }
}

impl Answer for Lines {
    fn status(&self) -> u16 {
        match self.lines.is_empty() {
            true => self.status,
            false => 200,
        }
    }

    fn headers(&self) -> &[(String, String)] {
        &[]
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            match self.lines.pop_front() {
                Some(Line::Say(text)) => {
                    if text.contains("\"result\"") && text.contains(&self.upstream) {
                        let upstream = self.upstream.clone();
                        self.diary.write(Fact::Finished { upstream });
                    }
                    return Ok(Some(text.into()));
                }
                Some(Line::Wait(time)) => sleep(time).await,
                Some(Line::Fail(failure)) => return Err(failure),
                Some(Line::Hang) => pending().await,
                Some(Line::Panic) => panic!("an answer that panics"),
                None => return Ok(None),
            }
        }
    }
}
