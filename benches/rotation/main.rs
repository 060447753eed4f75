//! Rotation in figures: the real agent on loopback with mutual TLS on both sides, 64 calls in flight, half of them event streams, a poll always open.
//!
//! `rotations [N]` (default 1000): both identities replaced N times, by signal and by file events in turns, then the time from a replaced file to its
//! first use with the default debounce, and with events off. `soak [MINUTES]` (default 30): certificates that live 60 s, renewed every 30 s.
//!
//! Figures, not a test: but a call that is lost, carried out twice or sent under an old identity ends the run with a failure.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

#[path = "../../tests/rotation/place.rs"]
mod place;

mod figures;
mod pumps;

use std::env;
use std::time::{Duration, Instant, SystemTime};

use tokio::time::sleep;

use figures::{Figures, Process, row};
use place::{ENDPOINTS, Place, Plan, issuer, leaf, serial};
use pumps::Pumps;

const FLAGS: [&str; 4] = [
    "--mcp.max-concurrent-requests",
    "64",
    "--control-plane.max-inflight",
    "200",
];
const QUICK: [&str; 2] = ["--rotation.debounce", "100ms"];
/// How long a caller rests: so that the machine is busy, and so that it is not.
const BUSY: Duration = Duration::from_millis(20);
const CALM: Duration = Duration::from_millis(200);
const LIFE: Duration = Duration::from_secs(60);

fn main() {
    let words: Vec<String> = env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let number = |default: u64| words.get(1).map_or(default, |word| word.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    match words.first().map(String::as_str) {
        None | Some("rotations") => runtime.block_on(rotations(number(1000))),
        Some("soak") => runtime.block_on(soak(Duration::from_secs(60 * number(30)))),
        Some(other) => panic!("`{other}` is neither `rotations` nor `soak`"),
    }
}

async fn rotations(times: u64) {
    one_after_the_other(times).await;
    one_a_second(60).await;
    slow("events, default debounce", &[], 30, Duration::from_secs(5)).await;
    slow(
        "events off",
        &["--rotation.watch", "false"],
        10,
        Duration::from_secs(65),
    )
    .await;
}

/// As many as there is time for, with the machine busy: nothing may be lost, and nothing may pile up.
///
/// Two generations live side by side from the first rotation on, so what piles up is told by the second half against the first.
async fn one_after_the_other(times: u64) {
    let place = Place::open(Plan::new().with(&FLAGS).with(&QUICK)).await;
    let mut pumps = Pumps::start(&place, BUSY);
    let (mut used, mut sizes) = (Figures::default(), Vec::new());
    for turn in 0..times {
        if turn % (times / 4).max(1) == 0 {
            sizes.push(settled(&place).await);
        }
        used.add(rotate(&place, &mut pumps, turn % 2 == 0).await);
        if turn % 10 == 9 {
            pumps.check(&place);
        }
    }
    sizes.push(settled(&place).await);
    let calls = pumps.stop(&place).await;
    println!(
        "{times} rotations of both identities one after the other, {calls} calls: none lost, none twice, none under an old identity\n"
    );
    row(
        "from file to first use, signal or 100 ms debounce",
        &used,
        None,
    );
    figures::sizes(&sizes);
    figures::forced(&place);
}

/// What calls feel of a rotation, with the machine half idle.
async fn one_a_second(times: u64) {
    let place = Place::open(Plan::new().with(&FLAGS).with(&QUICK)).await;
    let mut pumps = Pumps::start(&place, CALM);
    sleep(Duration::from_secs(5)).await;
    pumps.latencies();
    sleep(Duration::from_secs(30)).await;
    let alone = pumps.latencies();
    for turn in 0..times {
        let began = Instant::now();
        rotate(&place, &mut pumps, turn % 2 == 0).await;
        pumps.check(&place);
        sleep(Duration::from_secs(1).saturating_sub(began.elapsed())).await;
    }
    let during = pumps.latencies();
    pumps.stop(&place).await;
    row("latency of a call without rotations", &alone, None);
    row(
        "latency of a call with one rotation a second",
        &during,
        Some(alone.at(0.99) + Duration::from_millis(10)),
    );
}

/// Both identities once; how long until a call was answered under the new ones.
async fn rotate(place: &Place, pumps: &mut Pumps, by_signal: bool) -> Duration {
    let shown = place.renew();
    let began = Instant::now();
    if by_signal {
        place.agent.ask_to_reload().unwrap();
    }
    place.until_shown(&shown).await;
    pumps.published(shown);
    pumps.next_answer().await;
    began.elapsed()
}

/// What the agent holds once the generation before has drained.
async fn settled(place: &Place) -> Process {
    sleep(Duration::from_secs(5)).await;
    Process::of(place)
}

/// From a replaced file to its first use, one rotation after the other without load.
async fn slow(what: &str, flags: &[&'static str], times: u32, budget: Duration) {
    let place = Place::open(Plan::new().with(flags)).await;
    let mut used = Figures::default();
    for _ in 0..times {
        let (shown, began) = (place.renew(), Instant::now());
        while !(0..2).all(|at| place.status()["endpoints"][at]["serial"] == shown[at]) {
            assert!(began.elapsed() < 2 * budget, "never used");
            sleep(Duration::from_millis(10)).await;
        }
        place.serves().await;
        used.add(began.elapsed());
    }
    row(
        &format!("from file to first use, {what}"),
        &used,
        Some(budget),
    );
}

async fn soak(length: Duration) {
    let place = Place::open(Plan::new().with(&FLAGS).with(&QUICK)).await;
    let mut pumps = Pumps::start(&place, CALM);
    let began = Instant::now();
    let mut sizes = Vec::new();
    while began.elapsed() < length {
        let now = SystemTime::now();
        let shown = ENDPOINTS.map(|(_, stem)| {
            let short = leaf().valid(now, now + LIFE);
            let issued = issuer(&place.pki, stem).issue(&short).unwrap();
            place.files.identity(stem, &issued);
            serial(&issued)
        });
        place.until_shown(&shown).await;
        pumps.published(shown);
        pumps.check(&place);
        sleep(LIFE / 2).await;
        sizes.push(Process::of(&place));
    }
    let calls = pumps.stop(&place).await;
    println!(
        "{} minutes of certificates that live {} s, {calls} calls\n",
        length.as_secs() / 60,
        LIFE.as_secs()
    );
    figures::sizes(&sizes);
    figures::forced(&place);
}
