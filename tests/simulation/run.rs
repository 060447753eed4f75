//! One run: a relay, a service, servers and records, all from one seed, on paused time.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use portcullis::ops::Ops;
use portcullis::ops::gate::{Cause, Hold, Standing};
use portcullis::relay::admission::{Admission, Bounds, Occupancy};
use portcullis::relay::in_force::InForce;
use portcullis::relay::listing::Listings;
use portcullis::relay::pipeline::Relay;
use portcullis::relay::polling;
use portcullis::relay::replay::Replay;
use portcullis::relay::streams::Streams;
use portcullis::runtime::fresh::Fresh;
use portcullis_policy::{Channel, Ledger, PolicySet};
use tokio::time::{advance, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::diary::{Diary, Fact};
use crate::dice::{Cup, Dice};
use crate::mutants::Mutant;
use crate::records::Kept;
use crate::servers::Servers;
use crate::service::{Desk, Queued, Service};

const POLICY: &str = "schema = 1\n[limits]\nstream_events = 20\n[[server]]\nchannel = \"main\"\ntools = [\"echo\"]\n[[server]]\nchannel = \"other\"\ntools = [\"echo\"]\n";
/// The longest one command may take.
pub const LONGEST: Duration = Duration::from_secs(20);
/// Everything a command may still be doing after a stop: an open poll, its call, its last post and a cancellation.
const DRAIN: Duration = Duration::from_secs(300);

type Agent = Relay<Service, Servers, Kept>;

/// What a run left behind.
pub struct Left {
    pub facts: Vec<(Duration, Fact)>,
    /// Whether the tasks were cut instead of drained.
    pub cut: bool,
    /// Whether all of it ended in time.
    pub drained: bool,
    /// Places that were not given back.
    pub places: (usize, usize, [Occupancy; 2]),
}

/// The policy of all runs: compiled once.
pub fn policy() -> Arc<PolicySet> {
    Arc::new(PolicySet::compile(POLICY.as_bytes()).unwrap())
}

/// Plays the run of a seed.
pub fn play(seed: u64, policy: &Arc<PolicySet>, mutant: Option<Mutant>) -> Left {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let dice = Dice::new(seed);
    let diary = Diary::default();
    let cut = dice.percent(10);
    let agent = Arc::new(agent(&dice, &diary, policy, mutant));
    let drained = runtime.block_on(perform(&dice, &diary, &agent, cut));
    // Whatever was still running is dropped here, in the middle of whatever it was doing.
    drop(runtime);
    Left {
        facts: diary.read(),
        cut,
        drained,
        places: places(&agent.admission),
    }
}

fn agent(dice: &Dice, diary: &Diary, policy: &Arc<PolicySet>, mutant: Option<Mutant>) -> Agent {
    let ops = Ops::for_tests();
    let gate = if mutant == Some(Mutant::IgnoresTheGate) {
        Arc::default()
    } else {
        Arc::clone(&ops.gate)
    };
    let calm = dice.percent(5);
    let control = Service {
        desk: Desk::default(),
        diary: diary.clone(),
        cup: Mutex::new(Cup::new(dice.number())),
        gate: Arc::clone(&gate),
        calm,
        mutant,
    };
    let upstream = Servers {
        diary: diary.clone(),
        cup: Mutex::new(Cup::new(dice.number())),
        gate,
        calm,
        mutant,
    };
    let records = Kept {
        diary: diary.clone(),
        cup: Mutex::new(Cup::new(dice.number())),
        calm,
        mutant,
    };
    let bounds = Bounds {
        running: dice.pick(&[1, 2, 10]),
        waiting: dice.pick(&[1, 3, 20]),
        bytes: 64 << 20,
    };
    let channels = ["main", "other"].map(|name| Channel::parse(name).unwrap());
    Relay {
        control,
        upstream,
        policy: InForce::first(Arc::clone(policy), [0; 32]),
        ledger: Arc::new(Ledger::with_digest(portcullis::ops::audit::sha256)),
        admission: Admission::new(bounds, channels),
        replay: match mutant {
            Some(Mutant::ForgetsCommands) => Replay::new(0, Duration::ZERO),
            _ => Replay::default(),
        },
        listings: Listings::default(),
        streams: Streams::default(),
        fresh: Fresh::seeded(u128::from(dice.number())),
        records,
        ops,
        longest: LONGEST,
    }
}

async fn perform(dice: &Dice, diary: &Diary, agent: &Arc<Agent>, cut: bool) -> bool {
    diary.start();
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let polling = polling::poll(Arc::clone(agent), stop.clone(), tasks.clone());
    let mut poller = tokio::spawn(polling);
    let driver = drive(dice.fork(), agent);
    let end = if dice.percent(50) {
        dice.moment(40_000)
    } else {
        Duration::from_secs(120)
    };
    let _ = timeout(end, driver).await;
    if cut {
        return true;
    }
    stop.cancel();
    if agent.upstream.mutant == Some(Mutant::KeepsAPlace) {
        std::mem::forget(agent.admission.enter(1).await);
    }
    if agent.upstream.mutant == Some(Mutant::Hangs) {
        tasks.spawn(std::future::pending::<()>());
    }
    let drained = timeout(DRAIN, async {
        (&mut poller).await.unwrap();
        tasks.close();
        tasks.wait().await;
    })
    .await;
    if agent.upstream.mutant == Some(Mutant::WorksOn) {
        let late = diary.clone();
        tokio::spawn(async move { late.write(Fact::PollLost) });
    }
    diary.write(Fact::Drained);
    sleep(DRAIN).await;
    drained.is_ok()
}

/// Fills the service's queue, moves the gate and the clock.
async fn drive(dice: Dice, agent: &Agent) {
    let count = 3 + dice.below(30);
    for number in 0..count {
        sleep(dice.moment(dice.pick(&[5, 500, 4000]))).await;
        agent.control.desk.put(command(&dice, number));
        match dice.below(100) {
            0..=1 => set(agent, Standing::Lowered),
            2 => set(agent, Standing::Quiesced),
            3..=8 => set(agent, Standing::Raised),
            9 => advance(dice.moment(100_000)).await,
            _ => {}
        }
    }
    sleep(dice.moment(60_000)).await;
    set(agent, Standing::Raised);
    std::future::pending().await
}

fn set(agent: &Agent, standing: Standing) {
    // Written first: what the move sets off comes after it.
    agent.control.diary.write(Fact::Gate(standing));
    let gates = [&agent.ops.gate, &agent.control.gate];
    for gate in gates {
        if standing == Standing::Raised {
            gate.let_go(Cause::Operator);
        } else {
            gate.hold(Hold {
                cause: Cause::Operator,
                standing,
                reason: "simulation".to_owned(),
                since: SystemTime::UNIX_EPOCH,
                by: None,
            });
        }
        if agent.control.mutant == Some(Mutant::IgnoresTheGate) {
            agent.ops.gate.let_go(Cause::Operator);
        }
    }
}

/// A command of any kind.
fn command(dice: &Dice, number: u64) -> Queued {
    let id = format!("c{number}");
    let timeout = dice.pick(&[
        None,
        None,
        None,
        Some(0),
        Some(300),
        Some(4000),
        Some(60_000),
    ]);
    let timeout = timeout.map(Duration::from_millis);
    let member = match timeout {
        Some(timeout) => format!(r#""response_timeout":"{}ms","#, timeout.as_millis()),
        None => dice.pick(&["", r#""response_timeout":"soon","#]).to_owned(),
    };
    let kind = r#""command_type":"jsonrpc","jsonrpc""#;
    let channel = dice.pick(&["main", "main", "other", "harpoon"]);
    let tool = dice.pick(&["echo", "echo", "echo", "echo", "rm"]);
    let which = dice.below(20);
    let rest = match which {
        0..=14 => format!(
            r#"{kind}:{{"jsonrpc":"2.0","id":"{id}","method":"tools/call","params":{{"_meta":{{"progressToken":"{id}"}},"name":"{tool}","arguments":{{"command":"{id}"}}}}}}"#
        ),
        15 => format!(r#"{kind}:{{"jsonrpc":"2.0","method":"notifications/initialized"}}"#),
        16 => format!(
            r#"{kind}:{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":"c{}"}}}}"#,
            dice.below(number + 1)
        ),
        17 => {
            r#""command_type":"session_termination","headers":{"Mcp-Session-Id":["s"]}"#.to_owned()
        }
        18 => r#""command_type":"exec""#.to_owned(),
        _ => format!(r#"{kind}:{{"jsonrpc":"2.0","id":"{id}","id":1,"method":"ping"}}"#),
    };
    Queued {
        element: format!(
            r#"{{"request_id":"{id}","shard_token":"token-{id}","channel":"{channel}",{member}{rest}}}"#
        ),
        id,
        // Of what cannot be read nobody knows how long its caller waits.
        timeout: timeout.filter(|_| which != 18),
    }
}

fn places(admission: &Admission) -> (usize, usize, [Occupancy; 2]) {
    let occupancy = ["main", "other"].map(|name| {
        let channel = Channel::parse(name).unwrap();
        admission.occupancy(&channel)
    });
    (admission.taken(), admission.taken_kib(), occupancy)
}
