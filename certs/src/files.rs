//! Reading certificate and key files: capped, regular files only, keys not open to others.
//!
//! Promises: at most the cap is read, whatever the file claims (INVARIANT: 9); a key is read into memory that is wiped
//! and never moved while it grows. A mode of 0640 or less is accepted for a key, so a group of its own may read it;
//! anything wider is `perm_key`.
//!
//! Leaves to others: ownership, parent directories and coherent reading of several files. Links are followed, because
//! Kubernetes and cert-manager publish through them; the checks are made on the file that was opened.

use std::{fs::File, io::Read as _, os::unix::fs::PermissionsExt as _, path::Path};

use zeroize::Zeroizing;

use crate::fault::{Code, Fault, Part};

/// Most bytes of a certificate or key file.
pub const IDENTITY_CAP: usize = 64 * 1024;
/// Most bytes of a bundle of trust roots; a full public bundle has about 230 KiB.
pub const ROOTS_CAP: usize = 1024 * 1024;

/// The widest mode a key file may have.
const KEY_MODE: u32 = 0o640;

/// Reads a certificate chain.
///
/// # Errors
/// [`Code::Unreadable`], [`Code::NotRegular`], [`Code::TooLarge`].
pub fn certificate(path: &Path) -> Result<Vec<u8>, Fault> {
    let file = open(path, Part::Certificate)?;
    Ok(std::mem::take(&mut *bytes(
        file,
        path,
        Part::Certificate,
        IDENTITY_CAP,
    )?))
}

/// Reads a private key.
///
/// # Errors
/// As [`certificate`], and [`Code::PermKey`].
pub fn key(path: &Path) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let file = open(path, Part::Key)?;
    check_mode(&file, path)?;
    bytes(file, path, Part::Key, IDENTITY_CAP)
}

/// Reads a bundle of trust roots.
///
/// # Errors
/// As [`certificate`].
pub fn roots(path: &Path) -> Result<Vec<u8>, Fault> {
    let file = open(path, Part::Roots)?;
    Ok(std::mem::take(&mut *bytes(
        file,
        path,
        Part::Roots,
        ROOTS_CAP,
    )?))
}

/// The kind is asked before opening, because opening a pipe would wait for its writer, and again of what was opened.
fn open(path: &Path, part: Part) -> Result<File, Fault> {
    let unreadable = |error: std::io::Error| {
        Fault::new(Code::Unreadable, part)
            .because(error.to_string())
            .in_file(path)
    };
    let not_regular = || Fault::new(Code::NotRegular, part).in_file(path);
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err(not_regular());
    }
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_file() {
        Ok(file)
    } else {
        Err(not_regular())
    }
}

fn check_mode(file: &File, path: &Path) -> Result<(), Fault> {
    let metadata = file.metadata();
    let metadata = metadata.map_err(|error| {
        Fault::new(Code::Unreadable, Part::Key)
            .because(error.to_string())
            .in_file(path)
    })?;
    match metadata.permissions().mode() & 0o7777 {
        mode if mode & !KEY_MODE == 0 => Ok(()),
        mode => Err(Fault::new(Code::PermKey, Part::Key)
            .because(format!("its mode is {mode:04o}"))
            .in_file(path)),
    }
}

fn bytes(file: File, path: &Path, part: Part, cap: usize) -> Result<Zeroizing<Vec<u8>>, Fault> {
    // One byte more than the cap tells "too large"; room for all of it keeps the buffer from moving.
    let mut buffer = Zeroizing::new(Vec::with_capacity(cap + 64));
    let limit = u64::try_from(cap).unwrap_or(u64::MAX).saturating_add(1);
    let read = file.take(limit).read_to_end(&mut buffer);
    read.map_err(|error| {
        Fault::new(Code::Unreadable, part)
            .because(error.to_string())
            .in_file(path)
    })?;
    if buffer.len() > cap {
        return Err(Fault::new(Code::TooLarge, part)
            .because(format!("more than {cap} bytes"))
            .in_file(path));
    }
    Ok(buffer)
}

#[cfg(test)]
mod tests;
