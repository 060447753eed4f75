//! Secrets: where they are and what they are.
//!
//! Promises: a value is held in memory that is wiped when dropped and never appears in a message, in `Debug` output or in serialised form.
//! INVARIANT: 6
//! Leaves to others: when to read again; the reference is kept so that rotation can.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::env::Environment;
use super::files;
use super::mistake::Fault;
use super::reference::{self, Reference};

/// The largest secret file, in bytes.
pub const SECRET_FILE_CAP: u64 = 64 * 1024;

/// Where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// An environment variable, by name.
    Env(String),
    /// A file of at most [`SECRET_FILE_CAP`] bytes; one newline at its end is not part of the secret.
    File(PathBuf),
}

/// A secret that was read, and where from.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Where it was read.
    pub reference: SecretRef,
    /// What it was at that time.
    pub value: SecretString,
}

impl SecretRef {
    /// Reads `env:NAME` or `file:/path`; `None` if the text is neither.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match reference::split(text) {
            Reference::Env(name) => Some(Self::Env(name.to_owned())),
            Reference::File(path) => Some(Self::File(path.into())),
            Reference::Literal(_) => None,
        }
    }

    /// Reads the secret as it is now.
    ///
    /// # Errors
    /// A variable that is absent or empty; a file that is missing, too large, empty, not text, or open to every user of the machine.
    pub fn read(&self, env: &Environment) -> Result<Secret, Fault> {
        let value = match self {
            Self::Env(name) => SecretString::from(reference::variable(name, env)?),
            Self::File(path) => read_file(path)?,
        };
        Ok(Secret {
            reference: self.clone(),
            value,
        })
    }
}

impl Secret {
    /// Reads it again from its file; nothing for a variable, which cannot change while the process lives.
    ///
    /// # Errors
    /// As [`SecretRef::read`].
    pub fn again(reference: &SecretRef) -> Option<Result<SecretString, Fault>> {
        match reference {
            SecretRef::Env(_) => None,
            SecretRef::File(path) => Some(read_file(path)),
        }
    }
}

fn read_file(path: &Path) -> Result<SecretString, Fault> {
    let text = path.to_string_lossy();
    reference::check_path(&text)?;
    let named = reference::file_named(&text);
    let bytes = files::read(path, &named, SECRET_FILE_CAP)?;
    files::refuse_open_to_all(path, &named)?;
    let secret = std::str::from_utf8(&bytes).map_err(|_| {
        Fault::new(
            format!("{named} is not UTF-8 text"),
            "write the secret as plain text",
        )
    })?;
    let secret = without_newline(secret);
    if secret.is_empty() {
        return Err(Fault::new(
            format!("{named} is empty"),
            "write the secret into it",
        ));
    }
    Ok(SecretString::from(secret))
}

/// Removes one newline, not more: a secret with blanks around it is a mistake to report.
fn without_newline(text: &str) -> &str {
    text.strip_suffix("\r\n")
        .or_else(|| text.strip_suffix('\n'))
        .unwrap_or(text)
}

/// Whether it can be an API key.
#[must_use]
pub fn is_api_key(secret: &SecretString) -> bool {
    let key = secret.expose_secret();
    let is_key_byte = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    !key.is_empty() && key.bytes().all(is_key_byte)
}

/// Checks that an API key has nothing but letters, digits, `-` and `_` (wire sheet 1.5).
pub(crate) fn check_api_key(secret: Secret) -> Result<Secret, Fault> {
    if is_api_key(&secret.value) {
        return Ok(secret);
    }
    Err(Fault::new(
        "the API key it leads to is malformed",
        "a key has letters, digits, `-` and `_` only, without quotes or blanks around it",
    ))
}
