//! Any message against a policy of every kind of rule: what no rule permits does not pass. The same function replays the corpus in `make test`.

#![no_main]

#[path = "../../policy/tests/shared/policies.rs"]
mod policies;

libfuzzer_sys::fuzz_target!(|text: &[u8]| policies::no_permit_no_pass(text));
