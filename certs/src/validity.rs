//! From when until when something may be used.
//!
//! Promises: both ends are inclusive, as RFC 5280 section 4.1.2.5 has them.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use x509_parser::{certificate::X509Certificate, time::ASN1Time};

use crate::fault::Code;

/// A span of wall clock time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first instant of the span.
    pub not_before: SystemTime,
    /// The last instant of the span.
    pub not_after: SystemTime,
}

impl Validity {
    pub(crate) fn of(certificate: &X509Certificate<'_>) -> Self {
        let validity = certificate.validity();
        Self {
            not_before: instant(validity.not_before),
            not_after: instant(validity.not_after),
        }
    }

    /// The span in which both hold.
    pub(crate) fn intersect(self, other: Self) -> Self {
        Self {
            not_before: self.not_before.max(other.not_before),
            not_after: self.not_after.min(other.not_after),
        }
    }

    /// Judges `now`.
    ///
    /// # Errors
    /// [`Code::NotYetValid`] before the span, [`Code::Expired`] after it.
    pub fn check(&self, now: SystemTime) -> Result<(), Code> {
        if now < self.not_before {
            Err(Code::NotYetValid)
        } else if now > self.not_after {
            Err(Code::Expired)
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "valid from {} until {}",
            date(self.not_before),
            date(self.not_after)
        )
    }
}

/// Times before 1970 count as 1970: a certificate so dated is long expired either way.
pub(crate) fn instant(time: ASN1Time) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(time.timestamp()).unwrap_or(0))
}

pub(crate) fn date(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let time = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| ASN1Time::from_timestamp(seconds).ok());
    time.map_or_else(
        || format!("second {seconds} of the epoch"),
        |time| time.to_string(),
    )
}
