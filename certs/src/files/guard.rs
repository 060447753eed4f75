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
const ROOT: u32 = 0;

/// What is wrong with an open file; an error if it is none to read from.
pub(super) fn file_fault(file: &OwnedFd, part: Part) -> Result<Option<Fault>, Fault> {
    let stat = stat(file, part)?;
    if !FileType::from_raw_mode(stat.st_mode).is_file() {
        return Err(Fault::new(Code::NotRegular, part));
    }
    let wrong = match part {
        Part::Key => key_wrong(&Seen::of(&stat), &Us::now()),
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
    let wrong = folder_wrong(&Seen::of(&stat(folder, part)?), &Us::now());
    Ok(wrong
        .map(|detail| Fault::new(Code::DirWritable, part).because(format!("`{shown}`: {detail}"))))
}

/// Mode and owners of what was opened.
struct Seen {
    mode: u32,
    user: u32,
    group: u32,
}

impl Seen {
    fn of(stat: &Stat) -> Self {
        Self {
            mode: stat.st_mode & 0o7777,
            user: stat.st_uid,
            group: stat.st_gid,
        }
    }
}

/// Whom this process acts for.
struct Us {
    user: u32,
    groups: Vec<u32>,
}

impl Us {
    fn now() -> Self {
        let more = getgroups().unwrap_or_default().into_iter();
        let groups = more.chain([getegid()]).map(|group| group.as_raw());
        Self {
            user: geteuid().as_raw(),
            groups: groups.collect(),
        }
    }

    /// Root can do everything anyway.
    fn owns(&self, seen: &Seen) -> bool {
        seen.user == ROOT || seen.user == self.user
    }

    fn has_group(&self, seen: &Seen) -> bool {
        seen.group == ROOT || self.groups.contains(&seen.group)
    }
}

fn key_wrong(seen: &Seen, us: &Us) -> Option<String> {
    let Seen { mode, user, group } = seen;
    if mode & !KEY_MODE != 0 {
        Some(format!("its mode is {mode:04o}"))
    } else if !us.owns(seen) {
        Some(format!("it belongs to user {user}"))
    } else if mode & GROUP_READS != 0 && !us.has_group(seen) {
        Some(format!(
            "group {group} may read it, and is none of this process"
        ))
    } else {
        None
    }
}

/// In a sticky directory nobody but its owner replaces a file, so only the owner matters there.
fn folder_wrong(seen: &Seen, us: &Us) -> Option<String> {
    let Seen { mode, user, group } = seen;
    let is_sticky = mode & STICKY != 0;
    if !us.owns(seen) {
        Some(format!("it belongs to user {user}"))
    } else if mode & OTHERS_WRITE != 0 && !is_sticky {
        Some(format!("its mode is {mode:04o}"))
    } else if mode & GROUP_WRITES != 0 && !is_sticky && !us.has_group(seen) {
        Some(format!(
            "group {group} may write to it, and is none of this process"
        ))
    } else {
        None
    }
}

fn stat(fd: &OwnedFd, part: Part) -> Result<Stat, Fault> {
    fstat(fd).map_err(|error| Fault::new(Code::Unreadable, part).because(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: u32 = 900;
    const STRANGER: u32 = 1000;

    fn judged(
        rule: fn(&Seen, &Us) -> Option<String>,
        (mode, user, group): (u32, u32, u32),
    ) -> bool {
        let us = Us {
            user: SERVICE,
            groups: vec![SERVICE, SERVICE + 1],
        };
        rule(&Seen { mode, user, group }, &us).is_none()
    }

    #[test]
    fn a_key_belongs_to_root_or_the_service_and_at_most_its_group_reads_it() {
        for (seen, expected) in [
            ((0o600, SERVICE, SERVICE), true),
            ((0o400, ROOT, ROOT), true),
            ((0o440, ROOT, SERVICE + 1), true),
            ((0o640, ROOT, SERVICE), true),
            ((0o640, SERVICE, STRANGER), false),
            ((0o600, SERVICE, STRANGER), true),
            ((0o600, STRANGER, SERVICE), false),
            ((0o644, SERVICE, SERVICE), false),
            ((0o660, SERVICE, SERVICE), false),
        ] {
            assert_eq!(judged(key_wrong, seen), expected, "{seen:?}");
        }
    }

    #[test]
    fn a_directory_is_written_to_by_nobody_else_unless_it_is_sticky() {
        for (seen, expected) in [
            ((0o755, ROOT, ROOT), true),
            ((0o700, SERVICE, SERVICE), true),
            ((0o775, SERVICE, SERVICE), true),
            ((0o775, ROOT, STRANGER), false),
            ((0o777, ROOT, ROOT), false),
            ((0o757, SERVICE, SERVICE), false),
            ((0o1777, ROOT, ROOT), true),
            ((0o3777, ROOT, STRANGER), true),
            ((0o700, STRANGER, SERVICE), false),
            ((0o1777, STRANGER, SERVICE), false),
        ] {
            assert_eq!(judged(folder_wrong, seen), expected, "{seen:?}");
        }
    }
}
