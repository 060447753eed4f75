//! Random names, in hexadecimal.

/// 128 random bits as 32 hexadecimal digits; if the system has no randomness, the same digits every time.
pub(super) fn hex() -> String {
    let mut bytes = [0; 16];
    // A demo's names need to differ, not to be secret.
    let _ = getrandom::fill(&mut bytes);
    format!("{:032x}", u128::from_be_bytes(bytes))
}
