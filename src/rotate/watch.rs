//! Sees files change.
//!
//! Folders are watched, not files: a file that is replaced by a rename takes its watch with it. Every event counts but those of readers, who
//! would ring at their own reading; no name is compared, for a volume of Kubernetes swaps a link of another name.
//!
//! Promises: when this cannot watch, the status says so, and the poll of each endpoint finds every change all the same.

mod folders;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Config, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::sleep;

use self::folders::{Folder, folders};
use super::trigger::{Bell, Trigger};
use crate::ops::Ops;
use crate::ops::event::{AgentEvent, Event};

/// How often to look whether a folder was replaced: that alone gives no event, or one and then silence.
const REARM_EVERY: Duration = Duration::from_secs(60);

/// What the thread of the watcher leaves for the task.
#[derive(Debug, Default)]
struct Post {
    news: Notify,
    overflowed: AtomicBool,
    dead: AtomicBool,
}

/// Says so when the thread of the watcher ends.
struct Alive(Arc<Post>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.dead.store(true, Ordering::Relaxed);
        self.0.news.notify_one();
    }
}

/// Watches the folders of these files until it is dropped, and rings at each change.
pub async fn watch(files: Vec<PathBuf>, ops: &Ops, bells: &[Bell]) {
    keep_watching(&files, ops, bells, |post| Watch::open(&files, post)).await;
}

/// What cannot be opened, or has ended, is opened again.
async fn keep_watching(
    files: &[PathBuf],
    ops: &Ops,
    bells: &[Bell],
    mut open: impl FnMut(Arc<Post>) -> notify::Result<Watch>,
) {
    let mut standing = None;
    loop {
        match open(Arc::default()) {
            Ok(mut watch) => {
                tell(ops, &mut standing, None);
                ring(bells);
                watch.follow(files, ops, bells, &mut standing).await;
            }
            Err(error) => tell(ops, &mut standing, Some(error.to_string())),
        }
        sleep(REARM_EVERY).await;
    }
}

/// Tells whether changes are seen, when that changed.
fn tell(ops: &Ops, standing: &mut Option<Option<String>>, why: Option<String>) {
    if standing.as_ref() == Some(&why) {
        return;
    }
    let event = match &why {
        None => AgentEvent::Watching,
        Some(why) => AgentEvent::NotWatching { why },
    };
    ops.emit(Event::Agent(event));
    *standing = Some(why);
}

fn ring(bells: &[Bell]) {
    bells.iter().for_each(|bell| bell.ring(Trigger::Files));
}

/// An open watch.
struct Watch {
    watcher: RecommendedWatcher,
    armed: HashMap<PathBuf, Folder>,
    post: Arc<Post>,
}

impl Watch {
    fn open(files: &[PathBuf], post: Arc<Post>) -> notify::Result<Self> {
        let (told, alive) = (Arc::clone(&post), Alive(Arc::clone(&post)));
        let heard = move |event: notify::Result<notify::Event>| {
            let _ = &alive;
            note(&told, &event);
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

    /// Rings at each change until the watcher is dead.
    async fn follow(
        &mut self,
        files: &[PathBuf],
        ops: &Ops,
        bells: &[Bell],
        standing: &mut Option<Option<String>>,
    ) {
        loop {
            tokio::select! {
                () = self.post.news.notified() => ring(bells),
                () = sleep(REARM_EVERY) => {}
            }
            if self.post.dead.load(Ordering::Relaxed) {
                return tell(ops, standing, Some("the watcher ended".to_owned()));
            }
            if self.post.overflowed.swap(false, Ordering::Relaxed) {
                ops.emit(Event::Agent(AgentEvent::WatchOverflow));
            }
            let armed = self.arm(files);
            if matches!(armed, Ok(true)) {
                // What happened before the new folder was watched gave no event.
                ring(bells);
            }
            tell(ops, standing, armed.err().map(|error| error.to_string()));
        }
    }

    /// Watches what has to be watched now; whether anything of that is new.
    fn arm(&mut self, files: &[PathBuf]) -> notify::Result<bool> {
        let wanted = folders(files);
        let gone = self
            .armed
            .iter()
            .filter(|(path, folder)| wanted.get(*path) != Some(folder));
        for path in gone.map(|(path, _)| path.clone()).collect::<Vec<_>>() {
            // The kernel forgets a folder that is gone by itself.
            let _ = self.watcher.unwatch(&path);
            self.armed.remove(&path);
        }
        let new = wanted
            .into_iter()
            .filter(|(path, _)| !self.armed.contains_key(path));
        let new: Vec<_> = new.collect();
        let is_news = !new.is_empty();
        for (path, folder) in new {
            self.add(&path)?;
            self.armed.insert(path, folder);
        }
        Ok(is_news)
    }

    fn add(&mut self, path: &Path) -> notify::Result<()> {
        self.watcher.watch(path, RecursiveMode::NonRecursive)
    }
}

/// On the thread of the watcher: leave a word and be gone.
fn note(post: &Post, event: &notify::Result<notify::Event>) {
    match event {
        Ok(event) if event.need_rescan() => post.overflowed.store(true, Ordering::Relaxed),
        Ok(event) if !is_change(event.kind) => return,
        Ok(_) | Err(_) => {}
    }
    post.news.notify_one();
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

#[cfg(test)]
mod tests;
