//! The two files that tell others about the process: where its health is served, and its process id.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::PathBuf;

use crate::ops::file;

/// The file with the URL of the health listener; it goes away with this value.
#[derive(Debug)]
pub struct UrlFile(PathBuf);

impl UrlFile {
    /// Writes it, for its owner alone (0600), whole or not at all.
    ///
    /// # Errors
    /// The system's own.
    pub fn write(path: PathBuf, url: &str) -> io::Result<Self> {
        make_folder(&path)?;
        file::replace(&path, format!("{url}\n").as_bytes())?;
        Ok(Self(path))
    }
}

impl Drop for UrlFile {
    fn drop(&mut self) {
        // Somebody else may have removed it already.
        let _ = fs::remove_file(&self.0);
    }
}

/// The file with the process id; held by a lock while the process lives, gone with this value.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    _held: File,
}

impl PidFile {
    /// Takes the file, and writes the id in one piece.
    ///
    /// # Errors
    /// `AddrInUse` if another living agent holds it, `AlreadyExists` if it is no regular file; else the system's own.
    pub fn take(path: PathBuf) -> io::Result<Self> {
        make_folder(&path)?;
        if path.symlink_metadata().is_ok_and(|there| !there.is_file()) {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "something that is no file stands there",
            ));
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(
                    io::ErrorKind::AddrInUse,
                    "another living agent holds it",
                ));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let id = format!("{}\n", std::process::id());
        file.write_all(id.as_bytes())?;
        file.set_len(u64::try_from(id.len()).unwrap_or_default())?;
        Ok(Self { path, _held: file })
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Somebody else may have removed it already.
        let _ = fs::remove_file(&self.path);
    }
}

fn make_folder(path: &std::path::Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::create_dir_all(folder),
        _ => Ok(()),
    }
}
