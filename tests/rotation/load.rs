//! Under load: 64 calls in flight, half of them event streams, and a poll that is always open. Fifty rotations of both identities, by signal and by
//! file events.
//!
//! No call is lost or carried out twice, no handshake shows a certificate with another's key, and whatever begins after a rotation was published is
//! sent under the new identity: the servers say so for each request.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use portcullis::demo::control_plane::{Command, ControlPlane};
use portcullis::demo::net::Door;
use portcullis_certs::dev::Pki;
use rustls::version::{TLS12, TLS13};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::place::{HANGS, Place, Plan, call};

const CALLERS: usize = 64;

/// How the agent is told.
#[derive(Clone, Copy)]
enum By {
    Signal,
    Events,
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_rotations_over_http_2_and_tls_1_3_with_servers_that_offer_tickets() {
    let pki = Pki::new().unwrap();
    let plan = Plan {
        control: Door::control_plane(&pki).unwrap().resumable().http2_only(),
        server: Door::between(&pki.mcp_servers, &pki.mcp_clients, &[&TLS13])
            .unwrap()
            .resumable()
            .http2_only(),
        pki,
        ..Plan::new()
    };
    rotate_under_load(plan, &[(By::Signal, 15), (By::Events, 10)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_rotations_over_http_1_and_tls_1_2_with_servers_that_offer_tickets() {
    let pki = Pki::new().unwrap();
    let plan = Plan {
        control: Door::control_plane(&pki).unwrap().resumable().http1_only(),
        server: Door::between(&pki.mcp_servers, &pki.mcp_clients, &[&TLS12])
            .unwrap()
            .resumable()
            .http1_only(),
        pki,
        ..Plan::new()
    };
    let tls12 = plan.with(&[]);
    rotate_under_load(tls12, &[(By::Signal, 15), (By::Events, 10)]).await;
}

/// What every caller knows.
struct Load {
    control: Arc<ControlPlane>,
    /// How many rotations were published.
    published: AtomicUsize,
    numbers: AtomicUsize,
    over: AtomicBool,
}

/// One call: its command, and how many rotations were published before it was asked.
struct Asked {
    request_id: String,
    after: usize,
}

async fn rotate_under_load(plan: Plan, rows: &[(By, usize)]) {
    let flags = [
        "--rotation.debounce",
        "100ms",
        "--mcp.max-concurrent-requests",
        "64",
        "--control-plane.max-inflight",
        "200",
    ];
    let place = Place::open(plan.with(&flags)).await;
    let first = ["/endpoints/0/serial", "/endpoints/1/serial"];
    let status = place.status();
    let mut serials: Vec<[String; 2]> =
        vec![first.map(|at| status.pointer(at).unwrap().as_str().unwrap().to_owned())];
    let load = Arc::new(Load {
        control: place.control.clone(),
        published: AtomicUsize::new(0),
        numbers: AtomicUsize::new(0),
        over: AtomicBool::new(false),
    });
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| tokio::spawn(call_until_over(load.clone(), caller % 2 == 0)))
        .collect();
    for (by, times) in rows {
        for _ in 0..*times {
            let next = place.renew();
            if matches!(by, By::Signal) {
                place.agent.ask_to_reload().unwrap();
            }
            place.until_shown(&next).await;
            serials.push(next);
            load.published.fetch_add(1, Ordering::SeqCst);
        }
    }
    load.over.store(true, Ordering::SeqCst);
    let mut asked = HashMap::new();
    for caller in callers {
        asked.extend(
            timeout(HANGS, caller)
                .await
                .expect("each call is answered")
                .unwrap(),
        );
    }
    check(&place, &serials, &asked);
}

/// Calls until told to stop; what it asked, by the number in the call.
async fn call_until_over(load: Arc<Load>, streams: bool) -> HashMap<usize, Asked> {
    let mut asked = HashMap::new();
    while !load.over.load(Ordering::SeqCst) {
        let number = load.numbers.fetch_add(1, Ordering::SeqCst);
        let after = load.published.load(Ordering::SeqCst);
        let mut pending = load.control.enqueue(if streams {
            stream(number)
        } else {
            call(number)
        });
        let request_id = pending.request_id().to_owned();
        let reply = timeout(HANGS, pending.reply())
            .await
            .expect("the call is answered")
            .unwrap();
        assert_eq!(reply.value()["id"], number, "{reply:?}");
        assert_eq!(reply.value()["result"]["isError"], false, "{reply:?}");
        asked.insert(number, Asked { request_id, after });
    }
    asked
}

/// An answer that takes a while, with a notification at each step.
fn stream(number: usize) -> Command {
    let message = json!({
        "jsonrpc": "2.0", "id": number, "method": "tools/call",
        "params": {
            "_meta": {"progressToken": format!("t-{number}")},
            "name": "slow_count", "arguments": {"to": 2, "query": format!("call-{number}")},
        },
    });
    Command::jsonrpc(message.to_string())
}

fn check(place: &Place, serials: &[[String; 2]], asked: &HashMap<usize, Asked>) {
    let generation = |side: usize, serial: &str| {
        serials
            .iter()
            .position(|pair| pair[side] == serial)
            .expect("a serial we issued")
    };
    assert!(asked.len() > 100, "{}", asked.len());
    let mut runs: HashMap<usize, usize> = HashMap::new();
    for heard in place.server.heard() {
        let Some(number) = number(&heard.body) else {
            continue;
        };
        let used = generation(1, &heard.peer.as_ref().unwrap().serial);
        let after = asked[&number].after;
        assert!(
            used >= after,
            "call {number} began after rotation {after} and was sent under {used}"
        );
        *runs.entry(number).or_default() += 1;
    }
    assert_eq!(runs.len(), asked.len(), "each call ran");
    assert!(runs.values().all(|times| *times == 1), "none ran twice");
    let after: HashMap<&str, usize> = asked
        .values()
        .map(|asked| (asked.request_id.as_str(), asked.after))
        .collect();
    let mut answers = HashMap::new();
    for post in place.control.posts() {
        let used = generation(0, &post.peer.as_ref().unwrap().serial);
        assert!(
            used >= after[post.request_id.as_str()],
            "a reply was posted under an old identity"
        );
        if post.taken && post.reply.is_final() {
            *answers.entry(post.request_id).or_insert(0) += 1;
        }
    }
    assert_eq!(answers.len(), asked.len());
    assert!(answers.values().all(|times| *times == 1));
    assert_eq!(place.control.violations(), [""; 0]);
    assert_eq!(
        place.control.turned_away(),
        [""; 0],
        "no certificate with another's key"
    );
    assert_eq!(place.server.turned_away(), [""; 0]);
    let metrics = place.metrics();
    assert!(
        metrics.contains("portcullis_drain_forced_total 0"),
        "{metrics}"
    );
    assert!(!metrics.contains("resumed=\"true\""), "{metrics}");
}

fn number(body: &[u8]) -> Option<usize> {
    let message: Value = serde_json::from_slice(body).ok()?;
    let query = message["params"]["arguments"]["query"].as_str()?;
    query.strip_prefix("call-")?.parse().ok()
}
