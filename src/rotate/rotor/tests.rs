//! The states of one endpoint, with the clock of the day passed in and files in memory.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Mutex;

use tokio::time::{advance, sleep, timeout};

use portcullis_certs::Validity;

use super::*;
use crate::ops::gate::Standing;
use crate::ops::state::Generation;
use crate::rotate::port::{Force, Published, Reason, Trial, Verdict};
use crate::rotate::trigger::{Bell, Debounce, bell};

const DAY: Duration = Duration::from_hours(24);
const DEBOUNCE: Debounce = Debounce {
    quiet: Duration::from_secs(2),
    most: Duration::from_secs(10),
};

fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + 20_000 * DAY
}

/// What the files hold: one number, and from when until when it may be used, in days from noon.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    number: u8,
    days: (i32, i32),
    readable: bool,
    revoked: bool,
}

impl Held {
    const fn new(number: u8, days: (i32, i32)) -> Self {
        Self {
            number,
            days,
            readable: true,
            revoked: false,
        }
    }

    fn validity(&self) -> Validity {
        Validity {
            not_before: day(self.days.0),
            not_after: day(self.days.1),
        }
    }
}

fn day(day: i32) -> SystemTime {
    let length = DAY * day.unsigned_abs();
    if day < 0 {
        noon() - length
    } else {
        noon() + length
    }
}

/// An endpoint in memory.
struct Fake {
    files: Mutex<Held>,
    in_use: Mutex<Held>,
    trial: Mutex<Trial>,
    trials: Mutex<usize>,
    reads: Mutex<usize>,
}

impl Endpoint for Fake {
    type Texts = Held;
    type Candidate = Held;
    type Retired = ();

    fn name(&self) -> &str {
        "control plane"
    }

    fn is_vital(&self) -> bool {
        true
    }

    fn read(&self) -> Result<(Digest, Held), Vec<Reason>> {
        *self.reads.lock().unwrap() += 1;
        let held = self.files.lock().unwrap().clone();
        if held.readable {
            Ok((digest(held.number), held))
        } else {
            Err(vec![reason("unreadable")])
        }
    }

    fn judge(&self, held: Held, _: Force, now: SystemTime) -> Verdict<Held> {
        if held.revoked {
            return Verdict::Revoked(vec![reason("revoked")]);
        }
        let Validity {
            not_before: from,
            not_after: to,
        } = held.validity();
        if now < from {
            return Verdict::Pending { until: from };
        }
        if now > to {
            return Verdict::Rejected(vec![reason("expired")]);
        }
        let facts = Generation {
            number: held.number.into(),
            ..Generation::for_tests()
        };
        Verdict::Accepted {
            candidate: held,
            facts: Box::new(facts),
            warnings: Vec::new(),
        }
    }

    async fn try_out(&self, _: &Held) -> Trial {
        *self.trials.lock().unwrap() += 1;
        self.trial.lock().unwrap().clone()
    }

    fn publish(&self, held: Held) -> Published<()> {
        let before = std::mem::replace(&mut *self.in_use.lock().unwrap(), held);
        Published {
            before: before.number.into(),
            connections: 0,
            retired: (),
            revoked: 0,
        }
    }

    async fn drain((): (), _: Duration) -> usize {
        0
    }

    fn revoke(&self) -> usize {
        3
    }

    fn validity(&self) -> Option<Validity> {
        Some(self.in_use.lock().unwrap().validity())
    }
}

fn digest(number: u8) -> Digest {
    [number; 32]
}

fn reason(code: &'static str) -> Reason {
    Reason {
        code,
        sentence: format!("a {code} thing"),
    }
}

/// A running rotor, and both clocks in our hands.
struct Run {
    fake: Arc<Fake>,
    ops: Arc<Ops>,
    bell: Bell,
    wall: Arc<Mutex<(SystemTime, Instant)>>,
}

