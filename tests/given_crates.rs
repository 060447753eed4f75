//! The libraries this project was asked to stand on are direct dependencies of it, and each of them does work in it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
#![allow(
    dead_code,
    reason = "the reader of sources is shared with the layering test"
)]

mod sources;

use std::fs;

use sources::{Source, root, sources};

const GIVEN: [&str; 9] = [
    "hyper",
    "hyper-rustls",
    "rustls",
    "rustls-pemfile",
    "secrecy",
    "tokio",
    "webpki-roots",
    "x509-parser",
    "zeroize",
];

#[test]
fn each_is_a_direct_dependency_and_used() {
    let manifests = ["Cargo.toml", "policy/Cargo.toml", "certs/Cargo.toml"]
        .map(|path| fs::read_to_string(root().join(path)).unwrap());
    let code = sources(&["src", "policy/src", "certs/src"]);
    for name in GIVEN {
        assert!(
            manifests.iter().any(|text| depends_on(text, name)),
            "`{name}` is no dependency"
        );
        assert!(
            code.iter().any(|source| calls(source, name)),
            "`{name}` is not used"
        );
    }
}

#[test]
fn a_dependency_that_is_missing_optional_or_only_for_tests_is_found() {
    for (manifest, expected) in [
        ("[dependencies]\nhyper = \"1\"\n", true),
        ("[dependencies]\nhyper.workspace = true\n", true),
        (
            "[dependencies]\nhyper = { version = \"1\", features = [\"client\"] }\n",
            true,
        ),
        (
            "[dependencies]\nhyper = { version = \"1\", optional = true }\n",
            false,
        ),
        ("[dependencies]\nhyper-util = \"1\"\n", false),
        ("[dependencies]\n# hyper = \"1\"\n", false),
        (
            "[dependencies]\nx = \"1\"\n\n[dev-dependencies]\nhyper = \"1\"\n",
            false,
        ),
    ] {
        assert_eq!(depends_on(manifest, "hyper"), expected, "{manifest}");
    }
}

#[test]
fn a_library_that_is_only_talked_about_is_found() {
    for (text, expected) in [
        ("use hyper_rustls::HttpsConnector;", true),
        ("fn f() -> hyper_rustls::Tls { g() }", true),
        ("// hyper_rustls::HttpsConnector", false),
        ("const S: &str = \"hyper_rustls::x\";", false),
        ("use my_hyper_rustls::X;", false),
    ] {
        assert_eq!(
            calls(&Source::fake("src/x.rs", text), "hyper-rustls"),
            expected,
            "{text}"
        );
    }
}

fn depends_on(manifest: &str, name: &str) -> bool {
    let section = manifest
        .split("[dependencies]\n")
        .nth(1)
        .unwrap_or_default();
    section
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.contains("optional = true"))
        .any(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with([' ', '.']))
        })
}

fn calls(source: &Source, name: &str) -> bool {
    let path = format!("{}::", name.replace('-', "_"));
    source
        .code
        .match_indices(&path)
        .any(|(at, _)| !source.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}
