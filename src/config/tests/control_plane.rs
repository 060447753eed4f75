//! The control-plane section: CF rows of the conformance catalogue.

use std::time::Duration;

use super::*;

fn problem(flag: &str) -> String {
    mistake(&[flag], &[]).problem().to_owned()
}

fn tunnel(id: &str) -> Mistake {
    let flag = format!("--control-plane.tunnel-id={id}");
    only(load_bare(&[&flag, URL_FLAG], &[KEY_ENV]))
}

/// CF-018..023.
#[test]
fn a_tunnel_id_has_one_form() {
    assert_eq!(tunnel("").problem(), "is empty");
    for (id, told) in [
        (
            "tunnel_0123456789abcdefghijklmnop qrstu",
            "other characters",
        ),
        (
            "0123456789abcdefghijklmnopqrstuv",
            "does not begin with `tunnel_`",
        ),
        (
            "tunnel_0123456789ABCDEFGHIJKLMNOPQRSTUV",
            "other characters",
        ),
        (
            "tunnel_0123",
            "has 4 characters after `tunnel_` instead of 32",
        ),
        ("path/unsafe", "URL path"),
        ("sk-proj-pasted-here", "does not begin with `tunnel_`"),
    ] {
        let found = tunnel(id);
        assert!(found.problem().contains(told), "{id}: {found}");
        assert!(!found.to_string().contains(id), "{found}");
    }
}

/// CF-024.
#[test]
fn max_inflight_is_bounded() {
    for text in [
        "0",
        "10001",
        "-1",
        "65536",
        "999999999999999999999",
        "1_0",
        "ten",
        "+5",
        "5.0",
    ] {
        assert_eq!(
            mistake(&[], &[("CONTROL_PLANE_MAX_INFLIGHT_REQUESTS", text)]).setting(),
            "control_plane.max_inflight_requests"
        );
    }
    for text in ["1", "10000"] {
        let config = load(&["--control-plane.max-inflight", text], &[]).unwrap();
        assert_eq!(config.control_plane.max_inflight.to_string(), text);
    }
}

/// CF-014..016 and the defaults.
#[test]
fn poll_times_are_bounded_alone_and_together() {
    let polling = load(&[], &[]).unwrap().control_plane.polling;
    assert_eq!(
        (polling.timeout, polling.guardrail),
        (Duration::from_secs(30), Duration::from_secs(5))
    );
    assert!(problem("--control-plane.poll-timeout=10m1ms").contains("is too long"));
    assert!(problem("--control-plane.poll-timeout=10m").contains("over 10m together"));
    assert!(problem("--control-plane.poll-timeout=0s").contains("is zero"));
    assert!(problem("--control-plane.poll-timeout=-1s").contains("is negative"));
    assert!(problem("--control-plane.poll-timeout=30").contains("is not a duration"));
    assert!(problem("--control-plane.poll-deadline-guardrail=1m").contains("is too long"));
    let edge = [
        "--control-plane.poll-timeout=9m55s",
        "--control-plane.poll-deadline-guardrail=5s",
    ];
    assert!(load(&edge, &[]).is_ok());
    assert!(
        load(
            &["--control-plane.poll-deadline-guardrail=59.999999999s"],
            &[]
        )
        .is_ok()
    );
}

/// CF-025 and the rule that the key never crosses the network in the clear.
#[test]
fn a_base_url_is_https_or_loopback() {
    for url in [
        "http://",
        "https://",
        "api.openai.com",
        "ftp://api.openai.com",
        "http://api.openai.com",
        "http://10.0.0.1",
        "https://user:pw@api.openai.com",
        "https://api.openai.com#x",
        "https://api.openai.com:99999",
        "https://api.openai.com:0",
        "https://a b",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "https://:443",
        "/v1",
    ] {
        let flag = format!("--control-plane.base-url={url}");
        assert_eq!(
            mistake(&[&flag], &[]).setting(),
            "control_plane.base_url",
            "{url}"
        );
    }
    for url in [
        "https://gateway.example:8443",
        "http://localhost:1",
        "http://127.0.0.2:80",
        "http://[::1]:9",
    ] {
        let flag = format!("--control-plane.base-url={url}/");
        assert_eq!(
            load(&[&flag], &[])
                .unwrap()
                .control_plane
                .effective_base
                .origin(),
            url
        );
    }
}