impl Run {
    fn start(held: Held) -> Self {
        let fake = Arc::new(Fake {
            files: Mutex::new(held.clone()),
            in_use: Mutex::new(held.clone()),
            trial: Mutex::new(Trial::Passed),
            trials: Mutex::new(0),
            reads: Mutex::new(0),
        });
        let (ops, (bell, ear)) = (Ops::for_tests(), bell(DEBOUNCE));
        let wall = Arc::new(Mutex::new((noon(), Instant::now())));
        let clock = Arc::clone(&wall);
        let terms = Terms {
            canary: true,
            drain: DAY,
            wall: Arc::new(move || {
                let (at, since) = *clock.lock().unwrap();
                at + since.elapsed()
            }),
        };
        let fresh = Fresh::seeded(7);
        let rotor = Rotor::new(fake.clone(), digest(held.number), terms, ops.clone(), fresh);
        tokio::spawn(rotor.run(ear));
        Self {
            fake,
            ops,
            bell,
            wall,
        }
    }

    /// Puts something in place and tells so.
    async fn put(&self, held: Held) -> String {
        *self.fake.files.lock().unwrap() = held;
        self.reload().await
    }

    async fn reload(&self) -> String {
        let asked = self.bell.ask(Trigger::Operator, Force::default());
        asked.await.unwrap()
    }

    fn in_use(&self) -> u8 {
        self.fake.in_use.lock().unwrap().number
    }

    fn state(&self) -> (&'static str, Vec<&'static str>) {
        let inputs = self.ops.inputs();
        let endpoint = inputs.endpoints.first().unwrap();
        (endpoint.condition.label(), endpoint.reasons.clone())
    }

    /// Sets the clock of the day without letting time pass.
    fn set_clock(&self, to: SystemTime) {
        *self.wall.lock().unwrap() = (to, Instant::now());
    }
}

const GOOD: Held = Held::new(1, (-1, 30));

#[tokio::test(start_paused = true)]
async fn what_is_better_is_used_and_what_is_worse_is_not() {
    let run = Run::start(GOOD);
    let outcome = run.put(Held::new(2, (-1, 60))).await;
    assert!(outcome.ends_with("generation 2 is in use"), "{outcome}");
    let outcome = run.put(Held::new(3, (-9, -3))).await;
    assert!(outcome.contains("a expired thing"), "{outcome}");
    assert_eq!(
        (run.in_use(), run.state()),
        (2, ("rejected", vec!["expired"]))
    );
    assert_eq!(run.ops.gate.standing(), Standing::Raised);
    run.put(Held::new(2, (-1, 60))).await;
    assert_eq!(run.state(), ("steady", vec![]), "the old files are back");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_valid_yet_waits_for_its_moment() {
    let run = Run::start(GOOD);
    run.put(Held::new(2, (2, 60))).await;
    assert_eq!((run.in_use(), run.state().0), (1, "pending"));
    sleep(2 * DAY - Duration::from_secs(1)).await;
    assert_eq!(run.in_use(), 1);
    sleep(Duration::from_secs(2)).await;
    assert_eq!((run.in_use(), run.state().0), (2, "steady"));
}

/// Suspended, a machine wakes with its timers where they were and the clock of the day far ahead.
#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_is_followed_within_a_minute() {
    let run = Run::start(GOOD);
    run.put(Held::new(2, (2, 60))).await;
    run.set_clock(day(3));
    sleep(Duration::from_secs(61)).await;
    assert_eq!(run.in_use(), 2);
    run.set_clock(day(3650));
    sleep(Duration::from_secs(61)).await;
    assert_eq!(run.state().0, "unusable");
    run.set_clock(day(3));
    sleep(Duration::from_secs(61)).await;
    assert_eq!(run.state().0, "steady", "and back");
    assert_eq!(run.ops.gate.standing(), Standing::Raised);
}

#[tokio::test(start_paused = true)]
async fn an_identity_that_ends_without_successor_lowers_the_gate_until_there_is_one() {
    let run = Run::start(GOOD);
    sleep(21 * DAY).await;
    assert_eq!(run.state().0, "degraded");
    sleep(9 * DAY + Duration::from_secs(61)).await;
    assert_eq!(run.state().0, "unusable");
    assert_eq!(run.ops.gate.standing(), Standing::Lowered);
    run.put(Held::new(2, (20, 60))).await;
    assert_eq!((run.in_use(), run.state().0), (2, "steady"));
    assert_eq!(run.ops.gate.standing(), Standing::Raised);
}

