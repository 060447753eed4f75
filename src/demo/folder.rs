//! A folder for keys, policy and CA files that nobody else can read and that goes away.

use std::{
    fs::{DirBuilder, OpenOptions, rename},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use super::token;

/// A new folder for its owner alone (0700). Dropping it removes it with everything inside.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes one where temporary files belong.
    pub(super) fn new() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("portcullis-demo-{}", token::hex()));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    /// A path inside, where nothing is yet.
    pub(super) fn inside(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a new file for its owner alone (0600) and returns where it is.
    pub(super) fn write(&self, name: &str, content: &str) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        create(&path, content)?;
        Ok(path)
    }

    /// Puts new content in the place of a file, so that a reader sees the old or the new and nothing between.
    pub(super) fn replace(&self, name: &str, content: &str) -> io::Result<()> {
        let fresh = self.0.join(format!(".{name}.{}", token::hex()));
        create(&fresh, content)?;
        rename(fresh, self.0.join(name))
    }
}

fn create(path: &Path, content: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content.as_bytes())
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nobody is left to tell; what is inside is worth nothing once the demo is over.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn it_is_private_and_goes_away() {
        let folder = Folder::new().unwrap();
        let file = folder.write("key", "k").unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder.0), mode(&file)), (0o700, 0o600));
        folder.replace("key", "l").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "l");
        assert_eq!(mode(&file), 0o600);
        drop(folder);
        assert!(!file.parent().unwrap().exists());
    }
}
