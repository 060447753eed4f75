//! The scene, as a user runs it: the built program plays it with itself as the agent.

use std::process::Command;

use portcullis::demo::scene;

#[test]
fn the_demo_plays_every_step_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .arg("demo")
        .env("TMPDIR", folder.path())
        // Settings of a real tunnel must not reach the demo's agent.
        .env("CONTROL_PLANE_TUNNEL_ID", "tunnel_of_somebody_else")
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert!(output.status.success(), "{out}{err}");
    for part in [
        "a listed tool runs",
        "permit: the policy lists the tool",
        "deny: tool_not_listed",
        "deny: gate.too_large",
        "with one tool removed",
        "ended the handshake",
        "exit code 0",
        "altered: record",
        "All 8 steps went as they should.",
    ] {
        assert!(out.contains(part), "`{part}` is missing in:\n{out}");
    }
    assert_eq!(err, "");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn an_agent_that_does_not_start_fails_the_demo_with_a_reason() {
    let mut told = Vec::new();
    let failed = scene::play("/bin/false".into(), &mut told)
        .await
        .unwrap_err();
    let message = format!("{failed:#}");
    assert!(
        message.contains("setting the scene: the agent did not start"),
        "{message}"
    );
}
