//! What the documents say is what the program does: every flag is described, every policy in them compiles, every link leads somewhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use portcullis_policy::PolicySet;
use portcullis_policy::document::Limits;

#[test]
fn every_flag_is_described_and_every_described_flag_exists() {
    let help = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["run", "--help"])
        .env_clear()
        .output()
        .unwrap();
    let mut real = flags(&String::from_utf8(help.stdout).unwrap(), "--");
    real.remove("help");
    assert!(real.len() > 20, "the help was not read: {real:?}");
    assert_eq!(flags(&read("docs/configuration.md"), "| `--"), real);
}

#[test]
fn every_policy_in_the_documents_compiles() {
    let mut seen = 0;
    for (path, text) in documents() {
        for block in blocks(&text, "toml") {
            seen += 1;
            let compiled = PolicySet::compile(block.as_bytes());
            assert!(compiled.is_ok(), "{}: {compiled:?}", path.display());
        }
    }
    assert!(seen >= 2);
}

#[test]
fn the_limits_in_the_documents_are_the_defaults() {
    let text = read("docs/policy.md");
    let example = blocks(&text, "toml").next().unwrap();
    for policy in [example, PolicySet::DEFAULT] {
        let written = PolicySet::compile(policy.as_bytes()).unwrap();
        assert_eq!(written.limits(), &Limits::default());
    }
}

#[test]
fn every_link_leads_to_a_file() {
    let mut seen = 0;
    for (path, text) in documents() {
        for target in links(&text) {
            seen += 1;
            let file = path.parent().unwrap().join(target);
            assert!(file.exists(), "{}: `{target}`", path.display());
        }
    }
    assert!(seen > 5);
}

#[test]
fn flags_blocks_and_links_are_found() {
    assert_eq!(
        flags("x --a.b-c <V> --d=x", "--"),
        BTreeSet::from(["a.b-c".to_owned(), "d".to_owned()])
    );
    let text = "a\n```toml\nb = 1\n```\n```sh\nc\n```\n[d](e.md), [f](https://g), [h](#i)";
    assert_eq!(blocks(text, "toml").collect::<Vec<_>>(), ["b = 1\n"]);
    assert_eq!(links(text).collect::<Vec<_>>(), ["e.md"]);
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Every Markdown file at the root and in `docs`.
fn documents() -> Vec<(PathBuf, String)> {
    let files =
        [root().to_owned(), root().join("docs")].map(|folder| fs::read_dir(folder).unwrap());
    files
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect()
}

/// The names of long flags that stand after `mark`.
fn flags(text: &str, mark: &str) -> BTreeSet<String> {
    let names = text.split(mark).skip(1).map(|rest| {
        rest.chars()
            .take_while(|c| c.is_ascii_lowercase() || matches!(c, '.' | '-'))
            .collect::<String>()
    });
    names.filter(|name| !name.is_empty()).collect()
}

/// The fenced blocks of a language.
fn blocks<'a>(text: &'a str, language: &'a str) -> impl Iterator<Item = &'a str> {
    text.split("```")
        .skip(1)
        .step_by(2)
        .filter_map(move |block| block.strip_prefix(language)?.strip_prefix('\n'))
}

/// The targets of links to files.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://") && !target.starts_with('#'))
}
