//! Loading, step by step: characters, TOML, tokens, rules, then what must hold of the rules.

use toml::de::DeTable;

use super::mistake::Mistakes;
use super::section::Section;
use super::{AuditRules, Limits, OnInvalid, PolicySet, TestResult};
use super::{audit, canary, keys, moments, never, server, syntax, text, trial};

/// Reads the text; what is returned counts only if no mistake was added.
pub(super) fn read(
    text: &str,
    mistakes: &mut Mistakes<'_>,
) -> Option<(PolicySet, Vec<TestResult>)> {
    text::check_visible(text, mistakes);
    let (file, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        mistakes.add_toml(error);
    }
    if !errors.is_empty() {
        return None;
    }
    syntax::check(text, mistakes);
    let file = Section::of(&file);
    let policy = compile(file, mistakes);
    let tests = assert(file, &policy, mistakes);
    Some((policy, tests))
}

/// What the file asserts of itself, and what must hold of every policy; asked only of rules without mistakes.
fn assert(file: Section<'_>, policy: &PolicySet, mistakes: &mut Mistakes<'_>) -> Vec<TestResult> {
    if !mistakes.is_empty() {
        return Vec::new();
    }
    for server in policy.servers.values() {
        canary::check(server, mistakes);
    }
    never::check(file, &policy.servers, mistakes);
    trial::run(file, &policy.servers, mistakes)
}

fn compile(file: Section<'_>, mistakes: &mut Mistakes<'_>) -> PolicySet {
    let file = file.closed(&keys::POLICY, keys::nowhere, mistakes);
    check_version(file, mistakes);
    let limits = file.get("limits").and_then(|item| item.section(mistakes));
    let limits = limits.map_or_else(Limits::default, |section| {
        Limits::compile(section, mistakes)
    });
    let audit = file.get("audit").and_then(|item| item.section(mistakes));
    let servers = file
        .get("server")
        .map(|item| item.sections("server", mistakes))
        .unwrap_or_default();
    PolicySet {
        name: file
            .get("name")
            .and_then(|item| item.text(mistakes))
            .unwrap_or_default()
            .to_owned(),
        not_after: file
            .get("not_after")
            .and_then(|item| moments::moment(item, mistakes)),
        audit: audit.map_or_else(AuditRules::default, |section| {
            AuditRules::compile(section, mistakes)
        }),
        on_invalid: on_invalid(file, mistakes),
        servers: server::compile(&servers, &limits, mistakes),
        limits,
    }
}

/// The file must say which language it is written in.
fn check_version(file: Section<'_>, mistakes: &mut Mistakes<'_>) {
    let Some(item) = file.need("schema", mistakes) else {
        return;
    };
    if item
        .integer(mistakes)
        .is_some_and(|version| version != keys::VERSION)
    {
        let problem = "this version of the policy language is not known";
        mistakes.add(item.at, problem, "write `schema = 1`");
    }
}

/// `[reload]`.
fn on_invalid(file: Section<'_>, mistakes: &mut Mistakes<'_>) -> OnInvalid {
    let section = file.get("reload").and_then(|item| item.section(mistakes));
    let section = section.map(|section| section.closed(&keys::RELOAD, keys::top, mistakes));
    let words = [
        ("keep", OnInvalid::Keep),
        ("quarantine", OnInvalid::Quarantine),
    ];
    let written = section.and_then(|section| section.get("on_invalid"));
    audit::choose(written, &words, mistakes).unwrap_or_default()
}
