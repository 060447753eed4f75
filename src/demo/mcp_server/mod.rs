//! A small MCP server on loopback that remembers everything it was sent.
//!
//! Promises: every request is recorded byte for byte before anything is made of it, with the certificate of who sent
//! it; a scripted answer goes out exactly as it was written. It keeps to Streamable HTTP of the revisions from
//! 2025-03-26 to 2025-11-25: POST answered in JSON or as an event stream, GET 405, sessions ended by DELETE.
//!
//! Reading order: [`McpServer`] here, [`Heard`] is what came in, [`Answer`] what a test makes it say; `protocol` and
//! `tools` are what it says by itself.
//!
//! Leaves to others: judging requests. Whoever gets in may call every tool, which is the point of the demo.

mod answer;
mod definitions;
mod heard;
mod protocol;
mod sessions;
mod tools;

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use hyper::{Response, StatusCode};

use self::{heard::MAX_BODY, sessions::Sessions};
use super::net::{Body, Cut, Door, Handler, Listener, Record, Visit, body};

pub use answer::{Answer, Piece};
pub use definitions::Definitions;
pub use heard::Heard;
pub use tools::{DELETE_RECORD, SEARCH_RECORDS, SLOW_COUNT, TOOLS};

/// How many requests are remembered.
const REMEMBERED: usize = 25_000;
/// The one path.
const PATH: &str = "/mcp";

/// What makes the answer to one request.
type Script = Box<dyn FnOnce(&Heard) -> Answer + Send>;

/// How the server behaves.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether `initialize` opens a session and other requests need one.
    pub sessions: bool,
    /// Whether every answer to a request is an event stream, not only those with progress.
    pub always_stream: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sessions: true,
            always_stream: false,
        }
    }
}

/// A running MCP server. Dropping it closes its port and its connections.
pub struct McpServer {
    server: Arc<Server>,
    listener: Listener,
    scheme: &'static str,
}

struct Server {
    options: Options,
    sessions: Sessions,
    heard: Record<Heard>,
    tools_run: Record<String>,
    scripts: Mutex<VecDeque<Script>>,
    definitions: Mutex<Definitions>,
}

impl McpServer {
    /// Opens a server behind `door`, on a free loopback port. Needs a Tokio runtime.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(door: Door, options: Options) -> io::Result<Self> {
        let server = Arc::new(Server {
            options,
            sessions: Sessions::default(),
            heard: Record::of(REMEMBERED),
            tools_run: Record::of(REMEMBERED),
            scripts: Mutex::default(),
            definitions: Mutex::default(),
        });
        let scheme = door.scheme();
        let listener = Listener::open(0, door, server.clone()).await?;
        Ok(Self {
            server,
            listener,
            scheme,
        })
    }

    /// Where it is, path included.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}{PATH}", self.scheme, self.listener.address())
    }

    /// Answers the next request that has no script yet with what `script` makes of it; scripts are used in order. A `ping` uses none up: an
    /// agent asks whether the server is there whenever it likes.
    pub fn script(&self, script: impl FnOnce(&Heard) -> Answer + Send + 'static) {
        self.server.scripts().push_back(Box::new(script));
    }

    /// Tells this of itself from now on, in every session.
    pub fn redefine(&self, definitions: Definitions) {
        *self.server.definitions() = definitions;
    }

    /// Every request so far, byte for byte, in order of arrival.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.server.heard.all()
    }

    /// Forgets what was heard and which tools ran.
    pub fn forget(&self) {
        self.server.heard.clear();
        self.server.tools_run.clear();
    }

    /// The tools that ran, in order.
    #[must_use]
    pub fn tools_run(&self) -> Vec<String> {
        self.server.tools_run.all()
    }

    /// Sessions that are open.
    #[must_use]
    pub fn open_sessions(&self) -> usize {
        self.server.sessions.count()
    }

    /// Why peers were turned away during the TLS handshake.
    #[must_use]
    pub fn turned_away(&self) -> Vec<String> {
        self.listener.turned_away()
    }
}

impl Server {
    fn definitions(&self) -> std::sync::MutexGuard<'_, Definitions> {
        self.definitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn script_for(&self, heard: &Heard) -> Option<Script> {
        let is_ping = heard.rpc_method().as_deref() == Some("ping");
        (!is_ping).then(|| self.scripts().pop_front()).flatten()
    }

    fn scripts(&self) -> std::sync::MutexGuard<'_, VecDeque<Script>> {
        self.scripts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handler for Server {
    async fn handle(self: Arc<Self>, visit: Visit) -> Result<Response<Body>, Cut> {
        let (head, incoming) = visit.request.into_parts();
        let Ok(whole) = body::read(incoming, MAX_BODY).await else {
            return Ok(body::empty(StatusCode::PAYLOAD_TOO_LARGE));
        };
        let heard = Heard::of(&head, whole, visit.peer);
        self.heard.add(heard.clone());
        match self.script_for(&heard) {
            Some(script) => script(&heard).play().await,
            None => Ok(protocol::answer(&self, &heard)),
        }
    }
}
