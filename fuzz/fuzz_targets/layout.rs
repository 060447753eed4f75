//! The one layout: idempotent, and the same rules. The same function replays the corpus in `make test`.

#![no_main]

#[path = "../../policy/tests/shared/policies.rs"]
mod policies;

libfuzzer_sys::fuzz_target!(|text: &[u8]| policies::layout_round_trip(text));
