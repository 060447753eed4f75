//! Keeps the order of the house: who may use whom, what the pure packages must not touch, and how long a file may get. The rules are those of
//! `ARCHITECTURE.md`; each is also shown a source that breaks it, so that none of them holds by looking at nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod sources;

use std::fs;

use sources::{Source, root, sources, words};

/// May use everything: they wire the rest together.
const TOP: [&str; 5] = ["app", "cli", "demo", "lib", "main"];

/// What the other modules of the agent may use beside themselves: modules, parts of modules, and the two packages.
const MAY_USE: [(&str, &[&str]); 7] = [
    ("runtime", &[]),
    ("wire", &["policy"]),
    ("ops", &["runtime"]),
    ("relay", &["policy", "wire", "runtime", "ops"]),
    (
        "edge",
        &["policy", "certs", "wire", "runtime", "ops", "relay::port"],
    ),
    ("rotate", &["policy", "certs", "runtime", "ops"]),
    ("config", &["policy", "ops"]),
];

/// Everything the two small packages may depend on when they are built into the agent.
const DEPENDENCIES: [(&str, &[&str]); 2] = [
    (
        "policy",
        &[
            "bytes",
            "regex-automata",
            "simdutf8",
            "thiserror",
            "toml",
            "toml_parser",
        ],
    ),
    (
        "certs",
        &[
            "aws-lc-rs",
            "rcgen",
            "rustix",
            "rustls",
            "rustls-native-certs",
            "rustls-pemfile",
            "thiserror",
            "webpki-roots",
            "x509-parser",
            "zeroize",
        ],
    ),
];

/// What a pure package never names: sockets, files, clocks, tasks, logs, the process.
const IMPURE: [&str; 11] = [
    "tokio",
    "tracing",
    "log",
    "Instant",
    "SystemTime",
    "std::net",
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "std::{",
];

/// Lines of code in one file: what is ordinary, and what nothing may pass.
const ORDINARY: usize = 200;
const MOST: usize = 300;

/// Files longer than ordinary. The list only shrinks: a file that gets shorter must leave it.
const LONG: [&str; 4] = [
    "policy/src/headers.rs",
    "policy/src/permit/admit.rs",
    "policy/src/permit/exchange.rs",
    "src/config/retired/table.rs",
];

#[test]
fn each_module_uses_only_what_is_below_it() {
    assert_clean(sources(&["src"]).iter().flat_map(misplaced_uses));
}

#[test]
fn the_policy_package_is_pure() {
    assert_clean(sources(&["policy/src"]).iter().flat_map(impurities));
}

#[test]
fn the_small_packages_stand_alone() {
    for (package, allowed) in DEPENDENCIES {
        let manifest = manifest(package);
        assert_eq!(dependencies(&manifest), allowed, "{package}/Cargo.toml");
    }
}

#[test]
fn one_file_names_the_pem_reader() {
    let all = sources(&["src", "policy/src", "certs/src"]);
    let naming = all
        .iter()
        .filter(|source| source.has_word("rustls_pemfile"));
    let paths: Vec<&str> = naming.map(|source| source.path.as_str()).collect();
    assert_eq!(paths, ["certs/src/pem.rs"]);
}

#[test]
fn nothing_is_unsafe_and_every_package_keeps_the_lints() {
    let all = sources(&["src", "policy/src", "certs/src"]);
    assert_clean(
        all.iter()
            .filter(|source| is_unsafe(source))
            .map(|source| source.path.clone()),
    );
    for package in [".", "policy", "certs"] {
        assert!(manifest(package).contains("[lints]\nworkspace = true\n"));
    }
    assert!(manifest(".").contains("unsafe_code = \"forbid\""));
}

#[test]
fn the_stream_decoder_is_our_own() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    assert!(!lock.contains("name = \"eventsource-stream\""));
}

#[test]
fn files_stay_small() {
    let all = sources(&["src", "policy/src", "certs/src"]);
    assert_clean(all.iter().filter_map(|source| length_fault(source, &LONG)));
    for path in LONG {
        assert!(
            all.iter().any(|source| source.path == path),
            "`{path}` is gone: take it off the list"
        );
    }
}

