//! The gate held against serde_json on generated and on mutated documents.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "shared/oracle.rs"]
mod oracle;

use std::fs;
use std::path::Path;

use bytes::Bytes;
use portcullis_policy::gate::{Caps, message};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Any JSON value without numbers out of range. Names begin with a dot: none folds to a reserved one.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[ -~]{0,90}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 200, 24, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..24).prop_map(Value::from),
            prop::collection::btree_map("\\.[^\0]{0,12}", inner, 0..24)
                .prop_map(|members| { Value::Object(members.into_iter().collect::<Map<_, _>>()) }),
        ]
    })
}

/// Edits of one text: cut, repeat, swap in a byte, splice in a word that parsers trip over.
fn mutate(mut text: Vec<u8>, edits: &[(u8, u16, u16)]) -> Vec<u8> {
    let words: [&[u8]; 12] = [
        b"\"",
        b"\\",
        b"{",
        b"}",
        b"[",
        b",",
        b"\\u0069",
        b"\\ud800",
        b"\xff",
        b"1e309",
        b"\"id\":2,",
        b"\0",
    ];
    for (kind, at, size) in edits {
        let at = usize::from(*at) % (text.len() + 1);
        let end = (at + usize::from(*size) % 40).min(text.len());
        let cut = text[at..end].to_vec();
        match kind % 4 {
            0 => drop(text.drain(at..end)),
            1 => drop(text.splice(at..at, cut)),
            2 if at < text.len() => text[at] = *size as u8,
            _ => drop(text.splice(
                at..at,
                words[usize::from(*size) % words.len()].iter().copied(),
            )),
        }
    }
    text
}

fn seeds() -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let entries = fs::read_dir(path).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 8, "the seeds are part of the project");
    files
        .into_iter()
        .map(|file| fs::read(file).unwrap())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_serde_json_writes_passes_and_reads_alike(value in value(), pretty: bool) {
        let value = json!({"jsonrpc": "2.0", "id": 1, "method": "m", "params": {"arguments": value}});
        let text = match pretty {
            true => serde_json::to_vec_pretty(&value).unwrap(),
            false => serde_json::to_vec(&value).unwrap(),
        };
        prop_assert!(message(Bytes::from(text.clone()), &Caps::REQUEST).is_ok());
        oracle::agree(&text);
    }

    #[test]
    fn mutated_messages_never_divide_the_readers(
        seed in prop::sample::select(seeds()),
        edits in prop::collection::vec(any::<(u8, u16, u16)>(), 0..6),
    ) {
        oracle::agree(&mutate(seed, &edits));
    }

    #[test]
    fn noise_is_handled(text in prop::collection::vec(any::<u8>(), 0..200)) {
        oracle::agree(&text);
    }
}
