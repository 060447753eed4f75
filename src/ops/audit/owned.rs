//! Who may write to the folder of the log: its owner alone.
//!
//! Promises: a folder or file that others may write to, that belongs to another user, or that is a symbolic link (which could let another file be
//! written, or the log be kept where nobody looks), is not used. Checked once, before anything is opened; with the folder in our hands nobody else can
//! change that later.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use super::fault::Fault;
use super::key;

const ROOT: u32 = 0;
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Checks the folder and every file of the log in it.
pub(super) fn check(dir: &Path) -> Result<(), Fault> {
    let failed = |error: io::Error| Fault::io("look at", dir, &error);
    let folder = fs::metadata(dir).map_err(failed)?;
    check_mode(dir, &folder)?;
    let own = own_user(dir)?;
    check_owner(dir, &folder, own)?;
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if is_of_the_log(&path) {
            check_file(&path, own)?;
        }
    }
    Ok(())
}

fn check_file(path: &Path, own: u32) -> Result<(), Fault> {
    let found = path
        .symlink_metadata()
        .map_err(|error| Fault::io("look at", path, &error))?;
    if !found.is_file() {
        return Err(Fault::new(
            format!("`{}` is a symbolic link or no file", path.display()),
            "put the file itself in its place, or start with another folder",
        ));
    }
    check_mode(path, &found)?;
    check_owner(path, &found, own)
}

fn check_mode(path: &Path, found: &Metadata) -> Result<(), Fault> {
    let mode = found.permissions().mode() & 0o777;
    if mode & WRITABLE_BY_OTHERS == 0 {
        return Ok(());
    }
    Err(Fault::new(
        format!("others may write to `{}` (mode {mode:03o})", path.display()),
        "take the right away with `chmod go-w`, and run `portcullis audit verify` with a key kept elsewhere",
    ))
}

fn check_owner(path: &Path, found: &Metadata, own: u32) -> Result<(), Fault> {
    if may_own(found.uid(), own) {
        return Ok(());
    }
    Err(Fault::new(
        format!("`{}` belongs to user {}", path.display(), found.uid()),
        "run as that user, or give the folder and its files to the agent's user",
    ))
}

const fn may_own(owner: u32, own: u32) -> bool {
    owner == own || owner == ROOT
}

/// Our user: the owner of a file that we make.
fn own_user(dir: &Path) -> Result<u32, Fault> {
    let probe = dir.join(format!("probe.{}", std::process::id()));
    let failed = |error: io::Error| Fault::io("write to", dir, &error);
    // A file of this name can only be the rest of an earlier process with our id.
    let _ = fs::remove_file(&probe);
    key::create(&probe, 0o600, "").map_err(failed)?;
    let made = probe.symlink_metadata().map_err(failed);
    fs::remove_file(&probe).map_err(failed)?;
    Ok(made?.uid())
}

fn is_of_the_log(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| {
        ["lock", "signing.key", "signing.key.next", "verifier.key"].contains(&name)
            || name.ends_with(".jsonl")
            || name.ends_with(".checkpoints")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_ours_or_of_root() {
        assert!(may_own(1000, 1000) && may_own(ROOT, 1000));
        assert!(!may_own(1001, 1000) && !may_own(1001, ROOT));
    }
}