/// Each row breaks a rule, or is its neighbour that does not.
#[test]
fn a_use_out_of_order_is_found() {
    for (path, code, expected) in [
        ("src/runtime/x.rs", "use crate::wire::sse;", true),
        ("src/runtime/x.rs", "use crate::runtime::deadline;", false),
        ("src/wire/x.rs", "use portcullis_certs::Roots;", true),
        ("src/wire/x.rs", "use portcullis_policy::Channel;", false),
        ("src/ops.rs", "fn f() { crate::config::load() }", true),
        ("src/relay/x.rs", "use crate::edge::net;", true),
        ("src/relay/x.rs", "use super::super::edge::net;", true),
        ("src/relay/mod.rs", "use super::edge::net;", true),
        ("src/relay/x.rs", "use super::port::Answer;", false),
        ("src/relay/a/b.rs", "use super::super::port;", false),
        (
            "src/relay/x.rs",
            "// crate::edge is no use\nconst S: &str = \"crate::edge\";",
            false,
        ),
        ("src/edge/x.rs", "use crate::relay::pipeline::Relay;", true),
        ("src/edge/x.rs", "use crate::relay::{port, outcome};", true),
        ("src/edge/x.rs", "use crate::relay::port::Answer;", false),
        ("src/edge/x.rs", "use crate::{wire, app};", true),
        ("src/config/x.rs", "use portcullis_certs::Bundle;", true),
        ("src/app/x.rs", "use crate::demo::scene;", false),
        ("src/novel/x.rs", "", true),
    ] {
        let found = misplaced_uses(&Source::fake(path, code));
        assert_eq!(!found.is_empty(), expected, "{path}: {code}: {found:?}");
    }
}

#[test]
fn an_impure_policy_is_found() {
    for (code, expected) in [
        ("use std::net::TcpStream;", true),
        ("use std::{fs, net};", true),
        (
            "fn f() -> std::time::Instant { std::time::Instant::now() }",
            true,
        ),
        ("use std::time::SystemTime;", true),
        ("tracing::info!(\"x\");", true),
        ("async fn f() { tokio::task::yield_now().await }", true),
        ("/// Not with tokio.\nfn f(now: Duration) {}", false),
        ("fn login(instant: u64) {}", false),
    ] {
        let found = impurities(&Source::fake("policy/src/x.rs", code));
        assert_eq!(!found.is_empty(), expected, "{code}: {found:?}");
    }
}

#[test]
fn unsafe_code_is_found_and_words_about_it_are_not() {
    for (code, expected) in [
        ("fn f() { unsafe { g() } }", true),
        (
            "fn f() -> &'static str { /* unsafe */ r#\"unsafe \" \"# }",
            false,
        ),
        ("const Q: char = '\"'; unsafe fn f() {}", true),
        ("fn f<'a>(x: &'a str) { unsafe { g(x) } }", true),
        ("// /*\nunsafe fn f() {}", true),
        (
            "/* /* */ unsafe */ const ESCAPED: &str = \"\\\" unsafe\";",
            false,
        ),
        ("#![forbid(unsafe_code)]", false),
    ] {
        assert_eq!(
            is_unsafe(&Source::fake("src/x.rs", code)),
            expected,
            "{code}"
        );
    }
}

#[test]
fn a_long_file_is_found_and_so_is_a_short_one_on_the_list() {
    let lines = |count: usize, rest: &str| {
        Source::fake("src/x.rs", &("f();\n// why\n\n".repeat(count) + rest))
    };
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "g();\n".repeat(400));
    for (source, long, expected) in [
        (lines(ORDINARY, &tests), &[][..], false),
        (lines(ORDINARY + 1, ""), &[][..], true),
        (lines(ORDINARY + 1, ""), &["src/x.rs"][..], false),
        (lines(MOST + 1, ""), &["src/x.rs"][..], true),
        (lines(ORDINARY, ""), &["src/x.rs"][..], true),
    ] {
        assert_eq!(
            length_fault(&source, long).is_some(),
            expected,
            "{}",
            source.length()
        );
    }
}

