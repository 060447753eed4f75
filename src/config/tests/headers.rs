//! Extra headers: CF-043 to CF-049.

use secrecy::ExposeSecret;

use super::*;

fn problem(header: &str) -> String {
    let found = mistake(&[&format!("--control-plane.extra-headers={header}")], &[]);
    assert_eq!(found.setting(), "control_plane.extra_headers");
    found.to_string()
}

fn pairs(headers: &[ExtraHeader]) -> Vec<(&str, &str)> {
    headers
        .iter()
        .map(|header| (header.name.as_str(), header.value.expose_secret()))
        .collect()
}

/// CF-043, CF-045.
#[test]
fn flags_are_trimmed_and_all_apply() {
    let args = [
        "--control-plane.extra-headers= X-A :  one ",
        "--control-plane.extra-headers",
        "x-b:two:three",
    ];
    let config = load(&args, &[]).unwrap();
    assert_eq!(
        pairs(&config.control_plane.extra_headers),
        [("x-a", "one"), ("x-b", "two:three")]
    );
}

/// CF-043, CF-049.
#[test]
fn a_malformed_header_is_refused_without_its_value() {
    for header in [
        "CANARY",
        ":CANARY",
        "X-A:",
        " : ",
        "X A: CANARY",
        "X-A: CANARY\nX-B: y",
        "X-A: CANARY\u{1}",
        "X-Ä: CANARY",
        "X-A: CANARYä\u{7f}",
    ] {
        assert!(!problem(header).contains("CANARY"), "{header}");
    }
}

/// CF-044.
#[test]
fn a_variable_is_split_at_commas_and_semicolons() {
    let config = load(
        &[],
        &[("CONTROL_PLANE_EXTRA_HEADERS", "X-A: 1; X-B: 2, X-C: 3;")],
    )
    .unwrap();
    assert_eq!(
        pairs(&config.control_plane.extra_headers),
        [("x-a", "1"), ("x-b", "2"), ("x-c", "3")]
    );
}

/// CF-046.
#[test]
fn values_may_stand_elsewhere() {
    let file = TestFile::new("from file\n");
    let args = [
        format!("--mcp.extra-headers=X-F: FILE:{}", file.path()),
        "--mcp.extra-headers=Authorization: env:TOKEN".to_owned(),
    ];
    let config = load(&[&args[0], &args[1]], &[("TOKEN", "Bearer t")]).unwrap();
    assert_eq!(
        pairs(&config.mcp.extra_headers),
        [("x-f", "from file"), ("authorization", "Bearer t")]
    );
    assert_eq!(
        config.mcp.extra_headers[1].reference,
        Some(SecretRef::Env("TOKEN".into()))
    );
    assert!(problem("X-A: env:ABSENT").contains("environment variable ABSENT, which is not set"));
    assert!(
        problem("X-A: file:/does/not/exist").contains("the file `/does/not/exist` does not exist")
    );
}

/// CF-047 and the names the reference client forgot to protect.
#[test]
fn what_the_agent_sets_itself_is_reserved() {
    for name in [
        "Authorization",
        "ACCEPT",
        "user-agent",
        "X-Tunnel-Client-Name",
        "x-tunnel-client-version",
        "X-Tunnel-MCP-Server-Info",
        "X-Tunnel-Client-Instance-Id",
        "Content-Type",
        "X-Tunnel-Shard-Token",
        "X-Client-Request-Id",
        "Host",
        "Content-Length",
        "Accept-Encoding",
        "Transfer-Encoding",
        "Connection",
        "TE",
        "OpenAI-Organization",
    ] {
        assert!(
            problem(&format!("{name}: x")).contains("which the agent sets itself"),
            "{name}"
        );
        let file = TestFile::new(format!("control_plane:\n  extra_headers:\n    {name}: x\n"));
        assert_eq!(
            mistake(&[&file.flag()], &[]).setting(),
            "control_plane.extra_headers"
        );
        assert_eq!(
            mistake(
                &[],
                &[("CONTROL_PLANE_EXTRA_HEADERS", &format!("{name}: x"))]
            )
            .setting(),
            "control_plane.extra_headers"
        );
    }
    for name in [
        "Mcp-Session-Id",
        "MCP-Protocol-Version",
        "Last-Event-ID",
        "Host",
        "Content-Length",
        "Accept",
        "Content-Type",
    ] {
        assert_eq!(
            mistake(&[&format!("--mcp.extra-headers={name}: x")], &[]).setting(),
            "mcp.extra_headers"
        );
    }
}

/// CF-048, stricter: different values are refused whatever the spelling.
#[test]
fn a_header_given_twice_must_agree() {
    let twice = |value: &str| {
        load(
            &[
                "--mcp.extra-headers=X-A: 1",
                &format!("--mcp.extra-headers=x-a: {value}"),
            ],
            &[],
        )
    };
    assert_eq!(twice("1").unwrap().mcp.extra_headers.len(), 1);
    assert!(
        only(twice("2"))
            .problem()
            .contains("`x-a` twice with different values")
    );
}

#[test]
fn a_literal_credential_is_taken_from_the_environment_only() {
    let found = mistake(&["--mcp.extra-headers=Authorization: Bearer CANARY"], &[]).to_string();
    assert!(
        found.contains("literally") && !found.contains("CANARY"),
        "{found}"
    );
    let file = TestFile::new("mcp:\n  extra_headers:\n    X-Api-Key: CANARY\n");
    let found = mistake(&[&file.flag()], &[]).to_string();
    assert!(
        found.contains(":3:16)") && found.contains("literally") && !found.contains("CANARY"),
        "{found}"
    );
    assert!(load(&[], &[("MCP_EXTRA_HEADERS", "Authorization: Bearer t")]).is_ok());
}

/// The file keeps numbers as they are written.
#[test]
fn numbers_in_the_file_are_kept_as_text() {
    let file = TestFile::new(
        "mcp:\n  extra_headers:\n    X-A: 0x1F\n    X-B: 1.10\n    X-C: 007\n    X-D: no\n    X-E: 1_000\n    X-F: true\n    X-G: -5\n    X-H: 1e3\n",
    );
    let config = load(&[&file.flag()], &[]).unwrap();
    let values: Vec<&str> = pairs(&config.mcp.extra_headers)
        .into_iter()
        .map(|(_, value)| value)
        .collect();
    assert_eq!(
        values,
        ["0x1F", "1.10", "007", "no", "1_000", "true", "-5", "1e3"]
    );
}
