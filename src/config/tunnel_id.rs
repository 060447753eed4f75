//! The id of the tunnel to serve.

use std::fmt;

use super::mistake::Fault;

const PREFIX: &str = "tunnel_";
const LENGTH: usize = 32;
const REMEDY: &str =
    "copy the id from the tunnel's page: `tunnel_` and 32 lower-case letters or digits";

/// `tunnel_` and 32 of `a-z`, `0-9` (wire sheet 1.4): safe as one segment of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TunnelId(String);

impl TunnelId {
    /// Reads an id. The text is not repeated in the fault: a key pasted here must not be printed.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        if text
            .bytes()
            .any(|b| matches!(b, b'/' | b'\\' | b'?' | b'#' | b'%'))
        {
            return Err(Fault::new(
                "has a character that does not belong into a URL path",
                REMEDY,
            ));
        }
        let rest = text
            .strip_prefix(PREFIX)
            .ok_or_else(|| Fault::new("does not begin with `tunnel_`", REMEDY))?;
        if rest.len() != LENGTH {
            let problem = format!(
                "has {} characters after `tunnel_` instead of {LENGTH}",
                rest.chars().count()
            );
            return Err(Fault::new(problem, REMEDY));
        }
        if !rest
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        {
            return Err(Fault::new(
                "has other characters than lower-case letters and digits",
                REMEDY,
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TunnelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
