//! What the tests of the two edges and of the relay share: a control plane in memory, servers that misbehave, and the way a command takes
//! between them.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm
)]

pub mod desk;
pub mod https;
pub mod raw;
pub mod records;
pub mod script;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hyper::header::HeaderName;
use portcullis::edge::handshake::Witness;
use portcullis::edge::net::Peer;
use portcullis::edge::tls::{Floor, Parts, Tls};
use portcullis::edge::upstream::OperatorHeaders;
use portcullis::ops::Ops;
use portcullis::relay::admission::{Admission, Bounds};
use portcullis::relay::in_force::InForce;
use portcullis::relay::listing::Listings;
use portcullis::relay::pipeline::Relay;
use portcullis::relay::port::{ControlPlane, Records, Upstream};
use portcullis::relay::replay::Replay;
use portcullis::relay::streams::Streams;
use portcullis::runtime::fresh::Fresh;
use portcullis::wire::command::Polled;
use portcullis::wire::poll;
use portcullis_certs::Roots;
use portcullis_certs::dev::Authority;
use portcullis_policy::gate::Caps;
use portcullis_policy::{Channel, Ledger, PolicySet};
use records::Memory;
use tokio::time::Instant;

/// Long enough that it only ends a test that would hang.
pub const LONG: Duration = Duration::from_secs(20);

/// Two servers: `main` with the tool `echo`, `other` with the tool `echo`.
pub const POLICY: &str = "schema = 1\n[limits]\nresponse_bytes = 65536\nstream_bytes = 262144\n[[server]]\nchannel = \"main\"\ntools = [\"echo\"]\n[[server]]\nchannel = \"other\"\ntools = [\"echo\"]\n";

/// A call of the listed tool by a caller who wants progress.
pub const CALL: &str = r#"{"jsonrpc":"2.0","id":"a-1","method":"tools/call","params":{"_meta":{"progressToken":"t-1"},"name":"echo","arguments":{"n":1e2,"s":"\u0041\/"}}}"#;

pub fn policy(text: &str) -> Arc<PolicySet> {
    Arc::new(PolicySet::compile(text.as_bytes()).unwrap_or_else(|mistakes| panic!("{mistakes:?}")))
}

/// On each channel 4 calls run and 12 wait.
pub const BOUNDS: Bounds = Bounds {
    running: 4,
    waiting: 12,
    bytes: 64 << 20,
};

/// A relay under [`POLICY`] within [`BOUNDS`].
pub fn relay<C: ControlPlane, U: Upstream>(control: C, upstream: U) -> Relay<C, U, Memory> {
    recorded(control, upstream, Memory::default())
}

/// The same with these records.
pub fn recorded<C: ControlPlane, U: Upstream, R: Records>(
    control: C,
    upstream: U,
    records: R,
) -> Relay<C, U, R> {
    let channels = [Channel::main(), channel("other")];
    Relay {
        control,
        upstream,
        policy: InForce::first(policy(POLICY), [0; 32]),
        ledger: Arc::new(Ledger::with_digest(portcullis::ops::audit::sha256)),
        admission: Admission::new(BOUNDS, channels),
        replay: Replay::default(),
        listings: Listings::default(),
        streams: Streams::default(),
        fresh: Fresh::new().unwrap(),
        records,
        ops: Ops::for_tests(),
        longest: LONG,
    }
}

/// Takes one element to its outcome, as the poll loop does.
pub async fn handle<C: ControlPlane, U: Upstream, R: Records>(
    relay: &Relay<C, U, R>,
    polled: Polled,
    received: Instant,
) {
    let entry = relay.admission.enter(polled.bytes()).await;
    relay.handle(polled, received, entry).await;
}

pub fn channel(name: &str) -> Channel {
    Channel::parse(name).unwrap()
}

/// Elements of a poll body as the agent decodes them.
pub fn polled(elements: &[String]) -> Vec<Polled> {
    let body = format!(r#"{{"commands":[{}]}}"#, elements.join(","));
    poll::decode(&Bytes::from(body), &Caps::REQUEST).unwrap()
}

pub fn one(element: String) -> Polled {
    polled(&[element]).remove(0)
}

/// One element: a message on a channel, with more members such as `"headers":{…},`.
pub fn element(request_id: &str, channel: &str, members: &str, message: &str) -> String {
    format!(
        r#"{{"request_id":"{request_id}","shard_token":"shard-{request_id}","channel":"{channel}",{members}"command_type":"jsonrpc","jsonrpc":{message}}}"#
    )
}

/// The end of the session `s-1`.
pub fn termination(request_id: &str) -> String {
    format!(
        r#"{{"request_id":"{request_id}","shard_token":"shard-{request_id}","channel":"main","command_type":"session_termination","headers":{{"Mcp-Session-Id":["s-1"],"Authorization":["Bearer caller"]}}}}"#
    )
}

/// [`CALL`] on `main`.
pub fn call(request_id: &str) -> Polled {
    one(element(request_id, "main", "", CALL))
}

/// For plain HTTP on loopback.
pub fn no_tls() -> Tls {
    Parts::new(Roots::public()).mcp(Floor::Tls13).unwrap()
}

/// A client for plain HTTP on loopback, with a header of the operator.
pub fn plain_peer(connect: Duration) -> Arc<Peer<OperatorHeaders>> {
    server_peer(no_tls(), connect)
}

/// The same for a server of one authority, which is shown nothing of our own.
pub fn tls_peer(authority: &Authority, connect: Duration) -> Arc<Peer<OperatorHeaders>> {
    let roots = Roots::private(authority.root_pem().as_bytes(), SystemTime::now()).unwrap();
    server_peer(Parts::new(roots).mcp(Floor::Tls13).unwrap(), connect)
}

fn server_peer(tls: Tls, connect: Duration) -> Arc<Peer<OperatorHeaders>> {
    let name = HeaderName::from_static("x-operator");
    let headers = vec![(name, "ours".parse().unwrap())];
    Arc::new(Peer::carrying(tls, connect, headers, Witness::default()))
}
