//! Replays the corpora of the policy targets on stable, through the functions that the fuzz targets call.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "shared/policies.rs"]
mod policies;

use std::fs;
use std::path::Path;

use proptest::prelude::*;

fn corpus(folder: &str, at_least: usize) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(folder);
    let entries = fs::read_dir(path).expect("the folder is part of the project");
    let files: Vec<Vec<u8>> = entries
        .filter_map(|entry| fs::read(entry.unwrap().path()).ok())
        .collect();
    assert!(
        files.len() >= at_least,
        "`{folder}` holds {} files",
        files.len()
    );
    files
}

#[test]
fn documents_and_layouts_hold() {
    for text in corpus("fuzz/corpus/document", 5)
        .iter()
        .chain(&corpus("policy/examples", 5))
    {
        policies::document(text);
        policies::layout_round_trip(text);
    }
}

#[test]
fn no_permit_no_pass() {
    for message in corpus("fuzz/corpus/decide", 5)
        .iter()
        .chain(&corpus("fuzz/corpus/gate", 100))
    {
        policies::no_permit_no_pass(message);
    }
}

proptest! {
    #[test]
    fn a_policy_with_a_piece_cut_or_doubled_holds(from in any::<prop::sample::Index>(), length in 0..40_usize, double in any::<bool>()) {
        let text = include_bytes!("../examples/regulated-strict.toml");
        let from = from.index(text.len());
        let to = (from + length).min(text.len());
        let text = if double { [&text[..to], &text[from..]].concat() } else { [&text[..from], &text[to..]].concat() };
        policies::document(&text);
        policies::layout_round_trip(&text);
    }

    #[test]
    fn a_call_of_any_argument_holds(path in "[/.a-s%2eE]{0,12}", limit in -1..8_i64, other in "(path|limit|x)") {
        let call = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"read","arguments":{{"path":"/srv/a{path}","{other}":{limit}}}}}}}"#);
        policies::no_permit_no_pass(call.as_bytes());
    }
}
