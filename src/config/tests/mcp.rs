//! The MCP section: bindings, channels and timers.

use std::time::Duration;

use super::*;

fn bind(bindings: &[&str]) -> Result<Config, ConfigError> {
    let flags: Vec<String> = bindings
        .iter()
        .map(|binding| format!("--mcp.server-url={binding}"))
        .collect();
    let args: Vec<&str> = std::iter::once(ID_FLAG)
        .chain(flags.iter().map(String::as_str))
        .collect();
    load_bare(&args, &[KEY_ENV])
}

fn problem(binding: &str) -> String {
    let found = only(bind(&[binding]));
    assert_eq!(found.setting(), "mcp.server_urls");
    found.problem().to_owned()
}

#[test]
fn a_bare_url_is_the_main_channel() {
    for url in [
        "https://h.example/mcp",
        "https://h.example/mcp?a=b,c=d",
        "http://localhost:8000/mcp",
    ] {
        let config = bind(&[url]).unwrap();
        assert!(config.mcp.bindings[0].channel == portcullis_policy::Channel::main());
        assert_eq!(config.mcp.bindings[0].url.uri().to_string(), url);
        assert_eq!(config.mcp.bindings[0].tls_min, TlsMin::V13);
    }
}

#[test]
fn every_field_of_a_binding_is_read() {
    let config = bind(&[
        "https://main.example",
        "channel= Finance ,url=https://f.example/mcp,client-cert=/c,client-key=file:/k,ca-bundle=/ca,tls-min=1.2",
    ])
    .unwrap();
    let binding = &config.mcp.bindings[1];
    assert_eq!(binding.channel.as_str(), "finance");
    let identity = binding.identity.as_ref().unwrap();
    assert_eq!(
        (identity.cert.path().to_str(), identity.key.path().to_str()),
        (Some("/c"), Some("/k"))
    );
    assert_eq!(
        binding.ca_bundle.as_ref().unwrap().path().to_str(),
        Some("/ca")
    );
    assert_eq!(binding.tls_min, TlsMin::V12);
}

#[test]
fn a_binding_with_a_mistake_is_refused() {
    for (binding, told) in [
        ("http://mcp.internal/mcp", "in the clear"),
        ("https://user:CANARY@h.example", "user name or password"),
        ("https://h.example#x", "fragment"),
        ("https://h.example.", "dot at the end"),
        ("https://h.example.:8443/mcp", "dot at the end"),
        ("nonsense", "has no scheme and host"),
        ("channel=main", "has no `url`"),
        (
            "url=https://h.example,url=https://i.example",
            "has `url` twice",
        ),
        ("url=https://h.example,colour=CANARY", "not known"),
        ("url=https://h.example,CANARY", "is not `key=value`"),
        (
            "url=https://h.example,unix-socket=/s",
            "`unix-socket`, which is not supported yet",
        ),
        (
            "url=https://h.example,http-proxy=http://p",
            "`http-proxy`, which is not supported yet",
        ),
        ("url=https://h.example,channel=harpoon", "reserved"),
        (
            "url=https://h.example,channel=a b",
            "not the name of a channel",
        ),
        ("url=https://h.example,tls-min=1.1", "is not a version"),
        (
            "url=https://h.example,client-cert-issuer=/ca",
            "has `client-cert-issuer` without `client-cert`",
        ),
        (
            "url=https://h.example,client-cert=/c",
            "one of `client-cert` and `client-key`",
        ),
        (
            "url=https://h.example,client-key=/k",
            "one of `client-cert` and `client-key`",
        ),
        ("url=https://h.example,ca-bundle=", "names no path"),
        ("url=http://localhost,ca-bundle=/ca", "with an http URL"),
    ] {
        let told_us = problem(binding);
        assert!(
            told_us.contains(told) && !told_us.contains("CANARY"),
            "{binding}: {told_us}"
        );
    }
}

#[test]
fn mistakes_of_one_binding_come_together() {
    let error = bind(&["url=http://h.example,channel=A B,tls-min=9,x=1"]).unwrap_err();
    assert_eq!(error.mistakes.len(), 4, "{error}");
}

/// CF-053, CB-004, CB-006.
#[test]
fn channels_are_unique_and_main_is_required() {
    let twice = only(bind(&[
        "https://a.example",
        "url=https://b.example,channel= MAIN ",
    ]));
    assert!(twice.problem().contains("binds the channel `main` twice"));
    let other = only(bind(&["url=https://a.example,channel=a"]));
    assert_eq!(
        (other.setting(), other.problem()),
        ("mcp.server_urls", "is required")
    );
    assert!(other.remedy().contains("channel=main"));
    let none = only(bind(&[]));
    assert!(none.remedy().contains("MCP_SERVER_URL"), "{none}");
    let blank = bind(&["url=https://a.example,channel="]).unwrap();
    assert!(blank.mcp.bindings[0].channel == portcullis_policy::Channel::main());
    let args = [
        ID_FLAG,
        "--mcp.server-url=url=https://a.example,channel=a",
        "--control-plane.poll-channel=a",
    ];
    assert!(load_bare(&args, &[KEY_ENV]).is_ok());
}

