//! What the audit log promises when things go wrong: a full disk, a flood of refusals, hostile names, `kill -9`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use std::collections::HashSet;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use portcullis::ops::audit::verify::{Against, verify};
use portcullis::ops::audit::{
    Arguments, Audit, Decided, Digest, Durability, Ended, Health, Memory, OnWriteFailure, Refusal,
    Settings, Terms, prove, query, read,
};
use serde_json::Value;

const ORIGIN: &str = "portcullis/tunnel_0123";

fn decided(correlation: u128) -> Decided<'static> {
    Decided {
        correlation,
        request_id: "req-1",
        channel: "main",
        message: "call",
        method: Some("tools/call"),
        selector: Some("echo"),
        request: b"{}",
        arguments: Some(br#"{"password":"hunter2"}"#),
        ..Decided::default()
    }
}

fn allowed() -> Ended<'static> {
    Ended {
        verdict: "allow",
        resp_code: Some(200),
        answer: Some(Digest::of(&[b"{}"])),
        ..Ended::default()
    }
}

fn parsed(memory: &Memory) -> Vec<Value> {
    let records = memory.records();
    records
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn kinds(records: &[Value]) -> Vec<&str> {
    records
        .iter()
        .map(|record| record["kind"].as_str().unwrap())
        .collect()
}

fn assert_in_order(records: &[Value]) {
    for (place, record) in records.iter().enumerate() {
        assert_eq!(record["index"], place as u64);
    }
}

#[tokio::test]
async fn a_full_disk_denies_keeps_what_was_promised_and_recovers() {
    let (audit, memory) = Audit::in_memory(Terms::default()).unwrap();
    let health = audit.health();
    let promised = audit.intent(&decided(1)).await.unwrap();
    let before = memory.bytes();
    memory.fill_after(100);
    assert!(audit.intent(&decided(2)).await.is_err());
    assert!(matches!(&*health.borrow(), Health::Failing { reason } if !reason.is_empty()));
    assert_eq!(memory.bytes(), before, "the torn record was cut back");
    audit.outcome(promised, &allowed());
    assert_eq!(memory.bytes(), before);
    memory.clear();
    let next = audit.intent(&decided(3)).await.unwrap();
    assert_eq!(*health.borrow(), Health::Writable);
    audit.outcome(next, &allowed());
    let records = parsed(&memory);
    assert_in_order(&records);
    assert_eq!(
        kinds(&records),
        ["segment", "intent", "outcome", "spool", "intent", "outcome"]
    );
    assert_eq!(
        (&records[3]["denied"], &records[3]["kept_records"]),
        (&Value::from(1), &Value::from(1))
    );
    assert_eq!(records[2]["intent"], 1);
}

#[tokio::test]
async fn a_full_disk_spools_in_order_up_to_its_size_and_then_denies() {
    let spool = Terms {
        on_write_failure: OnWriteFailure::Spool(3000),
        ..Terms::default()
    };
    let (audit, memory) = Audit::in_memory(spool).unwrap();
    memory.fill_after(10);
    let mut open = vec![audit.intent(&decided(0)).await.unwrap()];
    assert!(matches!(*audit.health().borrow(), Health::Spooling { .. }));
    while let Ok(intent) = audit.intent(&decided(open.len() as u128)).await {
        open.push(intent);
    }
    assert!((2..30).contains(&open.len()));
    assert!(matches!(*audit.health().borrow(), Health::Failing { .. }));
    let count = open.len();
    open.into_iter()
        .for_each(|intent| audit.outcome(intent, &allowed()));
    memory.clear();
    audit.flush();
    drop(audit.intent(&decided(99)).await.unwrap());
    let records = parsed(&memory);
    assert_in_order(&records);
    let of = |kind: &str| kinds(&records).iter().filter(|k| **k == kind).count();
    assert_eq!(
        (of("intent"), of("outcome"), of("spool")),
        (count + 1, count + 1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn fifty_thousand_refusals_a_second_are_counted_exactly_in_bounded_bytes_f23() {
    let (audit, memory) = Audit::in_memory(Terms::default()).unwrap();
    let methods: Vec<String> = (0..1000).map(|n| format!("made/up{n}")).collect();
    for count in 0..50_000_u128 {
        let refused = Decided {
            method: Some(&methods[count as usize % 1000]),
            ..decided(count)
        };
        let reason = Refusal {
            reason: "method_unknown",
            ..Refusal::default()
        };
        audit.refusal(&refused, &reason);
        tokio::time::advance(Duration::from_micros(20)).await;
    }
    audit.flush();
    assert!(memory.bytes() < 600_000, "{}", memory.bytes());
    let records = parsed(&memory);
    let full = records.iter().filter(|r| r["kind"] == "refusal").count() as u64;
    let repeated: u64 = records.iter().filter_map(|r| r["count"].as_u64()).sum();
    assert_eq!(full + repeated, 50_000);
    let last = records.iter().rfind(|r| r["other"] == true).unwrap();
    assert!(last["first_time"].as_str() < last["last_time"].as_str());
}

/// However long nothing can be written, refusals cost counters and no memory, and none is left out.
#[tokio::test(start_paused = true)]
async fn refusals_of_an_hour_without_a_disk_are_only_counted_f23() {
    let (audit, memory) = Audit::in_memory(Terms::default()).unwrap();
    memory.fill_after(0);
    assert!(audit.intent(&decided(0)).await.is_err());
    let refusal = Refusal {
        reason: "tool_not_listed",
        ..Refusal::default()
    };
    for second in 0..3600 {
        tokio::time::advance(Duration::from_secs(1)).await;
        for number in 0..50 {
            audit.refusal(&decided(second * 50 + number), &refusal);
        }
    }
    assert_eq!(audit.standing().spooled, 0, "nothing is kept");
    memory.clear();
    let _intent = audit.intent(&decided(0)).await.unwrap();
    audit.flush();
    let records = parsed(&memory);
    let refused = records.iter().filter(|record| record["kind"] == "refusal");
    let counted: Vec<u64> = records
        .iter()
        .filter(|record| record["kind"] == "repeated")
        .map(|record| record["count"].as_u64().unwrap())
        .collect();
    assert_eq!((refused.count(), counted), (0, vec![180_000]));
}

/// Whoever else may write there, or put a link in place of a file, could decide what the log says.
#[test]
fn a_folder_of_others_and_a_link_in_it_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (shared, linked) = (folder.path().join("shared"), folder.path().join("linked"));
    for dir in [&shared, &linked] {
        fs::create_dir(dir).unwrap();
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).unwrap();
    }
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o770)).unwrap();
    let elsewhere = folder.path().join("elsewhere");
    std::os::unix::fs::symlink(&elsewhere, linked.join("000001.checkpoints")).unwrap();
    for (dir, part) in [(shared, "others may write"), (linked, "symbolic link")] {
        let opened = Audit::open(&Settings::new(dir, ORIGIN.to_owned()));
        let fault = opened.err().expect("refused").to_string();
        assert!(fault.contains(part), "{fault}");
    }
    assert!(!elsewhere.exists());
}

