//! A server that speaks raw bytes on loopback: it reads whole requests, keeps them, and answers with whatever a test wrote down.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

/// One thing done to a connection after a request was read.
pub enum Act {
    Send(Vec<u8>),
    /// Again and again until nobody reads, at most 64 MiB.
    Endless(Vec<u8>),
    /// Again and again, with a pause before each.
    Drip(Duration, Vec<u8>),
    /// Until this many requests were read in all.
    Await(usize),
    /// Silence, with the connection open.
    Hang,
    /// End with a reset instead of an orderly close.
    Reset,
    Close,
}

pub fn text(bytes: impl AsRef<[u8]>) -> Act {
    Act::Send(bytes.as_ref().to_vec())
}

/// A whole answer of this status line and these headers, each ended by CRLF.
pub fn reply(status: &str, headers: &str, body: &str) -> Act {
    text(format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

pub fn json(body: &str) -> Act {
    reply("200 OK", "Content-Type: application/json\r\n", body)
}

/// The head of an event stream that ends with the connection.
pub fn stream(headers: &str) -> Act {
    text(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{headers}Connection: close\r\n\r\n"
    ))
}

pub fn event(data: &str) -> Act {
    text(format!("data: {data}\n\n"))
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Which request of this server, from 0.
    pub index: usize,
    pub head: String,
    pub body: String,
}

impl Seen {
    /// Method and target.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// Names in lower case and values, in order, without those that frame the message.
    pub fn headers(&self) -> Vec<(String, String)> {
        let pairs = self.head.lines().skip(1).filter_map(|l| l.split_once(':'));
        pairs
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .filter(|(name, _)| name != "content-length" && name != "host")
            .collect()
    }

    pub fn header(&self, name: &str) -> Option<String> {
        let found = self.headers().into_iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value)
    }

    /// The JSON-RPC id, as written.
    pub fn id(&self) -> String {
        let value: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        value["id"].to_string()
    }

    pub fn answer_text(&self) -> String {
        format!(
            r#"{{"jsonrpc":"2.0","id":{},"result":{{"content":[]}}}}"#,
            self.id()
        )
    }

    /// One notice of progress of this call, under the token we gave.
    pub fn progress(&self, done: usize) -> String {
        format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{},"progress":{done}}}}}"#,
            self.id()
        )
    }
}

type Script = dyn Fn(&Seen) -> Vec<Act> + Send + Sync;

struct Log {
    seen: Mutex<Vec<Seen>>,
    count: watch::Sender<usize>,
    connections: AtomicUsize,
    closed: AtomicUsize,
    sent: AtomicUsize,
}

/// The server; it stops when dropped.
pub struct Raw {
    pub address: SocketAddr,
    log: Arc<Log>,
    task: AbortOnDropHandle<()>,
}

impl Raw {
    pub async fn start(script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static) -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), script).await
    }

    /// A server at an address that was free a moment ago.
    pub async fn start_at(
        address: SocketAddr,
        script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Log {
            seen: Mutex::default(),
            count: watch::Sender::new(0),
            connections: AtomicUsize::new(0),
            closed: AtomicUsize::new(0),
            sent: AtomicUsize::new(0),
        });
        let task = tokio::spawn(serve(listener, Arc::new(script), Arc::clone(&log)));
        Self {
            address,
            log,
            task: AbortOnDropHandle::new(task),
        }
    }

    /// Stops listening; the address is free when this returns.
    pub async fn close(self) -> SocketAddr {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
        self.address
    }

    pub fn url(&self) -> hyper::Uri {
        format!("http://{}/mcp", self.address).parse().unwrap()
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.log.seen.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.log.connections.load(Ordering::SeqCst)
    }

    /// Connections that are over.
    pub fn closed(&self) -> usize {
        self.log.closed.load(Ordering::SeqCst)
    }

    /// Bytes written, as far as the kernel took them.
    pub fn sent(&self) -> usize {
        self.log.sent.load(Ordering::SeqCst)
    }
}

async fn serve(listener: TcpListener, script: Arc<Script>, log: Arc<Log>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        log.connections.fetch_add(1, Ordering::SeqCst);
        let (script, log) = (Arc::clone(&script), Arc::clone(&log));
        connections.spawn(async move {
            converse(stream, script, Arc::clone(&log)).await;
            log.closed.fetch_add(1, Ordering::SeqCst);
        });
    }
}

async fn converse(mut stream: TcpStream, script: Arc<Script>, log: Arc<Log>) {
    let mut buffer = Vec::new();
    while let Some((head, body)) = request(&mut stream, &mut buffer).await {
        let seen = {
            let mut all = log.seen.lock().unwrap();
            let index = all.len();
            all.push(Seen { index, head, body });
            log.count.send_replace(all.len());
            all[index].clone()
        };
        for act in script(&seen) {
            if !play(&mut stream, act, &log).await {
                return;
            }
        }
    }
}

/// Whether the connection goes on.
async fn play(stream: &mut TcpStream, act: Act, log: &Log) -> bool {
    match act {
        Act::Send(bytes) => write(stream, &bytes, log).await,
        Act::Endless(bytes) => {
            let before = log.sent.load(Ordering::SeqCst);
            while log.sent.load(Ordering::SeqCst) - before < 64 * 1024 * 1024 {
                if !write(stream, &bytes, log).await {
                    return false;
                }
            }
            true
        }
        Act::Drip(pause, bytes) => loop {
            sleep(pause).await;
            if !write(stream, &bytes, log).await {
                return false;
            }
        },
        Act::Await(requests) => {
            let mut count = log.count.subscribe();
            count.wait_for(|seen| *seen >= requests).await.is_ok()
        }
        Act::Hang => std::future::pending().await,
        Act::Reset => {
            stream.set_zero_linger().unwrap();
            false
        }
        Act::Close => false,
    }
}

async fn write(stream: &mut TcpStream, bytes: &[u8], log: &Log) -> bool {
    let written = stream.write_all(bytes).await.is_ok();
    log.sent.fetch_add(bytes.len(), Ordering::SeqCst);
    written
}

/// Head and body of the next request; `None` when the client is gone.
async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, String)> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        read(stream, buffer).await?;
    };
    let head = String::from_utf8(buffer.drain(..end).collect()).unwrap();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap());
    while buffer.len() < length {
        read(stream, buffer).await?;
    }
    let body = String::from_utf8(buffer.drain(..length).collect()).unwrap();
    Some((head, body))
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    match stream.read_buf(buffer).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(()),
    }
}
