//! Proves on the real program that `portcullis certs` tells what would happen to files before they are put in place: each bad input named in
//! `docs/certificates.md` with its code and one clear sentence, and nothing of a key in any of them.
#![cfg(feature = "demo")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use portcullis_certs::dev::{Authority, Issued, Leaf};
use serde_json::Value;
use tempfile::TempDir;

const DAY: Duration = Duration::from_hours(24);

/// An identity, its issuer and a root, to be spoiled one at a time.
struct Folder {
    dir: TempDir,
    issuer: Authority,
}

impl Folder {
    fn new() -> Self {
        let folder = Self {
            dir: TempDir::new().unwrap(),
            issuer: Authority::new("issuer").unwrap(),
        };
        folder.identity(&agent());
        folder.write(
            "ca.pem",
            &Authority::new("servers").unwrap().root_pem(),
            0o644,
        );
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn identity(&self, leaf: &Leaf) -> Issued {
        let issued = self.issuer.issue(leaf).unwrap();
        self.write("tls.crt", &issued.chain_pem, 0o644);
        self.write("tls.key", &issued.key_pem, 0o600);
        issued
    }

    /// `certs check` of the identity and the root, with these words besides.
    fn check_as_it_is(&self, more: &[&str]) -> Output {
        let mut command = self.command(&["certs", "check"]);
        for (flag, name) in [
            ("--cert", "tls.crt"),
            ("--key", "tls.key"),
            ("--ca-bundle", "ca.pem"),
        ] {
            command.arg(flag).arg(self.path(name));
        }
        command.args(more).output().unwrap()
    }

    /// As [`Folder::check_as_it_is`], and nothing goes wrong beside the answer.
    fn check(&self, more: &[&str]) -> (Option<i32>, String) {
        let output = self.check_as_it_is(more);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(!text.contains("PRIVATE KEY"), "{text}");
        (output.status.code(), text)
    }

    /// With the configuration of a whole agent in the environment.
    fn configured(&self, words: &[&str]) -> Output {
        let mut command = self.agent(words);
        for (flag, name) in [
            ("--mcp.client-cert", "tls.crt"),
            ("--mcp.client-key", "tls.key"),
            ("--ca-bundle", "ca.pem"),
        ] {
            command.arg(flag).arg(self.path(name));
        }
        let output = command.output().unwrap();
        let all = [output.stdout.clone(), output.stderr.clone()].concat();
        let all = String::from_utf8(all).unwrap();
        assert!(
            !all.contains("certs-key-canary") && !all.contains("PRIVATE KEY"),
            "{all}"
        );
        output
    }

    fn agent(&self, words: &[&str]) -> Command {
        let mut command = self.command(words);
        command.env("CONTROL_PLANE_API_KEY", "certs-key-canary");
        command.env(
            "CONTROL_PLANE_TUNNEL_ID",
            "tunnel_0123456789abcdef0123456789abcdef",
        );
        command.env("MCP_SERVER_URL", "https://localhost:9/mcp");
        command
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.env_clear().current_dir(self.dir.path()).args(words);
        command
    }
}

fn agent() -> Leaf {
    let now = SystemTime::now();
    Leaf::client("agent").valid(now - DAY, now + 30 * DAY)
}

fn refused(folder: &Folder, more: &[&str], sentence: &str) {
    let (code, text) = folder.check(more);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.starts_with("these files: refused\n  fault: "),
        "{text}"
    );
    assert!(text.contains(sentence), "{text}");
    assert_eq!(
        text.matches("  fault: ").count(),
        1,
        "one mistake, one sentence: {text}"
    );
}

#[test]
fn good_files_would_be_accepted() {
    let folder = Folder::new();
    assert_eq!(
        folder.check(&["--strict"]),
        (Some(0), "these files: accepted\n".to_owned())
    );
}

