//! Proves on the real program what operators are promised: each cause against readiness is named by probe, status and log; a drop survives a
//! restart; a log nobody reads stalls nobody; what is left in the file system goes away.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "surfaces/agent.rs"]
mod agent;
#[path = "surfaces/attacks.rs"]
mod attacks;
#[cfg(feature = "demo")]
#[path = "surfaces/states.rs"]
mod states;
#[path = "surfaces/stub.rs"]
mod stub;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use agent::{Agent, Home, until};
use stub::Stub;

#[test]
fn each_cause_is_named_by_probe_status_and_log() {
    for (control, server, code, phrase) in [
        (
            Stub::CLOSES,
            200,
            "control_plane_unreachable",
            "control plane poll failed",
        ),
        (
            401,
            200,
            "control_plane_unauthorized",
            "control plane poll failed",
        ),
        (
            403,
            200,
            "control_plane_forbidden",
            "control plane poll failed",
        ),
        (
            204,
            Stub::CLOSES,
            "mcp_server_unreachable",
            "mcp probe failed: channel main",
        ),
        (
            204,
            503,
            "mcp_server_unreachable",
            "mcp probe failed: channel main",
        ),
    ] {
        let home = Home::new();
        let (control, server) = (Stub::start(control), Stub::start(server));
        let agent = Agent::start(&home, &control, &server);
        until(code, || agent.codes() == [code]);
        let (status, text) = agent.get("/readyz");
        assert!(status == 503 && text.starts_with(phrase), "{status} {text}");
        let (exit, said) = agent.command(&["health", "--url", &agent.url()]);
        assert!(
            exit == 2 && said.contains("readyz             FAIL"),
            "{exit} {said}"
        );
        let (exit, said) = agent.command(&["status"]);
        assert!(
            exit == 0 && said.starts_with("NOT READY") && said.contains(code),
            "{exit} {said}"
        );
        until("the line of the cause", || {
            home.log().contains(&format!("code=\"{code}\""))
        });
    }
}

