//! The commands of `portcullis audit`, as an auditor runs them, on a log that the library wrote.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use portcullis::ops::audit::{Audit, Decided, Ended, Refusal, Settings, Terms};
use serde_json::Value;

const ORIGIN: &str = "portcullis/tunnel_0123";

/// A child has the locks of our files until it runs its own program: none may be started while a test opens a log.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    /// What a tool printed that did what it promises.
    fn good(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""));
        self.out
    }

    /// Why a tool did not; it printed nothing else.
    fn bad(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (1, ""), "{}", self.err);
        assert!(self.err.starts_with("portcullis: "), "{}", self.err);
        self.err
    }
}

fn audit(args: &[&str]) -> Said {
    let _alone = alone();
    let run = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .arg("audit")
        .args(args)
        .output()
        .unwrap();
    Said {
        code: run.status.code().unwrap(),
        out: String::from_utf8(run.stdout).unwrap(),
        err: String::from_utf8(run.stderr).unwrap(),
    }
}

/// A log in a folder of its own, with files beside it.
struct Sample {
    dir: tempfile::TempDir,
}

impl Sample {
    /// Two calls, a refusal, a start and a stop.
    fn new() -> Self {
        let sample = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        sample.run();
        sample
    }

    /// Lets an agent write to the log.
    fn run(&self) {
        write_log(Path::new(&self.log()));
    }