#[test]
fn early_files_would_wait_and_the_answer_says_until_when() {
    let folder = Folder::new();
    let begins = SystemTime::UNIX_EPOCH + 365 * 100 * DAY;
    folder.identity(&agent().valid(begins, begins + DAY));
    let (code, text) = folder.check(&[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.starts_with("these files: waits until 2069-12-07T00:00:00.000000Z\n"),
        "{text}"
    );
    assert!(text.contains("[not_yet_valid]"), "{text}");
}

#[test]
fn everything_wrong_is_told_at_once_in_json_too() {
    let folder = Folder::new();
    let now = SystemTime::now();
    folder.identity(&agent().wrong_purpose().valid(now - 2 * DAY, now - DAY));
    folder.write("ca.pem", "", 0o644);
    let (code, text) = folder.check(&["--json"]);
    assert_eq!(code, Some(1));
    let answer: Value = serde_json::from_str(&text).unwrap();
    let endpoint = &answer["endpoints"][0];
    assert_eq!(endpoint["verdict"], "refused");
    let faults = endpoint["faults"].as_array().unwrap();
    let codes: Vec<&str> = faults
        .iter()
        .map(|fault| fault["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["eku_no_client_auth", "expired", "bundle_empty"]);
    assert_eq!(faults[1]["part"], "certificate");
    assert_eq!(
        faults[1]["file"],
        folder.path("tls.crt").display().to_string()
    );
    assert_eq!(faults[1]["remedy"], "put a renewed certificate in place");
}

#[test]
fn what_is_unwise_is_told_and_refused_only_by_the_strict_profile() {
    let folder = Folder::new();
    let now = SystemTime::now();
    folder.identity(&agent().valid(now - DAY, now + 500 * DAY));
    let (code, text) = folder.check(&[]);
    assert_eq!(code, Some(0));
    assert!(
        text.contains("  warning: ") && text.contains("[life_too_long]"),
        "{text}"
    );
    refused(&folder, &["--strict"], "[life_too_long]");
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let folder = Folder::new();
    fs::set_permissions(folder.path("tls.key"), fs::Permissions::from_mode(0o644)).unwrap();
    refused(
        &folder,
        &[],
        "is open to more users than it should be: its mode is 0644 [perm_key]",
    );
}

#[test]
fn a_directory_that_cannot_be_read_is_told() {
    let folder = Folder::new();
    let mut command = folder.command(&["certs", "check", "--ca-bundle", "closed/ca.pem", "--json"]);
    fs::create_dir(folder.path("closed")).unwrap();
    folder.write("closed/ca.pem", "", 0o644);
    fs::set_permissions(folder.path("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(folder.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // Nothing is closed to root, so the program runs as nobody then.
    let is_root = fs::read_dir(folder.path("closed")).is_ok();
    if is_root {
        let program = folder.path("portcullis");
        fs::copy(env!("CARGO_BIN_EXE_portcullis"), &program).unwrap();
        let mut other = Command::new(program);
        other
            .env_clear()
            .current_dir(folder.dir.path())
            .args(command.get_args());
        command = other;
        command.uid(65534).gid(65534);
    }
    let output = command.output().unwrap();
    fs::set_permissions(folder.path("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fault = &answer["endpoints"][0]["faults"][0];
    assert_eq!(fault["code"], "unreadable", "{answer}");
    assert!(
        fault["problem"]
            .as_str()
            .unwrap()
            .contains("cannot be read: Permission denied"),
        "{answer}"
    );
}

#[test]
fn a_link_out_of_the_tree_is_refused() {
    let folder = Folder::new();
    let elsewhere = TempDir::new().unwrap();
    fs::rename(folder.path("tls.crt"), elsewhere.path().join("tls.crt")).unwrap();
    symlink(elsewhere.path().join("tls.crt"), folder.path("tls.crt")).unwrap();
    refused(
        &folder,
        &[],
        "is a link that leads out of its directory: it leads to `",
    );
}

#[test]
fn ten_mebibytes_of_pem_are_refused_unread() {
    let folder = Folder::new();
    folder.write("tls.crt", &"#".repeat(10 * 1024 * 1024), 0o644);
    refused(
        &folder,
        &[],
        "is larger than the limit: more than 65536 bytes [too_large]",
    );
}

#[test]
fn an_encrypted_key_is_refused() {
    let folder = Folder::new();
    let key = fs::read_to_string(folder.path("tls.key")).unwrap();
    folder.write(
        "tls.key",
        &key.replace(" PRIVATE", " ENCRYPTED PRIVATE"),
        0o600,
    );
    refused(
        &folder,
        &[],
        "is encrypted with a passphrase [pem_encrypted]",
    );
}

#[test]
fn a_certificate_of_somebody_else_is_refused_as_a_successor() {
    let folder = Folder::new();
    for (from, to) in [("tls.crt", "old.crt"), ("tls.key", "old.key")] {
        fs::copy(folder.path(from), folder.path(to)).unwrap();
    }
    let in_use = ["--in-use-cert", "old.crt", "--in-use-key", "old.key"];
    let later = agent().valid(SystemTime::now(), SystemTime::now() + DAY);
    folder.identity(&later);
    assert_eq!(folder.check(&in_use).0, Some(0));
    folder.identity(&later.names(&["another"]));
    refused(
        &folder,
        &in_use,
        "`CN=agent` [DNS:another] instead of `CN=agent` [DNS:agent] [identity_changed]",
    );
    folder.write("old.key", "", 0o600);
    let output = folder.check_as_it_is(&in_use);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("[pem_no_key]"), "{told}");
}

#[test]
fn a_chain_in_the_wrong_order_is_refused() {
    let folder = Folder::new();
    let issued = folder
        .issuer
        .intermediate("below")
        .unwrap()
        .issue(&agent())
        .unwrap();
    let (leaf, rest) = issued
        .chain_pem
        .split_at(issued.chain_pem.rfind("-----BEGIN").unwrap());
    folder.write("tls.crt", &format!("{rest}{leaf}"), 0o644);
    folder.write("tls.key", &issued.key_pem, 0o600);
    refused(
        &folder,
        &[],
        "holds a chain in the wrong order [chain_order]",
    );
}

#[test]
fn a_list_that_is_forged_or_stale_is_refused() {
    let folder = Folder::new();
    folder.write("issuer.pem", &folder.issuer.root_pem(), 0o644);
    let with_list = ["--issuer", "issuer.pem", "--crl", "list.crl"];
    let (soon, before) = (SystemTime::now() + DAY, SystemTime::now() - DAY);
    let list = |issuer: &Authority, until| issuer.revoke(1, &[7], until).unwrap();
    folder.write("list.crl", &list(&folder.issuer, soon), 0o644);
    assert_eq!(folder.check(&with_list).0, Some(0));
    folder.write(
        "list.crl",
        &list(&Authority::new("issuer").unwrap(), soon),
        0o644,
    );
    refused(
        &folder,
        &with_list,
        "is not signed by a CA that is known here: `CN=issuer` [crl_bad_signature]",
    );
    folder.write("list.crl", &list(&folder.issuer, before), 0o644);
    refused(
        &folder,
        &with_list,
        "is past its time of next update: `CN=issuer` [crl_stale]",
    );
    folder.identity(&agent().serial(7));
    folder.write("list.crl", &list(&folder.issuer, soon), 0o644);
    refused(
        &folder,
        &with_list,
        "has been revoked by its issuer: `CN=agent` [revoked]",
    );
}

#[test]
fn without_files_the_configuration_is_checked_endpoint_by_endpoint() {
    let folder = Folder::new();
    let output = folder.configured(&["certs", "check", "--json"]);
    // That flag is one of the configuration as well; here it names what is checked.
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["endpoints"][0]["endpoint"], "these files");
    let mut command = folder.agent(&["certs", "check", "--json"]);
    let output = command
        .env("CA_BUNDLE", folder.path("ca.pem"))
        .output()
        .unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let endpoints = answer["endpoints"].as_array().unwrap().iter();
    let verdicts: Vec<_> = endpoints
        .map(|one| [&one["endpoint"], &one["verdict"]])
        .collect();
    assert_eq!(
        verdicts,
        [["control plane", "accepted"], ["main", "accepted"]]
    );
    let nothing = folder.command(&["certs", "check"]).output().unwrap();
    assert_eq!(nothing.status.code(), Some(1));
    assert!(
        !nothing.stderr.is_empty(),
        "the configuration is missing, and that is said"
    );
}

#[test]
fn the_inventory_has_every_certificate_with_its_end_and_its_use() {
    let folder = Folder::new();
    let now = SystemTime::now();
    let below = folder.issuer.intermediate("below").unwrap();
    let issued = below
        .issue(&agent().valid(now - 3 * DAY, now - DAY))
        .unwrap();
    folder.write("tls.crt", &issued.chain_pem, 0o644);
    folder.write("tls.key", &issued.key_pem, 0o600);
    let output = folder.configured(&["certs", "inventory", "--json"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "an expired certificate is listed like any other"
    );
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = answer["certificates"].as_array().unwrap();
    let brief: Vec<(&str, &str, &str)> = rows
        .iter()
        .map(|row| {
            (
                row["endpoint"].as_str().unwrap(),
                row["use"].as_str().unwrap(),
                row["subject"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("control plane", "trust root", "CN=servers"),
        ("main", "client identity", "CN=agent"),
        ("main", "issuer sent with the client identity", "CN=below"),
        ("main", "trust root", "CN=servers"),
    ];
    assert_eq!(brief, expected);
    let leaf = &rows[1];
    assert_eq!(
        (&leaf["issuer"], &leaf["days_left"], &leaf["key"]),
        (&"CN=below".into(), &Value::from(-2), &"ECDSA 256".into())
    );
    assert_eq!(leaf["names"][0], "DNS:agent");
    assert_eq!(leaf["file"], folder.path("tls.crt").display().to_string());
    for text in ["serial", "not_before", "not_after", "sha256", "spki_sha256"] {
        assert!(!leaf[text].as_str().unwrap().is_empty(), "{text}");
    }
    let shown = String::from_utf8(folder.configured(&["certs", "inventory"]).stdout).unwrap();
    assert!(
        shown.contains("main: client identity, -2 days left\n"),
        "{shown}"
    );
}

#[test]
fn the_inventory_has_every_revocation_list_ended_ones_as_well() {
    let folder = Folder::new();
    let file = folder.path("list.crl").display().to_string();
    let words = ["certs", "inventory", "--trust.crl-file", &file];
    let lists = |until| {
        let list = folder.issuer.revoke(1, &[7, 8], until).unwrap();
        folder.write("list.crl", &list, 0o644);
        let json = folder.configured(&[&words[..], &["--json"]].concat());
        let answer: Value = serde_json::from_slice(&json.stdout).unwrap();
        (json.status.code(), answer["revocation_lists"].clone())
    };
    let now = SystemTime::now();
    for (until, days) in [(now + 10 * DAY + DAY / 2, 10), (now - DAY / 2, -1)] {
        let (code, lists) = lists(until);
        let list = &lists[0];
        assert_eq!(code, Some(0), "{lists}");
        assert_eq!(
            (&list["issuer"], &list["revoked"], &list["days_left"]),
            (&"CN=issuer".into(), &2.into(), &days.into())
        );
        assert_eq!(list["file"], file);
    }
    let shown = String::from_utf8(folder.configured(&words).stdout).unwrap();
    assert!(
        shown.contains("main: revocation list, -1 days left\n") && shown.contains("2 revoked"),
        "{shown}"
    );
    folder.write("list.crl", "no list", 0o644);
    assert_eq!(folder.configured(&words).status.code(), Some(1));
}

#[test]
fn an_inventory_with_a_gap_says_so() {
    let folder = Folder::new();
    folder.write("ca.pem", "no pem", 0o644);
    let output = folder.configured(&["certs", "inventory"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("[pem_garbage]")
    );
}

#[test]
fn development_certificates_are_written_once() {
    let folder = Folder::new();
    let run = |words: &[&str]| folder.command(words).output().unwrap();
    let first = run(&["certs", "dev", "pki"]);
    assert_eq!(first.status.code(), Some(0));
    assert!(
        String::from_utf8(first.stdout)
            .unwrap()
            .contains("shows the agent to MCP servers")
    );
    let key = folder.path("pki/mcp-client.key");
    let written = fs::read(&key).unwrap();
    let again = run(&["certs", "dev", "pki"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(
        String::from_utf8(again.stderr)
            .unwrap()
            .contains("`--force`")
    );
    assert_eq!(fs::read(&key).unwrap(), written);
    assert_eq!(
        run(&["certs", "dev", "pki", "--force"]).status.code(),
        Some(0)
    );
    assert_ne!(fs::read(&key).unwrap(), written);
}

/// Codes of the package and rows of the documentation are the same set, and each row says what the program says.
#[test]
fn the_documentation_explains_every_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/certificates.md");
    let text = fs::read_to_string(file).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows: Vec<&str> = rows.filter(|row| row.matches(" | ").count() == 2).collect();
    let documented: Vec<String> = rows.iter().map(|row| format!("| `{row}")).collect();
    let expected: Vec<String> = portcullis_certs::Code::ALL
        .iter()
        .map(|code| {
            format!(
                "| `{}` | {} | {} |",
                code.label(),
                code.problem(),
                code.remedy()
            )
        })
        .collect();
    assert_eq!(documented, expected);
}