#[tokio::test]
async fn a_refusal_alone_is_recorded_in_full_f22() {
    let (audit, memory) = Audit::in_memory(Terms::default()).unwrap();
    let reason = Refusal {
        reason: "tool_not_listed",
        line: Some(7),
        resp_code: Some(200),
    };
    audit.refusal(&decided(5), &reason);
    audit.flush();
    let records = parsed(&memory);
    assert_eq!(kinds(&records), ["segment", "refusal"]);
    let record = &records[1];
    assert_eq!(
        (&record["reason"], &record["line"], &record["verdict"]),
        (
            &Value::from("tool_not_listed"),
            &Value::from(7),
            &Value::from("deny")
        )
    );
}

#[tokio::test]
async fn hostile_names_stay_one_line_of_ascii_f5() {
    let (audit, memory) = Audit::in_memory(Terms::default()).unwrap();
    let hostile = "a\u{1b}[2J\n\u{2028}\"\\\u{7f}\u{e9}\u{1f600}";
    let long = "\u{e9}".repeat(4000);
    let named = Decided {
        method: Some(hostile),
        selector: Some(&long),
        ..decided(1)
    };
    drop(audit.intent(&named).await.unwrap());
    let line = &memory.records()[1];
    assert!(
        line.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
        "{line}"
    );
    let record: Value = serde_json::from_str(line).unwrap();
    assert_eq!(record["method"], hostile);
    assert_eq!(
        (
            record["selector"].as_str().unwrap().len(),
            &record["selector_bytes"]
        ),
        (256, &Value::from(8000))
    );
}

#[tokio::test]
async fn arguments_are_recorded_only_as_the_policy_says() {
    for (arguments, shows_name, shows_value) in [
        (Arguments::Digest, false, false),
        (Arguments::Names, true, false),
        (Arguments::Full, true, true),
    ] {
        let terms = Terms {
            arguments,
            ..Terms::default()
        };
        let (audit, memory) = Audit::in_memory(terms).unwrap();
        drop(audit.intent(&decided(1)).await.unwrap());
        let line = memory.records()[1].clone();
        let shown = (line.contains("password"), line.contains("hunter2"));
        assert_eq!(shown, (shows_name, shows_value), "{line}");
    }
}

