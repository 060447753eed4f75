//! One reload: read, judge, try out, publish.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use super::Rotor;
use super::patience::Patience;
use crate::ops::event::{Event, RotationEvent};
use crate::ops::state::Generation;
use crate::rotate::port::{Digest, Endpoint, Published, Reason, Trial, Verdict};
use crate::rotate::trigger::Ring;

/// How often files are read until two readings agree, and how long apart.
const READINGS: usize = 5;
const APART: Duration = Duration::from_millis(100);
/// A candidate that cannot be tried is put in use all the same when what is in use ends within this.
const TOO_LATE_TO_TRY: Duration = Duration::from_secs(600);

type Reading<E> = Result<(Digest, <E as Endpoint>::Texts), Vec<Reason>>;

impl<E: Endpoint> Rotor<E> {
    /// Takes one request to its end and answers who waits for it.
    pub(super) async fn turn(&mut self, mut ring: Ring) {
        let trigger = ring.trigger.label();
        self.tell(RotationEvent::Triggered { trigger });
        let answers = std::mem::take(&mut ring.answers);
        let outcome = self.attempt(&ring).await;
        for answer in answers {
            let _ = answer.send(format!("{}: {outcome}", self.endpoint.name()));
        }
    }

    async fn attempt(&mut self, ring: &Ring) -> String {
        let (digest, texts) = match self.settle().await {
            Ok(read) => read,
            Err(reasons) => return self.rejected(None, &reasons, ring),
        };
        if digest == self.in_use {
            return self.unchanged(ring);
        }
        let (endpoint, force, now) = (self.endpoint.clone(), ring.force, (self.terms.wall)());
        let judging = move || endpoint.judge(texts, force, now);
        match tokio::task::spawn_blocking(judging).await {
            Ok(Verdict::Accepted {
                candidate,
                facts,
                warnings,
            }) => {
                self.accepted(digest, candidate, (&facts, &warnings), ring)
                    .await
            }
            Ok(Verdict::Pending { until }) => self.wait_until(digest, until),
            Ok(Verdict::Rejected(reasons)) => self.rejected(Some(digest), &reasons, ring),
            Ok(Verdict::Revoked(reasons)) => {
                let connections = self.endpoint.revoke();
                let outcome = self.rejected(Some(digest), &reasons, ring);
                self.revoked(connections);
                outcome
            }
            Err(_) => self.rejected(Some(digest), &[defect()], ring),
        }
    }

    /// Reads until two readings agree: files that are being written are neither old nor new.
    async fn settle(&self) -> Reading<E> {
        let mut last = None;
        for _ in 0..READINGS {
            let read = self.read().await;
            let seen = match &read {
                Ok((digest, _)) if *digest == self.in_use => return read,
                Ok((digest, _)) => Ok(*digest),
                Err(reasons) => Err(reasons.clone()),
            };
            if last.as_ref() == Some(&seen) {
                return read;
            }
            last = Some(seen);
            sleep(APART).await;
        }
        Err(vec![Reason {
            code: "unstable_files",
            sentence: "the files change while they are read; write each of them once and rename it into place".to_owned(),
        }])
    }

    async fn read(&self) -> Reading<E> {
        let endpoint = Arc::clone(&self.endpoint);
        let reading = tokio::task::spawn_blocking(move || endpoint.read());
        reading.await.unwrap_or_else(|_| Err(vec![defect()]))
    }

    fn unchanged(&mut self, ring: &Ring) -> String {
        self.settled();
        let trigger = ring.trigger.label();
        self.tell(RotationEvent::Unchanged { trigger });
        "nothing changed".to_owned()
    }

    fn wait_until(&mut self, digest: Digest, until: SystemTime) -> String {
        let is_news = self.is_news(Some(digest), &["not_yet_valid"]);
        self.retry_at = None;
        self.pending = Some(until);
        let ends = self.endpoint.validity().map(|validity| validity.not_after);
        let leaves_a_gap = ends.is_some_and(|ends| ends < until);
        if is_news {
            self.tell(RotationEvent::Pending {
                until,
                leaves_a_gap,
            });
        }
        "the new certificate is not valid yet; it is put in use when it is".to_owned()
    }