#[test]
fn a_server_that_wants_to_know_who_asks_is_ready_rz_010() {
    let (home, control, server) = (Home::new(), Stub::start(204), Stub::start(401));
    let agent = Agent::start(&home, &control, &server);
    until("ready", || agent.get("/readyz").0 == 200);
    assert!(
        agent
            .get("/readyz")
            .1
            .starts_with("ready (mcp initialize requires auth: ")
    );
    let (exit, said) = agent.command(&[
        "health",
        "--url",
        &agent.url(),
        "--max-poll-age",
        "90s",
        "--json",
    ]);
    assert!(
        exit == 0 && said.contains(r#""result":"ok""#),
        "{exit} {said}"
    );
    let pid_file = home.path("pid").into_os_string().into_string().unwrap();
    let runs = |file: &str| {
        agent.command(&[
            "health",
            "--url",
            &agent.url(),
            "--pid-file",
            file,
            "--json",
        ])
    };
    let (exit, said) = runs(&pid_file);
    assert!(
        exit == 0 && said.contains(r#""running":true"#),
        "{exit} {said}"
    );
    let (exit, said) = runs("/nowhere");
    assert!(
        exit == 2 && said.contains(r#""running":false"#),
        "{exit} {said}"
    );
    let (exit, said) = agent.command(&["health", "--url", &agent.url(), "--max-poll-age", "soon"]);
    assert_eq!(exit, 1, "{said}");
}

#[test]
fn what_is_mended_is_seen() {
    let (home, control, server) = (
        Home::new(),
        Stub::start(Stub::CLOSES),
        Stub::start(Stub::CLOSES),
    );
    let agent = Agent::start(&home, &control, &server);
    until("both causes", || {
        agent.codes() == ["mcp_server_unreachable", "control_plane_unreachable"]
    });
    control.answers(204);
    until("one cause", || agent.codes() == ["mcp_server_unreachable"]);
    server.answers(200);
    until("ready", || {
        agent.get("/readyz") == (200, "ready".to_owned())
    });
    until("the line", || home.log().matches("mended").count() == 2);
    assert!(agent.command(&["status"]).1.starts_with("READY"));
}

#[test]
fn a_drop_survives_a_restart_and_nothing_is_left_behind_e2_044_e2_054() {
    let (home, control, server) = (Home::new(), Stub::start(204), Stub::start(200));
    let agent = Agent::start(&home, &control, &server);
    until("ready", || agent.get("/readyz").0 == 200);
    assert_eq!(agent.command(&["drop"]).0, 1, "a drop needs a reason");
    let (exit, said) = agent.command(&["drop", "--reason", "a \"drill\"\nover two lines"]);
    assert_eq!((exit, said.trim()), (0, "the gate is lowered"));
    assert_eq!(agent.codes(), ["gate_lowered"]);
    let socket = home.state("admin.sock");
    assert_eq!(
        socket.metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        home.state("").metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );
    agent.stop();
    for left in [&socket, &home.path("url"), &home.path("pid")] {
        assert!(!left.exists(), "{}", left.display());
    }
    assert!(home.log().contains("an operator moved the gate"));
    let records = home.records();
    assert!(
        records.contains("\"lowered\"") && records.contains("a \\\"drill\\\""),
        "{records}"
    );
    assert!(
        !home.log().contains("\nover two lines"),
        "one event is one line"
    );

    let polls = control.asked();
    let agent = Agent::start(&home, &control, &server);
    until("the cause", || {
        agent.codes().contains(&"gate_lowered".to_owned())
    });
    assert_eq!(control.asked(), polls, "a lowered gate does not poll");
    assert_eq!(agent.command(&["quiesce"]).1.trim(), "the gate is quiesced");
    assert!(agent.codes().contains(&"gate_quiesced".to_owned()));
    assert_eq!(agent.command(&["raise"]).1.trim(), "the gate is raised");
    until("ready again", || agent.get("/readyz").0 == 200);
    agent.stop();
}

#[test]
fn two_agents_do_not_share_what_is_one_agents() {
    let (home, control, server) = (Home::new(), Stub::start(204), Stub::start(200));
    let agent = Agent::start(&home, &control, &server);
    until("ready", || agent.get("/readyz").0 == 200);
    let socket = ("ADMIN_SOCKET", "state/admin.sock");
    for (extra, setting, problem) in [
        (&[][..], "state.dir", "another agent writes to"),
        (
            &[("STATE_DIR", "s2")],
            "process.pid_file",
            "another living agent holds it",
        ),
        (
            &[("STATE_DIR", "s3"), ("PID_FILE", "p3"), socket],
            "admin.socket",
            "another process answers behind that socket",
        ),
    ] {
        let report = Agent::refused(&home, &control, &server, extra);
        assert!(
            report.contains(setting) && report.contains(problem),
            "{report}"
        );
    }
    assert_eq!(agent.get("/readyz").0, 200, "the first goes on");
}

#[test]
fn a_state_directory_others_may_write_to_is_refused() {
    let (home, control, server) = (Home::new(), Stub::start(204), Stub::start(200));
    fs::create_dir(home.state("")).unwrap();
    fs::set_permissions(home.state(""), fs::Permissions::from_mode(0o777)).unwrap();
    let report = Agent::refused(&home, &control, &server, &[]);
    assert!(
        report.contains("state.dir (environment variable STATE_DIR): others may write")
            && report.contains("chmod go-w"),
        "{report}"
    );
}

#[test]
fn others_learn_whether_and_not_why() {
    let (home, control, server) = (Home::new(), Stub::start(401), Stub::start(200));
    let extra = [
        ("HEALTH_LISTEN_ADDR", "0.0.0.0:0"),
        ("HEALTH_ALLOW_REMOTE", "true"),
    ];
    let agent = Agent::start_with(&home, &control, &server, &extra, home.sink());
    assert!(
        agent.url().starts_with("http://localhost:"),
        "{}",
        agent.url()
    );
    until("the cause", || {
        agent
            .command(&["status", "--json"])
            .1
            .contains("control_plane_unauthorized")
    });
    assert_eq!(agent.get("/readyz"), (503, "not ready".to_owned()));
}

#[test]
fn the_level_of_the_log_changes_while_it_runs() {
    let (home, control, server) = (Home::new(), Stub::start(204), Stub::start(200));
    let agent = Agent::start(&home, &control, &server);
    until("ready", || agent.get("/readyz").0 == 200);
    assert!(!home.log().contains("DEBUG"));
    assert_eq!(
        agent.command(&["log-level", "debug"]),
        (0, "the log level is debug\n".to_owned())
    );
    until("a debug line", || home.log().contains("DEBUG polling"));
    assert_eq!(agent.command(&["log-level", "loud"]).0, 1);
}

#[test]
fn a_log_nobody_reads_stalls_nobody() {
    let (home, control, server) = (Home::new(), Stub::start(204), Stub::start(200));
    let (_unread, mut full) = std::io::pipe().unwrap();
    // The capacity of a pipe (pipe(7)): the next byte blocks its writer.
    full.write_all(&[b'x'; 65_536]).unwrap();
    let extra = [("LOG_LEVEL", "debug")];
    let agent = Agent::start_with(&home, &control, &server, &extra, Stdio::from(full));
    until("ready", || agent.get("/readyz").0 == 200);
    let polls = control.asked();
    until("more polls", || control.asked() > polls + 3);
    assert_eq!(agent.get("/healthz"), (200, "live".to_owned()));
}
