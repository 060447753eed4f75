//! One reload: read, judge, try out, publish.

use std::time::SystemTime;

use tokio::time::Instant;

use super::Rotor;
use super::patience::Patience;
use super::reading::defect;
use crate::ops::event::{Event, RotationEvent};
use crate::ops::state::Generation;
use crate::rotate::port::{Digest, Endpoint, Published, Reason, Verdict};
use crate::rotate::trigger::Ring;

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
