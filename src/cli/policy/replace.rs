//! Puts a text in the place of a policy file, whole: an agent that watches it sees the old text or the new one.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// Only its maker may read it until it has the permissions of the file it replaces.
const PRIVATE: u32 = 0o600;

/// Replaces a file, with its permissions and its owner. Where a link leads to it, the link stays.
///
/// # Errors
/// The system's own; the file is as it was then.
pub(super) fn replace(file: &Path, text: &[u8]) -> io::Result<()> {
    let file = &fs::canonicalize(file)?;
    let next = beside(file, "new");
    let done = write_like(file, &next, text).and_then(|()| fs::rename(&next, file));
    if done.is_err() {
        let _ = fs::remove_file(&next);
    }
    done?;
    // The name is only on the disk when the folder is.
    File::open(file.parent().unwrap_or(Path::new("/")))?.sync_all()
}

/// The same, unless somebody else changed the file since it said `before`.
///
/// # Errors
/// What is wrong, for the operator; the file is as it was then.
pub(super) fn replace_unchanged(file: &Path, before: &[u8], text: &[u8]) -> Result<(), String> {
    let place = file.display();
    if fs::read(file).ok().as_deref() != Some(before) {
        return Err(format!("`{place}` was changed by somebody else meanwhile"));
    }
    replace(file, text).map_err(|error| format!("cannot write `{place}`: {error}"))
}

/// A hidden name in the same folder, with the ending that editors know: a rename does not cross file systems, and no agent takes it for the file.
pub(super) fn beside(file: &Path, what: &str) -> PathBuf {
    let mut name = OsString::from(format!(".{what}."));
    name.push(file.file_name().unwrap_or_default());
    file.with_file_name(name)
}

/// Makes a file that was not there, so that nobody who waits at its name with a link has us write elsewhere.
pub(super) fn create(path: &Path, text: &[u8]) -> io::Result<File> {
    let mut made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(PRIVATE)
        .open(path)?;
    made.write_all(text)?;
    Ok(made)
}

fn write_like(file: &Path, next: &Path, text: &[u8]) -> io::Result<()> {
    match fs::remove_file(next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let (like, made) = (fs::metadata(file)?, create(next, text)?);
    let is = made.metadata()?;
    if (is.uid(), is.gid()) != (like.uid(), like.gid()) {
        fchown(&made, Some(like.uid()), Some(like.gid()))?;
    }
    made.set_permissions(like.permissions())?;
    made.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn the_link_the_permissions_and_nothing_else_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (
            folder.path().join("real"),
            folder.path().join("policy.toml"),
        );
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real", &link).unwrap();
        replace(&link, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("real"));
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_link_that_waits_at_the_name_beside_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (
            folder.path().join("policy.toml"),
            folder.path().join("other"),
        );
        fs::write(&file, "old").unwrap();
        fs::write(&other, "precious").unwrap();
        symlink(&other, beside(&file, "new")).unwrap();
        replace(&file, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::read(&other).unwrap(), b"precious");
    }
}