#[test]
fn the_dependencies_of_a_manifest_are_read() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\n# why\nb.workspace = true\na = \"1\"\n\n[dev-dependencies]\nc = \"1\"\n";
    assert_eq!(dependencies(manifest), ["a", "b"]);
}

fn assert_clean(found: impl Iterator<Item = String>) {
    let found: Vec<String> = found.collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The module of a file of the agent: `relay` for `src/relay/port.rs` and `src/relay.rs`.
fn module(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    inside.split(['/', '.']).next().unwrap_or_default()
}

fn misplaced_uses(source: &Source) -> Vec<String> {
    let own = module(&source.path);
    if TOP.contains(&own) {
        return Vec::new();
    }
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == own) else {
        return vec![format!(
            "{}: the module `{own}` has no place in the order",
            source.path
        )];
    };
    uses(source)
        .into_iter()
        .filter(|used| !is_within(used, own) && !allowed.iter().any(|part| is_within(used, part)))
        .map(|used| format!("{}: `{own}` may not use `{used}`", source.path))
        .collect()
}

fn is_within(used: &str, part: &str) -> bool {
    used.strip_prefix(part)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Every path of a file that leaves its module: `relay::port::Answer`, `policy`, `certs`.
fn uses(source: &Source) -> Vec<String> {
    let code = &source.code;
    let packages = [
        ("portcullis_policy", "policy"),
        ("portcullis_certs", "certs"),
    ];
    let packages = packages.iter().filter(|(word, _)| source.has_word(word));
    let mut found: Vec<String> = packages.map(|(_, name)| (*name).to_owned()).collect();
    found.extend(after(code, "crate::").map(path));
    found.extend(climbing(source));
    found
}

/// Paths that leave the module by way of `super::`.
fn climbing(source: &Source) -> impl Iterator<Item = String> {
    let is_root_of_module = source.path.ends_with("/mod.rs");
    let depth = source.path.matches('/').count() - usize::from(is_root_of_module);
    after(&source.code, "super::").filter_map(move |rest| {
        let inner = rest.trim_start_matches("super::");
        let climbed = 1 + (rest.len() - inner.len()) / "super::".len();
        let modules = MAY_USE.iter().map(|(name, _)| *name).chain(TOP);
        let target = path(inner);
        let leaves = climbed >= depth && modules.into_iter().any(|name| is_within(&target, name));
        leaves.then_some(target)
    })
}

/// What follows each `mark` that begins a path.
fn after<'a>(code: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    let begins =
        |at: usize| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
    code.match_indices(mark)
        .filter(move |(at, _)| begins(*at))
        .map(|(at, _)| &code[at + mark.len()..])
}

fn path(rest: &str) -> String {
    rest.chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '{'))
        .collect()
}

fn impurities(source: &Source) -> Vec<String> {
    let names = |mark: &str| match mark.split_once("::") {
        Some(_) => source.code.contains(mark),
        None => words(&source.code).any(|word| word == mark),
    };
    IMPURE
        .iter()
        .filter(|mark| names(mark))
        .map(|mark| format!("{}: names `{mark}`", source.path))
        .collect()
}

fn is_unsafe(source: &Source) -> bool {
    source.has_word("unsafe")
}

fn length_fault(source: &Source, long: &[&str]) -> Option<String> {
    let length = source.length();
    let listed = long.contains(&source.path.as_str());
    let fault = match length {
        _ if length > MOST => "split it",
        _ if length > ORDINARY && !listed => "split it",
        _ if length <= ORDINARY && listed => "take it off the list of long files",
        _ => return None,
    };
    Some(format!("{}: {length} lines of code: {fault}", source.path))
}

fn manifest(package: &str) -> String {
    fs::read_to_string(root().join(package).join("Cargo.toml")).unwrap()
}

/// The names under `[dependencies]`, sorted.
fn dependencies(manifest: &str) -> Vec<&str> {
    let section = manifest.split("[dependencies]\n").nth(1).unwrap();
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    let mut names: Vec<&str> = lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| words_with_dashes(line).next())
        .collect();
    names.sort_unstable();
    names
}

fn words_with_dashes(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
        .filter(|word| !word.is_empty())
}
