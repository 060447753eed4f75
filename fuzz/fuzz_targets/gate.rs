//! The strict JSON gate held against serde_json. The same function replays the corpus in `make test`.

#![no_main]

#[path = "../../policy/tests/shared/oracle.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|text: &[u8]| oracle::agree(text));
