//! Operators who try a policy: what they ask for is checked here, and each trial is seen to its end.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::bytes;
use super::trial::OnTrial;
use crate::ops::Ops;
use crate::ops::audit::sha256;
use crate::ops::gate::Actor;
use crate::ops::reload::Force;
use crate::ops::trial::Trying;
use crate::relay::in_force::InForce;
use crate::rotate::trigger::{Bell, Trigger};
use crate::runtime::slot::Slot;

/// How long a policy may be on trial.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(24 * 3600);
const ROOT: u32 = 0;

/// See the module.
pub(in crate::app) struct Trials {
    pub(super) path: PathBuf,
    pub(super) on_trial: Arc<OnTrial>,
    pub(super) in_force: Arc<Slot<InForce>>,
    pub(super) ops: Arc<Ops>,
}

impl Trials {
    /// Follows what operators ask for until it is dropped; `bell` has the file read again.
    pub(in crate::app) async fn follow(self, bell: Bell) {
        let mut asked = self.ops.trials.follow();
        loop {
            tokio::select! {
                request = asked.recv() => match request {
                    Some(request) => {
                        let outcome = self.carry_out(request.what, request.by, &bell).await;
                        // Who asked may be gone.
                        let _ = request.answer.send(outcome);
                    }
                    None => return,
                },
                () = self.on_trial.over() => self.go_back(&bell).await,
            }
        }
    }

    /// First to what the file said before, then to what it says now.
    async fn go_back(&self, bell: &Bell) {
        bell.ask(Trigger::Timer, Force::default()).await;
        self.on_trial.forget();
        bell.ask(Trigger::Timer, Force::default()).await;
    }

    async fn carry_out(&self, what: Trying, by: Actor, bell: &Bell) -> Result<String, String> {
        match what {
            Trying::Begin { text, within } => {
                self.may_change(by)?;
                self.begin(text, within, bell).await
            }
            Trying::End if self.on_trial.is_under_way() => {
                self.on_trial.end();
                self.go_back(bell).await;
                Ok("the policy file decides again".to_owned())
            }
            Trying::End => {
                Err("no policy is on trial any more; the policy file decides".to_owned())
            }
        }
    }

    /// Who could not write the file may not have another policy decide either: the agent's own user is not trusted with its policy.
    fn may_change(&self, by: Actor) -> Result<(), String> {
        let owner = fs::metadata(&self.path).ok().map(|file| file.uid());
        if by.uid == ROOT || Some(by.uid) == owner {
            return Ok(());
        }
        let path = self.path.display();
        Err(format!(
            "only root and the owner of `{path}` may try a policy"
        ))
    }

    async fn begin(&self, text: Vec<u8>, within: Duration, bell: &Bell) -> Result<String, String> {
        let path = self.path.display();
        if self.on_trial.is_under_way() {
            return Err("another policy is on trial; let it end, or end it".to_owned());
        }
        if !(SHORTEST..=LONGEST).contains(&within) {
            return Err("a trial lasts from 1 second to 24 hours".to_owned());
        }
        let before =
            bytes(&self.path).map_err(|error| format!("`{path}` cannot be read ({error})"))?;
        if sha256(&before) != self.in_force.current().named.sha256 {
            return Err(format!(
                "`{path}` says something else than the policy in force; mend it first"
            ));
        }
        if before == text {
            return Err("this policy is in force already".to_owned());
        }
        let tried = sha256(&text);
        self.on_trial.begin(text, before, within);
        let outcome = bell.ask(Trigger::Operator, Force::default()).await;
        let named = self.in_force.current().named;
        if named.sha256 == tried {
            return Ok(
                json!({"generation": named.generation, "seconds": within.as_secs()}).to_string(),
            );
        }
        self.on_trial.forget();
        bell.ask(Trigger::Operator, Force::default()).await;
        Err(outcome.unwrap_or_else(|| "the agent is stopping".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use portcullis_policy::PolicySet;

    use super::*;

    #[test]
    fn only_who_could_write_the_file_may_try_a_policy() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let ops = Ops::for_tests();
        let policy = PolicySet::compile(PolicySet::DEFAULT.as_bytes()).unwrap();
        let trials = Trials {
            path: file.path().to_owned(),
            on_trial: Arc::new(OnTrial::new(Arc::clone(&ops))),
            in_force: InForce::first(policy, [0; 32]),
            ops,
        };
        let owner = file.path().metadata().unwrap().uid();
        for (uid, may) in [(ROOT, true), (owner, true), (owner + 1, false)] {
            let by = Actor { uid, pid: None };
            assert_eq!(trials.may_change(by).is_ok(), may, "{uid}");
        }
    }
}
