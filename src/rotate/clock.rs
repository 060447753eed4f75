//! The clock of the day: validity is judged by it, so a jump and a clock that nobody keeps are told, not guessed.

use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::rotor::Wall;
use super::trigger::{Bell, Trigger};
use crate::ops::Ops;
use crate::ops::event::{AgentEvent, Event};

const LOOK_EVERY: Duration = Duration::from_secs(10);
/// What a clock that is being trimmed, and a busy machine, may add.
const SLACK: Duration = Duration::from_secs(5);

/// Where systemd's time client keeps its state.
pub const TIME_CLIENT: &str = "/run/systemd/timesync";
/// The file in it that says that a server was heard.
const HEARD: &str = "synchronized";

/// Watches until it is dropped, and rings when the clock jumped: the machine may have slept as well.
pub async fn watch(wall: Wall, ops: &Ops, bells: &[Bell]) {
    let mut synchronised = None;
    tell_synchronised(ops, &mut synchronised, true);
    let mut before = (wall(), Instant::now());
    loop {
        sleep(LOOK_EVERY).await;
        let now = (wall(), Instant::now());
        let expected = before.0.checked_add(now.1.duration_since(before.1));
        if let Some(seconds) = expected.and_then(|expected| jump(expected, now.0)) {
            ops.emit(Event::Agent(AgentEvent::ClockJumped { seconds }));
            bells.iter().for_each(|bell| bell.ring(Trigger::Clock));
        }
        tell_synchronised(ops, &mut synchronised, false);
        before = now;
    }
}

/// By how many seconds `now` is ahead of what was expected, or behind it; nothing if by few.
fn jump(expected: std::time::SystemTime, now: std::time::SystemTime) -> Option<i64> {
    let (by, sign) = match now.duration_since(expected) {
        Ok(ahead) => (ahead, 1),
        Err(behind) => (behind.duration(), -1),
    };
    let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
    (by > SLACK).then_some(sign * seconds)
}

fn tell_synchronised(ops: &Ops, told: &mut Option<bool>, first: bool) {
    let now = synchronised(Path::new(TIME_CLIENT));
    if first || now != *told {
        *told = now;
        let event = AgentEvent::ClockSynchronised { synchronised: now };
        ops.emit(Event::Agent(event));
    }
}

/// Whether the clock follows a time server; nothing where nobody keeps that state. The kernel knows it too, but has no door to it that is safe.
#[must_use]
pub fn synchronised(client: &Path) -> Option<bool> {
    client
        .is_dir()
        .then(|| client.join(HEARD).try_exists().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_jump_is_told_with_its_direction_and_a_drift_is_not() {
        let noon = SystemTime::UNIX_EPOCH + Duration::from_hours(12);
        let hour = Duration::from_hours(1);
        for (now, expected) in [
            (noon + Duration::from_secs(4), None),
            (noon - Duration::from_secs(4), None),
            (noon + hour, Some(3600)),
            (noon - hour, Some(-3600)),
            (noon + hour * 24 * 365 * 10, Some(315_360_000)),
        ] {
            assert_eq!(jump(noon, now), expected);
        }
    }

    #[test]
    fn only_the_state_of_a_time_client_says_anything() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(synchronised(&folder.path().join("none")), None);
        assert_eq!(synchronised(folder.path()), Some(false));
        std::fs::write(folder.path().join(HEARD), "").unwrap();
        assert_eq!(synchronised(folder.path()), Some(true));
    }
}
