//! Which folders and names tell of every way a file can be replaced: its own, those its links lead through, and the folder above, where a whole
//! folder is moved away and another takes its name.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf, absolute};

/// How many links are followed: as many as Linux does.
const MOST_LINKS: usize = 40;

/// What tells one folder from another of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Folder {
    device: u64,
    inode: u64,
}

/// What has to be watched for some files, as they are now.
#[derive(Debug, Default)]
pub(super) struct Traces {
    /// No link leads to any of these, so that each is watched once.
    pub(super) folders: HashMap<PathBuf, Folder>,
    /// The names that the ways to the files are made of. Others come and go in the same folders and mean nothing.
    pub(super) names: HashSet<OsString>,
}

/// Follows each file to where it lies.
pub(super) fn traces(files: &[PathBuf]) -> Traces {
    let mut found = Traces::default();
    for file in files {
        let mut links = MOST_LINKS;
        let file = absolute(file).unwrap_or_else(|_| file.clone());
        found.trace(&file, &mut links);
    }
    found
}

impl Traces {
    /// Walks the path part by part; where a part is a link, the folder it stands in can re-point it.
    fn trace(&mut self, path: &Path, links: &mut usize) {
        let mut at = PathBuf::new();
        let mut parts = path.components();
        while let Some(part) = parts.next() {
            let within = at.clone();
            match part {
                Component::ParentDir => {
                    at.pop();
                    continue;
                }
                Component::CurDir => continue,
                Component::Normal(name) => {
                    self.names.insert(name.to_owned());
                    at.push(name);
                }
                Component::RootDir | Component::Prefix(_) => at.push(part),
            }
            let Ok(target) = fs::read_link(&at) else {
                continue;
            };
            self.add_with_parent(&within);
            *links = links.saturating_sub(1);
            if *links > 0 {
                let rest: PathBuf = parts.collect();
                return self.trace(&within.join(target).join(rest), links);
            }
            return;
        }
        if let Some(within) = at.parent() {
            self.add_with_parent(within);
        }
    }

    /// A folder, and the one in which another can take its name.
    fn add_with_parent(&mut self, folder: &Path) {
        folder.ancestors().take(2).for_each(|path| self.add(path));
    }

    fn add(&mut self, path: &Path) {
        let folder = path.metadata().ok().filter(fs::Metadata::is_dir);
        self.folders.extend(folder.map(|folder| {
            let folder = Folder {
                device: folder.dev(),
                inode: folder.ino(),
            };
            (path.to_owned(), folder)
        }));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::ffi::OsStr;
    use std::os::unix::fs::symlink;

    use super::*;

    fn named(root: &Path, file: &str) -> Vec<String> {
        let found = traces(&[root.join(file)]).folders;
        let inside = found.into_keys().filter_map(|path| {
            let inside = path.strip_prefix(root).ok()?;
            Some(inside.display().to_string())
        });
        let mut inside: Vec<_> = inside.collect();
        inside.sort();
        inside
    }

    #[test]
    fn every_folder_a_link_leads_through_is_watched() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for folder in ["mount/..2026", "live/x", "archive/x", "plain"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for file in [
            "mount/..2026/tls.crt",
            "archive/x/cert1.pem",
            "plain/tls.crt",
        ] {
            fs::write(root.join(file), "").unwrap();
        }
        symlink("..2026", root.join("mount/..data")).unwrap();
        symlink("..data/tls.crt", root.join("mount/tls.crt")).unwrap();
        symlink("../../archive/x/cert1.pem", root.join("live/x/cert.pem")).unwrap();
        symlink("plain", root.join("current")).unwrap();
        assert_eq!(named(&root, "plain/tls.crt"), ["", "plain"]);
        assert_eq!(named(&root, "mount/tls.crt"), ["", "mount", "mount/..2026"]);
        assert_eq!(
            named(&root, "live/x/cert.pem"),
            ["archive", "archive/x", "live", "live/x"]
        );
        assert_eq!(named(&root, "current/tls.crt"), ["", "plain"]);
        let names = traces(&[root.join("mount/tls.crt")]).names;
        for (name, counts) in [("..data", true), ("tls.crt", true), ("..next", false)] {
            assert_eq!(names.contains(OsStr::new(name)), counts, "{name}");
        }
    }

    #[test]
    fn a_circle_of_links_ends_and_what_is_missing_is_left_out() {
        let root = tempfile::tempdir().unwrap();
        symlink("b", root.path().join("a")).unwrap();
        symlink("a", root.path().join("b")).unwrap();
        assert_eq!(named(root.path(), "a"), [""]);
        assert_eq!(named(root.path(), "none/tls.crt"), [""]);
    }
}
