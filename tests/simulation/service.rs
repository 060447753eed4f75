//! The control plane of a run: it hands out what was queued, and lets go wrong what may.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::ops::gate::Gate;
use portcullis::relay::port::{Batch, ControlPlane, PollError, PostError, Posted};
use portcullis::runtime::deadline::Deadline;
use portcullis::wire::address::ReplyAddress;
use portcullis::wire::poll;
use portcullis_policy::Released;
use portcullis_policy::gate::Caps;
use portcullis_policy::permit::{Origin, ReplyKind};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::diary::{Diary, Fact, Post};
use crate::dice::{Cup, Dice};
use crate::mutants::Mutant;

/// How long a poll is held open.
const HELD: Duration = Duration::from_secs(30);

/// A command that waits at the service.
#[derive(Clone)]
pub struct Queued {
    pub id: String,
    pub element: String,
    pub timeout: Option<Duration>,
}

/// What a run shares between the service and whoever fills it.
#[derive(Clone, Default)]
pub struct Desk {
    queue: Arc<Mutex<VecDeque<Queued>>>,
    filled: Arc<Notify>,
}

impl Desk {
    pub fn put(&self, command: Queued) {
        self.queue.lock().unwrap().push_back(command);
        self.filled.notify_one();
    }

    fn take(&self, most: usize) -> Vec<Queued> {
        let mut queue = self.queue.lock().unwrap();
        let count = most.min(queue.len());
        queue.drain(..count).collect()
    }
}

pub struct Service {
    pub desk: Desk,
    pub diary: Diary,
    pub cup: Mutex<Cup>,
    pub gate: Arc<Gate>,
    /// Whether anything goes wrong at all.
    pub calm: bool,
    pub mutant: Option<Mutant>,
}

/// What a poll comes to.
#[derive(Clone, Copy)]
enum Trouble {
    None,
    Refused(u16),
    Unreachable,
    Silent,
    EmptyAtOnce,
    Cut,
}

/// What a post comes to.
#[derive(Clone, Copy)]
enum Fate {
    Taken,
    Closed,
    Late,
    Refused(u16),
    Broken,
    TakenAndBroken,
    Silent,
    Deaf,
    Panic,
}

impl Service {
    fn roll<T>(&self, hand: &str, draw: impl FnOnce(&Dice) -> T) -> T {
        draw(&self.cup.lock().unwrap().of(hand))
    }

    fn trouble(&self) -> Trouble {
        self.roll("poll", |dice| match dice.below(100) {
            _ if self.calm => Trouble::None,
            0..=3 => Trouble::Refused(dice.pick(&[401, 403, 404, 408, 429, 500, 502, 503])),
            4..=5 => Trouble::Unreachable,
            6 => Trouble::Silent,
            7..=10 => Trouble::EmptyAtOnce,
            11..=12 => Trouble::Cut,
            _ => Trouble::None,
        })
    }

    /// What a poll brings: in order or not, once or twice, now and then more than was asked for.
    async fn fetch(&self, limit: usize) -> Vec<Queued> {
        let deadline = Instant::now() + HELD;
        let most = self.roll("poll", |dice| match () {
            () if !self.calm && dice.percent(2) => limit + 40,
            () => limit,
        });
        let mut taken = self.desk.take(most);
        while taken.is_empty() {
            if tokio::time::timeout_at(deadline, self.desk.filled.notified())
                .await
                .is_err()
            {
                return Vec::new();
            }
            taken = self.desk.take(most);
        }
        if !self.calm {
            self.disturb(&mut taken);
        }
        taken
    }

    fn disturb(&self, taken: &mut Vec<Queued>) {
        self.roll("poll", |dice| {
            if dice.percent(5) {
                let again = taken[dice.below(taken.len() as u64) as usize].clone();
                taken.push(again);
            }
            if dice.percent(4) {
                let again = taken[dice.below(taken.len() as u64) as usize].clone();
                self.desk.queue.lock().unwrap().push_back(again);
            }
            if dice.percent(20) {
                dice.shuffle(taken);
            }
        });
    }

