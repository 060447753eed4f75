//! An event stream: the same outcome whole and byte by byte.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| portcullis_fuzz::wire::fuzz::sse(bytes));
