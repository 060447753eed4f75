//! Which folders tell of every way a file can be replaced: its own, those its links lead through, and the one above, where a whole folder is
//! moved away and another takes its name.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

/// How many links are followed: as many as Linux does.
const MOST_LINKS: usize = 40;

/// What tells one folder from another of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Folder {
    device: u64,
    inode: u64,
}

/// The folders to watch for these files, as they are now.
pub(super) fn folders(files: &[PathBuf]) -> HashMap<PathBuf, Folder> {
    let mut found = HashMap::new();
    for file in files {
        let mut links = MOST_LINKS;
        add_with_parent(&mut found, file.parent());
        trace(file, &mut links, &mut found);
    }
    found
}

/// Walks the path part by part; where a part is a link, the folder it stands in can re-point it.
fn trace(path: &Path, links: &mut usize, found: &mut HashMap<PathBuf, Folder>) {
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
            Component::RootDir | Component::Normal(_) | Component::Prefix(_) => at.push(part),
        }
        let Ok(target) = fs::read_link(&at) else {
            continue;
        };
        add(found, &within);
        *links = links.saturating_sub(1);
        if *links > 0 {
            let rest: PathBuf = parts.collect();
            return trace(&within.join(target).join(rest), links, found);
        }
        return;
    }
    add_with_parent(found, at.parent());
}

fn add_with_parent(found: &mut HashMap<PathBuf, Folder>, folder: Option<&Path>) {
    let Some(folder) = folder else { return };
    add(found, folder);
    folder
        .parent()
        .into_iter()
        .for_each(|above| add(found, above));
}

fn add(found: &mut HashMap<PathBuf, Folder>, path: &Path) {
    // A relative path of one part stands in the working folder.
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    let folder = path.metadata().ok().filter(fs::Metadata::is_dir);
    found.extend(folder.map(|folder| {
        let folder = Folder {
            device: folder.dev(),
            inode: folder.ino(),
        };
        (path.to_owned(), folder)
    }));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;

    use super::*;

    fn named(root: &Path, file: &str) -> Vec<String> {
        let found = folders(&[root.join(file)]);
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
        assert_eq!(named(&root, "current/tls.crt"), ["", "current", "plain"]);
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
