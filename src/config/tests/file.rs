//! The configuration file: its grammar, its limits and its keys.

use super::*;
use crate::ops::log::{LogFormat, LogLevel};

const GOOD: &str = "config_version: 1
control_plane:
  tunnel_id: tunnel_0123456789abcdefghijklmnopqrstuv
mcp:
  server_urls:
    - url: https://mcp.internal/mcp
";

fn with(more: &str) -> Result<Config, ConfigError> {
    load_file(&format!("{GOOD}{more}"))
}

fn config_problem(yaml: impl AsRef<[u8]>) -> String {
    let file = TestFile::new(yaml);
    let found = only(load_bare(&[ID_FLAG, URL_FLAG, &file.flag()], &[KEY_ENV]));
    assert_eq!(found.setting(), "config", "{found}");
    assert!(!found.to_string().contains("CANARY"), "{found}");
    found.problem().to_owned()
}

#[test]
fn a_file_can_hold_everything_but_the_key() {
    let config = with("log: {level: debug, format: json}\npolicy: {file: /p.toml}\nshutdown:\n  drain_timeout: 5s\n").unwrap();
    assert_eq!(
        config.log,
        Log {
            level: LogLevel::Debug,
            format: LogFormat::Json
        }
    );
    assert_eq!(config.policy.path().to_str(), Some("/p.toml"));
    assert!(with("").is_ok() && with("log:\ncontrol_plane_x: ").is_err());
}

#[test]
fn the_variable_names_the_file_and_the_flag_beats_it() {
    let file = TestFile::new(GOOD);
    assert!(load_bare(&[], &[KEY_ENV, ("TUNNEL_CLIENT_CONFIG", file.path())]).is_ok());
    assert!(
        load_bare(
            &[&file.flag()],
            &[KEY_ENV, ("TUNNEL_CLIENT_CONFIG", "/nowhere")]
        )
        .is_ok()
    );
    let found = only(load_bare(
        &[ID_FLAG, URL_FLAG],
        &[KEY_ENV, ("TUNNEL_CLIENT_CONFIG", "")],
    ));
    assert_eq!(
        (found.setting(), found.problem()),
        ("config", "is set but empty")
    );
}

#[test]
fn only_version_1_is_known() {
    for version in ["2", "0", "one", "1.0", "[1]"] {
        let found = only(load_file(
            &GOOD.replace("config_version: 1", &format!("config_version: {version}")),
        ));
        assert_eq!(found.setting(), "config_version");
    }
}

#[test]
fn every_unknown_key_is_reported_with_its_place_and_its_neighbours() {
    let error = with("log:\n  levle: CANARY\nCANARY: 1\nharpon:\n  x: 1\n").unwrap_err();
    let report = error.to_string();
    assert_eq!(keys(&error), ["log", "config", "config"], "{report}");
    assert!(
        report.contains(
            ":8:3): has a key that is not known\n    remedy: keys known here: format, level"
        ),
        "{report}"
    );
    assert!(
        report.contains("admin, ca_bundle, control_plane, health, log, mcp, policy, process, rotation, shutdown, state, trust"),
        "{report}"
    );
    assert!(!report.contains("CANARY"));
}

#[test]
fn a_dotted_key_cannot_give_a_setting_a_second_time() {
    let found = only(with("log:\n  level: info\nlog.level: debug\n"));
    assert!(
        found
            .to_string()
            .contains(":9:1): has a key that is not known"),
        "{found}"
    );
}

#[test]
fn a_broken_file_is_one_mistake_with_a_place() {
    for (yaml, told) in [
        ("log:\n  level: info\n  level: CANARY\n", "given twice"),
        (
            "log:\n  level: info\n  \"lev\\u0065l\": debug\n",
            "given twice",
        ),
        ("log: {}\n---\nlog: CANARY\n", "more than one YAML document"),
        ("log: &a CANARY\n", "anchors"),
        ("a: *CANARY\n", "is not valid YAML here"),
        ("log:\n  <<: {level: CANARY}\n", "merge keys"),
        ("log: !CANARY x\n", "tags"),
        ("log: [CANARY\n", "is not valid YAML here"),
        ("log:\n\tlevel: CANARY\n", "is not valid YAML here"),
        ("? [CANARY]\n: x\n", "is not valid YAML here"),
    ] {
        let problem = config_problem(yaml);
        assert!(problem.contains(told), "{yaml:?}: {problem}");
    }
}

#[test]
fn bombs_are_refused_at_their_limit() {
    let laughs =
        "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]\n";
    assert!(config_problem(laughs).contains("anchors"));
    assert!(
        config_problem(format!(
            "log: {}{}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        ))
        .contains("too deep")
    );
    let block: String = (0..40)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    assert!(config_problem(block).contains("too deep"));
    assert!(config_problem(format!("log: [{}]", "x,".repeat(50_000))).contains("too many values"));
    assert!(config_problem("#".repeat(1024 * 1024 + 1)).contains("larger than 1048576 bytes"));
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    assert!(config_problem(b"log: \xff\n").contains("not UTF-8"));
    for (path, told) in [
        ("/does/not/exist.yaml", "does not exist"),
        ("/dev/zero", "not a regular file"),
        ("/", "not a regular file"),
    ] {
        let found = only(load_bare(
            &[ID_FLAG, URL_FLAG, "--config", path],
            &[KEY_ENV],
        ));
        assert!(found.problem().contains(told), "{found}");
    }
}

/// The settings may well be in the file that could not be read: asking for them would send the operator the wrong way.
#[test]
fn with_an_unreadable_file_nothing_is_called_missing() {
    let found = only(load_bare(
        &[
            "--config=/does/not/exist.yaml",
            "--control-plane.client-cert=/c.pem",
        ],
        &[],
    ));
    assert_eq!(found.setting(), "config");
}

#[test]
fn a_value_of_the_wrong_shape_is_refused() {
    for more in [
        "log: loud\n",
        "log:\n  level: [info]\n",
        "log:\n  level: {a: b}\n",
        "policy: [x]\n",
        "trust:\n  mode:\n",
    ] {
        assert!(with(more).is_err(), "{more}");
    }
    for (key, value) in [
        ("poll_channels", "main"),
        ("poll_channels", "{a: b}"),
        ("extra_headers", "[x]"),
        ("extra_headers", "{X-A: [x]}"),
        ("poll_channels", "[[a]]"),
    ] {
        let file = TestFile::new(format!("control_plane:\n  {key}: {value}\n"));
        assert_eq!(
            mistake(&[&file.flag()], &[]).problem(),
            "has the wrong shape",
            "{key}: {value}"
        );
    }
}

/// Operator sheet section 3 (a): value-type keys of the file may be references.
#[test]
fn value_keys_of_the_file_may_stand_elsewhere() {
    let base = TestFile::new(" https://gw.example \n");
    let file = TestFile::new(format!(
        "control_plane:\n  base_url: file:{}\n  url_path: env:PREFIX\n",
        base.path()
    ));
    let config = load(&[&file.flag()], &[("PREFIX", "/p")]).unwrap();
    assert_eq!(
        config.control_plane.effective_base.origin(),
        "https://gw.example"
    );
    assert_eq!(config.control_plane.url_path, "/p");
    assert!(
        mistake(
            &["--control-plane.base-url=env:BASE"],
            &[("BASE", "https://x.example")]
        )
        .problem()
        .contains("scheme")
    );
}
