//! Records in memory: what was kept, in order, and faults on request.

use std::sync::{Arc, Mutex};

use portcullis::relay::port::{Records, Unrecorded};
use portcullis::relay::record::{Decided, Ended, Refusal, Sealed};

/// One record.
#[derive(Clone, Debug)]
pub enum Entry {
    Intent {
        request_id: String,
        correlation: u128,
        kind: &'static str,
        method: &'static str,
        tool: String,
        request: String,
        line: u32,
    },
    Outcome {
        request_id: String,
        correlation: u128,
        ended: Ended,
    },
    Refusal {
        request_id: String,
        correlation: u128,
        kind: &'static str,
        refusal: Refusal,
    },
    PollLost(&'static str),
}

/// What was kept. Clones share it.
#[derive(Clone, Default)]
pub struct Memory {
    entries: Arc<Mutex<Vec<Entry>>>,
    full: bool,
}

impl Memory {
    /// No intent can be written.
    pub fn full() -> Self {
        Self {
            full: true,
            ..Self::default()
        }
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap().clone()
    }

    /// How each command with this id ended: `outcome permit`, `refusal duplicate` and so on.
    pub fn ends(&self, id: &str) -> Vec<String> {
        let end = |entry: &Entry| match entry {
            Entry::Outcome {
                request_id, ended, ..
            } if request_id == id => Some(format!("outcome {} {}", ended.verdict, ended.reason)),
            Entry::Refusal {
                request_id,
                refusal,
                ..
            } if request_id == id => Some(format!("refusal {}", refusal.reason)),
            _ => None,
        };
        self.entries().iter().filter_map(end).collect()
    }

    /// The one outcome of this command.
    pub fn ended(&self, id: &str) -> Ended {
        let of = |entry: &Entry| match entry {
            Entry::Outcome {
                request_id, ended, ..
            } if request_id == id => Some(ended.clone()),
            _ => None,
        };
        let found: Vec<Ended> = self.entries().iter().filter_map(of).collect();
        assert_eq!(found.len(), 1, "{id}: {found:?}");
        found[0].clone()
    }

    fn keep(&self, entry: Entry) {
        self.entries.lock().unwrap().push(entry);
    }
}

/// Length and digest of a text.
pub fn sealed(text: &str) -> Sealed {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    Sealed {
        length: text.len(),
        sha256: digest.as_ref().try_into().unwrap(),
    }
}

impl Records for Memory {
    type Intent = (String, u128);

    async fn intent(&self, decided: &Decided<'_>) -> Result<(String, u128), Unrecorded> {
        if self.full {
            return Err(Unrecorded);
        }
        let request_id = decided.request_id.to_owned();
        self.keep(Entry::Intent {
            request_id: request_id.clone(),
            correlation: decided.correlation,
            kind: decided.kind,
            method: decided.method,
            tool: decided.tool.to_owned(),
            request: String::from_utf8(decided.request.to_vec()).unwrap(),
            line: decided.line,
        });
        Ok((request_id, decided.correlation))
    }

    fn outcome(&self, (request_id, correlation): (String, u128), ended: &Ended) {
        self.keep(Entry::Outcome {
            request_id,
            correlation,
            ended: ended.clone(),
        });
    }

    fn refusal(&self, decided: &Decided<'_>, refusal: &Refusal) {
        self.keep(Entry::Refusal {
            request_id: decided.request_id.to_owned(),
            correlation: decided.correlation,
            kind: decided.kind,
            refusal: *refusal,
        });
    }

    fn poll_lost(&self, why: &'static str) {
        self.keep(Entry::PollLost(why));
    }
}