/// CP-016, CF-013: the path is not used, and said so.
#[test]
fn the_path_of_a_base_url_is_dropped_with_a_notice() {
    let config = load(
        &["--control-plane.base-url=https://h.example/v1/tunnel?q=1"],
        &[],
    )
    .unwrap();
    assert_eq!(
        config.control_plane.effective_base.uri().to_string(),
        "https://h.example/"
    );
    assert_eq!(config.notices.len(), 1);
    assert!(
        config.notices[0]
            .to_string()
            .starts_with("control_plane.base_url (flag --control-plane.base-url)")
    );
}

/// CF-026..028, CP-014.
#[test]
fn a_url_path_is_a_plain_path() {
    for path in [
        "gateway/x",
        "https://h/x",
        "/x?y=1",
        "/x#y",
        "//h/x",
        "/a/../b",
        "/a b",
        "/.",
    ] {
        let flag = format!("--control-plane.url-path={path}");
        assert_eq!(
            mistake(&[&flag], &[]).setting(),
            "control_plane.url_path",
            "{path}"
        );
    }
    for (path, kept) in [
        ("", ""),
        ("/", ""),
        (
            "/chatgpttunnelgateway/dev/us/",
            "/chatgpttunnelgateway/dev/us",
        ),
        ("/a//b", "/a/b"),
    ] {
        let flag = format!("--control-plane.url-path={path}");
        assert_eq!(load(&[&flag], &[]).unwrap().control_plane.url_path, kept);
    }
}

/// CF-017.
#[test]
fn an_organization_id_is_one_word() {
    assert_eq!(
        mistake(&["--control-plane.organization-id=org\nx"], &[]).setting(),
        "control_plane.organization_id"
    );
    let config = load(&["--control-plane.organization-id=org-1"], &[]).unwrap();
    assert_eq!(
        config.control_plane.organization_id.as_deref(),
        Some("org-1")
    );
    assert_eq!(
        load(&["--control-plane.organization-id="], &[])
            .unwrap()
            .control_plane
            .organization_id,
        None
    );
}

/// CF-039, CF-040: wire sheet 1.1.
#[test]
fn a_client_certificate_moves_the_default_base_to_the_mtls_host() {
    let pair = [
        "--control-plane.client-cert=/c.pem",
        "--control-plane.client-key=/k.pem",
    ];
    let base = |args: &[&str]| {
        load(&[&pair, args].concat(), &[])
            .unwrap()
            .control_plane
            .effective_base
            .origin()
    };
    assert_eq!(base(&[]), "https://mtls.api.openai.com");
    assert_eq!(
        base(&["--control-plane.base-url=https://api.openai.com//"]),
        "https://mtls.api.openai.com"
    );
    assert_eq!(
        base(&["--control-plane.base-url=https://API.openai.com"]),
        "https://API.openai.com"
    );
    assert_eq!(
        base(&["--control-plane.base-url=https://gw.example"]),
        "https://gw.example"
    );
    let clear = load(
        &[&pair[..], &["--control-plane.base-url=http://localhost:1"]].concat(),
        &[],
    );
    assert!(
        only(clear)
            .problem()
            .contains("cannot show a client certificate")
    );
}

