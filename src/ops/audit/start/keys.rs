//! The keys of a folder at its start: the signing key is taken or made, and a change of it that was interrupted is finished or undone.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::ops::audit::checkpoint::Verifier;
use crate::ops::audit::fault::Fault;
use crate::ops::audit::folder::{Folder, NEXT_KEY, SIGNING_KEY, VERIFIER_KEY};
use crate::ops::audit::key::{self, Signer};
use crate::ops::file;

/// The key of the folder, or a new one for an empty log.
pub(super) fn take_key(folder: &Folder, origin: &str, is_empty: bool) -> Result<Signer, Fault> {
    let path = folder.path(SIGNING_KEY);
    finish_change(folder, &path)?;
    if path.exists() {
        return Signer::read(&path, origin);
    }
    if !is_empty {
        return Err(Fault::new(
            "the signing key of this log is missing",
            "restore it, or start with another folder",
        ));
    }
    let (signer, pem) = Signer::generate(origin)?;
    let next = folder.path(NEXT_KEY);
    key::create(&next, 0o600, &pem).map_err(|error| Fault::io("write", &next, &error))?;
    write_verifier(folder.dir(), &signer)?;
    fs::rename(&next, &path).map_err(|error| Fault::io("write", &path, &error))?;
    Ok(signer)
}

/// A key that was made and never announced is dropped, whole or not; an announced one takes its place. What is announced is whole: it is on the disk
/// before its verifier key is.
fn finish_change(folder: &Folder, path: &Path) -> Result<(), Fault> {
    let next = folder.path(NEXT_KEY);
    if !next.exists() {
        return Ok(());
    }
    let failed = |error: io::Error| Fault::io("finish the change of", &next, &error);
    let announced = known(folder.dir()).map_err(failed)?;
    let newest = announced.lines().filter_map(Verifier::parse).next_back();
    let is_next = match &newest {
        Some(newest) if !is_key(path, newest)? => is_key(&next, newest)?,
        Some(_) | None => false,
    };
    if is_next {
        fs::rename(&next, path).map_err(failed)
    } else {
        fs::remove_file(&next).map_err(failed)
    }
}

fn is_key(path: &Path, verifier: &Verifier) -> Result<bool, Fault> {
    Ok(path.exists() && Signer::read(path, verifier.name())?.verifier() == verifier)
}

/// The file of verifier keys, if there is one.
fn known(dir: &Path) -> io::Result<String> {
    match fs::read_to_string(dir.join(VERIFIER_KEY)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read,
    }
}

/// Adds the public half of a key to the file beside the log, which anybody may read whatever the umask. A kill leaves the old file or the new one.
pub(in crate::ops::audit) fn write_verifier(dir: &Path, signer: &Signer) -> Result<(), Fault> {
    let path = dir.join(VERIFIER_KEY);
    let failed = |error: io::Error| Fault::io("write", &path, &error);
    let known = known(dir).map_err(failed)?;
    let text = format!("{known}{}\n", signer.verifier().text());
    file::replace(&path, text.as_bytes()).map_err(failed)?;
    fs::set_permissions(&path, Permissions::from_mode(0o644)).map_err(failed)
}
