//! A policy file: a policy or mistakes, each at its place. The same function replays the corpus in `make test`.

#![no_main]

#[path = "../../policy/tests/shared/policies.rs"]
mod policies;

libfuzzer_sys::fuzz_target!(|text: &[u8]| policies::document(text));
