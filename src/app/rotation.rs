//! The rotation of every endpoint: who rings, and what runs.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::Signal;
use tokio::task::JoinSet;

use super::policy::book::Book;
use crate::config::{Config, Rotation as Settings};
use crate::ops::Ops;
use crate::ops::request::Request;
use crate::rotate::port::{Digest, Endpoint};
use crate::rotate::rotor::{Rotor, Terms, Wall};
use crate::rotate::trigger::{Bell, Debounce, Trigger, bell};
use crate::rotate::{clock, watch};
use crate::runtime::fresh::Fresh;

/// The longest wait for files that are never quiet.
const LONGEST_DEBOUNCE: Duration = Duration::from_secs(10);

/// How long the policy file must be quiet, and the longest wait for that: people who edit it wait for it.
const POLICY_DEBOUNCE: Debounce = Debounce {
    quiet: Duration::from_millis(150),
    most: Duration::from_secs(1),
};

/// Everything that rotates.
pub(super) struct Rotation {
    settings: Settings,
    terms: Terms,
    ops: Arc<Ops>,
    bells: Vec<Bell>,
    files: Vec<PathBuf>,
    runs: Vec<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Rotation {
    /// Nothing yet.
    pub(super) fn new(config: &Config, longest_call: Duration, ops: Arc<Ops>) -> Self {
        let polling = &config.control_plane.polling;
        let wall: Wall = Arc::new(SystemTime::now);
        Self {
            settings: config.rotation,
            terms: Terms {
                canary: config.rotation.canary,
                drain: longest_call.max(polling.timeout + polling.guardrail),
                wall,
            },
            ops,
            bells: Vec::new(),
            files: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Rotates this endpoint, which uses what has this digest. An identity that cannot be used lowers the gate at once.
    pub(super) fn add<E: Endpoint>(
        &mut self,
        endpoint: E,
        digest: Digest,
        files: Vec<PathBuf>,
        fresh: Fresh,
    ) {
        let debounce = Debounce {
            quiet: self.settings.debounce,
            most: LONGEST_DEBOUNCE,
        };
        self.add_quiet(endpoint, digest, files, (debounce, fresh));
    }

    /// Takes up the policy file when it is saved, and sees to the end of the policy in force.
    pub(super) fn add_policy(&mut self, book: Book, fresh: Fresh) {
        let (digest, files, mut ends) = (book.digest(), vec![book.file()], book.ends());
        let trials = book.trials();
        let wall = Arc::clone(&self.terms.wall);
        // Before the first poll.
        ends.look(wall());
        self.runs.push(Box::pin(ends.watch(wall)));
        let bell = self.add_quiet(book, digest, files, (POLICY_DEBOUNCE, fresh));
        self.runs.push(Box::pin(trials.follow(bell)));
    }

    fn add_quiet<E: Endpoint>(
        &mut self,
        endpoint: E,
        digest: Digest,
        files: Vec<PathBuf>,
        (debounce, fresh): (Debounce, Fresh),
    ) -> Bell {
        let (bell, ear) = bell(debounce);
        let (terms, ops) = (self.terms.clone(), Arc::clone(&self.ops));
        let rotor = Rotor::new(Arc::new(endpoint), digest, terms, ops, fresh);
        self.runs.push(Box::pin(rotor.run(ear)));
        self.bells.push(bell.clone());
        self.files.extend(files);
        bell
    }

    /// Starts everything on tasks that end with `tasks`.
    pub(super) fn start(self, mut hangups: Signal, tasks: &mut JoinSet<()>) {
        let Self {
            settings,
            terms,
            ops,
            bells,
            files,
            runs,
        } = self;
        for run in runs {
            tasks.spawn(run);
        }
        let (follower, ringers) = (Arc::clone(&ops), bells.clone());
        tasks.spawn(async move { follow(&follower, &ringers).await });
        let (told, ringers) = (Arc::clone(&ops), bells.clone());
        tasks.spawn(async move { clock::watch(terms.wall, &told, &ringers).await });
        let ringers = bells.clone();
        tasks.spawn(async move {
            while hangups.recv().await.is_some() {
                ringers.iter().for_each(|bell| bell.ring(Trigger::Signal));
            }
        });
        if settings.watch {
            tasks.spawn(async move { watch::watch(files, &ops, &bells).await });
        }
    }
}

/// Follows what operators ask for, one after the other.
async fn follow(ops: &Ops, bells: &[Bell]) {
    let mut requests = ops.reloads.follow();
    while let Some(Request { what, answer, .. }) = requests.recv().await {
        let asked = bells.iter().map(|bell| bell.ask(Trigger::Operator, what));
        let outcomes = futures_util::future::join_all(asked).await;
        // Who asked may be gone.
        let _ = answer.send(outcomes.into_iter().flatten().collect());
    }
}
