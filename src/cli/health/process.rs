//! The check of the process itself: whether one of this id runs, as `/proc` says.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

/// Which process is meant.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// This one.
    Id(u32),
    /// The one whose id stands in this file.
    File(PathBuf),
}

/// What came of the check.
pub(super) struct Process {
    id: Option<u32>,
    file: Option<PathBuf>,
    problem: Option<String>,
}

impl Process {
    /// Looks whether it runs.
    pub(super) fn look(asked: Asked) -> Self {
        let (id, file) = match asked {
            Asked::Id(id) => (Ok(id), None),
            Asked::File(file) => (read(&file), Some(file)),
        };
        match id {
            Ok(id) => Self {
                id: Some(id),
                file,
                problem: (!runs(id)).then(|| "no such process runs".to_owned()),
            },
            Err(problem) => Self {
                id: None,
                file,
                problem: Some(problem),
            },
        }
    }

    pub(super) const fn runs(&self) -> bool {
        self.problem.is_none()
    }

    /// What to say of it in a line.
    pub(super) fn said(&self) -> String {
        let id = self.id.map(|id| format!("process {id}"));
        let parts = id.into_iter().chain(self.problem.clone());
        parts.collect::<Vec<_>>().join(": ")
    }

    /// With the members of the reference's command.
    pub(super) fn json(&self) -> Value {
        json!({
            "pid": self.id,
            "pid_file": self.file.as_ref().map(|file| file.display().to_string()),
            "running": self.runs(),
            "error": self.problem,
        })
    }
}

fn read(file: &PathBuf) -> Result<u32, String> {
    let shown = file.display();
    let text = fs::read_to_string(file)
        .map_err(|error| format!("the pid-file `{shown}` cannot be read ({error})"))?;
    let id = text.trim().parse().ok().filter(|id| *id > 0);
    id.ok_or_else(|| format!("the pid-file `{shown}` holds no process id"))
}

/// A process that has ended and was not waited for runs no more. The state follows the name, which may hold anything, in parentheses (proc(5)).
fn runs(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_runs_until_it_ends_even_if_nobody_waits_for_it() {
        let own = Process::look(Asked::Id(std::process::id()));
        assert!(own.runs() && own.said() == format!("process {}", std::process::id()));
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        assert!(runs(child.id()));
        drop(child.stdin.take());
        while runs(child.id()) {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        let gone = Process::look(Asked::Id(child.id()));
        assert!(!gone.runs() && gone.json()["error"] == "no such process runs");
    }

    #[test]
    fn a_pid_file_is_read_or_said_to_be_wrong() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pid");
        let look = || Process::look(Asked::File(file.clone()));
        assert!(look().said().contains("cannot be read"));
        for text in ["", "0", "-1", "12x"] {
            fs::write(&file, text).unwrap();
            assert!(look().said().contains("holds no process id"), "{text}");
        }
        fs::write(&file, format!("{}\n", std::process::id())).unwrap();
        assert!(look().runs());
    }
}
