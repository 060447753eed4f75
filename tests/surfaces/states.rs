//! The table of states, on the real program: what each cause shows at `/readyz`, in the status and in the log, and that each ends when its
//! cause does.

use std::fs::{self, DirBuilder, File};
use std::io::{Read, Write as _, pipe};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use portcullis_certs::dev::{Authority, Leaf};
use rustix::process::{Resource, Rlimit, prlimit};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use serde_json::Value;

use crate::agent::{Agent, Home, until};
use crate::stub::Stub;

/// One row: while a peer does this, the agent shows that.
struct Row {
    control: u16,
    server: u16,
    code: &'static str,
    /// How `/readyz` begins, as text.
    phrase: &'static str,
    /// What the part of the status says: the state of the control plane or of the channel.
    state: (&'static str, &'static str),
}

const CONTROL: &str = "/control_plane/state";
const CHANNEL: &str = "/channels/0/state";

const ROWS: [Row; 7] = [
    Row {
        control: Stub::CLOSES,
        server: 200,
        code: "control_plane_unreachable",
        phrase: "control plane poll failed: ",
        state: (CONTROL, "transport"),
    },
    Row {
        control: 401,
        server: 200,
        code: "control_plane_unauthorized",
        phrase: "control plane poll failed: ",
        state: (CONTROL, "unauthorized"),
    },
    Row {
        control: 403,
        server: 200,
        code: "control_plane_forbidden",
        phrase: "control plane poll failed: ",
        state: (CONTROL, "forbidden"),
    },
    Row {
        control: 503,
        server: 200,
        code: "control_plane_failing",
        phrase: "control plane poll failed: ",
        state: (CONTROL, "status"),
    },
    Row {
        control: 204,
        server: Stub::CLOSES,
        code: "mcp_server_unreachable",
        phrase: "mcp probe failed: channel main: ",
        state: (CHANNEL, "unreachable"),
    },
    Row {
        control: 204,
        server: 500,
        code: "mcp_server_unreachable",
        phrase: "mcp probe failed: channel main: target_http, http_status",
        state: (CHANNEL, "unreachable"),
    },
    Row {
        control: 204,
        server: 401,
        code: "",
        phrase: "ready (mcp initialize requires auth: channel main answered 401)",
        state: (CHANNEL, "needs_auth"),
    },
];

#[test]
fn what_a_peer_does_is_shown_everywhere_and_its_end_too() {
    thread::scope(|scope| {
        for row in &ROWS {
            scope.spawn(move || show(row));
        }
    });
}

fn show(row: &Row) {
    let home = Home::new();
    let (control, server) = (Stub::start(row.control), Stub::start(row.server));
    let agent = Agent::start(&home, &control, &server);
    if row.code.is_empty() {
        until("ready, with a remark", || agent.get("/readyz").0 == 200);
    } else {
        shows_cause(&home, &agent, &[row.code]);
    }
    let text = agent.get("/readyz").1;
    assert!(text.starts_with(row.phrase), "{text}");
    let (at, state) = row.state;
    assert_eq!(status(&agent).pointer(at).unwrap(), state);
    control.answers(204);
    server.answers(200);
    if row.code.is_empty() {
        // A server that answers is asked again after a minute, or by the next call.
        control.hand_out(CALL);
    }
    shows_end(&home, &agent, row.code);
    assert_eq!(status(&agent).pointer(CONTROL).unwrap(), "polling");
    agent.stop();
}

/// Status as JSON, from the operator's socket.
fn status(agent: &Agent) -> Value {
    let (exit, said) = agent.command(&["status", "--json"]);
    assert_eq!(exit, 0, "{said}");
    serde_json::from_str(&said).unwrap()
}

/// These causes, in this order, at `/readyz` as code and as text, in the status for people, and in the log.
fn shows_cause(home: &Home, agent: &Agent, codes: &[&str]) {
    until(codes[0], || agent.codes() == codes);
    assert_eq!(agent.get("/readyz").0, 503);
    let (exit, said) = agent.command(&["status"]);
    assert!(exit == 0 && said.starts_with("NOT READY"), "{said}");
    for code in codes {
        assert!(said.contains(&format!("  {code}, since ")), "{said}");
        until("the line of the cause", || is_told(home, "not ready", code));
    }
}

/// Ready again, and the log tells that the cause is gone.
fn shows_end(home: &Home, agent: &Agent, code: &str) {
    until("ready", || {
        agent.get("/readyz") == (200, "ready".to_owned())
    });
    assert!(agent.command(&["status"]).1.starts_with("READY"));
    if !code.is_empty() {
        until("the line of the end", || is_told(home, "mended", code));
    }
}

