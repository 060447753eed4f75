//! Tests of the log: no stall, no split line, exact counts.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::Write;
use std::sync::{Mutex, mpsc};

use tokio::time::Instant;
use tracing::subscriber::with_default;

use super::*;

/// Keeps what is written, and waits before each write for a word of the test.
struct Slow {
    go: mpsc::Receiver<()>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The test is over when it fails.
        let _ = self.go.recv();
        self.written.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn slow() -> (mpsc::Sender<()>, Arc<Mutex<Vec<u8>>>, Arc<Queue>) {
    let (say, go) = mpsc::channel();
    let written = Arc::new(Mutex::default());
    let queue = Queue::start(Box::new(Slow {
        go,
        written: Arc::clone(&written),
    }));
    (say, written, queue)
}

fn line(queue: &Arc<Queue>, text: &str) {
    Line::new(Arc::clone(queue))
        .write_all(text.as_bytes())
        .unwrap();
}

#[test]
fn a_log_nobody_reads_stalls_nobody_and_tells_what_it_dropped() {
    let (say, written, queue) = slow();
    let long = "x".repeat(100_000);
    for _ in 0..50 {
        line(&queue, &long);
    }
    let dropped = queue.dropped();
    assert!(dropped >= 20, "{dropped}: the buffer is bounded");
    drop(say);
    queue.flush(Duration::from_secs(60));
    line(&queue, "the next one");
    queue.flush(Duration::from_secs(60));
    let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
    assert_eq!(text.matches(&long).count() as u64, 50 - dropped);
    let told = text
        .lines()
        .filter_map(|line| line.split_once("log lines were dropped lines="));
    let told: Vec<u64> = told.map(|(_, count)| count.parse().unwrap()).collect();
    assert_eq!(told.iter().sum::<u64>(), dropped, "each is told once");
    assert!(text.ends_with("the next one\n"));
}

#[test]
fn a_line_stays_one_line_in_both_shapes() {
    let nasty = "a\nb\rc\x1b[31m\u{85}\u{2028}\u{202e}d";
    for format in [LogFormat::Json, LogFormat::StructText] {
        let (say, written, queue) = slow();
        drop(say);
        let lines = tracing_subscriber::registry().with(shape(format, Arc::clone(&queue)));
        with_default(
            lines,
            || tracing::info!(text = %nasty, other = nasty, "happened"),
        );
        queue.flush(Duration::from_secs(60));
        let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches('\n').count(), 1, "{text:?}");
        let acting = text.trim_end().chars().find(|letter| letter.is_control());
        assert!(
            acting.is_none() && !text.contains(['\u{2028}', '\u{202e}']),
            "{text:?}"
        );
        if format == LogFormat::Json {
            let line: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(
                (line["text"].as_str(), line["other"].as_str()),
                (Some(nasty), Some(nasty))
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_counted_exactly_and_told_when_its_window_is_over() {
    let flood = Flood::default();
    let kinds = [("request", "tool_not_listed"), ("answer", "too_large")];
    let admitted = |kind, count| {
        (0..count)
            .filter(|_| flood.admits(kind, Instant::now()))
            .count()
    };
    assert_eq!((admitted(kinds[0], 50_000), admitted(kinds[1], 3)), (20, 3));
    assert!(flood.ended(Instant::now()).is_empty(), "the window is open");
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(flood.ended(Instant::now()), [(kinds[0], 49_980)]);
    assert_eq!(admitted(kinds[0], 21), 20, "a new window");
    assert_eq!(flood.rest(), [(kinds[0], 1)]);
}

#[test]
fn levels_are_read_as_the_settings_write_them() {
    for level in [
        LogLevel::Debug,
        LogLevel::Info,
        LogLevel::Warn,
        LogLevel::Error,
    ] {
        assert_eq!(level.label().to_uppercase().parse(), Ok(level));
    }
    assert_eq!("trace".parse::<LogLevel>(), Err(NoLevel));
}
