//! The digest of a definition that was reviewed.

use std::fmt;

/// SHA-256 of a complete definition: a tool object. The agent computes it; this package compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin(pub [u8; 32]);

impl Pin {
    /// Reads `sha256:` and 64 hexadecimal digits in lower case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:")?.as_bytes();
        let mut digest = [0; 32];
        if digits.len() != 64 {
            return None;
        }
        for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair
                .iter()
                .try_fold(0, |value, digit| Some(value << 4 | nibble(*digit)?))?;
        }
        Some(Self(digest))
    }
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_has_one_spelling() {
        let text = format!("sha256:{}", "0a".repeat(32));
        assert_eq!(
            Pin::parse(&text).map(|pin| pin.to_string()),
            Some(text.clone())
        );
        for bad in [
            "",
            "sha256:",
            "sha512:00",
            &text.to_uppercase(),
            &format!("{text}0"),
            &text.replace("0a", "0g"),
        ] {
            assert_eq!(Pin::parse(bad), None, "{bad}");
        }
    }
}