fn is_told(home: &Home, what: &str, code: &str) -> bool {
    let code = format!("code=\"{code}\"");
    let log = home.log();
    let mut lines = log.lines();
    lines.any(|line| line.contains(&format!(" {what} ")) && line.contains(&code))
}

#[test]
fn a_control_plane_that_is_not_who_it_should_be_is_told_as_that() {
    let (right, wrong) = (
        Authority::new("right").unwrap(),
        Authority::new("wrong").unwrap(),
    );
    let home = Home::new();
    fs::write(home.path("roots.pem"), right.root_pem()).unwrap();
    let control = Stub::start_tls(204, shown_by(&wrong));
    let server = Stub::start(200);
    let roots = home.path("roots.pem").into_os_string().into_string();
    let extra = [
        ("CA_BUNDLE", roots.as_deref().unwrap()),
        ("TRUST_MODE", "replace"),
    ];
    let agent = Agent::start_with(&home, &control, &server, &extra, home.sink());
    shows_cause(&home, &agent, &["control_plane_unreachable"]);
    let text = agent.get("/readyz").1;
    assert!(text.contains("unknown_issuer"), "{text}");
    assert_eq!(control.asked(), 0, "nothing was said to it");
    control.shows(shown_by(&right));
    shows_end(&home, &agent, "control_plane_unreachable");
    agent.stop();
}

fn shown_by(authority: &Authority) -> Arc<ServerConfig> {
    let identity = authority.issue(&Leaf::server()).unwrap();
    let chain = CertificateDer::pem_slice_iter(identity.chain_pem.as_bytes())
        .collect::<Result<_, _>>()
        .unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    Arc::new(config.with_single_cert(chain, key).unwrap())
}

#[test]
fn what_an_operator_did_is_shown_and_survives_a_restart() {
    let (home, control, server) = (Home::new(), Stub::start(204), Stub::start(200));
    for (action, code, text) in [
        (
            "quiesce",
            "gate_quiesced",
            "the gate is quiesced by operator: a drill",
        ),
        (
            "drop",
            "gate_lowered",
            "the gate is lowered by operator: a drill",
        ),
    ] {
        let agent = Agent::start(&home, &control, &server);
        shows_end(&home, &agent, "");
        assert_eq!(agent.command(&[action, "--reason", "a drill"]).0, 0);
        shows_cause(&home, &agent, &[code]);
        agent.stop();
        let agent = Agent::start(&home, &control, &server);
        shows_cause(&home, &agent, &[code]);
        assert_eq!(agent.get("/readyz").1, text);
        assert_eq!(agent.command(&["raise"]).0, 0);
        shows_end(&home, &agent, code);
        agent.stop();
    }
    let agent = Agent::start(&home, &control, &server);
    shows_end(&home, &agent, "");
    agent.stop();
}

/// INVARIANT: 4 (a gate that nobody can tell the standing of is lowered).
#[test]
fn a_gate_file_that_cannot_be_read_lowers_the_gate_until_it_is_raised() {
    let (home, control, server) = (Home::new(), Stub::start(204), Stub::start(200));
    DirBuilder::new()
        .mode(0o700)
        .create(home.state(""))
        .unwrap();
    fs::write(home.state("gate.json"), "{\"standing\":\"rai").unwrap();
    let agent = Agent::start(&home, &control, &server);
    shows_cause(&home, &agent, &["gate_lowered"]);
    let text = agent.get("/readyz").1;
    assert!(
        text.ends_with("the file that keeps the gate cannot be read"),
        "{text}"
    );
    assert_eq!(control.asked(), 0, "nothing was polled");
    assert_eq!(agent.command(&["raise"]).0, 0);
    shows_end(&home, &agent, "gate_lowered");
    agent.stop();
}

