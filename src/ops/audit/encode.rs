//! The members of each kind of record, in the order they are written. `docs/audit.md` lists them for auditors.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use super::coalesce::Repeated;
use super::digest::sha256;
use super::line::{Line, as_u64};
use super::record::{Decided, Ended, Field, Note, Refusal};
use super::settings::Arguments;

/// The longest arguments recorded under `full`, in bytes.
const LONGEST_ARGUMENTS: usize = 16 * 1024;
/// The most names recorded under `names`.
const MOST_NAMES: usize = 64;

/// A record that has its time and kind.
pub(super) fn open(kind: &str, micros: u64) -> Line {
    let mut line = Line::with_room();
    line.moment("time", micros);
    line.text("kind", kind);
    line
}

pub(super) fn intent(decided: &Decided<'_>, arguments: Arguments, micros: u64) -> Vec<u8> {
    let mut line = open("intent", micros);
    command(&mut line, decided, arguments);
    if let Some(observed) = decided.observed {
        line.text("verdict", "deny");
        line.flag("enforced", false);
        line.text("reason", observed.reason);
        line.number_if("line", observed.line);
    }
    line.into_bytes()
}

pub(super) fn refusal(
    decided: &Decided<'_>,
    refusal: &Refusal<'_>,
    arguments: Arguments,
    micros: u64,
) -> Vec<u8> {
    let mut line = open("refusal", micros);
    command(&mut line, decided, arguments);
    line.text("verdict", "deny");
    line.text("reason", refusal.reason);
    line.number_if("line", refusal.line);
    line.number_if("code", refusal.resp_code);
    line.into_bytes()
}

pub(super) fn outcome(
    (intent, correlation): (u64, u128),
    ended: &Ended<'_>,
    mode: Arguments,
    micros: u64,
) -> Vec<u8> {
    let mut line = open("outcome", micros);
    line.number("intent", intent);
    line.hex("id", &correlation.to_be_bytes());
    line.text("verdict", ended.verdict);
    line.text_if("reason", ended.reason);
    line.number_if("line", ended.line);
    line.number_if("generation", ended.generation);
    line.number_if("code", ended.resp_code);
    if let Some(answer) = ended.answer {
        digest(&mut line, "answer", answer.bytes, &answer.sha256);
    }
    line.number("events", ended.events);
    line.number("removed", ended.removed);
    removed(&mut line, ended, mode);
    line.number("dropped", ended.dropped);
    line.object("us", |line| {
        line.number("queued", ended.durations.queued);
        line.number("server", ended.durations.server);
        line.number("post", ended.durations.post);
        line.number("total", ended.durations.total);
    });
    line.into_bytes()
}

pub(super) fn repeated(repeated: &Repeated, micros: u64) -> Vec<u8> {
    let mut line = open("repeated", micros);
    match &repeated.key {
        Some(key) => {
            line.text("channel", &key.channel);
            line.text_if("method", key.method.as_deref());
            line.text("reason", &key.reason);
            line.number_if("line", key.line);
        }
        None => line.flag("other", true),
    }
    line.number("count", repeated.count);
    line.moment("first_time", repeated.first.0);
    line.hex("first_id", &repeated.first.1.to_be_bytes());
    line.moment("last_time", repeated.last.0);
    line.hex("last_id", &repeated.last.1.to_be_bytes());
    line.into_bytes()
}

pub(super) fn left_out(count: u64, micros: u64) -> Vec<u8> {
    let mut line = open("notes_left_out", micros);
    line.number("count", count);
    line.into_bytes()
}

pub(super) fn note(note: &Note<'_>, micros: u64) -> Vec<u8> {
    let mut line = open(note.kind.label(), micros);
    for (name, field) in note.fields {
        match field {
            Field::Text(text) => line.text(name, text),
            Field::Number(number) => line.number(name, *number),
            Field::Flag(flag) => line.flag(name, *flag),
            Field::Sha256(hash) => line.hex(name, hash),
        }
    }
    line.into_bytes()
}

fn command(line: &mut Line, decided: &Decided<'_>, mode: Arguments) {
    line.hex("id", &decided.correlation.to_be_bytes());
    line.text("request_id", decided.request_id);
    line.text("channel", decided.channel);
    line.text("message", decided.message);
    line.text_if("method", decided.method);
    line.text_if("selector", decided.selector);
    if let Some(session) = &decided.session {
        line.hex("session_sha256", session);
    }
    let bytes = as_u64(decided.request.len());
    digest(line, "request", bytes, &sha256(decided.request));
    if let Some(given) = decided.arguments {
        arguments(line, given, mode);
    }
    line.object("policy", |line| {
        line.number("generation", decided.policy.generation);
        line.hex("sha256", &decided.policy.sha256);
        line.number_if("line", decided.policy.line);
    });
    line.object("identity", |line| {
        line.number("generation", decided.identity.generation);
        line.text_if("control_plane_serial", decided.identity.control_plane);
        line.text_if("server_serial", decided.identity.server);
    });
}

fn digest(line: &mut Line, name: &str, bytes: u64, sha256: &[u8]) {
    line.object(name, |line| {
        line.number("bytes", bytes);
        line.hex("sha256", sha256);
    });
}

/// Names of tools and prompts say what a server can do, as the selector of a call does. URIs say whose things it holds: they are recorded where
/// names of arguments are.
fn removed(line: &mut Line, ended: &Ended<'_>, mode: Arguments) {
    let is_private = ended.removed_are_uris && mode == Arguments::Digest;
    if !ended.removed_names.is_empty() && !is_private {
        let names = ended.removed_names.iter().map(String::as_str);
        line.list("removed_names", names);
    }
}

/// Arguments leave no trace but the digest of the whole request, unless the policy asks for more.
fn arguments(line: &mut Line, given: &[u8], mode: Arguments) {
    match mode {
        Arguments::Digest => {}
        Arguments::Names => {
            let read = serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(given);
            let names = read.unwrap_or_default();
            let shown = names.keys().take(MOST_NAMES).map(String::as_str);
            line.list("argument_names", shown);
            line.number("argument_count", as_u64(names.len()));
        }
        Arguments::Full => {
            line.text_up_to(
                "arguments",
                &String::from_utf8_lossy(given),
                LONGEST_ARGUMENTS,
            );
        }
    }
}
