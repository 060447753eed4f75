//! Time, taken so that what disturbs one reading disturbs its neighbours too: turns interleave, and the median of the turns counts.

use std::time::{Duration, Instant};

/// One thing to time: does its work so many times.
type Work<'a> = &'a mut dyn FnMut(u32);

/// Nanoseconds of one repetition of each work: the median over the rounds. The first round warms up and is not counted.
pub(crate) fn interleaved<const N: usize>(
    rounds: usize,
    repeats: u32,
    mut works: [Work<'_>; N],
) -> [f64; N] {
    let mut turns = [const { Vec::<Duration>::new() }; N];
    for _ in 0..=rounds {
        for (work, turns) in works.iter_mut().zip(&mut turns) {
            let start = Instant::now();
            work(repeats);
            turns.push(start.elapsed() / repeats);
        }
    }
    turns.map(|turns| median(turns.into_iter().skip(1).collect()))
}

fn median(mut turns: Vec<Duration>) -> f64 {
    turns.sort_unstable();
    let middle = turns.get(turns.len() / 2).copied().unwrap_or_default();
    middle.as_secs_f64() * 1e9
}
