//! The directory for everything that outlives a restart.
//!
//! Promises: it is there, ours or root's, and nobody else may write to it; otherwise nothing starts.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::config::{ConfiguredPath, Mistake};

const ROOT: u32 = 0;
/// The right of group and others to write.
const OTHERS_WRITE: u32 = 0o022;

/// Makes the directory ready. Our own user id, as new files there show it; `None` after a mistake.
pub(super) fn prepare(dir: &ConfiguredPath, mistakes: &mut Vec<Mistake>) -> Option<u32> {
    let path = dir.path();
    let shown = path.display();
    let mut refuse = |problem: String, remedy: String| mistakes.push(dir.mistake(problem, remedy));
    let own = match make(path).and_then(|()| own_user(path)) {
        Ok(own) => own,
        Err(error) => {
            refuse(
                format!("the directory `{shown}` cannot be used to keep state ({error})"),
                format!(
                    "make it for the user of the agent, `install -d -m 0700 -o USER {shown}`, or name another with --state.dir"
                ),
            );
            return None;
        }
    };
    let there = path.metadata().ok()?;
    if there.mode() & OTHERS_WRITE != 0 {
        refuse(
            format!("others may write to the directory `{shown}`"),
            format!("`chmod go-w {shown}`"),
        );
        return None;
    }
    if there.uid() != own && there.uid() != ROOT {
        refuse(
            format!("the directory `{shown}` belongs to another user"),
            "give each agent a directory of its own user".to_owned(),
        );
        return None;
    }
    Some(own)
}

fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Writing a file shows both that we may and who we are.
fn own_user(path: &Path) -> io::Result<u32> {
    let probe = path.join(format!(".probe.{}", std::process::id()));
    let _ = fs::remove_file(&probe);
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&probe)?;
    let own = file.metadata().map(|file| file.uid());
    fs::remove_file(&probe)?;
    own
}
