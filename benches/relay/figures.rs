//! The figures of a row, and the budgets they are held against.

use std::fmt;
use std::time::Duration;

use crate::child::Memory;
use crate::load::tls::Protocol;

/// How many times the processor time of the null relay a call may cost.
const MOST_RATIO: f64 = 1.5;
/// Resident memory in MiB, waiting for work and with every place taken.
const MOST_IDLE: f64 = 12.0;
const MOST_LOADED: f64 = 32.0;

/// What was measured of one contender.
pub(crate) struct Figures {
    idle: Memory,
    held: Memory,
    /// At rest, when all rounds are over.
    pub(crate) after: Memory,
    micros: Vec<f64>,
    rates: Vec<f64>,
    polls: Vec<f64>,
}

/// One row.
pub(crate) struct Measured {
    pub(crate) protocol: Protocol,
    pub(crate) agent: Figures,
    pub(crate) null: Figures,
}

impl Figures {
    pub(crate) fn new(idle: Memory, held: Memory) -> Self {
        let after = Memory::default();
        let (micros, rates, polls) = Default::default();
        Self {
            idle,
            held,
            after,
            micros,
            rates,
            polls,
        }
    }

    /// One round.
    pub(crate) fn add(&mut self, calls: u64, cpu: Duration, wall: Duration, polls: u64) {
        let calls = calls as f64;
        self.micros.push(cpu.as_secs_f64() * 1e6 / calls);
        self.rates.push(calls / wall.as_secs_f64());
        self.polls.push(calls / polls.max(1) as f64);
    }

    fn line(&self, name: &str) -> String {
        let memory = [
            self.idle.resident,
            self.held.resident,
            self.after.peak,
            self.after.resident,
        ]
        .map(mib);
        let [idle, held, peak, after] = memory;
        let (rate, polls) = (
            Spread::of(&self.rates).median,
            Spread::of(&self.polls).median,
        );
        let micros = Spread::of(&self.micros);
        format!(
            "  {name:<11} {micros}  {rate:>8.0} {polls:>11.1} | {idle:>6.1} {held:>8.1} {peak:>6.1} {after:>10.1}"
        )
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ratios: Vec<f64> = self
            .agent
            .micros
            .iter()
            .zip(&self.null.micros)
            .map(|(a, n)| a / n)
            .collect();
        let ratio = Spread::of(&ratios);
        let idle = mib(self.agent.idle.resident);
        let loaded = mib(self.agent.after.peak);
        writeln!(
            f,
            "{}, mutual TLS on both sides, 1 KiB calls, 64 in flight",
            self.protocol.name()
        )?;
        writeln!(
            f,
            "              us of processor a call            calls/s  calls/poll | MiB: idle  64 held   peak  idle after"
        )?;
        writeln!(f, "{}", self.agent.line("agent"))?;
        writeln!(f, "{}", self.null.line("null relay"))?;
        let ratio_met = met(ratio.median <= MOST_RATIO);
        writeln!(
            f,
            "  ratio       {ratio}   at most {MOST_RATIO:.1}: {ratio_met}"
        )?;
        writeln!(
            f,
            "  idle        {idle:.1} MiB, at most {MOST_IDLE:.0}: {}",
            met(idle <= MOST_IDLE)
        )?;
        writeln!(
            f,
            "  64 calls    {loaded:.1} MiB at the peak, at most {MOST_LOADED:.0}: {}",
            met(loaded <= MOST_LOADED)
        )
    }
}

/// The middle and the ends of a list.
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let mut values = values.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
        Self {
            median: at(values.len() / 2),
            least: at(0),
            most: at(values.len().saturating_sub(1)),
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            median,
            least,
            most,
        } = self;
        write!(f, "{median:>7.2} ({least:>6.2} to {most:>6.2})")
    }
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

const fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}
