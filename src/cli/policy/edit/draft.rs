//! The draft: a file beside the policy that nobody else may read, and one operator at a time.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::policy::replace::{beside, create, replace_unchanged};

/// Whether there was a draft.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// There was none.
    Fresh,
    /// An edit did not come to its end.
    Unfinished,
}

/// See the module.
pub(super) struct Draft {
    file: PathBuf,
    draft: PathBuf,
    before: Vec<u8>,
    /// The folder, locked for as long as this lives: the file itself is replaced, and a lock goes with it.
    _lock: File,
}

impl Draft {
    /// The draft of a policy; every other edit in its folder waits outside.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub(super) fn open(file: &Path) -> Result<(Self, Opened), String> {
        let file = fs::canonicalize(file).map_err(|error| at("read", file, &error))?;
        let before = fs::read(&file).map_err(|error| at("read", &file, &error))?;
        let draft = Self {
            draft: beside(&file, "draft"),
            before,
            _lock: lock(file.parent().unwrap_or(Path::new("/")))?,
            file,
        };
        match create(&draft.draft, &draft.before) {
            Ok(_) => Ok((draft, Opened::Fresh)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Ok((draft, Opened::Unfinished))
            }
            Err(error) => Err(at("write", &draft.draft, &error)),
        }
    }

    /// Makes the draft what the policy is.
    pub(super) fn start_anew(&self) -> Result<(), String> {
        self.discard()?;
        let made = create(&self.draft, &self.before);
        made.map(drop)
            .map_err(|error| at("write", &self.draft, &error))
    }

    /// Where it is, for the operator.
    pub(super) fn place(&self) -> String {
        self.draft.display().to_string()
    }

    /// The policy.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// What the policy said when this began.
    pub(super) fn before(&self) -> &[u8] {
        &self.before
    }

    /// What the draft says.
    pub(super) fn text(&self) -> Result<Vec<u8>, String> {
        fs::read(&self.draft).map_err(|error| at("read", &self.draft, &error))
    }

    /// Has the editor at it, until that ends.
    pub(super) fn edit(&self, editor: &[String]) -> Result<(), String> {
        let (program, words) = editor.split_first().ok_or("no editor is named")?;
        let ended = Command::new(program).args(words).arg(&self.draft).status();
        let kept = format!("the policy is as it was, the text is in `{}`", self.place());
        match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!(
                "the editor `{program}` ended with {status}; {kept}"
            )),
            Err(error) => Err(format!(
                "the editor `{program}` cannot be started ({error}); name another with VISUAL or EDITOR; {kept}"
            )),
        }
    }

    /// Puts this text in place of the policy, unless somebody else did meanwhile.
    pub(super) fn put(&self, text: &[u8]) -> Result<(), String> {
        replace_unchanged(&self.file, &self.before, text).map_err(|why| {
            let place = self.place();
            format!("{why}; your text is in `{place}`: compare them, and edit again")
        })?;
        self.discard()
    }

    /// Takes it away.
    pub(super) fn discard(&self) -> Result<(), String> {
        fs::remove_file(&self.draft).map_err(|error| at("remove", &self.draft, &error))
    }
}

fn lock(folder: &Path) -> Result<File, String> {
    let opened = File::open(folder).map_err(|error| at("read", folder, &error))?;
    match opened.try_lock() {
        Ok(()) => Ok(opened),
        Err(TryLockError::WouldBlock) => Err(format!(
            "somebody else edits a policy in `{}` now; wait until they are done",
            folder.display()
        )),
        Err(TryLockError::Error(error)) => Err(at("lock", folder, &error)),
    }
}

fn at(verb: &str, path: &Path, error: &io::Error) -> String {
    format!("cannot {verb} `{}`: {error}", path.display())
}
