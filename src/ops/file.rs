//! Small files that others read: replaced whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Puts a file for its owner alone (0600) in the place of whatever stands there: a symbolic link is replaced, not followed (RZ-017). It is on the
/// disk when this returns.
///
/// # Errors
/// The system's own; what stood there before then still stands there.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let fresh = beside(path);
    let written = write_new(&fresh, content).and_then(|()| std::fs::rename(&fresh, path));
    if let Err(error) = written {
        // Nothing may stay behind; the first error is the one to tell.
        let _ = std::fs::remove_file(&fresh);
        return Err(error);
    }
    sync_folder(path)
}

/// Makes sure that a rename or removal of this path is on the disk.
///
/// # Errors
/// The system's own.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    // A file of this name can only be the rest of an earlier process with our id.
    let _ = std::fs::remove_file(path);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    name.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_link_is_replaced_and_its_target_untouched_rz_017() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        std::fs::write(&target, "old").unwrap();
        symlink(&target, &link).unwrap();
        replace(&link, b"new").unwrap();
        let meta = link.symlink_metadata().unwrap();
        assert!(meta.is_file() && meta.permissions().mode() & 0o777 == 0o600);
        assert_eq!(std::fs::read(&target).unwrap(), b"old");
        assert_eq!(std::fs::read(&link).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
