//! The body of a poll: commands, or a refusal.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| portcullis_fuzz::wire::fuzz::poll(bytes));
