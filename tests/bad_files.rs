//! Proves on the real program that a bad policy, certificate, key or root bundle stops the start with one report: each fault with its file, its
//! code and a remedy, all of them at once, and never the content of a key.
#![cfg(feature = "demo")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use portcullis_certs::dev::{Leaf, Pki};
use tempfile::TempDir;

const POLICY: &str = "schema = 1\n[[server]]\nchannel = \"main\"\ntools = [\"echo\"]\n";

/// A directory with good files, to be spoiled one at a time.
struct Folder {
    directory: TempDir,
    pki: Pki,
}

impl Folder {
    fn new() -> Self {
        let folder = Self {
            directory: TempDir::new().unwrap(),
            pki: Pki::new().unwrap(),
        };
        folder.pki.write_to(&folder.path("pki"), false).unwrap();
        folder.write("policy.toml", POLICY, 0o644);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// A client identity of the MCP side issued from `leaf`.
    fn identity(&self, leaf: &Leaf) -> (PathBuf, PathBuf) {
        let issued = self.pki.mcp_clients.issue(leaf).unwrap();
        let key = String::from_utf8(issued.key_bytes().to_vec()).unwrap();
        (
            self.write("odd.pem", &issued.chain_pem, 0o644),
            self.write("odd.key", &key, 0o600),
        )
    }

    /// The report of a start that must fail, with these flags besides the good ones.
    fn report(&self, flags: &[(&str, &Path)]) -> String {
        let (cert, key) = (
            self.path("pki/mcp-client.pem"),
            self.path("pki/mcp-client.key"),
        );
        let policy = self.path("policy.toml");
        let mut all: Vec<(&str, &Path)> = vec![
            ("policy.file", &policy),
            ("mcp.client-cert", &cert),
            ("mcp.client-key", &key),
        ];
        all.retain(|(name, _)| !flags.iter().any(|(other, _)| other == name));
        all.extend(flags);
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.arg("run").env_clear();
        command.env("CONTROL_PLANE_API_KEY", "bad-files-key-canary");
        command.env(
            "CONTROL_PLANE_TUNNEL_ID",
            "tunnel_0123456789abcdef0123456789abcdef",
        );
        command.env("STATE_DIR", self.path("state"));
        command.env("HEALTH_LISTEN_ADDR", "127.0.0.1:0");
        command.env("MCP_SERVER_URL", "https://localhost:9/mcp");
        for (name, path) in all {
            command.arg(format!("--{name}")).arg(path);
        }
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        for secret in ["bad-files-key-canary", "PRIVATE KEY"] {
            assert!(!text.contains(secret), "{text}");
        }
        text
    }
}

fn day(number: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(number * 86_400)
}

#[test]
fn no_policy_no_start_and_the_message_says_how_to_make_one() {
    let folder = Folder::new();
    let missing = folder.path("nowhere.toml");
    let report = folder.report(&[("policy.file", &missing)]);
    assert!(
        report.contains("without a policy nothing may cross, so the agent does not start"),
        "{report}"
    );
    assert!(report.contains("portcullis policy default > "), "{report}");
}

#[test]
fn a_bad_policy_is_told_with_its_line_and_all_its_mistakes() {
    let folder = Folder::new();
    folder.write(
        "policy.toml",
        "schema = 1\n[[server]]\nchannel = \"main\"\ntools = [\"a b\", \"x\", \"x\"]\n",
        0o644,
    );
    let report = folder.report(&[]);
    assert!(report.contains("2 mistakes"), "{report}");
    assert!(
        report.contains("policy.toml:4:10): this can never be a tool's name"),
        "{report}"
    );
    assert!(
        report.contains("policy.toml:4:22): this tool is listed already"),
        "{report}"
    );
    folder.write("policy.toml", "schema = 1\n[[server]\n", 0o644);
    assert!(
        folder.report(&[]).contains("policy.toml:2:"),
        "a syntax error has its line"
    );
}

#[test]
fn the_strict_profile_starts_with_no_server_on_trial() {
    let folder = Folder::new();
    let on_trial = format!("{POLICY}observe_until = 2099-01-01T00:00:00Z\n");
    folder.write("policy.toml", &on_trial, 0o644);
    let report = folder.report(&[("trust.profile", Path::new("strict"))]);
    assert!(
        report.contains("policy.toml:5:1): the strict profile has no servers on trial"),
        "{report}"
    );
    assert!(report.contains("set `trust.profile`"), "{report}");
}

#[test]
fn a_rule_for_a_server_nothing_is_bound_to_can_never_match_pf11() {
    let folder = Folder::new();
    folder.write(
        "policy.toml",
        "schema = 1\n[[server]]\nchannel = \"billing\"\n",
        0o644,
    );
    let report = folder.report(&[]);
    assert!(
        report.contains("no MCP server is bound to the channel `billing`"),
        "{report}"
    );
}

#[test]
fn each_fault_of_an_identity_has_its_code() {
    let folder = Folder::new();
    let good_key = folder.path("pki/mcp-client.key");
    let garbage = folder.write("garbage.pem", "no pem at all", 0o600);
    let open = folder.write("open.key", &fs::read_to_string(&good_key).unwrap(), 0o644);
    let other = folder.path("pki/control-client.key");
    for (flag, path, code) in [
        ("mcp.client-cert", garbage.as_path(), "pem_garbage"),
        ("mcp.client-key", garbage.as_path(), "pem_garbage"),
        ("mcp.client-key", other.as_path(), "key_mismatch"),
        ("mcp.client-key", open.as_path(), "perm_key"),
        ("mcp.client-key", folder.directory.path(), "not_regular"),
        ("mcp.client-cert", &folder.path("nothing"), "unreadable"),
    ] {
        let report = folder.report(&[(flag, path)]);
        assert!(
            report.contains(&format!("[{code}]")),
            "{flag} {code}: {report}"
        );
        assert!(report.contains(&path.display().to_string()), "{report}");
    }
}

/// One that is only past its end, or not valid yet, is no mistake: the agent starts with its gate lowered (`tests/rotation/life.rs`).
#[test]
fn an_identity_for_another_purpose_does_not_start() {
    let folder = Folder::new();
    for (leaf, codes) in [
        (
            Leaf::client("purpose").wrong_purpose(),
            &["eku_no_client_auth"][..],
        ),
        (Leaf::client("authority").as_ca(), &["leaf_is_ca"]),
        (
            Leaf::client("both").as_ca().valid(day(1), day(2)),
            &["leaf_is_ca", "expired"],
        ),
    ] {
        let (cert, key) = folder.identity(&leaf);
        let report = folder.report(&[("mcp.client-cert", &cert), ("mcp.client-key", &key)]);
        for code in codes {
            assert!(report.contains(&format!("[{code}]")), "{code}: {report}");
        }
    }
}

#[test]
fn faults_of_several_files_come_in_one_report() {
    let folder = Folder::new();
    let garbage = folder.write("garbage.pem", "no pem at all", 0o600);
    let missing = folder.path("nowhere.toml");
    let report = folder.report(&[
        ("policy.file", &missing),
        ("ca-bundle", &garbage),
        ("mcp.client-key", &garbage),
        ("control-plane.client-cert", &garbage),
        ("control-plane.client-key", &garbage),
    ]);
    for part in [
        "policy.file (",
        "ca_bundle (",
        "mcp.client_key (",
        "control_plane.client_cert (",
    ] {
        assert!(report.contains(part), "{part} is missing: {report}");
    }
}
