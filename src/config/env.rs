//! The process environment, asked by name.
//!
//! Promises: no copy of the whole environment is kept, so a secret in it is read only when a setting points at it.
//! Leaves to others: what the values mean.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

/// Answers with the value of a variable.
type Lookup = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// Where environment variables are read from.
pub struct Environment {
    get: Box<Lookup>,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        Self {
            get: Box::new(|name| std::env::var_os(name)),
        }
    }

    /// A fixed environment, for tests and the demo.
    pub fn fixed<N: Into<String>, V: Into<OsString>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let pairs: BTreeMap<String, OsString> = pairs
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Self {
            get: Box::new(move |name| pairs.get(name).cloned()),
        }
    }

    /// The value of a variable, if it is present.
    pub fn get(&self, name: &str) -> Option<OsString> {
        (self.get)(name)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment(..)")
    }
}

/// Whether `name` can be the name of a variable.
pub(crate) fn is_name(name: &str) -> bool {
    let head = name
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    head && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
