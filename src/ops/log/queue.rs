//! Lines on their way out: a bounded buffer and one thread that empties it, so that a log nobody reads stalls nobody.
//!
//! Promises: a line is taken whole or not at all; those not taken are counted and told in the log itself; the thread sleeps while there is
//! nothing to write, and gathers lines for 10 ms when there is.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The most bytes that wait.
const CAP: usize = 1024 * 1024;
const GATHER: Duration = Duration::from_millis(10);

/// The buffer and its thread.
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Whether the thread holds bytes that are not written yet.
    writing: bool,
    untold: u64,
    dropped: u64,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Queue")
    }
}

impl Queue {
    /// Starts the thread; it ends with the process.
    pub(super) fn start(out: Box<dyn Write + Send>) -> Arc<Self> {
        let queue = Arc::new(Self {
            waiting: Mutex::default(),
            changed: Condvar::new(),
        });
        let theirs = Arc::clone(&queue);
        let thread = thread::Builder::new().name("log".to_owned());
        if thread.spawn(move || theirs.drain(out)).is_err() {
            // Without a thread there is no log, and every line counts as dropped.
            queue.lock().bytes = vec![0; CAP];
        }
        queue
    }

    /// Takes a line, or counts it.
    fn take(&self, line: &[u8]) {
        let mut waiting = self.lock();
        if waiting.bytes.len().saturating_add(line.len()) > CAP {
            waiting.untold = waiting.untold.saturating_add(1);
            waiting.dropped = waiting.dropped.saturating_add(1);
            return;
        }
        waiting.bytes.extend_from_slice(line);
        drop(waiting);
        self.changed.notify_all();
    }

    pub(super) fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// Waits until everything taken is written.
    pub(super) fn flush(&self, within: Duration) {
        let waiting = self.lock();
        // What is not written by then is lost with the process.
        let _ = self.changed.wait_timeout_while(waiting, within, |waiting| {
            waiting.writing || !waiting.bytes.is_empty()
        });
    }

    fn drain(&self, mut out: Box<dyn Write + Send>) {
        loop {
            self.wait();
            thread::sleep(GATHER);
            let (bytes, untold) = self.begin();
            // There is nowhere to tell that the log itself cannot be written.
            let _ = out.write_all(&bytes);
            if untold > 0 {
                let _ = writeln!(out, "{}", told(&bytes, untold));
            }
            let _ = out.flush();
            self.lock().writing = false;
            self.changed.notify_all();
        }
    }

    fn wait(&self) {
        let waiting = self.lock();
        let woken = self
            .changed
            .wait_while(waiting, |waiting| waiting.bytes.is_empty());
        drop(woken.unwrap_or_else(PoisonError::into_inner));
    }

    fn begin(&self) -> (Vec<u8>, u64) {
        let mut waiting = self.lock();
        waiting.writing = true;
        (
            mem::take(&mut waiting.bytes),
            mem::take(&mut waiting.untold),
        )
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In the shape of the lines around it.
fn told(lines: &[u8], untold: u64) -> String {
    if lines.first() == Some(&b'{') {
        format!(r#"{{"level":"WARN","lines":{untold},"message":"log lines were dropped"}}"#)
    } else {
        format!("WARN log lines were dropped lines={untold}")
    }
}

/// One line while it is put together; taken when it is dropped.
pub(super) struct Line {
    queue: Arc<Queue>,
    text: Vec<u8>,
}

impl Line {
    pub(super) const fn new(queue: Arc<Queue>) -> Self {
        Self {
            queue,
            text: Vec::new(),
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.queue.take(&escaped(&self.text));
    }
}

/// The line with its own end and no other character that a terminal or a reader of lines could act on.
fn escaped(text: &[u8]) -> Vec<u8> {
    use std::fmt::Write as _;
    let text = String::from_utf8_lossy(text);
    let mut line = String::with_capacity(text.len().saturating_add(1));
    for letter in text.trim_end_matches('\n').chars() {
        if acts(letter) {
            // Writing to a string cannot fail.
            let _ = write!(line, "\\u{:04x}", u32::from(letter));
        } else {
            line.push(letter);
        }
    }
    line.push('\n');
    line.into_bytes()
}

/// Control characters, line and paragraph separators, and what turns the direction of text.
fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
