//! Reading certificate and key files: capped, regular files only, and none that others could have put there.
//!
//! Promises: at most the cap is read, whatever the file claims (INVARIANT: 9); a key is read into memory that is wiped and never moved while it
//! grows; all files of one directory are read relative to one opened directory, and a link between (`..data` of a Kubernetes volume) is followed
//! once for all of them, so that they are of one moment. What is checked is what was opened.
//!
//! Leaves to others: reading twice until nothing moves ([`crate::Settling`]), and what the files say.

use std::{io::Read as _, path::Path};

use rustix::fd::OwnedFd;
use zeroize::Zeroizing;

use crate::fault::{Code, Fault, Part};
pub(crate) use folder::Folders;

mod folder;
mod guard;

/// Most bytes of a certificate or key file.
pub const IDENTITY_CAP: usize = 64 * 1024;
/// Most bytes of a bundle of trust roots; a full public bundle has about 230 KiB.
pub const ROOTS_CAP: usize = 1024 * 1024;
/// Most bytes of a revocation list: about 100,000 entries.
pub const CRL_CAP: usize = 4 * 1024 * 1024;

impl Part {
    /// Most bytes of such a file.
    pub(crate) const fn cap(self) -> usize {
        match self {
            Self::Certificate | Self::Key => IDENTITY_CAP,
            Self::Roots | Self::Issuers => ROOTS_CAP,
            Self::Crl => CRL_CAP,
        }
    }
}

/// Reads a certificate chain.
///
/// # Errors
/// [`Code::Unreadable`], [`Code::NotRegular`], [`Code::TooLarge`], [`Code::SymlinkEscape`], [`Code::DirWritable`].
pub fn certificate(path: &Path) -> Result<Vec<u8>, Fault> {
    alone(path, Part::Certificate).map(|mut bytes| std::mem::take(&mut *bytes))
}

/// Reads a private key.
///
/// # Errors
/// As [`certificate`], and [`Code::PermKey`].
pub fn key(path: &Path) -> Result<Zeroizing<Vec<u8>>, Fault> {
    alone(path, Part::Key)
}

/// Reads a bundle of trust roots.
///
/// # Errors
/// As [`certificate`].
pub fn roots(path: &Path) -> Result<Vec<u8>, Fault> {
    alone(path, Part::Roots).map(|mut bytes| std::mem::take(&mut *bytes))
}

/// The first fault is enough here; [`crate::Source::read`] tells them all.
fn alone(path: &Path, part: Part) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let (bytes, faults) = read(&mut Folders::default(), path, part);
    match faults.into_iter().next() {
        None => Ok(bytes),
        Some(fault) => Err(fault),
    }
}

/// What the file holds, and everything that keeps it from being trusted.
pub(crate) fn read(
    folders: &mut Folders,
    path: &Path,
    part: Part,
) -> (Zeroizing<Vec<u8>>, Vec<Fault>) {
    let mut faults = Vec::new();
    let read = folders
        .open(path, part, &mut faults)
        .and_then(|file| take(file, part, &mut faults));
    let bytes = read.unwrap_or_else(|fault| {
        faults.push(fault);
        Zeroizing::default()
    });
    let faults = faults.into_iter().map(|fault| fault.in_file(path));
    (bytes, faults.collect())
}

fn take(file: OwnedFd, part: Part, faults: &mut Vec<Fault>) -> Result<Zeroizing<Vec<u8>>, Fault> {
    faults.extend(guard::file_fault(&file, part)?);
    let cap = part.cap();
    // One byte more than the cap tells "too large"; room for all of it keeps a key from moving.
    let room = if part == Part::Key { cap + 64 } else { 0 };
    let mut buffer = Zeroizing::new(Vec::with_capacity(room));
    let limit = u64::try_from(cap).unwrap_or(u64::MAX).saturating_add(1);
    let read = std::fs::File::from(file)
        .take(limit)
        .read_to_end(&mut buffer);
    read.map_err(|error| Fault::new(Code::Unreadable, part).because(error.to_string()))?;
    if buffer.len() > cap {
        return Err(Fault::new(part.too_large(), part).because(format!("more than {cap} bytes")));
    }
    Ok(buffer)
}

#[cfg(test)]
mod tests;
