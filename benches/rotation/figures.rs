//! What is measured, and the lines it is printed as.

use std::fs;
use std::time::Duration;

use crate::place::Place;

/// Durations.
#[derive(Clone, Default)]
pub struct Figures(Vec<Duration>);

impl Figures {
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// The value below which this share lies.
    pub fn at(&self, share: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let place = (sorted.len() as f64 * share) as usize;
        sorted
            .get(place.min(sorted.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    }
}

/// One row: the 50th and 99th percentile and the maximum, and whether the budget holds for the 99th.
pub fn row(what: &str, figures: &Figures, budget: Option<Duration>) {
    let [p50, p99, most] = [0.5, 0.99, 1.0].map(|share| figures.at(share).as_secs_f64() * 1000.0);
    let verdict = match budget {
        None => String::new(),
        Some(budget) if figures.at(0.99) <= budget => format!(", within {} ms", budget.as_millis()),
        Some(budget) => format!(", OVER {} ms", budget.as_millis()),
    };
    println!("{what:<52} p50 {p50:>9.1} ms  p99 {p99:>9.1} ms  most {most:>9.1} ms{verdict}");
}

/// What the system says of the agent.
pub struct Process {
    resident_kib: u64,
    files: u64,
    threads: u64,
}

impl Process {
    pub fn of(place: &Place) -> Self {
        let id = place.agent.id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        let count = |what: &str| fs::read_dir(format!("/proc/{id}/{what}")).unwrap().count() as u64;
        Self {
            resident_kib: line.split_whitespace().nth(1).unwrap().parse().unwrap(),
            files: count("fd"),
            threads: count("task"),
        }
    }
}

/// What the agent held, in the order of time; the budget is for the last against the middle.
pub fn sizes(sizes: &[Process]) {
    for (what, figure) in [
        (
            "resident memory, KiB",
            &(|size: &Process| size.resident_kib) as &dyn Fn(&Process) -> u64,
        ),
        ("open files", &|size| size.files),
        ("threads", &|size| size.threads),
    ] {
        let figures: Vec<u64> = sizes.iter().map(figure).collect();
        let (middle, last) = (figures[figures.len() / 2], figures[figures.len() - 1]);
        let growth = last as f64 / middle as f64 * 100.0 - 100.0;
        println!("{what}: {figures:?}, from the middle to the end {growth:+.1} % (budget +5 %)");
    }
}

/// Connections that were cut at the end of a drain.
pub fn forced(place: &Place) {
    let metrics = place.metrics();
    let line = metrics
        .lines()
        .find(|line| line.starts_with("portcullis_drain_forced_total"))
        .unwrap();
    println!(
        "forced closes: {} (budget 0)",
        line.rsplit(' ').next().unwrap()
    );
}
