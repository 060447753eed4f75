//! Replays the fuzz corpus, and the texts that readers are known to divide on, on stable, through the function that the fuzz target calls.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "shared/oracle.rs"]
mod oracle;

use std::fs;
use std::path::{Path, PathBuf};

fn files(folder: &str) -> Vec<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz")
        .join(folder);
    let entries = fs::read_dir(path).expect("the folder is part of the project");
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn replay(folder: &str, at_least: usize) {
    let files = files(folder);
    assert!(
        files.len() >= at_least,
        "`{folder}` holds {} files",
        files.len()
    );
    for file in files {
        oracle::agree(&fs::read(file).unwrap());
    }
}

#[test]
fn the_corpus_holds() {
    replay("corpus/gate", 100);
}

#[test]
fn known_differences_stay_settled() {
    replay("regressions/gate", 5);
}
