//! Sees files change.
//!
//! Folders are watched, not files: a file that is replaced by a rename takes its watch with it. Every event counts that is about a name on the way
//! to a file, its links included (a volume of Kubernetes swaps a link of another name), but for those of readers, who would ring at their own
//! reading. What else lies in a folder may change as often as it likes.
//!
//! Promises: when this cannot watch, the status says so, and the poll of each endpoint finds every change all the same.

mod armed;
mod folders;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::sleep;

use self::armed::{Post, Watch};
use super::trigger::{Bell, Trigger};
use crate::ops::Ops;
use crate::ops::event::{AgentEvent, Event};

/// How often to look whether a folder was replaced: that alone gives no event, or one and then silence.
const REARM_EVERY: Duration = Duration::from_secs(60);
/// How soon to try again what could not be watched.
const RETRY: Duration = Duration::from_secs(5);

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
        sleep(RETRY).await;
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

impl Watch {
    /// Rings at each change until the watcher is dead.
    async fn follow(
        &mut self,
        files: &[PathBuf],
        ops: &Ops,
        bells: &[Bell],
        standing: &mut Option<Option<String>>,
    ) {
        let mut patience = REARM_EVERY;
        loop {
            tokio::select! {
                () = self.post.news.notified() => ring(bells),
                () = sleep(patience) => {}
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
            patience = if armed.is_ok() { REARM_EVERY } else { RETRY };
            tell(ops, standing, armed.err().map(|error| error.to_string()));
        }
    }
}

#[cfg(test)]
mod tests;
