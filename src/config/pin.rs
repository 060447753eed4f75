//! Pins: what the public key of a server must be.

use super::mistake::Fault;

/// SHA-256 over a public key with its algorithm (SubjectPublicKeyInfo).
pub(crate) type Pin = [u8; 32];

/// Pins with blanks between them, each 64 hexadecimal digits, as `portcullis certs inventory` shows them.
pub(crate) fn parse(text: &str) -> Result<Vec<Pin>, Fault> {
    let pins: Option<Vec<Pin>> = text.split_whitespace().map(one).collect();
    pins.filter(|pins| !pins.is_empty()).ok_or_else(|| {
        Fault::new(
            "is not a pin",
            "write the SHA-256 of the public key (SubjectPublicKeyInfo) as 64 hexadecimal digits; several with blanks between",
        )
    })
}

fn one(text: &str) -> Option<Pin> {
    let digits = text.as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let bytes = pairs.iter().map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    });
    bytes.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn pins_are_64_digits_each() {
        let (low, high) = ("0f".repeat(32), "F0".repeat(32));
        assert_eq!(parse(&low).unwrap(), [[0x0f; 32]]);
        assert_eq!(
            parse(&format!(" {low}  {high} ")).unwrap(),
            [[0x0f; 32], [0xf0; 32]]
        );
        for wrong in [
            "",
            " ",
            "0f",
            &low[1..],
            &format!("{low}0"),
            &low.replace('0', "g"),
            &low.replace("0f", "+f"),
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