/// Under `synced` the same holds over a folder; the records are found by what their intent says, and one is proven alone.
#[tokio::test]
async fn a_synced_log_is_searched_and_proven() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("audit-sample");
    let _ = fs::remove_dir_all(&dir);
    let mut settings = Settings::new(dir.clone(), ORIGIN.to_owned());
    settings.terms.durability = Durability::Synced;
    let audit = Audit::open(&settings).unwrap();
    for id in 1..20 {
        let intent = audit.intent(&decided(id)).await.unwrap();
        audit.outcome(intent, &allowed());
    }
    audit.stop("over").unwrap();
    let asked = query::Query {
        channel: Some("main".to_owned()),
        verdict: Some("allow".to_owned()),
        ..query::Query::default()
    };
    let mut found = 0;
    query::query(&dir, &asked, |_| {
        found += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!(found, 19);
    let keys = read::verifiers(&dir).unwrap();
    let index = query::index_of(&dir, &format!("{:032x}", 7))
        .unwrap()
        .unwrap();
    let proof = prove::prove(&dir, index, &keys).unwrap();
    let record = prove::check(&proof, &keys).unwrap();
    assert!(
        String::from_utf8(record)
            .unwrap()
            .contains("\"kind\":\"intent\"")
    );
    let forged = proof.replace("index ", "index 1");
    assert!(prove::check(&forged, &keys).is_err());
    fs::write(dir.join("record.tlog-proof"), proof).unwrap();
}

const CHILD: &str = "PORTCULLIS_TEST_AUDIT_FOLDER";

/// Not a test by itself: what [`no_kill_loses_the_intent_of_a_forwarded_call`] starts and kills.
#[test]
fn child_that_is_killed() {
    let Some(dir) = std::env::var_os(CHILD) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let audit = Arc::new(Audit::open(&Settings::new(dir.into(), ORIGIN.to_owned())).unwrap());
        let tasks: Vec<_> = (0..8_u128)
            .map(|task| {
                let audit = Arc::clone(&audit);
                tokio::spawn(async move {
                    for call in 0..20_000 {
                        let id = task << 64 | call << 32 | u128::from(std::process::id());
                        let intent = audit.intent(&decided(id)).await.unwrap();
                        println!("forwarded {id:032x}");
                        audit.outcome(intent, &allowed());
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

/// So many kills in each of so many folders.
const KILLS: u64 = 20;
const FOLDERS: u64 = 10;
/// Set to the seed that was printed, the kills come at the same moments again.
const SEED: &str = "PORTCULLIS_TEST_SEED";

/// At 200 random moments: after each kill the log is opened, and every call that was forwarded so far has its intent; each log verifies.
#[test]
fn no_kill_loses_the_intent_of_a_forwarded_call() {
    let seed = seed();
    println!("{SEED}={seed}");
    let mut forwarded_in_all = 0;
    for folder in 0..FOLDERS {
        let dir = tempfile::tempdir().unwrap();
        let mut forwarded: HashSet<String> = HashSet::new();
        for kill in 0..KILLS {
            let after = moment(seed, folder * KILLS + kill);
            forwarded.extend(run_and_kill(dir.path(), after));
            let settings = Settings::new(dir.path().to_owned(), ORIGIN.to_owned());
            let audit = Audit::open(&settings).unwrap();
            let intents = intents(dir.path());
            let missing = forwarded.difference(&intents).next();
            assert_eq!(missing, None, "kill {kill} after {after:?}, {SEED}={seed}");
            audit.stop("killed before").unwrap();
        }
        let against = Against {
            keys: read::verifiers(dir.path()).unwrap(),
            ..Against::default()
        };
        verify(dir.path(), &against).unwrap();
        forwarded_in_all += forwarded.len();
    }
    assert!(forwarded_in_all > 200, "{forwarded_in_all}");
}

fn seed() -> u64 {
    let given = std::env::var(SEED).ok().map(|seed| seed.parse().unwrap());
    given.unwrap_or_else(|| RandomState::new().hash_one(SEED))
}

/// Within the first 40 ms of the child, from before its first record on.
fn moment(seed: u64, kill: u64) -> Duration {
    Duration::from_micros(
        mixed(seed.wrapping_add(kill.wrapping_mul(0x9e37_79b9_7f4a_7c15))) % 40_000,
    )
}

/// The output function of SplitMix64.
fn mixed(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

fn run_and_kill(dir: &Path, after: Duration) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_is_killed", "--nocapture"])
        .env(CHILD, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        out.read_to_end(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    });
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    let text = reader.join().unwrap();
    let ids = text
        .lines()
        .filter_map(|line| line.rsplit_once("forwarded ").map(|(_, id)| id));
    ids.filter(|id| id.len() == 32).map(str::to_owned).collect()
}

/// The ids of all intents, found without reading the rest of their records.
fn intents(dir: &Path) -> HashSet<String> {
    let lines = read::Lines::of(dir).unwrap();
    lines
        .filter_map(|line| {
            let record = String::from_utf8(line.unwrap().record).unwrap();
            let (_, rest) = record.split_once("\"kind\":\"intent\",\"id\":\"")?;
            rest.get(..32).map(str::to_owned)
        })
        .collect()
}