/// CF-041: both or neither. CF-042: references to paths.
#[test]
fn a_certificate_needs_its_key() {
    for (given, missing) in [("cert", "key"), ("key", "cert")] {
        let found = mistake(&[&format!("--control-plane.client-{given}=/x.pem")], &[]);
        assert_eq!(found.setting(), format!("control_plane.client_{missing}"));
        assert!(found.problem().contains("come together"), "{found}");
    }
    let args = [
        "--control-plane.client-cert=file:/c.pem",
        "--control-plane.client-key=env:KEY_PATH",
    ];
    let identity = load(&args, &[("KEY_PATH", "/k.pem")])
        .unwrap()
        .control_plane
        .identity
        .unwrap();
    assert_eq!(
        (identity.cert.path().to_str(), identity.key.path().to_str()),
        (Some("/c.pem"), Some("/k.pem"))
    );
    let later = identity.cert.mistake("is not PEM", "convert it");
    assert_eq!(
        (later.setting(), later.source()),
        (
            "control_plane.client_cert",
            &Source::Flag("--control-plane.client-cert".into())
        )
    );
}

#[test]
fn an_issuer_is_named_of_a_certificate_that_is_given() {
    let issuer = "--control-plane.client-cert-issuer=/ca.pem";
    assert!(problem(issuer).contains("is given without control_plane.client_cert"));
    let whole = [
        "--control-plane.client-cert=/c.pem",
        "--control-plane.client-key=/k.pem",
        issuer,
    ];
    let loaded = load(&whole, &[]).unwrap();
    let named = loaded.control_plane.identity.unwrap().issuer.unwrap();
    assert_eq!(named.path().to_str(), Some("/ca.pem"));
}

#[test]
fn an_allowlist_of_hosts_binds_the_host_that_is_used() {
    let host = "--control-plane.allowed-host=mtls.api.openai.com";
    assert!(problem(host).contains("does not list"));
    let pair = [
        "--control-plane.client-cert=/c.pem",
        "--control-plane.client-key=/k.pem",
        host,
    ];
    assert!(load(&pair, &[]).is_ok());
    assert!(
        load(
            &[],
            &[(
                "CONTROL_PLANE_ALLOWED_HOSTS",
                "other.example, API.openai.com"
            )]
        )
        .is_ok()
    );
    assert!(problem("--control-plane.allowed-host=https://api.openai.com").contains("not a host"));
    let file = TestFile::new("control_plane:\n  allowed_hosts: []\n");
    assert!(
        mistake(&[&file.flag()], &[])
            .problem()
            .contains("does not list")
    );
}

/// CF-029, CF-031, CF-033..038.
#[test]
fn poll_channels_are_canonical_unique_and_served() {
    let bound = [
        "--mcp.server-url=channel=b,url=https://b.example",
        "--mcp.server-url=channel=a,url=https://a.example",
    ];
    let polled = |args: &[&str], env: &[(&str, &str)]| load(&[&bound[..], args].concat(), env);
    let channels = |config: Config| {
        config
            .control_plane
            .polling
            .channels
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        channels(polled(&[], &[("CONTROL_PLANE_POLL_CHANNELS", "main,b,a")]).unwrap()),
        ["a", "b", "main"]
    );
    let env = [("CONTROL_PLANE_POLL_CHANNELS", "main")];
    assert_eq!(
        channels(
            polled(
                &[
                    "--control-plane.poll-channel=b",
                    "--control-plane.poll-channel=a"
                ],
                &env
            )
            .unwrap()
        ),
        ["a", "b"]
    );
    let file = TestFile::new("control_plane:\n  poll_channels: [main, b]\n");
    assert_eq!(
        channels(polled(&[&file.flag()], &[]).unwrap()),
        ["b", "main"]
    );
    for text in [
        "main,",
        "Main",
        "main,main",
        "unknown",
        "harpoon",
        ",main",
        "a b",
    ] {
        let found = only(polled(&[], &[("CONTROL_PLANE_POLL_CHANNELS", text)]));
        assert_eq!(found.setting(), "control_plane.poll_channels", "{text}");
    }
}
