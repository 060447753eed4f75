//! What `audit verify` promises: whatever is altered, deleted, inserted or reordered in a log of 100,000 records is found and named, truncation is
//! found against an exported checkpoint, and implementations of others verify what ours wrote.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::fs;
use std::path::Path;

use portcullis::ops::audit::checkpoint::Verifier;
use portcullis::ops::audit::read;
use portcullis::ops::audit::tree::{leaf, path};
use portcullis::ops::audit::verify::{Against, Bad, Failure, What, verify};
use portcullis::ops::audit::{Audit, Decided, Field, Note, NoteKind, Settings, change_key};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use signed_note::{Note as SignedNote, StandardVerifier, VerifierList};
use tlog_tiles::{Checkpoint, Hash, RecordProof, check_record, node_hash, record_hash};

const ORIGIN: &str = "portcullis/tunnel_0123";

fn settings(dir: &Path) -> Settings {
    Settings::new(dir.to_owned(), ORIGIN.to_owned())
}

/// A stopped log with this many notes.
fn written(dir: &Path, records: u64) -> Vec<Verifier> {
    let audit = Audit::open(&settings(dir)).unwrap();
    for number in 0..records {
        audit.note(&Note {
            kind: NoteKind::Reload,
            fields: &[("number", Field::Number(number))],
        });
    }
    audit.stop("the test is over").unwrap();
    read::verifiers(dir).unwrap()
}

fn against(keys: &[Verifier]) -> Against {
    Against {
        keys: keys.to_vec(),
        ..Against::default()
    }
}

fn fault(dir: &Path, against: &Against) -> Bad {
    match verify(dir, against) {
        Err(Failure::Bad(bad)) => bad,
        other => panic!("{other:?}"),
    }
}