    /// INVARIANT: 5. What is in use stays in use.
    fn rejected(&mut self, digest: Option<Digest>, reasons: &[Reason], ring: &Ring) -> String {
        let codes: Vec<&'static str> = reasons.iter().map(|reason| reason.code).collect();
        let sentences = reasons.iter().map(|reason| reason.sentence.as_str());
        let detail = sentences.collect::<Vec<_>>().join("; ");
        let is_news = self.is_news(digest, &codes);
        if is_news {
            self.patience = Patience::default();
        }
        let retry_in = self.patience.next_wait(&self.fresh);
        self.retry_at = Some(Instant::now() + retry_in);
        self.pending = None;
        self.tell(RotationEvent::Rejected {
            trigger: ring.trigger.label(),
            reasons: &codes,
            detail: &detail,
            retry_in,
            is_news,
        });
        format!("rejected ({detail})")
    }

    fn is_news(&mut self, digest: Option<Digest>, codes: &[&'static str]) -> bool {
        let found = Some((digest, codes.to_vec()));
        let is_news = self.found != found;
        self.found = found;
        is_news
    }

    async fn accepted(
        &mut self,
        digest: Digest,
        candidate: E::Candidate,
        (facts, warnings): (&Generation, &[&'static str]),
        ring: &Ring,
    ) -> String {
        if let Some(reason) = self.try_out(&candidate).await {
            return self.rejected(Some(digest), &[reason], ring);
        }
        let trigger = ring.trigger.label();
        self.tell(RotationEvent::Validated {
            trigger,
            next: facts,
            warnings,
        });
        let until = self.endpoint.validity().map(|validity| validity.not_after);
        let published = self.endpoint.publish(candidate);
        self.in_use = digest;
        self.settled();
        self.renewed();
        self.tell(RotationEvent::Published {
            trigger,
            now: facts,
            took: ring.since.elapsed(),
        });
        self.finish(published, until);
        format!("generation {} is in use", facts.number)
    }

    /// Why the candidate may not be put in use, if its trial gave a reason.
    async fn try_out(&self, candidate: &E::Candidate) -> Option<Reason> {
        if !self.terms.canary {
            return None;
        }
        let trial = self.endpoint.try_out(candidate).await;
        let (result, why) = match &trial {
            Trial::Skipped => return None,
            Trial::Passed => ("passed", ""),
            Trial::Refused(why) => ("refused", why.as_str()),
            Trial::Unreached(why) if self.is_too_late_to_try() => ("skipped", why.as_str()),
            Trial::Unreached(why) => ("unreached", why.as_str()),
        };
        self.tell(RotationEvent::Canary { result, why });
        let (code, sentence) = match result {
            "refused" => (
                "canary_refused",
                "the service refused a trial request under the new files; check that it knows this certificate and key",
            ),
            "unreached" => (
                "canary_unreached",
                "the service could not be reached to try the new files; they are tried again",
            ),
            _ => return None,
        };
        Some(Reason {
            code,
            sentence: format!("{sentence}: {why}"),
        })
    }

    fn is_too_late_to_try(&self) -> bool {
        let now = (self.terms.wall)();
        let left = self
            .endpoint
            .validity()
            .map(|validity| validity.not_after.duration_since(now).unwrap_or_default());
        left.is_some_and(|left| left < TOO_LATE_TO_TRY)
    }

    /// Nothing is wrong with what the files hold.
    fn settled(&mut self) {
        self.found = None;
        self.retry_at = None;
        self.pending = None;
        self.patience = Patience::default();
    }

    /// Lets the old generation finish what it began, but not past the end of its certificate.
    fn finish(&self, published: Published<E::Retired>, until: Option<SystemTime>) {
        let Published {
            before,
            connections,
            retired,
            revoked,
        } = published;
        if revoked > 0 {
            self.tell(RotationEvent::PeerRevoked {
                connections: revoked,
            });
        }
        self.tell(RotationEvent::DrainStarted {
            generation: before,
            connections,
        });
        let left = until.map(|until| {
            until
                .duration_since((self.terms.wall)())
                .unwrap_or_default()
        });
        let within = left.map_or(self.terms.drain, |left| left.min(self.terms.drain));
        let (endpoint, ops, began) = (self.endpoint.clone(), self.ops.clone(), Instant::now());
        tokio::spawn(async move {
            let forced = E::drain(retired, within).await;
            let ended = RotationEvent::DrainEnded {
                generation: before,
                forced,
                took: began.elapsed(),
            };
            ops.emit(Event::Rotation(endpoint.name(), ended));
        });
    }
}

/// A panic in a check is doubt, and doubt keeps what is in use (INVARIANT: 4).
fn defect() -> Reason {
    Reason {
        code: "defect",
        sentence: "a check failed in an unforeseen way; report it, with the version".to_owned(),
    }
}
