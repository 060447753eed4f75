//! Callers that never rest, and what they hold the servers to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portcullis::demo::control_plane::{Command, ControlPlane};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::figures::Figures;
use crate::place::{Place, call};

const CALLERS: usize = 64;

struct Shared {
    control: Arc<ControlPlane>,
    numbers: AtomicUsize,
    published: AtomicUsize,
    over: AtomicBool,
    /// How many rotations were published when each call was asked.
    asked: Mutex<HashMap<usize, usize>>,
    latencies: Mutex<Figures>,
    answers: watch::Sender<usize>,
}

/// The callers.
pub struct Pumps {
    shared: Arc<Shared>,
    serials: Vec<[String; 2]>,
    callers: Vec<JoinHandle<()>>,
}

impl Pumps {
    /// Half of the callers always have an event stream open; the others rest for so long after each answer.
    pub fn start(place: &Place, rest: Duration) -> Self {
        let shared = Arc::new(Shared {
            control: place.control.clone(),
            numbers: AtomicUsize::new(0),
            published: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            asked: Mutex::default(),
            latencies: Mutex::default(),
            answers: watch::Sender::new(0),
        });
        let status = place.status();
        let first = [0, 1].map(|at| {
            status["endpoints"][at]["serial"]
                .as_str()
                .unwrap()
                .to_owned()
        });
        let callers = (0..CALLERS).map(|caller| {
            let rest = (caller % 2 == 0).then_some(rest);
            tokio::spawn(pump(shared.clone(), rest))
        });
        Self {
            callers: callers.collect(),
            serials: vec![first],
            shared,
        }
    }

    /// These identities are in use; whatever is asked from now on may be sent under no older one.
    pub fn published(&mut self, serials: [String; 2]) {
        self.serials.push(serials);
        self.shared.published.fetch_add(1, Ordering::SeqCst);
    }

    /// Returns when a call was answered that had not been answered before.
    pub async fn next_answer(&self) {
        let mut answers = self.shared.answers.subscribe();
        let now = *answers.borrow_and_update();
        answers.wait_for(|answers| *answers > now).await.unwrap();
    }

    /// The latencies since the last look.
    pub fn latencies(&self) -> Figures {
        std::mem::take(&mut self.shared.latencies.lock().unwrap())
    }

    /// Holds what the server heard since the last look against what was asked.
    pub fn check(&self, place: &Place) {
        let heard = place.server.heard();
        place.server.forget();
        let asked = self.shared.asked.lock().unwrap();
        let mut runs: HashMap<usize, usize> = HashMap::new();
        for heard in heard {
            let Some(number) = number(&heard.body) else {
                continue;
            };
            let serial = &heard.peer.as_ref().unwrap().serial;
            // The newest may be in use before this side knows.
            let used = self
                .serials
                .iter()
                .position(|pair| pair[1] == *serial)
                .unwrap_or(self.serials.len());
            assert!(
                used >= asked[&number],
                "call {number} was sent under an old identity"
            );
            *runs.entry(number).or_default() += 1;
        }
        assert!(
            runs.values().all(|times| *times == 1),
            "a call was carried out twice"
        );
        assert!(
            place.control.violations().is_empty(),
            "{:?}",
            place.control.violations()
        );
        assert!(
            place.server.turned_away().is_empty(),
            "{:?}",
            place.server.turned_away()
        );
    }

    /// Ends the callers once each has its answer; how many calls there were.
    pub async fn stop(self, place: &Place) -> usize {
        self.shared.over.store(true, Ordering::SeqCst);
        self.check(place);
        for caller in self.callers {
            caller.await.expect("each call is answered");
        }
        self.shared.numbers.load(Ordering::SeqCst)
    }
}

/// Without a rest, a caller that streams.
async fn pump(shared: Arc<Shared>, rest: Option<Duration>) {
    while !shared.over.load(Ordering::SeqCst) {
        let number = shared.numbers.fetch_add(1, Ordering::SeqCst);
        let published = shared.published.load(Ordering::SeqCst);
        shared.asked.lock().unwrap().insert(number, published);
        let began = Instant::now();
        let mut pending = shared.control.enqueue(match rest {
            None => stream(number),
            Some(_) => call(number),
        });
        let reply = tokio::time::timeout(crate::place::HANGS, pending.reply()).await;
        let value = reply.expect("a call is lost").unwrap().value();
        assert_eq!(value["result"]["isError"], false, "{value}");
        if let Some(rest) = rest {
            shared.latencies.lock().unwrap().add(began.elapsed());
            tokio::time::sleep(rest).await;
        }
        shared.answers.send_modify(|answers| *answers += 1);
    }
}

fn stream(number: usize) -> Command {
    let message = json!({
        "jsonrpc": "2.0", "id": number, "method": "tools/call",
        "params": {
            "_meta": {"progressToken": format!("t-{number}")},
            "name": "slow_count", "arguments": {"to": 5, "query": format!("call-{number}")},
        },
    });
    Command::jsonrpc(message.to_string())
}

fn number(body: &[u8]) -> Option<usize> {
    let message: Value = serde_json::from_slice(body).ok()?;
    let query = message["params"]["arguments"]["query"].as_str()?;
    query.strip_prefix("call-")?.parse().ok()
}
