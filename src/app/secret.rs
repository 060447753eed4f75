//! A secret that requests carry, and where to read it again.

use hyper::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::{ExtraHeader, Secret, SecretRef, is_api_key};
use crate::rotate::port::Reason;

/// See the module.
pub(super) struct Kept {
    /// The setting or header, for messages.
    what: String,
    /// None for a value that cannot change.
    pub(super) reference: Option<SecretRef>,
    /// As it was at start.
    value: SecretString,
    /// What it must be.
    check: fn(&SecretString) -> bool,
}

impl Kept {
    /// The API key.
    pub(super) fn api_key(secret: &Secret) -> Self {
        Self {
            what: "the API key".to_owned(),
            reference: Some(secret.reference.clone()),
            value: secret.value.clone(),
            check: is_api_key,
        }
    }

    /// The value of a header of the operator.
    pub(super) fn header(header: &ExtraHeader) -> Self {
        Self {
            what: format!("the header `{}`", header.name),
            reference: header.reference.clone(),
            value: header.value.clone(),
            check: |value| HeaderValue::from_str(value.expose_secret()).is_ok(),
        }
    }

    /// As it is now.
    ///
    /// # Errors
    /// What is wrong with its file.
    pub(super) fn read(&self) -> Result<SecretString, Reason> {
        let wrong = |problem: &str, remedy: &str| Reason {
            code: "secret_unusable",
            sentence: format!("{}: {problem}; {remedy}", self.what),
        };
        match self.reference.as_ref().and_then(Secret::again) {
            None => Ok(self.value.clone()),
            Some(Err(fault)) => Err(wrong(&fault.problem, &fault.remedy)),
            Some(Ok(value)) if (self.check)(&value) => Ok(value),
            Some(Ok(_)) => Err(wrong(
                "the value has a character that does not belong in it",
                "write it without quotes, blanks and line breaks",
            )),
        }
    }
}