#[test]
fn at_most_32_channels() {
    let bindings: Vec<String> = (0..32)
        .map(|n| format!("url=https://h.example,channel=c{n}"))
        .collect();
    let mut all: Vec<&str> = bindings.iter().map(String::as_str).collect();
    all.push("https://main.example");
    assert!(only(bind(&all)).problem().contains("more than 32"));
    all.remove(0);
    assert_eq!(bind(&all).unwrap().mcp.bindings.len(), 32);
}

#[test]
fn the_variable_has_one_binding_a_line() {
    let env = [
        KEY_ENV,
        (
            "MCP_SERVER_URL",
            "https://a.example\nurl=https://b.example,channel=b\n",
        ),
    ];
    assert_eq!(load_bare(&[ID_FLAG], &env).unwrap().mcp.bindings.len(), 2);
}

#[test]
fn in_the_file_a_url_may_hold_a_comma_or_stand_elsewhere() {
    let file = TestFile::new(
        "mcp:\n  server_urls:\n    - url: https://h.example/a,channel=x\n    - channel: b\n      url: env:B_URL\n      tls_min: 1.2\n",
    );
    let env = [KEY_ENV, ("B_URL", " https://b.example \n")];
    let config = load_bare(&[ID_FLAG, &file.flag()], &env).unwrap();
    assert_eq!(config.mcp.bindings[0].url.uri().path(), "/a,channel=x");
    assert_eq!(config.mcp.bindings[1].url.origin(), "https://b.example");
    assert_eq!(config.mcp.bindings[1].tls_min, TlsMin::V12);
}

/// W-06: a query may hold a secret.
#[test]
fn debug_output_shows_the_origin_of_a_url_only() {
    let config = bind(&["https://h.example/mcp?token=CANARY"]).unwrap();
    let shown = format!("{config:?}");
    assert!(shown.contains("https://h.example") && !shown.contains("CANARY"));
}

#[test]
fn the_default_identity_serves_bindings_with_tls_and_without_their_own() {
    let args = [
        "--mcp.client-cert=/d.pem",
        "--mcp.client-key=/dk.pem",
        "--mcp.client-cert-issuer=/d-ca.pem",
        "--mcp.server-url=url=https://o.example,channel=o,client-cert=/o.pem,client-key=/ok.pem",
        "--mcp.server-url=url=http://127.0.0.1:1,channel=p",
    ];
    let config = load(&args, &[]).unwrap();
    let identities = config.mcp.bindings.iter().map(|binding| {
        let identity = binding.identity.as_ref()?;
        let issuer = identity.issuer.as_ref().and_then(|ca| ca.path().to_str());
        Some((identity.cert.path().to_str()?, issuer))
    });
    let expected = [
        Some(("/d.pem", Some("/d-ca.pem"))),
        Some(("/o.pem", None)),
        None,
    ];
    assert_eq!(identities.collect::<Vec<_>>(), expected);
    assert_eq!(
        mistake(&["--mcp.client-cert=/d.pem"], &[]).setting(),
        "mcp.client_key"
    );
}

/// CF-052, W-04: every timer is on, and none can be switched off.
#[test]
fn timers_have_defaults_and_bounds() {
    let timers = load(&[], &[]).unwrap().mcp.timers;
    assert_eq!(
        (timers.connect, timers.header),
        (Duration::from_secs(10), Duration::from_mins(2))
    );
    assert_eq!(
        (timers.idle, timers.total),
        (Duration::from_mins(2), Duration::from_mins(10))
    );
    for name in [
        "connection-max-ttl",
        "connect-timeout",
        "header-timeout",
        "idle-timeout",
    ] {
        for value in ["0", "0s", "-1s", "24h1ns", "x"] {
            let found = mistake(&[&format!("--mcp.{name}={value}")], &[]);
            assert_eq!(found.setting(), format!("mcp.{}", name.replace('-', "_")));
        }
        assert!(load(&[&format!("--mcp.{name}=24h")], &[]).is_ok());
    }
    assert_eq!(load(&[], &[]).unwrap().mcp.max_concurrent_requests, 10);
    assert!(
        mistake(&["--mcp.max-concurrent-requests=0"], &[])
            .problem()
            .contains("`0` is out of range")
    );
}

#[test]
fn in_the_file_fields_are_spelled_with_underscores_only() {
    let file =
        TestFile::new("mcp:\n  server_urls:\n    - url: https://h.example\n      tls-min: 1.2\n");
    let found = only(load_bare(&[ID_FLAG, &file.flag()], &[KEY_ENV]));
    assert!(
        found
            .to_string()
            .contains(":4:16): has a key that is not known"),
        "{found}"
    );
    assert!(found.remedy().contains("client_cert"), "{found}");
}
