//! A control plane in memory: it hands out what a test queued and keeps what was posted.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::relay::port::{Batch, ControlPlane, PollError, PostError, Posted};
use portcullis::runtime::deadline::Deadline;
use portcullis::wire::address::ReplyAddress;
use portcullis::wire::command::Polled;
use portcullis_policy::Released;
use portcullis_policy::gate::Caps;
use portcullis_policy::permit::{Origin, ReplyKind};
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// How long a poll is held open when nothing is queued.
pub const HELD: Duration = Duration::from_secs(30);

/// One reply as the service gets it.
#[derive(Clone, Debug)]
pub struct Post {
    pub request_id: String,
    pub channel: String,
    pub kind: ReplyKind,
    pub origin: Origin,
    pub code: u16,
    pub headers: Vec<(&'static str, String)>,
    pub json: String,
}

impl Post {
    pub fn is_terminal(&self) -> bool {
        self.kind != ReplyKind::Notify
    }

    pub fn value(&self) -> Value {
        serde_json::from_str(&self.json).unwrap_or_else(|error| panic!("{error}: {}", self.json))
    }

    /// Source and kind of a `tunnel_failure`, behind the status: `502 timeout/timeout`.
    pub fn failure(&self) -> String {
        let value = self.value();
        let failure = &value["error"]["data"]["tunnel_failure"];
        let word = |name: &str| failure[name].as_str().unwrap_or("none").to_owned();
        format!(
            "{} {}/{}",
            self.code,
            word("source"),
            word("transport_error_kind")
        )
    }

    pub fn error_code(&self) -> i64 {
        self.value()["error"]["code"].as_i64().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Vec<&str> {
        let found = self.headers.iter().filter(|(n, _)| *n == name);
        found.map(|(_, value)| value.as_str()).collect()
    }
}

/// What becomes of a post.
type Verdict = dyn Fn(&Post) -> Result<Posted, PostError> + Send + Sync;

#[derive(Default)]
struct Kept {
    queue: VecDeque<(Duration, Result<Vec<Polled>, PollError>)>,
    polls: Vec<(Instant, usize)>,
    posts: Vec<Post>,
}

/// The control plane. Clones share what is queued and kept.
#[derive(Clone)]
pub struct Desk {
    kept: Arc<Mutex<Kept>>,
    verdict: Arc<Verdict>,
    held: Duration,
    deaf: bool,
}

impl Desk {
    /// Takes every post.
    pub fn new() -> Self {
        Self::judging(|_| Ok(Posted::Accepted))
    }

    pub fn judging(
        verdict: impl Fn(&Post) -> Result<Posted, PostError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            kept: Arc::default(),
            verdict: Arc::new(verdict),
            held: HELD,
            deaf: false,
        }
    }

    /// Never says what became of a notification.
    pub fn deaf_to_notices(mut self) -> Self {
        self.deaf = true;
        self
    }

    /// Answers an empty poll at once instead of holding it.
    pub fn hasty(mut self) -> Self {
        self.held = Duration::ZERO;
        self
    }

    pub fn queue(&self, answer: Result<Vec<Polled>, PollError>) {
        self.queue_late(Duration::ZERO, answer);
    }

    /// What a poll gets after it was held open for `held`.
    pub fn queue_late(&self, held: Duration, answer: Result<Vec<Polled>, PollError>) {
        self.kept.lock().unwrap().queue.push_back((held, answer));
    }

    pub fn polls(&self) -> Vec<(Instant, usize)> {
        self.kept.lock().unwrap().polls.clone()
    }

    pub fn posts(&self) -> Vec<Post> {
        self.kept.lock().unwrap().posts.clone()
    }

    /// The terminal replies to one command.
    pub fn replies(&self, request_id: &str) -> Vec<Post> {
        let mut posts = self.posts();
        posts.retain(|post| post.request_id == request_id && post.is_terminal());
        posts
    }

    /// The one terminal reply to the command.
    pub fn reply(&self, request_id: &str) -> Post {
        let mut replies = self.replies(request_id);
        assert_eq!(replies.len(), 1, "{request_id}: {replies:?}");
        replies.remove(0)
    }
}

impl ControlPlane for Desk {
    async fn poll(&self, limit: usize, _: impl Fn() -> Caps + Send) -> Result<Batch, PollError> {
        let next = {
            let mut kept = self.kept.lock().unwrap();
            kept.polls.push((Instant::now(), limit));
            kept.queue.pop_front()
        };
        let (held, answer) = next.unwrap_or((self.held, Ok(Vec::new())));
        sleep(held).await;
        Ok(Batch {
            received: Instant::now(),
            commands: answer?,
        })
    }

    async fn post(
        &self,
        to: &ReplyAddress,
        reply: Released,
        _: Deadline,
    ) -> Result<Posted, PostError> {
        let post = Post {
            request_id: to.request_id.as_str().to_owned(),
            channel: to.channel.to_string(),
            kind: reply.kind(),
            origin: reply.origin(),
            code: reply.code(),
            headers: reply.headers().to_vec(),
            json: String::from_utf8(reply.json().unwrap_or_default().concat()).unwrap(),
        };
        let verdict = (self.verdict)(&post);
        let hangs = self.deaf && !post.is_terminal();
        self.kept.lock().unwrap().posts.push(post);
        if hangs {
            std::future::pending::<()>().await;
        }
        verdict
    }
}