fn lines(dir: &Path) -> Vec<String> {
    let text = fs::read_to_string(dir.join("000001.jsonl")).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn put(dir: &Path, lines: &[String]) {
    fs::write(dir.join("000001.jsonl"), lines.join("\n") + "\n").unwrap();
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Alter(usize),
    AlterLink,
    Delete,
    InsertCopy,
    InsertForged,
    InsertGarbage,
    Swap,
    Move(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (60_usize..90).prop_map(Deed::Alter),
        Just(Deed::AlterLink),
        Just(Deed::Delete),
        Just(Deed::InsertCopy),
        Just(Deed::InsertForged),
        Just(Deed::InsertGarbage),
        Just(Deed::Swap),
        (2_usize..50).prop_map(Deed::Move),
    ]
}

/// Does it to record `at`; what must be found, and at which index.
fn commit(lines: &mut Vec<String>, at: usize, deed: Deed) -> (What, u64) {
    let index = at as u64;
    match deed {
        Deed::Alter(column) => {
            let byte = lines[at].as_bytes()[column];
            let other = if byte == b'7' { "8" } else { "7" };
            lines[at].replace_range(column..=column, other);
            (What::Altered, index)
        }
        Deed::AlterLink => {
            let start = lines[at].find("previous\":\"").unwrap() + 11;
            lines[at].replace_range(start..start + 4, "zzzz");
            (What::Altered, index)
        }
        Deed::Delete => {
            lines.remove(at);
            (What::Deleted, index)
        }
        Deed::InsertCopy => {
            lines.insert(at + 1, lines[at].clone());
            (What::Inserted, index)
        }
        Deed::InsertForged => {
            let forged = lines[at].replace("\"time\":\"2", "\"time\":\"3");
            lines.insert(at, forged);
            (What::Inserted, index)
        }
        Deed::InsertGarbage => {
            lines.insert(at, "{}".to_owned());
            (What::Inserted, index)
        }
        Deed::Swap => {
            lines.swap(at, at + 1);
            (What::Reordered, index)
        }
        Deed::Move(by) => {
            let line = lines.remove(at);
            lines.insert(at + by, line);
            (What::Reordered, index)
        }
    }
}

#[test]
fn any_change_of_any_of_100_000_records_is_found_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let keys = written(dir.path(), 100_000);
    let original = lines(dir.path());
    let count = original.len();
    assert!(count > 100_000);
    assert_eq!(
        verify(dir.path(), &against(&keys)).unwrap().size,
        count as u64
    );
    let mut runner = TestRunner::new(Config::with_cases(40));
    let places = prop_oneof![4 => 1..count - 60, 1 => Just(1_usize), 1 => Just(count - 61)];
    runner
        .run(&(places, deed()), |(at, deed)| {
            let mut changed = original.clone();
            let expected = commit(&mut changed, at, deed);
            put(dir.path(), &changed);
            let bad = fault(dir.path(), &against(&keys));
            prop_assert_eq!(
                (bad.what, bad.index),
                expected,
                "{:?} at {}: {}",
                deed,
                at,
                bad
            );
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_ends_of_a_log_are_guarded_too() {
    let dir = tempfile::tempdir().unwrap();
    let keys = written(dir.path(), 5);
    let original = lines(dir.path());
    let last = original.len() - 1;
    for at in [0, last - 1, last] {
        let mut changed = original.clone();
        let (what, index) = commit(&mut changed, at, Deed::Alter(60));
        put(dir.path(), &changed);
        let bad = fault(dir.path(), &against(&keys));
        assert_eq!((bad.what, bad.index), (what, index), "{at}: {bad}");
    }
    put(dir.path(), &original[..last]);
    let bad = fault(dir.path(), &against(&keys));
    assert_eq!(
        (bad.what, bad.index),
        (What::Truncated, last as u64),
        "{bad}"
    );
}

#[test]
fn an_attacker_who_cuts_log_and_checkpoints_meets_the_exported_one() {
    let dir = tempfile::tempdir().unwrap();
    let keys = written(dir.path(), 50);
    let notes = read::checkpoints(dir.path()).unwrap();
    let first = notes.first().unwrap().clone();
    let covered: usize = first.lines().nth(1).unwrap().parse().unwrap();
    put(dir.path(), &lines(dir.path())[..covered]);
    fs::write(dir.path().join("000001.checkpoints"), format!("{first}\n")).unwrap();
    assert!(
        verify(dir.path(), &against(&keys)).is_ok(),
        "nothing inside tells"
    );
    let exported = Against {
        exported: notes.last().cloned(),
        ..against(&keys)
    };
    assert_eq!(fault(dir.path(), &exported).what, What::Truncated);
}

#[test]
fn a_chain_rewritten_without_the_key_meets_the_next_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let keys = written(dir.path(), 20);
    let mut rewritten = lines(dir.path());
    rewritten[8] = rewritten[8].replace("\"number\":", "\"forged\":");
    for at in 9..rewritten.len() {
        let before = leaf(rewritten[at - 1].as_bytes());
        let link: String = before[..16].iter().map(|b| format!("{b:02x}")).collect();
        let start = rewritten[at].find("previous\":\"").unwrap() + 11;
        rewritten[at].replace_range(start..start + 32, &link);
    }
    put(dir.path(), &rewritten);
    let bad = fault(dir.path(), &against(&keys));
    assert_eq!(bad.what, What::Altered);
    assert!(bad.detail.contains("another root"), "{bad}");
}

#[test]
fn another_key_proves_nothing_and_a_changed_key_is_followed() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let keys = written(dir.path(), 3);
    let stranger = written(other.path(), 1);
    assert_eq!(fault(dir.path(), &against(&stranger)).what, What::Unsigned);
    let new = change_key(&settings(dir.path())).unwrap();
    written(dir.path(), 3);
    let both = read::verifiers(dir.path()).unwrap();
    assert_eq!(both.last().unwrap().text(), new);
    let verified = verify(dir.path(), &against(&keys)).unwrap();
    assert_eq!(
        verified.signed, verified.size,
        "the old key leads to the new one"
    );
}

#[test]
fn a_second_writer_and_an_open_key_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let first = Audit::open(&settings(dir.path())).unwrap();
    let second = Audit::open(&settings(dir.path()))
        .err()
        .unwrap()
        .to_string();
    assert!(second.contains("another agent writes"), "{second}");
    first.stop("over").unwrap();
    drop(first);
    let key = dir.path().join("signing.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let open = Audit::open(&settings(dir.path()))
        .err()
        .unwrap()
        .to_string();
    assert!(open.contains("mode 640"), "{open}");
}

#[test]
fn segments_follow_each_other_and_a_missing_one_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let small = Settings {
        segment_bytes: 2000,
        ..settings(dir.path())
    };
    for _ in 0..4 {
        let audit = Audit::open(&small).unwrap();
        for number in 0..20 {
            audit.note(&Note {
                kind: NoteKind::Rotation,
                fields: &[("number", Field::Number(number))],
            });
            audit.flush();
        }
        audit.stop("over").unwrap();
    }
    let keys = read::verifiers(dir.path()).unwrap();
    let whole = verify(dir.path(), &against(&keys)).unwrap();
    assert!(dir.path().join("000004.jsonl").exists() && whole.first == 0);
    fs::remove_file(dir.path().join("000001.jsonl")).unwrap();
    assert_eq!(fault(dir.path(), &against(&keys)).what, What::Deleted);
    let partial = Against {
        is_partial: true,
        ..against(&keys)
    };
    let rest = verify(dir.path(), &partial).unwrap();
    assert!(rest.first > 0 && rest.size == whole.size);
    fs::remove_file(dir.path().join("000003.jsonl")).unwrap();
    assert_eq!(fault(dir.path(), &partial).what, What::Deleted);
}

