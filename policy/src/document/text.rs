//! What must hold of policy text before it is parsed: size, encoding, and no character a reviewer cannot see.

use super::mistake::Mistake;

/// The largest policy, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

/// The text, if a reviewer sees all of it.
///
/// # Errors
/// One [`Mistake`]: too large, not UTF-8, or holding an invisible or direction-changing character (TOML accepts them in strings).
pub(super) fn check(bytes: &[u8]) -> Result<&str, Vec<Mistake>> {
    if bytes.len() > MAX_BYTES {
        return Err(vec![Mistake::at_start(
            "the policy is larger than 1 MiB",
            "split it over fewer servers",
        )]);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| {
        vec![Mistake::at_start(
            "the policy is not UTF-8 text",
            "save it as UTF-8 without a byte order mark",
        )]
    })?;
    match text.char_indices().find(|(_, c)| is_invisible(*c)) {
        Some((at, c)) => {
            let problem = format!(
                "the character U+{:04X} cannot be seen by a reviewer",
                u32::from(c)
            );
            Err(vec![Mistake::at(text, at, &problem, "delete it")])
        }
        None => Ok(text),
    }
}

/// Controls, byte order mark, zero-width, direction changes and tag characters (C5).
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}
