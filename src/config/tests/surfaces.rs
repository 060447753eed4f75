//! State, the operator's socket, and the health listener.

use super::*;

fn path(found: &ConfiguredPath) -> &str {
    found.path().to_str().unwrap()
}

#[test]
fn state_is_kept_where_it_is_said_or_where_the_service_manager_says() {
    for (args, env, dir) in [
        (&[][..], &[][..], "/var/lib/portcullis"),
        (&[], &[("STATE_DIRECTORY", "/a:/b")], "/a"),
        (&[], &[("STATE_DIRECTORY", "/a"), ("STATE_DIR", "/c")], "/c"),
        (&["--state.dir=/d"], &[("STATE_DIR", "/c")], "/d"),
    ] {
        let state = load(args, env).unwrap().state;
        assert_eq!(
            (path(&state.dir), path(&state.socket)),
            (dir, format!("{dir}/admin.sock").as_str())
        );
    }
    assert_eq!(
        path(&load(&["--admin.socket=/s"], &[]).unwrap().state.socket),
        "/s"
    );
}

#[test]
fn health_is_on_loopback_unless_others_are_let_in() {
    for (args, expected) in [
        (&[][..], "127.0.0.1:8080"),
        (&["--health-listen-addr=localhost:1"], "127.0.0.1:1"),
        (&["--health.listen-addr=[::1]:0"], "[::1]:0"),
        (
            &["--health.listen-addr=:80", "--health.allow-remote=true"],
            "0.0.0.0:80",
        ),
        (
            &[
                "--health.listen-addr=10.0.0.1:80",
                "--health.unix-socket=/s",
            ],
            "10.0.0.1:80",
        ),
    ] {
        assert_eq!(
            load(args, &[]).unwrap().health.address.to_string(),
            expected
        );
    }
    for open in [":8080", "0.0.0.0:8080", "192.0.2.1:80", "[::]:80"] {
        let found = mistake(&[&format!("--health.listen-addr={open}")], &[]);
        assert_eq!(found.setting(), "health.listen_addr");
        assert!(found.remedy().contains("--health.allow-remote"), "{found}");
    }
    for bad in ["8080", "somewhere:80", "127.0.0.1", "127.0.0.1:99999"] {
        let found = mistake(&[&format!("--health.listen-addr={bad}")], &[]);
        assert!(
            found.problem().contains("is not an address with a port"),
            "{found}"
        );
    }
}

/// The names of the reference client work.
#[test]
fn the_references_settings_of_health_and_process_work() {
    let env = [
        ("HEALTH_UNIX_SOCKET", "/run/h"),
        ("HEALTH_URL_FILE", "/run/u"),
        ("PID_FILE", "/run/p"),
    ];
    let health = load(&["--health-url-file=/run/v"], &env).unwrap().health;
    let found = [&health.unix_socket, &health.url_file, &health.pid_file]
        .map(|found| path(found.as_ref().unwrap()).to_owned());
    assert_eq!(found, ["/run/h", "/run/v", "/run/p"]);
    let yaml = format!(
        "config_version: 1\ncontrol_plane:\n  tunnel_id: {ID}\nmcp:\n  server_urls:\n    - url: https://mcp.internal/mcp\nprocess:\n  pid_file: /p\nhealth:\n  listen_addr: 127.0.0.1:9\nstate:\n  dir: /s\n"
    );
    let config = load_file(&yaml).unwrap();
    assert_eq!(
        (
            path(config.health.pid_file.as_ref().unwrap()),
            path(&config.state.dir)
        ),
        ("/p", "/s")
    );
}

#[test]
fn a_drain_that_may_cut_a_poll_is_allowed_and_told() {
    let noticed = |args: &[&str]| {
        let config = load(args, &[]).unwrap();
        let notices = config.notices.iter();
        notices.map(Notice::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        noticed(&["--shutdown.drain-timeout=29s"]),
        [
            "shutdown.drain_timeout (flag --shutdown.drain-timeout): is shorter than a poll may take (35 s): a stop may cut the open poll and lose the commands it still brings"
        ]
    );
    let long = [
        "--shutdown.drain-timeout=29s",
        "--control-plane.poll-timeout=20s",
    ];
    assert!(noticed(&long).is_empty() && noticed(&[]).is_empty());
    assert!(!noticed(&["--control-plane.poll-timeout=1m"]).is_empty());
}

#[test]
fn a_command_finds_the_agent_by_the_same_settings() {
    let find = |args: &[&str], env: &[(&str, &str)]| {
        let command = agent_arguments(clap::Command::new("status"));
        let matches = command
            .try_get_matches_from(std::iter::once(&"status").chain(args))
            .unwrap();
        agent_socket(&matches, &Environment::fixed(env.iter().copied()))
    };
    let file = TestFile::new("config_version: 1\nlog:\n  level: loud\nstate:\n  dir: /from/file\n");
    for (args, env, expected) in [
        (&[][..], &[][..], "/var/lib/portcullis/admin.sock"),
        (&["--socket=/s"], &[], "/s"),
        (&["--state.dir=/d"], &[], "/d/admin.sock"),
        (&[], &[("ADMIN_SOCKET", "/e")], "/e"),
        (&[file.flag().as_str()], &[], "/from/file/admin.sock"),
    ] {
        assert_eq!(
            find(args, env).unwrap().to_str(),
            Some(expected),
            "{args:?}"
        );
    }
    assert!(find(&["--config=/nowhere/at/all"], &[]).is_err());
}
