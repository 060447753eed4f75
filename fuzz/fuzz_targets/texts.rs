//! The short texts of the wire: durations, waits, moments.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| portcullis_fuzz::wire::fuzz::texts(bytes));