    fn batch(&self, taken: &[Queued]) -> Batch {
        let elements: Vec<&str> = taken.iter().map(|q| q.element.as_str()).collect();
        let body = format!(r#"{{"commands":[{}]}}"#, elements.join(","));
        for command in taken {
            self.diary.write(Fact::Handed {
                id: command.id.clone(),
                until: command.timeout.map(|timeout| self.diary.now() + timeout),
            });
        }
        Batch {
            received: Instant::now(),
            commands: poll::decode(&body.into(), &Caps::REQUEST).unwrap(),
        }
    }

    fn fate(&self, id: &str, terminal: bool) -> Fate {
        self.roll(id, |dice| match dice.below(100) {
            _ if self.calm => Fate::Taken,
            0..=9 => Fate::Late,
            10..=12 => Fate::Refused(dice.pick(&[400, 401, 403, 413, 429, 500, 503])),
            13..=14 => Fate::Broken,
            15..=16 => Fate::TakenAndBroken,
            17 => Fate::Silent,
            18 => Fate::Deaf,
            19 if terminal => Fate::Panic,
            20 => Fate::Closed,
            _ => Fate::Taken,
        })
    }
}

impl ControlPlane for Service {
    async fn poll(&self, limit: usize, _: impl Fn() -> Caps + Send) -> Result<Batch, PollError> {
        self.diary.write(Fact::Polled(self.gate.standing()));
        assert!((1..=25).contains(&limit), "asked for {limit}");
        match self.trouble() {
            Trouble::None => {}
            Trouble::EmptyAtOnce => return Ok(self.batch(&[])),
            Trouble::Unreachable => return Err(PollError::Transport("connection_refused")),
            Trouble::Silent => {
                sleep(HELD + Duration::from_secs(5)).await;
                return Err(PollError::Timeout);
            }
            Trouble::Refused(status) => {
                let retry_after =
                    self.roll("poll", |dice| dice.percent(30).then(|| dice.moment(9000)));
                return Err(PollError::Status {
                    status,
                    detail: String::new(),
                    retry_after,
                });
            }
            Trouble::Cut => {
                let lost = self.fetch(limit).await;
                if !lost.is_empty() {
                    self.diary.write(Fact::Broke);
                    return Err(PollError::Cut("unexpected_eof"));
                }
            }
        }
        let taken = self.fetch(limit).await;
        let late = self.roll("poll", |dice| dice.percent(10).then(|| dice.moment(3000)));
        if let Some(late) = late.filter(|_| !self.calm) {
            sleep(late).await;
        }
        Ok(self.batch(&taken))
    }

    async fn post(
        &self,
        to: &ReplyAddress,
        reply: Released,
        deadline: Deadline,
    ) -> Result<Posted, PostError> {
        let post = Post {
            id: to.request_id.as_str().to_owned(),
            token: to.shard_token.expose().to_owned(),
            channel: to.channel.to_string(),
            terminal: reply.kind() != ReplyKind::Notify,
            judged: reply.origin() == Origin::Judged,
            json: String::from_utf8(reply.json().unwrap_or_default().concat()).unwrap(),
        };
        let (id, terminal) = (post.id.clone(), post.terminal);
        for post in Mutant::posts(self.mutant, post) {
            self.diary.write(Fact::Post(post));
        }
        match self.fate(&id, terminal) {
            Fate::Taken => Ok(Posted::Accepted),
            Fate::Closed => Ok(Posted::Closed),
            Fate::Late => {
                let late = self.roll(&id, |dice| dice.moment(8000));
                deadline
                    .bound(sleep(late))
                    .await
                    .map_err(|_| PostError::Timeout)?;
                Ok(Posted::Accepted)
            }
            Fate::Refused(status) => Err(PostError::Status {
                status,
                detail: String::new(),
            }),
            Fate::Broken | Fate::TakenAndBroken => Err(PostError::Transport("connection_reset")),
            Fate::Silent => {
                deadline.passed().await;
                Err(PostError::Timeout)
            }
            Fate::Deaf => pending().await,
            Fate::Panic => panic!("a post that panics"),
        }
    }
}
