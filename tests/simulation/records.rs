//! The records of a run: in memory, late and out of order with nothing, and at times not to be had.

use std::sync::Mutex;

use portcullis::relay::port::{Records, Unrecorded};
use portcullis::relay::record::{Decided, Ended, Refusal};
use tokio::time::sleep;

use crate::diary::{Diary, Fact};
use crate::dice::Cup;
use crate::mutants::Mutant;

pub struct Kept {
    pub diary: Diary,
    pub cup: Mutex<Cup>,
    pub calm: bool,
    pub mutant: Option<Mutant>,
}

impl Kept {
    fn keep(&self, fact: Fact) {
        if !Mutant::forgets(self.mutant, &fact) {
            self.diary.write(fact);
        }
    }
}

impl Records for Kept {
    type Intent = String;

    async fn intent(&self, decided: &Decided<'_>) -> Result<String, Unrecorded> {
        let (wait, fails) = {
            let dice = self.cup.lock().unwrap().of(decided.request_id);
            let wait = dice.percent(5).then(|| dice.moment(2000));
            (wait, dice.percent(5))
        };
        if let Some(wait) = wait.filter(|_| !self.calm) {
            sleep(wait).await;
        }
        if fails && !self.calm {
            return Err(Unrecorded);
        }
        let id = decided.request_id.to_owned();
        self.keep(Fact::Intent { id: id.clone() });
        Ok(id)
    }

    fn outcome(&self, id: String, ended: &Ended) {
        self.keep(Fact::Outcome {
            id,
            verdict: ended.verdict,
            reason: ended.reason,
            reply: ended.reply,
        });
    }

    fn refusal(&self, decided: &Decided<'_>, refusal: &Refusal) {
        self.keep(Fact::Refusal {
            id: decided.request_id.to_owned(),
            reason: refusal.reason,
        });
    }

    fn poll_lost(&self, _: &'static str) {
        self.keep(Fact::PollLost);
    }
}
