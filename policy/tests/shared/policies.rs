//! What must hold of every policy text and every message, whatever they are. Shared by the fuzz targets and the tests on stable.
#![allow(dead_code, reason = "each user takes its part")]

use std::sync::Arc;

use bytes::Bytes;
use portcullis_policy::document::{diff, layout};
use portcullis_policy::refusal::CorrelationId;
use portcullis_policy::{Channel, Facts, Inbound, Moment, PolicySet};

/// A policy of every kind of rule, which the messages of [`no_permit_no_pass`] are put to.
const RULES: &str = include_str!("rules.toml");

/// A text is a policy or has mistakes, each at a place in it; a policy is the same as itself.
pub(crate) fn document(text: &[u8]) {
    let report = PolicySet::check(text);
    assert_eq!(
        report.policy.is_some(),
        report.mistakes.is_empty(),
        "a policy or mistakes"
    );
    let lines = text.split(|byte| *byte == b'\n').count();
    for mistake in report.mistakes.iter().chain(&report.warnings) {
        let line = usize::try_from(mistake.line).expect("a line");
        assert!(
            (1..=lines).contains(&line) && mistake.column >= 1,
            "{mistake}"
        );
        assert!(!mistake.remedy.is_empty(), "{mistake}");
    }
    if let Some(policy) = report.policy {
        assert_eq!(diff(&policy, &policy), [], "nothing changes");
    }
}

/// What is laid out stays laid out, and says the same.
pub(crate) fn layout_round_trip(text: &[u8]) {
    let Ok(laid) = layout(text) else {
        return;
    };
    assert_eq!(
        layout(laid.as_bytes()).as_ref(),
        Ok(&laid),
        "laid out once is laid out"
    );
    match (
        PolicySet::compile(text),
        PolicySet::compile(laid.as_bytes()),
    ) {
        (Ok(before), Ok(after)) => assert_eq!(diff(&before, &after), [], "the same rules"),
        (Err(_), _) => {}
        (Ok(_), Err(mistakes)) => panic!("a policy no longer loads: {mistakes:?}"),
    }
}

/// Whatever passes is of a method the rules allow, and of a tool or resource they list.
pub(crate) fn no_permit_no_pass(message: &[u8]) {
    let policy = Arc::new(PolicySet::compile(RULES.as_bytes()).expect("the rules load"));
    let channel = Channel::main();
    let inbound = Inbound {
        channel: &channel,
        headers: &[],
        body: Bytes::copy_from_slice(message),
    };
    let facts = Facts {
        upstream_id: 7,
        correlation: CorrelationId(1),
        now: Moment(1_780_000_000_000),
    };
    let Ok((_, exchange)) = policy.admit(&inbound, facts, &Arc::default()) else {
        return;
    };
    let allowed = [
        "initialize",
        "ping",
        "server/discover",
        "tools/list",
        "tools/call",
        "resources/list",
        "resources/templates/list",
        "resources/read",
        "prompts/list",
        "prompts/get",
        "logging/setLevel",
        "notifications/initialized",
    ];
    assert!(
        allowed.contains(&exchange.method()),
        "{}",
        exchange.method()
    );
    let value: serde_json::Value = serde_json::from_slice(message).expect("what passes is JSON");
    let params = &value["params"];
    match exchange.method() {
        "tools/call" => assert!(is_permitted_call(params), "{params}"),
        "prompts/get" => assert_eq!(params["name"], "summary"),
        "resources/read" => {
            assert!(
                params["uri"]
                    .as_str()
                    .and_then(|uri| uri.strip_prefix("file:"))
                    .is_some_and(|path| is_below_srv_a(path.trim_start_matches("//")))
            )
        }
        _ => {}
    }
}

/// Whether a path stays below the root, also for a reader who decodes it first: `..` leads up only as a whole part.
fn is_below_srv_a(path: &str) -> bool {
    let decoded = path
        .to_ascii_lowercase()
        .replace("%2e", ".")
        .replace("%2f", "/");
    let stays = |path: &str| {
        let below = path == "/srv/a" || path.starts_with("/srv/a/");
        below && path.split('/').all(|part| part != "..")
    };
    stays(path) && stays(&decoded)
}

/// The rules for arguments, read once more and in another way.
fn is_permitted_call(params: &serde_json::Value) -> bool {
    let none = serde_json::Map::new();
    let arguments = params["arguments"].as_object().unwrap_or(&none);
    match params["name"].as_str() {
        Some("free") => true,
        Some("read") => {
            let path = arguments.get("path").and_then(|path| path.as_str());
            let limit = arguments
                .get("limit")
                .is_none_or(|limit| limit.as_i64().is_some_and(|limit| (1..=5).contains(&limit)));
            let named = arguments
                .keys()
                .all(|name| name == "path" || name == "limit");
            path.is_some_and(is_below_srv_a) && limit && named
        }
        Some(_) | None => false,
    }
}
