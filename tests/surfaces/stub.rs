//! A peer that answers every request with one status, or closes the connection. As a control plane it hands out what it is given to the next poll.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Listens on loopback until the test process ends.
pub(crate) struct Stub {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    status: u16,
    tls: Option<Arc<ServerConfig>>,
    /// Commands for the next poll, as JSON.
    commands: VecDeque<String>,
    /// The bodies of the requests so far.
    asked: Vec<String>,
}

impl Stub {
    /// In place of a status: the connection is closed without an answer.
    pub(crate) const CLOSES: u16 = 0;

    pub(crate) fn start(status: u16) -> Self {
        Self::serve(State {
            status,
            ..State::default()
        })
    }

    fn serve(state: State) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(state));
        let theirs = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&theirs);
                thread::spawn(move || converse(stream, &state));
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        let is_tls = self.state.lock().unwrap().tls.is_some();
        let scheme = if is_tls { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    pub(crate) fn answers(&self, status: u16) {
        self.state.lock().unwrap().status = status;
    }

    /// Requests so far.
    pub(crate) fn asked(&self) -> usize {
        self.state.lock().unwrap().asked.len()
    }
}

#[cfg(feature = "demo")]
impl Stub {
    pub(crate) fn start_tls(status: u16, tls: Arc<ServerConfig>) -> Self {
        Self::serve(State {
            status,
            tls: Some(tls),
            ..State::default()
        })
    }

    /// From now on connections are opened in this way.
    pub(crate) fn shows(&self, tls: Arc<ServerConfig>) {
        self.state.lock().unwrap().tls = Some(tls);
    }

    pub(crate) fn hand_out(&self, command: &str) {
        let mut state = self.state.lock().unwrap();
        state.commands.push_back(command.to_owned());
    }

    /// The requests so far whose body holds this.
    pub(crate) fn heard(&self, part: &str) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let bodies = state.asked.iter().filter(|body| body.contains(part));
        bodies.cloned().collect()
    }
}

fn converse(stream: TcpStream, state: &Mutex<State>) {
    let tls = state.lock().unwrap().tls.clone();
    match tls {
        Some(tls) => {
            let session = ServerConnection::new(tls).unwrap();
            answer(StreamOwned::new(session, stream), state);
        }
        None => answer(stream, state),
    }
}

fn answer(stream: impl Read + Write, state: &Mutex<State>) {
    let mut lines = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if lines.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let lower = head.to_ascii_lowercase();
    let mut fields = lower.lines().filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| *name == "content-length");
    let length = length.map_or(0, |(_, value)| value.trim().parse().unwrap());
    let mut body = vec![0; length];
    lines.read_exact(&mut body).ok();
    let answer = state.lock().unwrap().answer(&head, &body);
    lines.get_mut().write_all(answer.as_bytes()).ok();
}

impl State {
    fn answer(&mut self, head: &str, body: &[u8]) -> String {
        self.asked.push(String::from_utf8_lossy(body).into_owned());
        let is_poll = head.contains("/poll?");
        let command = is_poll.then(|| self.commands.pop_front()).flatten();
        match (self.status, command) {
            (Self::CLOSES, _) => String::new(),
            (_, Some(command)) => whole(200, &format!(r#"{{"commands":[{command}]}}"#)),
            (204, None) => "HTTP/1.1 204 x\r\nconnection: close\r\n\r\n".to_owned(),
            (status, None) => whole(status, "{}"),
        }
    }

    const CLOSES: u16 = Stub::CLOSES;
}

fn whole(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}
