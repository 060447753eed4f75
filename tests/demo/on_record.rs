//! What the audit log of a real agent says after a run, beside what its peers saw.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use portcullis::demo::Stage;
use portcullis::ops::audit::read::verifiers;
use portcullis::ops::audit::verify::{Against, Verified, verify};
use serde_json::Value;

/// The folder of the log.
pub(crate) fn folder(stage: &Stage) -> PathBuf {
    stage.state().join("audit")
}

/// Every record, after the log was verified by its own key.
pub(crate) fn records(log: &Path) -> (Verified, Vec<Value>) {
    let against = Against {
        keys: verifiers(log).unwrap(),
        ..Against::default()
    };
    let verified = verify(log, &against).unwrap();
    let text = std::fs::read_to_string(log.join("000001.jsonl")).unwrap();
    let records: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(u64::try_from(records.len()).unwrap(), verified.size);
    (verified, records)
}

/// The records of one kind.
pub(crate) fn of_kind<'a>(records: &'a [Value], kind: &str) -> Vec<&'a Value> {
    records
        .iter()
        .filter(|record| record["kind"] == kind)
        .collect()
}

/// Each intent has its one outcome, after it; the verdicts, counted.
pub(crate) fn assert_each_intent_ended_once(records: &[Value]) -> HashMap<String, usize> {
    let mut open: HashMap<u64, bool> = HashMap::new();
    let mut verdicts = HashMap::new();
    for record in records {
        match record["kind"].as_str().unwrap() {
            "intent" => {
                let index = record["index"].as_u64().unwrap();
                assert!(open.insert(index, false).is_none());
            }
            "outcome" => {
                let intent = record["intent"].as_u64().unwrap();
                let ended = open.get_mut(&intent).expect("an intent comes first");
                assert!(!std::mem::replace(ended, true), "{record}");
                let verdict = record["verdict"].as_str().unwrap().to_owned();
                *verdicts.entry(verdict).or_default() += 1;
            }
            _ => {}
        }
    }
    assert!(open.values().all(|ended| *ended), "an intent has no end");
    verdicts
}
