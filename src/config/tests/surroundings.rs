//! Trust, log, shutdown, and the settings without effect.

use std::time::Duration;

use super::*;
use crate::ops::log::{LogFormat, LogLevel};

#[test]
fn trust_starts_from_public_and_system_roots() {
    let trust = load(&[], &[]).unwrap().trust;
    assert_eq!(
        trust,
        Trust {
            ca_bundle: None,
            mode: TrustMode::Add,
            crls: Vec::new(),
            profile: CertProfile::Default,
            system_roots: true
        }
    );
}

/// CF-051, CF-042.
#[test]
fn a_bundle_is_added_or_takes_the_place_of_the_public_roots() {
    let trust = load(&["--trust.mode=replace"], &[("CA_BUNDLE", "/ca.pem")])
        .unwrap()
        .trust;
    assert_eq!(
        (trust.mode, trust.ca_bundle.unwrap().path().to_str()),
        (TrustMode::Replace, Some("/ca.pem"))
    );
    let found = mistake(&["--trust.mode=replace"], &[]);
    assert_eq!(
        (found.setting(), found.problem()),
        ("trust.mode", "is replace although ca_bundle is not given")
    );
    assert!(
        mistake(&["--trust.mode=none"], &[])
            .problem()
            .contains("`none` is not a mode")
    );
    assert!(
        !load(&["--trust.system-roots=false"], &[])
            .unwrap()
            .trust
            .system_roots
    );
    assert!(
        mistake(&["--trust.system-roots=yes"], &[])
            .problem()
            .contains("`yes` is not a switch")
    );
}

#[test]
fn a_path_is_a_path() {
    let pem = mistake(&["--ca-bundle=-----BEGIN CERTIFICATE-----\nCANARY"], &[]);
    assert!(
        pem.problem().contains("instead of its path") && !pem.to_string().contains("CANARY"),
        "{pem}"
    );
    assert!(
        mistake(&["--policy.file=/a\nb"], &[])
            .problem()
            .contains("control characters")
    );
    assert!(
        mistake(&["--policy.file=file:"], &[])
            .problem()
            .contains("names no path")
    );
    assert!(
        mistake(&["--ca-bundle=env:NO_SUCH"], &[])
            .problem()
            .contains("NO_SUCH, which is not set")
    );
}

#[test]
fn log_and_shutdown_take_what_the_reference_takes() {
    let config = load(&["--log.level=WARN"], &[("LOG_FORMAT", "json")]).unwrap();
    assert_eq!(
        config.log,
        Log {
            level: LogLevel::Warn,
            format: LogFormat::Json
        }
    );
    assert!(
        mistake(&["--log.level=loud"], &[])
            .problem()
            .contains("`loud` is not a log level")
    );
    assert!(
        mistake(&["--log.format=xml"], &[])
            .problem()
            .contains("`xml` is not a log format")
    );
    assert_eq!(config.shutdown.drain_timeout, Duration::from_secs(60));
    assert_eq!(
        mistake(&["--shutdown.drain-timeout=1h1s"], &[]).setting(),
        "shutdown.drain_timeout"
    );
}

/// A long value or one that looks like a key is not repeated even where short ones are.
#[test]
fn echo_stops_at_what_looks_like_a_key() {
    for value in ["sk-abc", "averylongvaluethatcouldbeakey", "two words"] {
        assert!(
            !mistake(&[&format!("--log.level={value}")], &[])
                .to_string()
                .contains(value)
        );
    }
}

#[test]
fn every_setting_without_effect_is_refused_when_it_asks_for_something() {
    for retired in retired::ALL {
        for flag in retired.flags {
            let found = mistake(&[&format!("--{flag}=CANARY")], &[]);
            assert_eq!(
                (found.setting(), found.source()),
                (retired.key, &Source::Flag(format!("--{flag}")))
            );
            assert!(
                found.problem().contains("portcullis") && !found.to_string().contains("CANARY"),
                "{found}"
            );
        }
        if !retired.env.is_empty() {
            assert_eq!(
                mistake(&[], &[(retired.env, "CANARY")]).setting(),
                retired.key
            );
            assert!(
                load(&[], &[(retired.env, "")]).is_ok(),
                "an empty variable asks for nothing"
            );
        }
        if retired.in_file() {
            let yaml = retired
                .key
                .split('.')
                .enumerate()
                .map(|(depth, part)| format!("{}{part}:", "\n  ".repeat(depth)));
            let file = TestFile::new(format!("{} CANARY\n", yaml.collect::<String>()));
            assert_eq!(mistake(&[&file.flag()], &[]).setting(), retired.key);
        }
    }
}

#[test]
fn an_off_value_is_accepted_with_a_notice() {
    for retired in retired::ALL {
        for off in retired.off {
            for flag in retired.flags {
                let config = load(&[&format!("--{flag}={off}")], &[]).unwrap();
                assert_eq!(config.notices[0].setting, retired.key);
            }
            if !retired.env.is_empty() {
                assert_eq!(load(&[], &[(retired.env, off)]).unwrap().notices.len(), 1);
            }
        }
    }
    let file = TestFile::new(
        "admin_ui:\n  open_browser: false\n  allow_remote: false\nlog:\n  http_raw_unsafe: false\nmcp:\n  commands: []\n  startup_wait_timeout: 0s\nhttp_proxy: ''\n",
    );
    assert_eq!(load(&[&file.flag()], &[]).unwrap().notices.len(), 6);
}

#[test]
fn never_and_not_yet_are_told_apart() {
    let never = mistake(&["--open-web-ui"], &[]);
    assert!(
        never
            .problem()
            .contains("not built into portcullis, see docs/differences.md")
    );
    assert_eq!(never.remedy(), "remove it or set it to `false`");
    let later = mistake(&["--mcp.command", "server --stdio"], &[]);
    assert!(later.problem().contains("not supported yet"), "{later}");
    assert!(
        mistake(&["--profile", "x"], &[])
            .problem()
            .contains("not supported yet")
    );
}

#[test]
fn a_proxy_in_the_environment_is_noticed_but_not_used() {
    let config = load(&[], &[("https_proxy", "http://user:CANARY@proxy:3128")]).unwrap();
    assert_eq!(
        config.notices[0].source,
        Source::Environment("https_proxy".into())
    );
    assert!(!config.notices[0].to_string().contains("CANARY"));
}
