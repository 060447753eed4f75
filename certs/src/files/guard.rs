//! Who else could have written or read what was opened.
//!
//! Promises: a key is readable by its owner, who is root or this process, and at most by one group of this process; a directory on the way to any
//! file can be written to by nobody else, unless it is sticky, as volumes of Kubernetes are.

use rustix::{
    fd::OwnedFd,
    fs::{FileType, Stat, fstat},
    process::{getegid, geteuid, getgroups},
};

use crate::fault::{Code, Fault, Part};

/// The widest mode of a key.
const KEY_MODE: u32 = 0o640;
const GROUP_READS: u32 = 0o040;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// What is wrong with an open file; an error if it is none to read from.
pub(super) fn file_fault(file: &OwnedFd, part: Part) -> Result<Option<Fault>, Fault> {
    let stat = stat(file, part)?;
    if !FileType::from_raw_mode(stat.st_mode).is_file() {
        return Err(Fault::new(Code::NotRegular, part));
    }
    let wrong = match part {
        Part::Key => key_wrong(&stat),
        Part::Certificate | Part::Roots | Part::Issuers | Part::Crl => None,
    };
    Ok(wrong.map(|detail| Fault::new(Code::PermKey, part).because(detail)))
}

/// What is wrong with an open directory, which `shown` names.
pub(super) fn folder_fault(
    folder: &OwnedFd,
    shown: &str,
    part: Part,
) -> Result<Option<Fault>, Fault> {
    let stat = stat(folder, part)?;
    let (mode, owner) = (stat.st_mode & 0o7777, stat.st_uid);
    let open_to_group = mode & GROUP_WRITES != 0 && !is_own_group(stat.st_gid);
    let open = (mode & OTHERS_WRITE != 0 || open_to_group) && mode & STICKY == 0;
    let detail = if open {
        format!("the mode of `{shown}` is {mode:04o}")
    } else if !is_own(owner) {
        format!("`{shown}` belongs to user {owner}")
    } else {
        return Ok(None);
    };
    Ok(Some(Fault::new(Code::DirWritable, part).because(detail)))
}

fn key_wrong(stat: &Stat) -> Option<String> {
    let (mode, owner, group) = (stat.st_mode & 0o7777, stat.st_uid, stat.st_gid);
    if mode & !KEY_MODE != 0 {
        Some(format!("its mode is {mode:04o}"))
    } else if !is_own(owner) {
        Some(format!("it belongs to user {owner}"))
    } else if mode & GROUP_READS != 0 && !is_own_group(group) {
        Some(format!(
            "its mode is {mode:04o}, and group {group} is none of this process"
        ))
    } else {
        None
    }
}

/// Root, who can do everything anyway, or this process.
fn is_own(user: u32) -> bool {
    user == 0 || user == geteuid().as_raw()
}

fn is_own_group(group: u32) -> bool {
    let more = getgroups().unwrap_or_default();
    group == 0 || group == getegid().as_raw() || more.into_iter().any(|own| own.as_raw() == group)
}

fn stat(fd: &OwnedFd, part: Part) -> Result<Stat, Fault> {
    fstat(fd).map_err(|error| Fault::new(Code::Unreadable, part).because(error.to_string()))
}