#[test]
fn a_torn_line_is_cut_and_a_whole_one_kept() {
    let dir = tempfile::tempdir().unwrap();
    let keys = written(dir.path(), 3);
    let file = dir.path().join("000001.jsonl");
    let whole = fs::read_to_string(&file).unwrap();
    fs::write(&file, whole.clone() + "{\"index\":99,\"prev").unwrap();
    written(dir.path(), 0);
    let start = lines(dir.path())
        .into_iter()
        .rfind(|l| l.contains("\"kind\":\"start\""));
    assert!(start.unwrap().contains("\"torn_bytes\":17"));
    let before = lines(dir.path()).len();
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.trim_end()).unwrap();
    written(dir.path(), 0);
    assert_eq!(
        lines(dir.path()).len(),
        before + 2,
        "only the newline was missing"
    );
    assert!(verify(dir.path(), &against(&keys)).is_ok());
}

#[test]
fn a_log_cut_below_its_checkpoint_is_not_continued() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path(), 9);
    put(dir.path(), &lines(dir.path())[..4]);
    let refused = Audit::open(&settings(dir.path()))
        .err()
        .unwrap()
        .to_string();
    assert!(
        refused.contains("ends before its newest checkpoint"),
        "{refused}"
    );
}

#[test]
fn a_torn_checkpoint_is_cut_and_spoils_none_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let keys = written(dir.path(), 3);
    let file = dir.path().join("000001.checkpoints");
    let note = read::checkpoints(dir.path()).unwrap().remove(0);
    for length in [5, note.find("\n\n").unwrap() + 2, note.len() - 9] {
        let whole = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{whole}{}", &note[..length])).unwrap();
        written(dir.path(), 1);
        let verified = verify(dir.path(), &against(&keys)).unwrap();
        assert_eq!(verified.signed, verified.size, "{length}");
    }
}

/// The checkpoint and an inclusion proof, as `signed_note` and `tlog_tiles` read them.
#[test]
fn implementations_of_others_verify_checkpoint_and_proof() {
    let dir = tempfile::tempdir().unwrap();
    let keys = written(dir.path(), 37);
    let note = read::checkpoints(dir.path()).unwrap().pop().unwrap();
    let signed = SignedNote::from_bytes(note.as_bytes()).unwrap();
    let verifier = StandardVerifier::new(&keys[0].text()).unwrap();
    let (verified, _) = signed
        .verify(&VerifierList::new(vec![Box::new(verifier)]))
        .unwrap();
    assert_eq!(verified.len(), 1);
    let checkpoint = Checkpoint::from_bytes(signed.text()).unwrap();
    assert_eq!(checkpoint.origin(), ORIGIN);
    let records = lines(dir.path());
    assert_eq!(checkpoint.size(), records.len() as u64);
    for index in [0, 17, checkpoint.size() - 1] {
        let spans = path(index, checkpoint.size()).unwrap();
        let proof: RecordProof = spans
            .iter()
            .map(|(from, to)| theirs(&records[*from as usize..*to as usize]))
            .collect();
        let mine = record_hash(records[index as usize].as_bytes());
        check_record(&proof, checkpoint.size(), *checkpoint.hash(), index, mine).unwrap();
    }
}

/// The root of some records by the other implementation's hashes.
fn theirs(records: &[String]) -> Hash {
    match records {
        [one] => record_hash(one.as_bytes()),
        _ => {
            let (left, right) = records.split_at(records.len().next_power_of_two() / 2);
            node_hash(theirs(left), theirs(right))
        }
    }
}

#[test]
fn nothing_wakes_the_thread_of_an_idle_log() {
    let dir = tempfile::tempdir().unwrap();
    let audit = Audit::open(&settings(dir.path())).unwrap();
    let signed = || !read::checkpoints(dir.path()).unwrap().is_empty();
    while !signed() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::thread::sleep(std::time::Duration::from_millis(100));
    let before = audit.wakeups();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert_eq!(audit.wakeups(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn intents_of_64_tasks_are_on_disk_when_intent_returns() {
    let dir = tempfile::tempdir().unwrap();
    let audit = std::sync::Arc::new(Audit::open(&settings(dir.path())).unwrap());
    let tasks: Vec<_> = (0..64_u128)
        .map(|task| {
            let (audit, dir) = (std::sync::Arc::clone(&audit), dir.path().to_owned());
            tokio::spawn(async move {
                let decided = Decided {
                    correlation: task,
                    ..Decided::default()
                };
                let intent = audit.intent(&decided).await.unwrap();
                let line = lines(&dir)[intent.index() as usize].clone();
                assert!(line.contains(&format!("\"id\":\"{task:032x}\"")), "{line}");
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    audit.stop("over").unwrap();
    let lost = lines(dir.path())
        .iter()
        .filter(|l| l.contains("\"verdict\":\"lost\""))
        .count();
    assert_eq!(lost, 64, "an intent dropped without an outcome is told");
    verify(dir.path(), &against(&read::verifiers(dir.path()).unwrap())).unwrap();
}
