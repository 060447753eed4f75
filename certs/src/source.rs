//! The files of one endpoint, read at one moment.
//!
//! Promises: every fault of every file is reported; keys are in memory that is wiped; two readings have equal digests if and only if they found the
//! same names with the same contents.
//!
//! Leaves to others: what the files say ([`crate::Material`]), and when to read.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use zeroize::Zeroizing;

use crate::{
    Bundle, Fingerprint, Roots, Validity,
    digest::Parts,
    fault::{Fault, Part},
    files::{self, Folders},
};
pub use listing::Listed;
pub use settling::{Settling, Step};

mod listing;
mod settling;

/// Where the material of one endpoint is.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// Certificate chain and key; the same path twice for one file with both.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// CA certificates of which one must have issued the identity; empty where that is not known.
    pub issuers: Vec<PathBuf>,
    /// Roots that do not come from files and to which those of files are added; none where those of files stand alone.
    pub base: Option<Arc<Roots>>,
    /// Bundles of private roots.
    pub roots: Vec<PathBuf>,
    /// Revocation lists.
    pub crls: Vec<PathBuf>,
}

/// What the files hold. It cannot be printed (INVARIANT: 6).
pub struct Texts {
    pub(crate) base: Option<Arc<Roots>>,
    files: Vec<Text>,
}

/// One of the files.
pub(crate) struct Text {
    pub(crate) part: Part,
    pub(crate) path: PathBuf,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

impl Source {
    /// Every file that is read, with what it is for.
    pub fn files(&self) -> impl Iterator<Item = (Part, &Path)> {
        let identity = self.identity.iter();
        let identity =
            identity.flat_map(|(cert, key)| [(Part::Certificate, cert), (Part::Key, key)]);
        identity
            .chain(self.issuers.iter().map(|path| (Part::Issuers, path)))
            .chain(self.roots.iter().map(|path| (Part::Roots, path)))
            .chain(self.crls.iter().map(|path| (Part::Crl, path)))
            .map(|(part, path)| (part, path.as_path()))
    }

    /// Reads every file once. Blocks.
    ///
    /// # Errors
    /// Every reason that a file cannot be read or must not be trusted.
    pub fn read(&self) -> Result<Texts, Vec<Fault>> {
        let (mut folders, mut found) = (Folders::default(), Vec::new());
        let mut read = |(part, path): (Part, &Path)| {
            let (bytes, faults) = files::read(&mut folders, path, part);
            found.extend(faults);
            let path = path.to_owned();
            Text { part, path, bytes }
        };
        let files = self.files().map(&mut read).collect();
        let base = self.base.clone();
        if found.is_empty() {
            Ok(Texts { base, files })
        } else {
            Err(found)
        }
    }

    /// Reads until two readings agree, and lets `pause` wait in between. Blocks.
    ///
    /// # Errors
    /// As [`Source::read`], and [`crate::Code::UnstableFiles`].
    pub fn settle(&self, mut pause: impl FnMut(Duration)) -> Result<Texts, Vec<Fault>> {
        let mut settling = Settling::default();
        loop {
            match settling.offer(self.read()) {
                Step::Again(after) => pause(after),
                Step::Settled(read) => return read,
            }
        }
    }
}

impl Texts {
    /// Over names and contents, each with its length, so that no byte can move from one into the next.
    #[must_use]
    pub fn digest(&self) -> Fingerprint {
        let mut whole = Parts::default();
        for Text { part, path, bytes } in &self.files {
            whole.add(part.noun().as_bytes());
            whole.add(path.as_os_str().as_encoded_bytes());
            whole.add(bytes);
        }
        whole.finish()
    }

    /// From when until when the identity in it may be used, if it holds a certificate with its key.
    #[must_use]
    pub fn validity(&self) -> Option<Validity> {
        let cert = self.of(Part::Certificate).next()?;
        let key = self.of(Part::Key).next()?;
        let bundle = Bundle::parse(&cert.bytes, key.bytes.clone());
        bundle.ok().map(|bundle| bundle.validity())
    }

    /// As if read from files named `memory`.
    #[cfg(test)]
    pub(crate) fn fake(files: Vec<(Part, Vec<u8>)>) -> Self {
        let text = |(part, bytes): (Part, Vec<u8>)| Text {
            part,
            path: "memory".into(),
            bytes: Zeroizing::new(bytes),
        };
        let files = files.into_iter().map(text).collect();
        Self { base: None, files }
    }

    pub(crate) fn of(&self, part: Part) -> impl Iterator<Item = &Text> {
        self.files.iter().filter(move |text| text.part == part)
    }
}

#[cfg(test)]
mod interleaving;
#[cfg(test)]
mod tests;
