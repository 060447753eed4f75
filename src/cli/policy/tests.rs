//! Tests of the tools: exit codes, places with excerpts, and that nothing is written but by `fmt`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use crate::config::Environment;

const GOOD: &str = "schema = 1\n\n[[server]]\nchannel = \"main\"\ntools = [\"a\"]\n\n[[test]]\nname = \"a\"\ncall = { tool = \"a\" }\nexpect = \"allow\"\n";

/// A folder of its own, gone at the end.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

fn run(args: &[&str], files: &[&PathBuf]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let words = ["portcullis", "policy"]
        .iter()
        .chain(args)
        .map(OsString::from);
    let args = words.chain(files.iter().map(OsString::from));
    let code = crate::cli::main(args, &Environment::fixed([("", "")]), &mut out, &mut err);
    (
        code,
        String::from_utf8(out).unwrap(),
        String::from_utf8(err).unwrap(),
    )
}

#[test]
fn check_tells_every_mistake_with_its_line_and_a_mark() {
    let folder = Folder::new();
    let (code, out, _) = run(&["check"], &[&folder.write("good.toml", GOOD)]);
    assert!(
        code == 0 && out.contains("mistakes: 0, warnings: 1, tests: 1"),
        "{out}"
    );
    let bad = folder.write(
        "bad.toml",
        &GOOD
            .replace("tools", "toolz")
            .replace("\"main\"", "\"Main\""),
    );
    let (code, out, _) = run(&["check"], &[&bad]);
    assert_eq!(code, 1);
    let place = format!(
        "{}:4:11: error: the channel is not in its canonical spelling\n4 | channel = \"Main\"\n  |           ^\n  = write `main`",
        bad.display()
    );
    assert!(out.contains(&place), "{out}");
    assert!(
        out.contains("5:1: error: unknown field `toolz`") && out.contains("did you mean `tools`?"),
        "{out}"
    );
    assert_eq!(run(&["check"], &[&folder.0.path().join("none")]).0, 1);
}

#[test]
fn check_writes_json_for_programs() {
    let folder = Folder::new();
    let (code, out, _) = run(
        &["check", "--json"],
        &[&folder.write("p.toml", "schema = 2\n")],
    );
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &value["loads"], &value["mistakes"][0]["column"]),
        (1, &false.into(), &10.into())
    );
}

#[test]
fn a_failing_test_is_told_and_keeps_the_file_from_loading() {
    let folder = Folder::new();
    let (code, out, _) = run(&["test"], &[&folder.write("good.toml", GOOD)]);
    assert_eq!(
        (code, out.as_str()),
        (0, "ok: line 7: a: allow, by line 5\n1 of 1 tests passed\n")
    );
    let (code, out, err) = run(
        &["test"],
        &[&folder.write("bad.toml", &GOOD.replace("\"allow\"", "\"deny\""))],
    );
    assert!(
        code == 1 && out.contains("FAILED: line 7: a") && err.contains("the test `a` fails"),
        "{out}{err}"
    );
}

#[test]
fn explain_answers_by_its_exit_code() {
    let folder = Folder::new();
    let policy = folder.write("p.toml", GOOD);
    let call = |tool: &str| {
        folder.write(
            tool,
            &format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"}}}}"#
            ),
        )
    };
    let path = policy.to_str().unwrap();
    let (code, out, _) = run(&["explain", "--policy", path], &[&call("a")]);
    assert!(
        code == 0 && out.contains(&format!("allow, by line 5  ({path}:5)")),
        "{out}"
    );
    let (code, out, _) = run(&["explain", "--policy", path], &[&call("b")]);
    assert!(
        code == 2
            && out.contains("`b` is not listed")
            && out.contains("deny (tool_not_listed), by no line"),
        "{out}"
    );
    assert_eq!(
        run(
            &["explain", "--policy", path, "--channel", "no!"],
            &[&call("a")]
        )
        .0,
        1
    );
}

#[test]
fn diff_tells_the_way_by_its_exit_code() {
    let folder = Folder::new();
    let (old, new) = (
        folder.write("old.toml", GOOD),
        folder.write("new.toml", &GOOD.replace("[\"a\"]", "[\"a\", \"b\"]")),
    );
    assert_eq!(
        run(&["diff"], &[&old, &old]),
        (0, "together: neutral\n".to_owned(), String::new())
    );
    let (code, out, _) = run(&["diff"], &[&old, &new]);
    assert_eq!(
        (code, out.as_str()),
        (
            3,
            "looser   main: tool `b`: is allowed now\ntogether: looser\n"
        )
    );
    assert_eq!(run(&["diff"], &[&new, &old]).0, 2);
}

#[test]
fn fmt_replaces_the_file_whole_and_check_writes_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let ragged = GOOD.replace(" = ", "=");
    let file = folder.write("p.toml", &ragged);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(run(&["fmt", "--check"], &[&file]).0, 2);
    assert_eq!(fs::read_to_string(&file).unwrap(), ragged);
    assert_eq!(run(&["fmt"], &[&file]).0, 0);
    assert_eq!(fs::read_to_string(&file).unwrap(), GOOD);
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o640
    );
    assert_eq!(run(&["fmt", "--check"], &[&file]).0, 0);
    assert_eq!(
        fs::read_dir(folder.0.path()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
    assert_eq!(
        run(&["fmt"], &[&folder.write("bad.toml", "schema = \n")]).0,
        1
    );
}

#[test]
fn the_schema_is_json_and_the_default_is_a_policy() {
    let (code, out, _) = run(&["schema"], &[]);
    assert!(code == 0 && serde_json::from_str::<serde_json::Value>(&out).is_ok());
    let (code, out, _) = run(&["default"], &[]);
    assert!(code == 0 && portcullis_policy::PolicySet::compile(out.as_bytes()).is_ok());
}
