//! How often a principal called a tool: one bucket each, full at first, refilled evenly.

use std::collections::HashMap;

use crate::moment::Moment;

/// The most buckets. Full ones are forgotten, as they are when a principal is new; when none is full, a new principal gets no call.
const BUCKETS: usize = 16_384;
const MINUTE: u64 = 60_000;

/// Buckets by principal and tool.
#[derive(Default)]
pub(super) struct Rates(HashMap<u64, Bucket>);

/// What is left of a minute's calls. One call is [`MINUTE`] parts, so that each millisecond adds a whole number of parts.
struct Bucket {
    parts: u64,
    at: Moment,
    per_minute: u32,
}

impl Rates {
    /// Takes one call; whether there was one. A clock that went back adds nothing.
    pub(super) fn spend(&mut self, key: u64, per_minute: u32, now: Moment) -> bool {
        if !self.0.contains_key(&key) {
            if self.0.len() >= BUCKETS {
                self.0.retain(|_, bucket| !bucket.is_full(now));
            }
            if self.0.len() >= BUCKETS {
                return false;
            }
        }
        let bucket = self.0.entry(key).or_insert(Bucket {
            parts: u64::from(per_minute) * MINUTE,
            at: now,
            per_minute,
        });
        bucket.per_minute = per_minute;
        bucket.parts = bucket.parts_at(now);
        bucket.at = now;
        let left = bucket.parts.checked_sub(MINUTE);
        bucket.parts = left.unwrap_or(bucket.parts);
        left.is_some()
    }
}

impl Bucket {
    fn parts_at(&self, now: Moment) -> u64 {
        let rate = u64::from(self.per_minute);
        let gained = now.since(self.at).saturating_mul(rate);
        self.parts.saturating_add(gained).min(rate * MINUTE)
    }

    fn is_full(&self, now: Moment) -> bool {
        self.parts_at(now) == u64::from(self.per_minute) * MINUTE
    }
}
