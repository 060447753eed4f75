//! A panic is told, and nothing of what it says: its message is made of whatever was at hand, secrets not excepted (INVARIANT: 6).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::panic::panic_any;
use std::process::{Command, Output};
use std::thread;

use portcullis::ops::log::{self, Log, LogFormat, LogLevel};
use portcullis::runtime::caught::caught;
use serde_json::Value;

const PLANTED: &str = "canary-in-a-panic-4Jw8";
/// What the child is to do before it panics.
const CHILD: &str = "PORTCULLIS_TEST_PANICS";
/// So many panics of the child.
const PANICS: usize = 5;

/// Not a test by itself: panics in each place where the agent has work, with a secret in the message.
#[test]
fn child_that_panics() {
    let Ok(before) = std::env::var(CHILD) else {
        return;
    };
    if before != "nothing" {
        log::report_panics();
    }
    let format = match before.as_str() {
        "text" => LogFormat::StructText,
        _ => LogFormat::Json,
    };
    let handle = log::start(Log {
        level: LogLevel::Error,
        format,
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(panic_in_tasks());
    drop(thread::spawn(|| refused().expect(PLANTED)).join());
    handle.flush();
}

async fn panic_in_tasks() {
    let owned = tokio::spawn(async { panic!("the key is {}", PLANTED.to_owned()) });
    assert!(owned.await.unwrap_err().is_panic());
    let blocking = tokio::task::spawn_blocking(|| refused().unwrap());
    assert!(blocking.await.unwrap_err().is_panic());
    let any = tokio::spawn(async { panic_any(PLANTED.to_owned()) });
    assert!(any.await.unwrap_err().is_panic());
    let decision = caught(async { refused().unwrap() });
    assert!(decision.await.is_err());
}

fn refused() -> Result<(), String> {
    Err(format!("no such key: {PLANTED}"))
}

fn child(before: &str) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "child_that_panics", "--nocapture"]);
    let output = child.env(CHILD, before).output().unwrap();
    assert!(output.status.success(), "{}", all(&output));
    all(&output)
}

fn all(output: &Output) -> String {
    let bytes = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_panic_is_one_line_with_its_place_and_no_message() {
    let told = child("json");
    assert!(!told.contains(PLANTED), "{told}");
    let lines: Vec<Value> = told
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    assert_eq!(lines.len(), PANICS, "{told}");
    let here = |line: &Value| {
        let place = line["place"].as_str().unwrap();
        line["level"] == "ERROR" && place.starts_with("tests/panics.rs:")
    };
    assert!(lines.iter().all(here), "{told}");
    let told = child("text");
    assert!(!told.contains(PLANTED), "{told}");
    assert_eq!(told.matches("place=").count(), PANICS, "{told}");
}

/// What the tests above rule out is what happens without our doing.
#[test]
fn without_our_report_the_message_would_be_told() {
    assert!(child("nothing").matches(PLANTED).count() >= PANICS);
}

/// No thread can be had with a stack of this size, and the library that wants one panics with the words of the system.
#[test]
#[cfg(feature = "demo")]
fn the_program_reports_so_from_its_first_line() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    program
        .arg("demo")
        .env("RUST_MIN_STACK", (1_u64 << 47).to_string());
    let output = program.output().unwrap();
    let told = all(&output);
    assert!(!output.status.success(), "{told}");
    assert!(told.starts_with("portcullis: a panic at "), "{told}");
    assert!(
        !told.contains("spawn") && told.lines().count() == 1,
        "{told}"
    );
}