    fn log(&self) -> String {
        self.path("audit")
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    fn in_log(&self, name: &str) -> String {
        format!("{}/{name}", self.log())
    }

    /// The verifier key, as someone keeps it elsewhere.
    fn key(&self) -> String {
        let text = fs::read_to_string(self.in_log("verifier.key")).unwrap();
        text.lines().next().unwrap().to_owned()
    }

    fn keep(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.in_log("000001.jsonl")).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn put(&self, lines: &[String]) {
        fs::write(self.in_log("000001.jsonl"), lines.join("\n") + "\n").unwrap();
    }

    fn verify(&self, more: &[&str]) -> Said {
        let (log, key) = (self.log(), self.key());
        let args = ["verify", &log, "--key", &key];
        audit(&[&args[..], more].concat())
    }

    /// The records a query prints.
    fn query(&self, filter: &[&str]) -> Vec<Value> {
        let log = self.log();
        let out = audit(&[&["query", &log][..], filter].concat()).good();
        out.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn write_log(dir: &Path) {
    let _alone = alone();
    write_records(dir);
}

#[tokio::main(flavor = "current_thread")]
async fn write_records(dir: &Path) {
    let audit = Audit::open(&Settings::new(dir.to_owned(), ORIGIN.to_owned())).unwrap();
    for (id, channel, selector, verdict, reason) in [
        (1, "main", "echo", "allow", None),
        (2, "side", "sum", "failed", Some("server_timeout")),
    ] {
        let intent = audit.intent(&decided(id, channel, selector)).await.unwrap();
        let ended = Ended {
            verdict,
            reason,
            ..Ended::default()
        };
        audit.outcome(intent, &ended);
    }
    let refusal = Refusal {
        reason: "tool_not_listed",
        line: Some(7),
        resp_code: Some(200),
    };
    audit.refusal(&decided(3, "main", "wipe"), &refusal);
    audit.stop("over").unwrap();
}

fn decided<'a>(correlation: u128, channel: &'a str, selector: &'a str) -> Decided<'a> {
    Decided {
        correlation,
        request_id: "req-1",
        channel,
        message: "call",
        method: Some("tools/call"),
        selector: Some(selector),
        request: b"{}",
        ..Decided::default()
    }
}

fn id(correlation: u128) -> String {
    format!("{correlation:032x}")
}

fn kinds(records: &[Value]) -> Vec<&str> {
    records
        .iter()
        .map(|r| r["kind"].as_str().unwrap())
        .collect()
}

#[test]
fn verify_says_that_a_log_is_good_or_names_the_record() {
    let sample = Sample::new();
    let good = sample.verify(&[]).good();
    assert!(good.starts_with("verified: records 0 to "), "{good}");
    let original = sample.lines();
    let mut altered = original.clone();
    altered[4] = altered[4].replace("\"kind\":\"", "\"kind\":\"x");
    sample.put(&altered);
    let named = sample.verify(&[]).bad();
    assert!(
        named.contains("altered: record 4, segment 000001, line 5"),
        "{named}"
    );
    sample.put(&[&original[..3], &original[4..]].concat());
    let named = sample.verify(&[]).bad();
    assert!(named.contains("deleted: record 3"), "{named}");
}

#[test]
fn verify_finds_a_cut_log_by_the_checkpoint_that_was_exported() {
    let sample = Sample::new();
    let (log, key) = (sample.log(), sample.key());
    let short = sample.lines();
    let signed = fs::read_to_string(sample.in_log("000001.checkpoints")).unwrap();
    sample.run();
    let note = audit(&["checkpoint", &log, "--key", &key]).good();
    let exported = sample.keep("exported", &note);
    sample.verify(&["--checkpoint", &exported]).good();
    sample.put(&short);
    fs::write(sample.in_log("000001.checkpoints"), signed).unwrap();
    sample.verify(&[]).good();
    let named = sample.verify(&["--checkpoint", &exported]).bad();
    assert!(named.contains("truncated: record"), "{named}");
}

#[test]
fn verify_believes_no_other_key_and_warns_of_the_one_beside_the_log() {
    let (sample, other) = (Sample::new(), Sample::new());
    let (log, foreign) = (sample.log(), other.key());
    let named = audit(&["verify", &log, "--key", &foreign]).bad();
    assert!(named.contains("unsigned"), "{named}");
    let beside = audit(&["verify", &log]);
    assert!(beside.code == 0 && beside.err.contains("trusting the key beside the log"));
    let file = sample.keep("key", &sample.key());
    audit(&["verify", &log, "--key", &file]).good();
    for wrong in [sample.path("none"), sample.keep("empty", "")] {
        let why = audit(&["verify", &log, "--key", &wrong]).bad();
        assert!(why.contains(&wrong) || why.contains("--key"), "{why}");
    }
    let nowhere = sample.path("nowhere");
    let why = audit(&["new-key", &nowhere]).bad();
    assert!(why.contains(&nowhere), "{why}");
}

#[test]
fn verify_takes_the_rest_of_a_log_only_as_a_part() {
    let sample = Sample::new();
    let old = Settings {
        segment_age: std::time::Duration::ZERO,
        terms: Terms::default(),
        ..Settings::new(sample.log().into(), ORIGIN.to_owned())
    };
    let guard = alone();
    Audit::open(&old).unwrap().stop("over").unwrap();
    drop(guard);
    sample.verify(&[]).good();
    for name in ["000001.jsonl", "000001.checkpoints"] {
        fs::rename(sample.in_log(name), sample.path(name)).unwrap();
    }
    let named = sample.verify(&[]).bad();
    assert!(named.contains("deleted: record 0"), "{named}");
    let part = sample.verify(&["--partial"]).good();
    assert!(!part.contains("records 0 to"), "{part}");
}

#[test]
fn query_finds_by_each_filter() {
    let sample = Sample::new();
    for (filter, expected) in [
        (["--channel", "side"], &["intent", "outcome"][..]),
        (["--channel", "main"], &["intent", "outcome", "refusal"]),
        (["--selector", "sum"], &["intent", "outcome"]),
        (["--selector", "wipe"], &["refusal"]),
        (["--verdict", "allow"], &["outcome"]),
        (["--verdict", "deny"], &["refusal"]),
        (["--reason", "server_timeout"], &["outcome"]),
        (["--id", &id(2)], &["intent", "outcome"]),
        (["--method", "made/up"], &[]),
        (["--since", "2999-01-01T00:00:00Z"], &[]),
        (["--until", "1999-01-01T00:00:00+02:00"], &[]),
    ] {
        let mut found = sample.query(&filter);
        found.sort_by_key(|record| record["kind"].as_str().unwrap().to_owned());
        assert_eq!(kinds(&found), expected, "{filter:?}");
    }
    assert_eq!(sample.query(&["--method", "tools/call"]).len(), 5);
    let all = sample.query(&[]);
    assert_eq!(all.len(), sample.lines().len());
    let moment = all[4]["time"].as_str().unwrap();
    let (before, after) = (
        sample.query(&["--until", moment]),
        sample.query(&["--since", moment]),
    );
    assert_eq!(before.len() + after.len(), all.len());
    let log = sample.log();
    let why = audit(&["query", &log, "--since", "yesterday"]).bad();
    assert!(why.contains("`--since` is no RFC 3339 time"), "{why}");
}

#[test]
fn a_proof_holds_without_the_log_and_only_for_its_record_and_key() {
    let (sample, other) = (Sample::new(), Sample::new());
    let (log, key) = (sample.log(), sample.key());
    let proof = audit(&["prove", &log, "--key", &key, "--record", &id(2)]).good();
    let file = sample.keep("one.tlog-proof", &proof);
    let printed = audit(&["verify-proof", &file, "--key", &key]).good();
    let record: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(
        (&record["kind"], &record["id"]),
        (&Value::from("intent"), &Value::from(id(2)))
    );
    let index = record["index"].to_string();
    let same = audit(&["prove", &log, "--key", &key, "--record", &index]).good();
    assert_eq!(same, proof);
    let extra = proof.lines().nth(1).unwrap();
    let another = audit(&["prove", &log, "--key", &key, "--record", "0"]).good();
    let forged = proof.replace(extra, another.lines().nth(1).unwrap());
    let forged = sample.keep("forged.tlog-proof", &forged);
    let why = audit(&["verify-proof", &forged, "--key", &key]).bad();
    assert!(why.contains("the record is not in the log"), "{why}");
    let why = audit(&["verify-proof", &file, "--key", &other.key()]).bad();
    assert!(why.contains("no trusted key signed"), "{why}");
    for missing in ["999999", &id(99), "first"] {
        audit(&["prove", &log, "--key", &key, "--record", missing]).bad();
    }
}

/// `make test` gives this folder to `tests/peers/audit_verify.py`.
#[test]
fn a_proof_of_the_program_is_left_for_a_verifier_of_others() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("audit-cli-sample");
    let _ = fs::remove_dir_all(&dir);
    write_log(&dir);
    let log = dir.to_str().unwrap();
    let key = fs::read_to_string(dir.join("verifier.key")).unwrap();
    for index in ["0", "4"] {
        let proof = audit(&["prove", log, "--key", key.trim(), "--record", index]).good();
        fs::write(dir.join(format!("{index}.tlog-proof")), proof).unwrap();
    }
}

#[test]
fn a_new_key_is_announced_by_the_old_one_and_the_private_key_never_shown() {
    let sample = Sample::new();
    let (log, old) = (sample.log(), sample.key());
    let guard = alone();
    let running = Audit::open(&Settings::new(log.clone().into(), ORIGIN.to_owned())).unwrap();
    drop(guard);
    let why = audit(&["new-key", &log]).bad();
    assert!(why.contains("another agent writes"), "{why}");
    running.stop("over").unwrap();
    drop(running);
    let before = fs::read_to_string(sample.in_log("signing.key")).unwrap();
    let printed = audit(&["new-key", &log]).good();
    let after = fs::read_to_string(sample.in_log("signing.key")).unwrap();
    assert_ne!(before, after);
    for secret in [before.lines().nth(1), after.lines().nth(1)] {
        let secret = secret.unwrap();
        assert!(!printed.contains(secret) && !sample.lines().concat().contains(secret));
    }
    sample.run();
    sample.verify(&[]).good();
    let keys = fs::read_to_string(sample.in_log("verifier.key")).unwrap();
    assert_eq!(keys, format!("{old}\n{printed}"));
    assert!(!Path::new(&sample.in_log("signing.key.next")).exists());
}

/// What a kill leaves between any two steps of `new-key`, and a start after it.
#[test]
fn a_change_of_the_key_that_was_cut_off_is_finished_or_undone() {
    for (cut, is_finished) in [
        ("made in part", false),
        ("made", false),
        ("recorded", false),
        ("announced", true),
    ] {
        let sample = Sample::new();
        let read = |name: &str| fs::read_to_string(sample.in_log(name)).unwrap();
        let (old_key, old_verifier, old_log) =
            (read("signing.key"), read("verifier.key"), sample.lines());
        let old_notes = read("000001.checkpoints");
        let new = audit(&["new-key", &sample.log()]).good();
        let new_key = read("signing.key");
        let put = |name: &str, text: &str| fs::write(sample.in_log(name), text).unwrap();
        fs::rename(
            sample.in_log("signing.key"),
            sample.in_log("signing.key.next"),
        )
        .unwrap();
        put("signing.key", &old_key);
        fs::set_permissions(
            sample.in_log("signing.key"),
            fs::Permissions::from_mode(0o600),
        )
        .unwrap();
        if cut != "announced" {
            put("verifier.key", &old_verifier);
        }
        if cut.starts_with("made") {
            sample.put(&old_log);
            put("000001.checkpoints", &old_notes);
        }
        if cut == "made in part" {
            put("signing.key.next", &new_key[..60]);
        }
        sample.run();
        let expected = if is_finished { &new_key } else { &old_key };
        assert_eq!(&read("signing.key"), expected, "{cut}");
        assert!(!Path::new(&sample.in_log("signing.key.next")).exists());
        sample.verify(&[]).good();
        assert_eq!(read("verifier.key").contains(new.trim()), is_finished);
        audit(&["new-key", &sample.log()]).good();
        sample.run();
        sample.verify(&[]).good();
    }
}

/// What a kill leaves between any two steps of the first start.
#[test]
fn a_first_start_that_was_cut_off_is_done_again() {
    for kept in [
        &[][..],
        &["signing.key.next"],
        &["signing.key.next", "verifier.key"],
    ] {
        let sample = Sample::new();
        fs::rename(
            sample.in_log("signing.key"),
            sample.in_log("signing.key.next"),
        )
        .unwrap();
        for name in [
            "000001.jsonl",
            "000001.checkpoints",
            "verifier.key",
            "signing.key.next",
        ] {
            if !kept.contains(&name) {
                fs::remove_file(sample.in_log(name)).unwrap();
            }
        }
        sample.run();
        let lines = sample.lines();
        assert!(lines[1].contains("\"kind\":\"key\""), "{}", lines[1]);
        sample.verify(&[]).good();
    }
}
