//! What the audit log promises about the disk under it: a sync that fails, a file that may not grow, notes of a long failure, files that others may
//! write to, and segments that grow old.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis::ops::audit::verify::{Against, Verified, verify};
use portcullis::ops::audit::{
    Audit, Clock, Decided, Durability, Ended, Field, Health, Memory, Note, NoteKind,
    OnWriteFailure, Refusal, Settings, Terms, read,
};
use serde_json::Value;

const ORIGIN: &str = "portcullis/tunnel_0123";

/// A child has the locks of our files until it runs its own program: none may be started while a test opens a log.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn settings(dir: &Path) -> Settings {
    Settings::new(dir.to_owned(), ORIGIN.to_owned())
}

fn decided(correlation: u128) -> Decided<'static> {
    Decided {
        correlation,
        request_id: "req-1",
        channel: "main",
        message: "call",
        method: Some("tools/call"),
        selector: Some("echo"),
        request: b"{}",
        ..Decided::default()
    }
}

fn allowed() -> Ended<'static> {
    Ended {
        verdict: "allow",
        ..Ended::default()
    }
}

fn reload(number: u64) -> [(&'static str, Field<'static>); 1] {
    [("number", Field::Number(number))]
}

fn note(audit: &Audit, number: u64) {
    audit.note(&Note {
        kind: NoteKind::Reload,
        fields: &reload(number),
    });
}

fn parsed(lines: &[String]) -> Vec<Value> {
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn of_kind<'a>(records: &'a [Value], kind: &str) -> Vec<&'a Value> {
    records
        .iter()
        .filter(|record| record["kind"] == kind)
        .collect()
}

fn in_folder(dir: &Path) -> Vec<Value> {
    let lines = read::Lines::of(dir).unwrap();
    lines
        .map(|line| serde_json::from_slice(&line.unwrap().record).unwrap())
        .collect()
}

fn verified(dir: &Path) -> Verified {
    let against = Against {
        keys: read::verifiers(dir).unwrap(),
        ..Against::default()
    };
    verify(dir, &against).unwrap()
}

fn synced() -> (Audit, Memory) {
    Audit::in_memory(Terms {
        durability: Durability::Synced,
        ..Terms::default()
    })
    .unwrap()
}

/// The memory forgets what it could not sync, as Linux does: only what is written once more survives the next power cut.
#[tokio::test]
async fn what_a_failed_sync_left_in_doubt_is_written_again_before_anything_follows() {
    let (audit, memory) = synced();
    let first = audit.intent(&decided(1)).await.unwrap();
    memory.fail_syncs(true);
    assert!(audit.intent(&decided(2)).await.is_err());
    assert!(matches!(*audit.health().borrow(), Health::Failing { .. }));
    assert!(audit.intent(&decided(3)).await.is_err());
    audit.outcome(first, &allowed());
    assert!(memory.after_power_cut().len() < memory.records().len());
    memory.fail_syncs(false);
    drop(audit.intent(&decided(4)).await.unwrap());
    let _last = audit.intent(&decided(5)).await.unwrap();
    assert_eq!(*audit.health().borrow(), Health::Writable);
    assert_eq!(memory.after_power_cut(), memory.records());
    let records = parsed(&memory.records());
    let denied = of_kind(&records, "outcome")
        .into_iter()
        .find(|record| record["id"] == format!("{:032x}", 2))
        .unwrap();
    assert_eq!(
        (&denied["verdict"], &denied["reason"]),
        (&Value::from("deny"), &Value::from("audit_unavailable"))
    );
    assert_eq!(of_kind(&records, "spool")[0]["denied"], 2);
    assert_eq!(of_kind(&records, "intent").len(), 4, "1, 2, 4 and 5");
}

