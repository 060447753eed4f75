//! Reading the small files a configuration names.
//!
//! Promises: regular files only (a pipe cannot make the start hang), never more than the cap, and the buffer is wiped when dropped.
//! Leaves to others: what the bytes mean. Certificates and roots are read by the startup code.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::mistake::Fault;

/// Reads at most `cap` bytes. `what` names the file in the message, without its content.
pub(crate) fn read(path: &Path, what: &str, cap: u64) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(what, &error))?;
    if !metadata.is_file() {
        return Err(Fault::new(
            format!("{what} is not a regular file"),
            "name a regular file",
        ));
    }
    if metadata.len() > cap {
        return Err(too_large(what, cap));
    }
    let room = usize::try_from(metadata.len())
        .unwrap_or(0)
        .saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    File::open(path)
        .and_then(|file| file.take(cap.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| unreadable(what, &error))?;
    if bytes.len() as u64 > cap {
        return Err(too_large(what, cap));
    }
    Ok(bytes)
}

/// Refuses a secret that every user of the machine may read.
pub(crate) fn refuse_open_to_all(path: &Path, what: &str) -> Result<(), Fault> {
    let mode = std::fs::metadata(path)
        .as_ref()
        .map(Metadata::permissions)
        .map_or(0, |p| p.mode());
    if mode & 0o007 == 0 {
        return Ok(());
    }
    Err(Fault::new(
        format!(
            "{what} is open to every user of this machine (mode {:04o})",
            mode & 0o7777
        ),
        "take the rights of others away with `chmod o-rwx`",
    ))
}

fn too_large(what: &str, cap: u64) -> Fault {
    Fault::new(
        format!("{what} is larger than {cap} bytes"),
        "name the right file",
    )
}

fn unreadable(what: &str, error: &io::Error) -> Fault {
    if error.kind() == io::ErrorKind::NotFound {
        return Fault::new(
            format!("{what} does not exist"),
            "create the file or correct the path",
        );
    }
    if error.kind() == io::ErrorKind::PermissionDenied {
        return Fault::new(
            format!("{what} may not be read by this user"),
            "grant the user of the agent the right to read it",
        );
    }
    Fault::new(
        format!("{what} cannot be read: {}", error.kind()),
        "correct the path",
    )
}
