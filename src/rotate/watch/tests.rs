#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::fs;

use notify::event::Flag;
use notify::{Error, ErrorKind, EventKind};

use super::armed::Alive;
use super::*;
use crate::rotate::trigger::{Debounce, bell};

/// A folder with one file, and what its watch tells.
struct Stage {
    folder: tempfile::TempDir,
    ops: Arc<Ops>,
}

impl Stage {
    fn new() -> Self {
        let (folder, ops) = (tempfile::tempdir().unwrap(), Ops::for_tests());
        fs::write(folder.path().join("file"), "1").unwrap();
        Self { folder, ops }
    }

    fn files(&self) -> Vec<PathBuf> {
        vec![self.folder.path().join("file")]
    }

    fn is_watching(&self, alive: u8) -> bool {
        let line = format!("portcullis_watcher_alive{{kind=\"files\"}} {alive}");
        self.ops.render_metrics().contains(&line)
    }

    async fn until(&self, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            sleep(Duration::from_secs(1)).await;
        }
    }
}

fn quick() -> Debounce {
    Debounce {
        quiet: Duration::from_millis(1),
        most: Duration::from_millis(1),
    }
}

/// `hardening` 7, row 10: the limits of the kernel are used up, or the watcher ends. The poll of each endpoint takes over meanwhile.
#[tokio::test(start_paused = true)]
async fn a_watcher_that_cannot_start_or_ends_is_told_and_started_again() {
    let stage = Stage::new();
    let (bell, mut ear) = bell(quick());
    let files = stage.files();
    let opened: Arc<std::sync::Mutex<Option<Arc<Post>>>> = Arc::default();
    let mut faults = VecDeque::from([ErrorKind::MaxFilesWatch]);
    let running = {
        let (files, ops, opened) = (files.clone(), Arc::clone(&stage.ops), Arc::clone(&opened));
        tokio::spawn(async move {
            let open = |post: Arc<Post>| match faults.pop_front() {
                Some(fault) => Err(Error::new(fault)),
                None => {
                    *opened.lock().unwrap() = Some(Arc::clone(&post));
                    Watch::open(&files, post)
                }
            };
            keep_watching(&files, &ops, &[bell], open).await;
        })
    };
    stage
        .until(|stage| stage.ops.inputs().watching == Some(false))
        .await;
    assert!(stage.is_watching(0) && opened.lock().unwrap().is_none());
    stage.until(|stage| stage.is_watching(1)).await;
    ear.next().await;

    let first = opened.lock().unwrap().take().unwrap();
    drop(Alive(first));
    stage.until(|stage| stage.is_watching(0)).await;
    stage.until(|stage| stage.is_watching(1)).await;
    assert!(opened.lock().unwrap().is_some(), "another was opened");
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn events_that_were_lost_are_counted_and_everything_is_read_again() {
    let stage = Stage::new();
    let (bell, mut ear) = bell(quick());
    let post = Arc::new(Post::default());
    let mut watch = Watch::open(&stage.files(), Arc::clone(&post)).unwrap();
    let lost = notify::Event::new(EventKind::Other).set_flag(Flag::Rescan);
    post.note(&Ok(lost));
    let (files, bells, mut standing) = (stage.files(), [bell], None);
    tokio::select! {
        () = watch.follow(&files, &stage.ops, &bells, &mut standing) => {}
        _ = ear.next() => {}
    }
    stage
        .until(|stage| {
            stage
                .ops
                .render_metrics()
                .contains("portcullis_watcher_overflow_total 1")
        })
        .await;
}
