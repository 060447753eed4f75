//! The folders that are watched, and the thread that hears of them.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{AccessKind, AccessMode};
use notify::{Config, ErrorKind, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use super::folders::{Folder, Traces, traces};

/// How often the ways to the files are followed anew when one of their folders goes away meanwhile.
const ATTEMPTS: usize = 3;

/// What the thread of the watcher leaves for the task.
#[derive(Debug, Default)]
pub(super) struct Post {
    pub(super) news: Notify,
    pub(super) overflowed: AtomicBool,
    pub(super) dead: AtomicBool,
    /// The names that count.
    names: Mutex<HashSet<OsString>>,
}

impl Post {
    /// Whether these names are others than before.
    fn follow(&self, names: HashSet<OsString>) -> bool {
        let mut followed = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = *followed != names;
        *followed = names;
        is_news
    }

    /// On the thread of the watcher: leave a word and be gone.
    pub(super) fn note(&self, event: &notify::Result<notify::Event>) {
        match event {
            Ok(event) if event.need_rescan() => self.overflowed.store(true, Ordering::Relaxed),
            Ok(event) if !is_change(event.kind) || !self.is_about_ours(&event.paths) => return,
            Ok(_) | Err(_) => {}
        }
        self.news.notify_one();
    }

    /// What has no name is about a folder itself.
    fn is_about_ours(&self, paths: &[PathBuf]) -> bool {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = |path: &PathBuf| path.file_name().is_none_or(|name| names.contains(name));
        paths.is_empty() || paths.iter().any(counts)
    }
}

/// Whether somebody may have written. Readers open, read and close as well, and we are one of them.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}

/// Says so when the thread of the watcher ends.
pub(super) struct Alive(pub(super) Arc<Post>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.dead.store(true, Ordering::Relaxed);
        self.0.news.notify_one();
    }
}

/// An open watch.
pub(super) struct Watch {
    watcher: RecommendedWatcher,
    armed: HashMap<PathBuf, Folder>,
    pub(super) post: Arc<Post>,
}

impl Watch {
    pub(super) fn open(files: &[PathBuf], post: Arc<Post>) -> notify::Result<Self> {
        let (told, alive) = (Arc::clone(&post), Alive(Arc::clone(&post)));
        let heard = move |event: notify::Result<notify::Event>| {
            let _ = &alive;
            told.note(&event);
        };
        let watcher = RecommendedWatcher::new(heard, Config::default())?;
        let mut watch = Self {
            watcher,
            armed: HashMap::new(),
            post,
        };
        watch.arm(files)?;
        Ok(watch)
    }

    /// Watches what has to be watched now; whether anything of that is new.
    pub(super) fn arm(&mut self, files: &[PathBuf]) -> notify::Result<bool> {
        let mut is_news = false;
        for _ in 1..ATTEMPTS {
            match self.arm_once(files, &mut is_news) {
                Err(error) if is_gone(&error) => is_news = true,
                done => return done.map(|()| is_news),
            }
        }
        self.arm_once(files, &mut is_news).map(|()| is_news)
    }

    fn arm_once(&mut self, files: &[PathBuf], is_news: &mut bool) -> notify::Result<()> {
        let Traces { folders, names } = traces(files);
        *is_news |= self.post.follow(names);
        let gone = self
            .armed
            .iter()
            .filter(|(path, folder)| folders.get(*path) != Some(folder));
        for path in gone.map(|(path, _)| path.clone()).collect::<Vec<_>>() {
            // The kernel forgets a folder that is gone by itself.
            let _ = self.watcher.unwatch(&path);
            self.armed.remove(&path);
        }
        for (path, folder) in folders {
            if !self.armed.contains_key(&path) {
                self.add(&path)?;
                self.armed.insert(path, folder);
                *is_news = true;
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &Path) -> notify::Result<()> {
        self.watcher.watch(path, RecursiveMode::NonRecursive)
    }
}

/// A folder that went away between the look at it and its watch.
fn is_gone(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => error.kind() == io::ErrorKind::NotFound,
        ErrorKind::Generic(_)
        | ErrorKind::WatchNotFound
        | ErrorKind::InvalidConfig(_)
        | ErrorKind::MaxFilesWatch => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use notify::event::{AccessMode, CreateKind};

    use super::*;

    fn counts(post: &Post, kind: EventKind, path: &str) -> bool {
        let event = notify::Event::new(kind).add_path(path.into());
        post.note(&Ok(event));
        let mut news = Box::pin(post.news.notified());
        news.as_mut().enable()
    }

    #[test]
    fn only_what_is_written_on_the_way_to_a_file_counts() {
        let post = Post::default();
        assert!(post.follow(HashSet::from(["tls.crt".into(), "certs".into()])));
        let created = EventKind::Create(CreateKind::File);
        let read = EventKind::Access(AccessKind::Close(AccessMode::Read));
        let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
        for (kind, path, is_ours) in [
            (created, "/x/certs/tls.crt", true),
            (written, "/x/certs/tls.crt", true),
            (read, "/x/certs/tls.crt", false),
            (created, "/x/certs/.tls.crt.swp", false),
            (created, "/x/certs", true),
            (created, "/", true),
        ] {
            assert_eq!(counts(&post, kind, path), is_ours, "{kind:?} {path}");
        }
        post.note(&Ok(notify::Event::new(EventKind::Other)));
        assert!(Box::pin(post.news.notified()).as_mut().enable(), "no path");
    }

    /// `hardening` 7, row 9: the folder of a volume goes away while it is looked at.
    #[test]
    fn a_folder_that_went_away_is_told_from_a_limit() {
        assert!(is_gone(&notify::Error::path_not_found()));
        let io = |errno| notify::Error::io(io::Error::from_raw_os_error(errno));
        assert!(is_gone(&io(2)) && !is_gone(&io(28)));
        assert!(!is_gone(&notify::Error::new(ErrorKind::MaxFilesWatch)));
    }
}
