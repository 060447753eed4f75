//! Private servers in memory, which do as a test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use portcullis::relay::port::{Answer, Upstream};
use portcullis::runtime::deadline::Deadline;
use portcullis_policy::{Channel, Failure, FailureKind, FailureSource, Permitted};
use serde_json::Value;
use tokio::time::sleep;

/// What a server does with one message.
pub enum Play {
    /// Answers with these messages.
    Say(Vec<Line>),
    /// Gives no head before the deadline, and says so as the HTTP client does.
    Silent,
    /// Gives no head, ever.
    Hang,
    Fail(Failure),
    Panic,
}

/// One step of an answer.
pub enum Line {
    Text(String),
    Wait(Duration),
    Hang,
    Fail(Failure),
    Panic,
}

/// A message as a server gets it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub channel: Channel,
    pub body: String,
}

impl Asked {
    /// The JSON-RPC id, as written.
    pub fn id(&self) -> String {
        let value: Value = serde_json::from_str(&self.body).unwrap();
        value["id"].to_string()
    }

    pub fn method(&self) -> String {
        let value: Value = serde_json::from_str(&self.body).unwrap();
        value["method"].as_str().unwrap_or_default().to_owned()
    }

    /// The answer to this call.
    pub fn answer(&self) -> Line {
        Line::Text(format!(
            r#"{{"jsonrpc":"2.0","id":{},"result":{{"content":[]}}}}"#,
            self.id()
        ))
    }

    /// One notice of progress of this call, under the token we gave.
    pub fn progress(&self, done: usize) -> Line {
        Line::Text(format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{},"progress":{done}}}}}"#,
            self.id()
        ))
    }
}

type Script = dyn Fn(&Asked) -> Play + Send + Sync;

/// All servers. Clones share what was asked.
#[derive(Clone)]
pub struct Scripted {
    script: Arc<Script>,
    asked: Arc<Mutex<Vec<Asked>>>,
    deaf: bool,
}

impl Scripted {
    pub fn new(script: impl Fn(&Asked) -> Play + Send + Sync + 'static) -> Self {
        Self {
            script: Arc::new(script),
            asked: Arc::default(),
            deaf: false,
        }
    }

    /// Does with a cancellation what the script says; otherwise it is taken at once.
    pub fn deaf(mut self) -> Self {
        self.deaf = true;
        self
    }

    /// Answers every call and takes the end of every session.
    pub fn willing() -> Self {
        Self::new(|asked| match asked.body.as_str() {
            "" => Play::Say(vec![]),
            _ => Play::Say(vec![asked.answer()]),
        })
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The ids that cancellations named, in order.
    pub fn cancelled(&self) -> Vec<String> {
        let of = |asked: &Asked| {
            let value: Value = serde_json::from_str(&asked.body).unwrap_or_default();
            let named = value["method"] == "notifications/cancelled";
            named.then(|| value["params"]["requestId"].to_string())
        };
        self.asked().iter().filter_map(of).collect()
    }
}

impl Upstream for Scripted {
    type Answer = Lines;

    async fn call(&self, permitted: Permitted, deadline: Deadline) -> Result<Lines, Failure> {
        let channel = permitted.channel().clone();
        let body = String::from_utf8(permitted.into_outgoing().body.to_vec()).unwrap();
        let asked = Asked { channel, body };
        self.asked.lock().unwrap().push(asked.clone());
        if !self.deaf && asked.body.contains("notifications/cancelled") {
            return Ok(Lines(VecDeque::new()));
        }
        match (self.script)(&asked) {
            Play::Say(lines) => Ok(Lines(lines.into())),
            Play::Silent => {
                deadline
                    .bound(std::future::pending())
                    .await
                    .unwrap_or(Err(Failure::new(
                        FailureSource::Timeout,
                        FailureKind::Timeout,
                    )))
            }
            Play::Hang => std::future::pending().await,
            Play::Fail(failure) => Err(failure),
            Play::Panic => panic!("a server that panics"),
        }
    }
}

/// An answer that goes line by line.
pub struct Lines(VecDeque<Line>);

impl Answer for Lines {
    fn status(&self) -> u16 {
        200
    }

    fn headers(&self) -> &[(String, String)] {
        &[]
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            match self.0.pop_front() {
                Some(Line::Text(text)) => return Ok(Some(text.into())),
                Some(Line::Wait(time)) => sleep(time).await,
                Some(Line::Hang) => std::future::pending().await,
                Some(Line::Fail(failure)) => return Err(failure),
                Some(Line::Panic) => panic!("an answer that panics"),
                None => return Ok(None),
            }
        }
    }
}
