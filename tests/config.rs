//! Proves on the real program that bad input ends in one report on standard error and exit code 1, in words a newcomer understands, and that
//! nothing of a secret is in it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::process::{Command, Output};

const ID: (&str, &str) = (
    "CONTROL_PLANE_TUNNEL_ID",
    "tunnel_0123456789abcdefghijklmnopqrstuv",
);
const KEY: (&str, &str) = ("CONTROL_PLANE_API_KEY", "sk-proj-1");
const URL: (&str, &str) = ("MCP_SERVER_URL", "https://mcp.internal/mcp");

fn portcullis(args: &[&str], env: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(args)
        .env_clear()
        .envs(env.iter().copied())
        .output()
        .unwrap()
}

/// The report of `portcullis run`, which must have failed.
fn report(args: &[&str], env: &[(&str, &str)]) -> String {
    let output = portcullis(&[&["run"], args].concat(), env);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_missing_tunnel_id_says_where_to_put_it() {
    assert_eq!(
        report(&[], &[KEY, URL]),
        "portcullis: 1 mistake in the configuration\n\
         1. control_plane.tunnel_id (not set): is required\n    \
         remedy: set --control-plane.tunnel-id, CONTROL_PLANE_TUNNEL_ID or `control_plane.tunnel_id` in the file\n"
    );
}

#[test]
fn a_malformed_tunnel_id_says_what_one_looks_like() {
    assert_eq!(
        report(&["--control-plane-tunnel-id", "tunnel_123"], &[KEY, URL]),
        "portcullis: 1 mistake in the configuration\n\
         1. control_plane.tunnel_id (flag --control-plane-tunnel-id): the value has 3 characters after `tunnel_` instead of 32\n    \
         remedy: copy the id from the tunnel's page: `tunnel_` and 32 lower-case letters or digits\n"
    );
}

#[test]
fn a_missing_key_says_where_to_put_it_and_never_in_the_file() {
    let report = report(&[], &[ID, URL]);
    assert!(
        report.contains("1. control_plane.api_key (not set): is required"),
        "{report}"
    );
    let remedy = "remedy: put the key into CONTROL_PLANE_API_KEY, or point --control-plane.api-key at it with env:NAME or file:/path";
    assert!(report.contains(remedy), "{report}");
}

#[test]
fn a_malformed_key_is_not_repeated() {
    let report = report(
        &[],
        &[ID, URL, ("CONTROL_PLANE_API_KEY", "Bearer sk-CANARY")],
    );
    let problem =
        "environment variable CONTROL_PLANE_API_KEY): the API key it leads to is malformed";
    assert!(
        report.contains(problem) && !report.contains("CANARY"),
        "{report}"
    );
}

#[test]
fn a_url_in_the_clear_is_refused() {
    let report = report(&["--mcp.server-url", "http://mcp.internal/mcp"], &[ID, KEY]);
    let problem =
        "mcp.server_urls (flag --mcp.server-url): has a `url` that uses http to another machine";
    assert!(
        report.contains(problem) && report.contains("remedy: use https; http is for loopback only"),
        "{report}"
    );
}

#[test]
fn an_unknown_key_of_the_file_is_shown_by_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("portcullis.yaml");
    std::fs::write(&path, "control_plane:\n  tunel_id: x\n").unwrap();
    let report = report(&["--config", path.to_str().unwrap()], &[ID, KEY, URL]);
    let problem = format!(
        "control_plane ({}:2:3): has a key that is not known",
        path.display()
    );
    assert!(report.contains(&problem), "{report}");
    assert!(
        report.contains("remedy: keys known here: allowed_hosts, api_key, base_url"),
        "{report}"
    );
}

#[test]
fn a_certificate_without_its_key_is_refused() {
    let report = report(&["--control-plane.client-cert=/etc/c.pem"], &[ID, KEY, URL]);
    let problem = "control_plane.client_key (not set): is missing although control_plane.client_cert is given";
    assert!(report.contains(problem), "{report}");
}

#[test]
fn several_mistakes_come_in_one_report() {
    let env = [
        ("CONTROL_PLANE_TUNNEL_ID", "sk-CANARY"),
        ("CONTROL_PLANE_API_KEY", "CANARY!"),
        ("LOG_LEVEL", ""),
        ("CA_BUNDLE", "env:CANARY-1"),
    ];
    let args = [
        "--mcp.server-url=https://u:CANARY@h",
        "--mcp.idle-timeout=never",
        "--open-web-ui",
    ];
    let report = report(&args, &env);
    assert!(
        report.starts_with("portcullis: 7 mistakes in the configuration\n"),
        "{report}"
    );
    assert!(!report.contains("CANARY"), "{report}");
}

#[test]
fn help_and_version_need_no_configuration() {
    for args in [&["--help"][..], &["--version"], &["run", "--help"], &[]] {
        let output = portcullis(args, &[]);
        assert_eq!(output.status.code(), Some(0));
        assert!(output.stderr.is_empty() && !output.stdout.is_empty());
    }
}