/// An hour without a disk: refusals of more kinds than are told apart, 50,000 in each second that is looked at, and notes.
#[tokio::test(start_paused = true)]
async fn an_hour_without_a_disk_keeps_bounded_memory_and_exact_counts_f23() {
    let (audit, memory) = Audit::in_memory(Terms::default()).unwrap();
    let methods: Vec<String> = (0..1000).map(|number| format!("made/up{number}")).collect();
    memory.fill_after(0);
    assert!(audit.intent(&decided(0)).await.is_err());
    let refusal = Refusal {
        reason: "method_unknown",
        ..Refusal::default()
    };
    for second in 0..3600_u64 {
        tokio::time::advance(Duration::from_secs(1)).await;
        note(&audit, second);
        let count = if second % 600 == 0 { 50_000 } else { 0 };
        for number in 0..count {
            let refused = Decided {
                method: Some(&methods[number % 1000]),
                ..decided(number as u128)
            };
            audit.refusal(&refused, &refusal);
        }
    }
    assert_eq!(audit.standing().spooled, 0);
    memory.clear();
    let before = memory.bytes();
    let _intent = audit.intent(&decided(0)).await.unwrap();
    audit.flush();
    assert!(memory.bytes() - before < 200_000, "{}", memory.bytes());
    let records = parsed(&memory.records());
    let counts = of_kind(&records, "repeated");
    let counted: u64 = counts.iter().map(|r| r["count"].as_u64().unwrap()).sum();
    assert_eq!((counts.len(), counted), (257, 300_000));
    let notes = of_kind(&records, "reload");
    let numbers: Vec<u64> = notes
        .iter()
        .map(|r| r["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (3344..3600).collect::<Vec<_>>(), "the newest 256");
    assert_eq!(of_kind(&records, "notes_left_out")[0]["count"], 3344);
}

#[test]
fn a_folder_or_file_that_others_may_write_to_is_refused() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    Audit::open(&settings(dir.path()))
        .unwrap()
        .stop("over")
        .unwrap();
    let names = [
        "",
        "000001.jsonl",
        "000001.checkpoints",
        "verifier.key",
        "lock",
    ];
    for name in names {
        let path = dir.path().join(name);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        for writable in [0o020, 0o002] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode | writable)).unwrap();
            let refused = refusal(dir.path());
            assert!(
                refused.contains("others may write to") && refused.contains("chmod"),
                "{refused}"
            );
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
    drop(Audit::open(&settings(dir.path())).unwrap());
}

#[test]
fn a_symbolic_link_in_the_place_of_a_file_is_refused() {
    let _alone = alone();
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(Audit::open(&settings(dir.path())).unwrap());
    for name in ["signing.key", "000001.jsonl", "verifier.key"] {
        let (path, moved) = (dir.path().join(name), other.path().join(name));
        fs::rename(&path, &moved).unwrap();
        symlink(&moved, &path).unwrap();
        let refused = refusal(dir.path());
        assert!(
            refused.contains("is a symbolic link or no file"),
            "{refused}"
        );
        fs::rename(&moved, &path).unwrap();
    }
    drop(Audit::open(&settings(dir.path())).unwrap());
}

fn refusal(dir: &Path) -> String {
    Audit::open(&settings(dir)).err().unwrap().to_string()
}

#[test]
fn a_segment_that_is_old_is_closed_and_the_log_goes_on() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let old = Settings {
        segment_age: Duration::ZERO,
        ..settings(dir.path())
    };
    for run in 0..2 {
        let audit = Audit::open(&old).unwrap();
        for number in 0..3 {
            note(&audit, run * 3 + number);
            audit.flush();
        }
        audit.stop("over").unwrap();
    }
    let records = in_folder(dir.path());
    let segments = of_kind(&records, "segment").len();
    assert!(segments >= 8, "{segments}");
    let whole = verified(dir.path());
    assert_eq!((whole.signed, whole.first), (whole.size, 0));
    let young = settings(dir.path());
    Audit::open(&young).unwrap().stop("over").unwrap();
    let after = in_folder(dir.path());
    assert_eq!(
        of_kind(&after, "segment").len(),
        segments,
        "a day is not over"
    );
}

/// A clock that moves when it is told to.
#[derive(Clone)]
struct Hand(Arc<Mutex<SystemTime>>);

impl Hand {
    fn clock(&self) -> Clock {
        let hand = self.clone();
        Clock::of(move || *hand.0.lock().unwrap())
    }

    /// Moves by so many seconds, forth or back.
    fn turn(&self, seconds: i64) {
        let by = Duration::from_secs(seconds.unsigned_abs());
        let mut now = self.0.lock().unwrap();
        *now = if seconds < 0 { *now - by } else { *now + by };
    }
}

/// A day by the clock that the log was given, over a restart too, and not by the files: a copy of them is younger than what they hold.
#[test]
fn a_segment_is_a_day_old_when_the_clock_says_so() {
    const DAY: i64 = 86_400;
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let hand = Hand(Arc::new(Mutex::new(
        UNIX_EPOCH + Duration::from_secs(10_000_000_000),
    )));
    let ours = Settings {
        clock: hand.clock(),
        ..settings(dir.path())
    };
    let mut audit = Audit::open(&ours).unwrap();
    let after = |audit: &Audit, seconds| {
        hand.turn(seconds);
        note(audit, 0);
        audit.flush();
        audit.standing().segment
    };
    assert_eq!(after(&audit, DAY - 1), 1, "a second is missing");
    assert_eq!(after(&audit, 1), 2);
    assert_eq!(
        after(&audit, DAY - 1),
        2,
        "it is counted from the new one's begin"
    );
    audit.stop("over").unwrap();
    drop(audit);
    audit = Audit::open(&ours).unwrap();
    assert_eq!(after(&audit, 0), 2, "a restart makes it no older");
    assert_eq!(after(&audit, 1), 3, "nor younger");
    assert_eq!(after(&audit, 1 - DAY), 3, "set back by less than a day");
    assert_eq!(after(&audit, -1), 4, "a segment from a day that is to come");
    audit.stop("over").unwrap();
    drop(audit);
    let whole = verified(dir.path());
    assert_eq!((whole.signed, whole.first), (whole.size, 0));
}

