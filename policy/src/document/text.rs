//! What must hold of policy text before it is parsed: size, encoding, and no character a reviewer cannot see.

use super::mistake::{Mistake, Mistakes};
use crate::matcher::is_invisible;

/// The largest policy, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

/// The text, if it is short enough and UTF-8.
///
/// # Errors
/// One [`Mistake`] of the whole file.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, Mistake> {
    if bytes.len() > MAX_BYTES {
        let problem = "the policy is larger than 1 MiB";
        return Err(Mistake::at_start(problem, "split it over fewer servers"));
    }
    std::str::from_utf8(bytes).map_err(|_| {
        let remedy = "save it as UTF-8 without a byte order mark";
        Mistake::at_start("the policy is not UTF-8 text", remedy)
    })
}

/// Reports every invisible or direction-changing character: TOML accepts them in strings and comments.
pub(super) fn check_visible(text: &str, mistakes: &mut Mistakes<'_>) {
    for (at, c) in text.char_indices().filter(|(_, c)| is_invisible(*c)) {
        let number = u32::from(c);
        let problem = format!("the character U+{number:04X} cannot be seen by a reviewer");
        mistakes.add(at, &problem, "delete it");
    }
}
