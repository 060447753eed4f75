//! Tests of the command line: exit codes, help, and that nothing typed is repeated.
#![allow(clippy::unwrap_used)]

use super::*;

fn run(args: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = std::iter::once(&"portcullis")
        .chain(args)
        .map(OsString::from);
    let code = main(args, &Environment::fixed([("", "")]), &mut out, &mut err);
    (
        code,
        String::from_utf8(out).unwrap(),
        String::from_utf8(err).unwrap(),
    )
}

#[test]
fn version_and_help_go_to_standard_output() {
    let (code, out, err) = run(&["--version"]);
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (
            0,
            concat!("portcullis ", env!("CARGO_PKG_VERSION"), "\n"),
            ""
        )
    );
    for args in [&["--help"][..], &[]] {
        let (code, out, _) = run(args);
        assert!(code == 0 && out.contains("run"), "{out}");
    }
}

#[test]
fn the_help_of_run_names_every_setting_with_its_variable_and_default() {
    let (code, out, _) = run(&["run", "--help"]);
    assert_eq!(code, 0);
    for part in [
        "--control-plane.tunnel-id <ID>",
        "[CONTROL_PLANE_POLL_TIMEOUT, default 30s]",
        "--config <PATH>",
        "[TUNNEL_CLIENT_CONFIG]",
    ] {
        assert!(out.contains(part), "{part} in {out}");
    }
    assert!(
        !out.contains("control-plane-base-url") && !out.contains("harpoon"),
        "hidden flags stay hidden"
    );
}

#[test]
fn a_mistaken_configuration_is_reported_and_exits_1() {
    let (code, out, err) = run(&["run"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        err.starts_with("portcullis: 3 mistakes in the configuration\n1. control_plane.tunnel_id"),
        "{err}"
    );
}

#[test]
fn an_unreadable_command_line_repeats_nothing_that_may_be_a_secret() {
    for args in [
        &["CANARY"][..],
        &["run", "CANARY"],
        &["run", "--sk-CANARY"],
        &["run", "--log.levl=CANARY"],
        &["run", "-CANARY"],
    ] {
        let (code, out, err) = run(args);
        assert_eq!((code, out.as_str()), (1, ""));
        assert!(
            !err.contains("CANARY") && err.contains("--help"),
            "{args:?}: {err}"
        );
    }
}

#[test]
fn a_mistyped_flag_gets_a_suggestion() {
    assert!(
        run(&["run", "--log.levle=info"])
            .2
            .contains("there is no flag `--log.levle`; did you mean `--log.level`?")
    );
    assert!(
        run(&["run", "--log.level"])
            .2
            .contains("the flag `--log.level` has no value")
    );
}
