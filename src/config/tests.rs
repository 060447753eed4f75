//! Tests of the configuration as a whole. The parts that are pure functions carry their own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod control_plane;
mod file;
mod headers;
mod mcp;
mod precedence;
mod secrets;
mod surfaces;
mod surroundings;

use std::path::PathBuf;

use super::*;

pub(super) const ID: &str = "tunnel_0123456789abcdefghijklmnopqrstuv";
pub(super) const ID_FLAG: &str =
    "--control-plane.tunnel-id=tunnel_0123456789abcdefghijklmnopqrstuv";
pub(super) const URL_FLAG: &str = "--mcp.server-url=https://mcp.internal/mcp";
pub(super) const KEY_ENV: (&str, &str) = ("CONTROL_PLANE_API_KEY", "sk-proj_1");

pub(super) fn matches(args: &[&str]) -> ArgMatches {
    let command = arguments(clap::Command::new("run"));
    command
        .try_get_matches_from(std::iter::once(&"run").chain(args))
        .expect("flags clap knows")
}

/// Exactly these flags and variables.
pub(super) fn load_bare(args: &[&str], env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(&matches(args), &Environment::fixed(env.iter().copied()))
}

/// These flags and variables beside the three required settings.
pub(super) fn load(args: &[&str], env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let args: Vec<&str> = [ID_FLAG, URL_FLAG].iter().chain(args).copied().collect();
    let env: Vec<(&str, &str)> = [KEY_ENV].iter().chain(env).copied().collect();
    load_bare(&args, &env)
}

/// The only mistake of a configuration that is otherwise right.
pub(super) fn mistake(args: &[&str], env: &[(&str, &str)]) -> Mistake {
    only(load(args, env))
}

pub(super) fn only(result: Result<Config, ConfigError>) -> Mistake {
    let error = result.expect_err("a mistake");
    assert_eq!(error.mistakes.len(), 1, "{error}");
    error.mistakes[0].clone()
}

pub(super) fn keys(error: &ConfigError) -> Vec<&str> {
    error.mistakes.iter().map(Mistake::setting).collect()
}

/// A file in a directory that is removed with it.
pub(super) struct TestFile {
    pub(super) path: PathBuf,
    _directory: tempfile::TempDir,
}

impl TestFile {
    pub(super) fn new(content: impl AsRef<[u8]>) -> Self {
        Self::with_mode(content, 0o600)
    }

    pub(super) fn with_mode(content: impl AsRef<[u8]>, mode: u32) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("given");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        Self {
            path,
            _directory: directory,
        }
    }

    pub(super) fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    pub(super) fn flag(&self) -> String {
        format!("--config={}", self.path())
    }
}

/// A file as the only source beside the key.
pub(super) fn load_file(yaml: &str) -> Result<Config, ConfigError> {
    let file = TestFile::new(yaml);
    load_bare(&[&file.flag()], &[KEY_ENV])
}

#[test]
fn the_three_required_settings_are_enough() {
    let config = load(&[], &[]).unwrap();
    assert_eq!(config.control_plane.tunnel_id.as_str(), ID);
    assert_eq!(
        config.control_plane.effective_base.origin(),
        "https://api.openai.com"
    );
    assert_eq!(
        config.policy.path().to_str(),
        Some("/etc/portcullis/policy.toml")
    );
    assert!(config.notices.is_empty());
}

/// CF-018: the tunnel id is named before the missing MCP binding.
#[test]
fn nothing_given_reports_all_three_at_once() {
    let error = load_bare(&[], &[]).unwrap_err();
    assert_eq!(
        keys(&error),
        [
            "control_plane.tunnel_id",
            "control_plane.api_key",
            "mcp.server_urls"
        ]
    );
    let report = error.to_string();
    assert!(report.starts_with(
        "3 mistakes in the configuration\n1. control_plane.tunnel_id (not set): is required"
    ));
    assert!(report.contains("remedy: set --control-plane.tunnel-id, CONTROL_PLANE_TUNNEL_ID or"));
}

#[test]
fn mistakes_of_every_source_share_one_report() {
    let file =
        TestFile::new("config_version: 1\nlog:\n  level: loud\ncontrol_plane:\n  base_ur: x\n");
    let args = [
        &file.flag(),
        "--mcp.idle-timeout=0s",
        "--control-plane.client-cert=/c.pem",
    ];
    let error = load_bare(&args, &[("CONTROL_PLANE_MAX_INFLIGHT_REQUESTS", "10001")]).unwrap_err();
    assert_eq!(
        keys(&error),
        [
            "control_plane",
            "control_plane.tunnel_id",
            "control_plane.api_key",
            "control_plane.client_key",
            "control_plane.max_inflight_requests",
            "mcp.server_urls",
            "mcp.idle_timeout",
            "log.level",
        ]
    );
    let report = error.to_string();
    assert!(
        report.contains(&format!(
            "({}:3:10): `loud` is not a log level",
            file.path()
        )),
        "{report}"
    );
    assert!(report.contains(
        "(environment variable CONTROL_PLANE_MAX_INFLIGHT_REQUESTS): `10001` is out of range"
    ));
    assert!(report.contains("(flag --mcp.idle-timeout): `0s` is zero"));
}