#[test]
fn the_verifier_key_is_for_everybody_whatever_the_umask() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("audit");
    let status = limited("umask 077", &folder, "deny").status().unwrap();
    assert!(status.success());
    let mode = |name: &str| {
        let found = fs::metadata(folder.join(name)).unwrap();
        found.permissions().mode() & 0o777
    };
    assert_eq!((mode("verifier.key"), mode("signing.key")), (0o644, 0o600));
}

const CHILD: &str = "PORTCULLIS_TEST_AUDIT_LIMITED";
const MODE: &str = "PORTCULLIS_TEST_AUDIT_MODE";
/// So many calls are tried: more than fit below the limit and in the spool.
const CALLS: u128 = 200;

/// This program as a child that runs [`child_with_little_room`], after the shell did this.
fn limited(first: &str, dir: &Path, mode: &str) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("{first}; exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "child_with_little_room", "--nocapture"])
        .env(CHILD, dir)
        .env(MODE, mode)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    shell
}

/// Not a test by itself: what the tests below start, with or without a limit.
#[test]
fn child_with_little_room() {
    let Some(dir) = std::env::var_os(CHILD) else {
        return;
    };
    let mut settings = settings(Path::new(&dir));
    if std::env::var(MODE).unwrap() == "spool" {
        settings.terms.on_write_failure = OnWriteFailure::Spool(20_000);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let audit = Audit::open(&settings).unwrap();
        // A log without a checkpoint proves nothing yet, and these calls may be over before the first is signed.
        while audit.standing().signed == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for id in 0..CALLS {
            let Ok(intent) = audit.intent(&decided(id)).await else {
                println!("\ndenied {id:032x}");
                continue;
            };
            let written = *audit.health().borrow() == Health::Writable;
            println!(
                "\n{} {id:032x}",
                if written { "written" } else { "spooled" }
            );
            audit.outcome(intent, &allowed());
        }
    });
}

/// What a child with files of at most 20 KiB did: the ids of each answer.
fn run_in_20_kib(dir: &Path, mode: &str) -> impl Fn(&str) -> HashSet<String> {
    let out = limited("trap '' XFSZ; ulimit -f 40", dir, mode)
        .output()
        .unwrap();
    assert!(out.status.success());
    let text = String::from_utf8(out.stdout).unwrap();
    move |answer| {
        let ids = text.lines().filter_map(|line| line.strip_prefix(answer));
        ids.map(|id| id.trim().to_owned()).collect()
    }
}

fn intents(dir: &Path) -> HashSet<String> {
    let records = in_folder(dir);
    let ids = of_kind(&records, "intent")
        .into_iter()
        .map(|record| record["id"].as_str().unwrap().to_owned());
    ids.collect()
}

/// The log of a run that ended without room verifies as it is, and another run goes on with it.
fn goes_on(dir: &Path) {
    let length = fs::metadata(dir.join("000001.jsonl")).unwrap().len();
    assert!((10_000..=20_480).contains(&length), "{length}");
    assert_eq!(
        verified(dir).torn_bytes,
        0,
        "a part of a record was cut back"
    );
    Audit::open(&settings(dir)).unwrap().stop("over").unwrap();
    let records = in_folder(dir);
    let starts = of_kind(&records, "start");
    assert_eq!(
        (starts.len(), &starts[1]["torn_bytes"]),
        (2, &Value::from(0))
    );
    let whole = verified(dir);
    assert_eq!(whole.signed, whole.size);
}

#[test]
fn a_file_that_may_not_grow_denies_and_stays_whole() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("audit");
    let ids = run_in_20_kib(&folder, "deny");
    let (written, denied) = (ids("written"), ids("denied"));
    assert!(!written.is_empty() && !denied.is_empty() && ids("spooled").is_empty());
    assert_eq!(written.len() + denied.len(), 200);
    let recorded = intents(&folder);
    assert!(written.is_subset(&recorded) && denied.is_disjoint(&recorded));
    goes_on(&folder);
}

#[test]
fn a_file_that_may_not_grow_spools_in_memory_and_then_denies() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("audit");
    let ids = run_in_20_kib(&folder, "spool");
    let (written, spooled) = (ids("written"), ids("spooled"));
    assert!(spooled.len() > 10, "{}", spooled.len());
    assert!(!ids("denied").is_empty());
    let recorded = intents(&folder);
    assert!(written.is_subset(&recorded) && spooled.is_disjoint(&recorded));
    goes_on(&folder);
}
