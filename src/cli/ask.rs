//! One question to a running agent: HTTP/1.0, so that the end of the answer is the end of the connection.
//!
//! Promises: no step waits longer than told, and an answer is at most 4 MiB.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const ANSWER_CAP: u64 = 4 * 1024 * 1024;

/// Where the agent listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A socket file.
    Unix(PathBuf),
    /// An address.
    Tcp(SocketAddr),
}

/// What is asked.
pub(super) struct Question<'a> {
    pub(super) method: &'static str,
    pub(super) path: &'a str,
    pub(super) body: &'a [u8],
}

/// An answer.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Place {
    /// `http://host:port`, or `http+unix://` and the path in base64url, as in a url-file.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let url = url.trim().trim_end_matches('/');
        if let Some(path) = url.strip_prefix("http+unix://") {
            let path = String::from_utf8(URL_SAFE_NO_PAD.decode(path).ok()?).ok()?;
            return Some(Self::Unix(path.into()));
        }
        let host = url.strip_prefix("http://")?;
        Some(Self::Tcp(host.to_socket_addrs().ok()?.next()?))
    }

    /// Asks and reads the whole answer.
    pub(super) fn ask(&self, question: &Question<'_>, step: Duration) -> io::Result<Reply> {
        let mut lines = self.open(question, step)?;
        let status = status(&mut lines)?;
        let mut body = String::new();
        lines.take(ANSWER_CAP).read_to_string(&mut body)?;
        Ok(Reply { status, body })
    }

    /// Asks and hands over the lines of the answer as they come, until `each` says no.
    pub(super) fn listen(
        &self,
        question: &Question<'_>,
        step: Duration,
        mut each: impl FnMut(&str) -> bool,
    ) -> io::Result<u16> {
        let mut lines = self.open(question, step)?;
        let status = status(&mut lines)?;
        for line in lines.lines() {
            if !each(&line?) {
                break;
            }
        }
        Ok(status)
    }

    fn open(&self, question: &Question<'_>, step: Duration) -> io::Result<Box<dyn BufRead>> {
        match self {
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(step))?;
                stream.set_write_timeout(Some(step))?;
                send(stream, question, "localhost")
            }
            Self::Tcp(address) => {
                let stream = TcpStream::connect_timeout(address, step)?;
                stream.set_read_timeout(Some(step))?;
                stream.set_write_timeout(Some(step))?;
                send(stream, question, &address.to_string())
            }
        }
    }
}

fn send<S: Read + Write + 'static>(
    mut stream: S,
    question: &Question<'_>,
    host: &str,
) -> io::Result<Box<dyn BufRead>> {
    let Question { method, path, body } = question;
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    Ok(Box::new(BufReader::new(stream)))
}

/// Reads the head of the answer away; its status.
fn status(lines: &mut dyn BufRead) -> io::Result<u16> {
    let mut first = String::new();
    lines.take(ANSWER_CAP).read_line(&mut first)?;
    let status = first.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status =
        status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no HTTP answer came"))?;
    loop {
        let mut line = String::new();
        if lines.take(ANSWER_CAP).read_line(&mut line)? == 0 || line.trim_end().is_empty() {
            return Ok(status);
        }
    }
}
