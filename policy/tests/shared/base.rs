//! The message that the vectors vary, and the gate as the tests ask it.
#![allow(dead_code, reason = "each test file uses its part")]

use bytes::Bytes;
use portcullis_policy::gate::{Caps, Fault, GateError, Gated, message};

pub(crate) const BASE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi"}}}"#;

pub(crate) fn gate(text: impl AsRef<[u8]>) -> Result<Gated, GateError> {
    message(Bytes::copy_from_slice(text.as_ref()), &Caps::REQUEST)
}

pub(crate) fn fault(text: impl AsRef<[u8]>) -> Option<Fault> {
    gate(text).err().map(|error| error.fault)
}

/// The base message with one part of it replaced.
pub(crate) fn base(old: &str, new: &str) -> String {
    assert!(BASE.contains(old), "`{old}` is part of the base message");
    BASE.replacen(old, new, 1)
}

/// The base message with `value` as its one argument.
pub(crate) fn argument(value: &str) -> String {
    base(r#""hi""#, value)
}
