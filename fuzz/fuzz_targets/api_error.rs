//! The body of an error answer: bounded texts that forge no log line.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| portcullis_fuzz::wire::fuzz::api_error(bytes));