#[test]
fn an_agent_with_an_expired_identity_shows_it_nowhere_and_says_so() {
    let day = |number: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(number * 86_400);
    let leaf = Leaf::client("late").valid(day(1), day(2));
    let issued = Authority::new("clients").unwrap().issue(&leaf).unwrap();
    let home = Home::new();
    let (control, server) = (Stub::start(204), Stub::start(200));
    let file = |name: &str, text: &str| {
        let path: PathBuf = home.path(name);
        let mut options = File::options();
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.create_new(true).write(true).open(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        path.into_os_string().into_string().unwrap()
    };
    let cert = file("late.pem", &issued.chain_pem);
    let key = file("late.key", &issued.key_pem);
    let extra = [
        ("MCP_SERVER_URL", "https://localhost:9/mcp"),
        ("MCP_CLIENT_CERT", cert.as_str()),
        ("MCP_CLIENT_KEY", key.as_str()),
    ];
    let agent = Agent::start_with(&home, &control, &server, &extra, home.sink());
    until("the cause", || {
        agent.codes().iter().any(|code| code == "identity_expired")
    });
    assert_eq!(server.asked(), 0, "nothing is sent under it");
    agent.stop();
}

const CALL: &str = r#"{"request_id":"r1","shard_token":"s1","command_type":"jsonrpc","channel":"main","jsonrpc":{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{}}}}"#;

/// Nothing is forwarded that is not on record: a limit on the size of files stands for the full disk.
#[test]
fn a_full_disk_refuses_calls_and_lowers_the_gate_until_there_is_room() {
    let (home, control, server) = (Home::new(), Stub::start(204), Stub::start(200));
    let agent = Agent::start_with(&home, &control, &server, &[], piped(&home));
    shows_end(&home, &agent, "");
    fill_disk(&agent, true);
    control.hand_out(CALL);
    until("the refusal", || !control.heard("-31403").is_empty());
    assert!(control.heard("-31403")[0].contains(r#""retryable":true"#));
    assert!(
        server.heard("tools/call").is_empty(),
        "it was not forwarded"
    );
    shows_cause(&home, &agent, &["gate_lowered", "audit_unavailable"]);
    let text = agent.get("/readyz").1;
    assert!(text.starts_with("the gate is lowered by audit: "), "{text}");
    let audit = &status(&agent)["audit"];
    assert_eq!(
        (&audit["state"], &audit["denied"]),
        (&"failing".into(), &1.into())
    );
    assert!(
        agent
            .command(&["status"])
            .1
            .contains("audit          FAILING since ")
    );
    assert!(
        agent
            .get("/metrics")
            .1
            .contains("\nportcullis_audit_denied_total 1\n")
    );
    assert!(home.log().contains("records cannot be written"));

    fill_disk(&agent, false);
    shows_end(&home, &agent, "audit_unavailable");
    assert_eq!(status(&agent)["audit"]["state"], "writable");
    agent.stop();
    is_verified(&home, &["\"kind\":\"spool\"", "\"denied\":1"]);
}

#[test]
fn a_full_disk_is_an_alarm_and_calls_go_on_if_records_may_wait() {
    let (home, control, server) = (Home::new(), Stub::start(204), Stub::start(200));
    let policy = fs::read_to_string(home.path("policy.toml")).unwrap();
    let spools = format!("{policy}[audit]\non_write_failure = \"spool\"\n");
    fs::write(home.path("policy.toml"), spools).unwrap();
    let agent = Agent::start_with(&home, &control, &server, &[], piped(&home));
    shows_end(&home, &agent, "");
    fill_disk(&agent, true);
    control.hand_out(CALL);
    until("the call", || !server.heard("tools/call").is_empty());
    until("the reply", || !control.heard("r1").is_empty());
    shows_cause(&home, &agent, &["audit_unavailable"]);
    // At least these two: whatever else happens meanwhile waits with them.
    until("both records wait", || {
        status(&agent)["audit"]["spooled"].as_u64() >= Some(2)
    });
    let audit = &status(&agent)["audit"];
    let spooled = &audit["spooled"];
    assert_eq!(
        (&audit["state"], &audit["denied"]),
        (&"spooling".into(), &0.into())
    );
    assert!(
        agent
            .command(&["status"])
            .1
            .contains("audit          SPOOLING since ")
    );
    assert!(
        agent
            .get("/metrics")
            .1
            .contains(&format!("\nportcullis_audit_spooled_records {spooled}\n"))
    );
    assert!(
        home.log()
            .contains("records cannot be written and wait in memory")
    );

    fill_disk(&agent, false);
    shows_end(&home, &agent, "audit_unavailable");
    agent.stop();
    is_verified(
        &home,
        &[
            "\"kind\":\"intent\"",
            "\"kind\":\"outcome\"",
            &format!("\"kept_records\":{spooled}"),
        ],
    );
}

/// From now on no file of the agent grows, or all may again.
fn fill_disk(agent: &Agent, full: bool) {
    let limit = Rlimit {
        current: full.then_some(1),
        maximum: None,
    };
    prlimit(Some(agent.process()), Resource::Fsize, limit).unwrap();
}

/// The log goes through a pipe, since no file of the agent may grow.
fn piped(home: &Home) -> Stdio {
    let (mut lines, sink) = pipe().unwrap();
    let mut file = File::create(home.path("log")).unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = lines.read(&mut buffer) {
            file.write_all(&buffer[..read]).unwrap();
        }
    });
    sink.into()
}

/// The audit log is whole, signed to its end, and holds these.
fn is_verified(home: &Home, parts: &[&str]) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["audit", "verify"])
        .arg(home.state("audit"))
        .arg("--key")
        .arg(home.state("audit/verifier.key"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let records = home.records();
    for part in parts {
        assert!(records.contains(part), "{part} in {records}");
    }
}