#[tokio::test(start_paused = true)]
async fn an_identity_outside_its_validity_at_start_lowers_the_gate_and_is_no_error() {
    for days in [(-9, -3), (3, 9)] {
        let run = Run::start(Held::new(1, days));
        assert_eq!(run.ops.gate.standing(), Standing::Lowered, "{days:?}");
        run.put(Held::new(2, (-1, 30))).await;
        assert_eq!(run.ops.gate.standing(), Standing::Raised, "{days:?}");
    }
    let early = Run::start(Held::new(1, (3, 9)));
    sleep(3 * DAY + Duration::from_secs(61)).await;
    assert_eq!(early.ops.gate.standing(), Standing::Raised, "by itself");
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_the_service_refuses_is_not_used() {
    let run = Run::start(GOOD);
    *run.fake.trial.lock().unwrap() = Trial::Refused("alert_unknown_ca".to_owned());
    let outcome = run.put(Held::new(2, (-1, 60))).await;
    assert!(outcome.contains("alert_unknown_ca"), "{outcome}");
    assert_eq!(
        (run.in_use(), run.state()),
        (1, ("rejected", vec!["canary_refused"]))
    );
    *run.fake.trial.lock().unwrap() = Trial::Passed;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(run.in_use(), 2, "tried again by itself");
}

#[tokio::test(start_paused = true)]
async fn a_service_out_of_reach_is_waited_for_unless_the_old_identity_ends() {
    let run = Run::start(GOOD);
    *run.fake.trial.lock().unwrap() = Trial::Unreached("timeout".to_owned());
    run.put(Held::new(2, (-1, 60))).await;
    assert_eq!((run.in_use(), run.state().1), (1, vec!["canary_unreached"]));
    sleep(30 * DAY - Duration::from_secs(900)).await;
    assert_eq!(run.in_use(), 1);
    let before = *run.fake.trials.lock().unwrap();
    assert!(before > 100, "it was tried again and again");
    sleep(Duration::from_secs(600)).await;
    assert_eq!(run.in_use(), 2, "better untried than expired");
}

#[tokio::test(start_paused = true)]
async fn a_revoked_identity_is_cut_and_the_gate_stays_down_until_another_is_used() {
    let run = Run::start(GOOD);
    let revoked = Held {
        revoked: true,
        ..Held::new(2, (-1, 30))
    };
    run.put(revoked).await;
    assert_eq!(run.state(), ("revoked", vec!["revoked"]));
    assert_eq!(run.ops.gate.standing(), Standing::Lowered);
    sleep(Duration::from_secs(300)).await;
    assert_eq!(run.ops.gate.standing(), Standing::Lowered);
    run.put(Held::new(3, (-1, 30))).await;
    assert_eq!(run.ops.gate.standing(), Standing::Raised);
}

#[tokio::test(start_paused = true)]
async fn files_that_cannot_be_read_are_tried_until_they_can() {
    let run = Run::start(GOOD);
    let mut held = Held::new(2, (-1, 60));
    held.readable = false;
    run.put(held).await;
    assert_eq!(run.state(), ("rejected", vec!["unreadable"]));
    run.fake.files.lock().unwrap().readable = true;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(run.in_use(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_nobody_told_of_is_found_within_a_minute() {
    let run = Run::start(GOOD);
    *run.fake.files.lock().unwrap() = Held::new(2, (-1, 60));
    sleep(Duration::from_secs(61)).await;
    assert_eq!(run.in_use(), 2);
}

#[tokio::test(start_paused = true)]
async fn files_that_change_while_they_are_read_are_read_later() {
    let run = Run::start(GOOD);
    let fake = run.fake.clone();
    let writer = tokio::spawn(async move {
        for number in 2_u8..80 {
            *fake.files.lock().unwrap() = Held::new(number, (-1, 60));
            sleep(Duration::from_millis(10)).await;
        }
    });
    let outcome = run.reload().await;
    assert!(
        outcome.contains("unstable") || outcome.contains("change while"),
        "{outcome}"
    );
    assert_eq!(run.in_use(), 1);
    writer.await.unwrap();
    sleep(Duration::from_secs(2)).await;
    assert_eq!(run.in_use(), 79);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_signals_is_a_few_reloads_and_ends() {
    let run = Run::start(GOOD);
    (0..10_000).for_each(|_| run.bell.ring(Trigger::Signal));
    timeout(Duration::from_secs(5), run.reload()).await.unwrap();
    assert!(*run.fake.reads.lock().unwrap() <= 4);
    advance(Duration::from_millis(1)).await;
}
