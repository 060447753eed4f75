//! The status for people, readable at a glance: the state first, then why, then the parts.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

const DAY: u64 = 24 * 3600;

/// The whole status as text.
pub(super) fn status(status: &Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default().as_secs();
    let mut lines = vec![head(status)];
    lines.extend(each(status, "/readiness/causes").map(|cause| cause_lines(cause, now)));
    lines.extend(each(status, "/gate/holds").map(|hold| hold_line(hold, now)));
    lines.push(control_plane(status, now));
    lines.extend(each(status, "/channels").map(|channel| channel_line(channel, now)));
    lines.push(policy(status, now));
    lines.extend(each(status, "/stopped_pins").map(stopped_pin));
    lines.extend(each(status, "/identities").map(|identity| identity_line(identity, now)));
    lines.push(audit(status, now));
    lines.push(counts(status));
    lines.join("\n")
}

fn head(status: &Value) -> String {
    let state = text(status, "/readiness/status").to_uppercase();
    let state = if flag(status, "/readiness/ready") {
        state
    } else {
        "NOT READY".to_owned()
    };
    let up = length(number(status, "/uptime_seconds"));
    let (version, pid) = (text(status, "/version"), number(status, "/pid"));
    format!(
        "{state}  portcullis {version}, process {pid}, up {up}, gate {}",
        text(status, "/gate/standing")
    )
}

fn cause_lines(cause: &Value, now: u64) -> String {
    let since = ago(number(cause, "/since"), now);
    let (code, detail, remedy) = (
        text(cause, "/code"),
        text(cause, "/detail"),
        text(cause, "/remedy"),
    );
    format!("  {code}, {since}: {detail}\n    remedy: {remedy}")
}

fn hold_line(hold: &Value, now: u64) -> String {
    let by = match (hold.pointer("/by/uid"), hold.pointer("/by/pid")) {
        (Some(uid), Some(pid)) if !uid.is_null() => format!(" by user {uid}, process {pid}"),
        _ => String::new(),
    };
    let (standing, cause, reason) = (
        text(hold, "/standing"),
        text(hold, "/cause"),
        text(hold, "/reason"),
    );
    format!(
        "gate           {standing} ({cause}) {}{by}: {reason}",
        ago(number(hold, "/since"), now)
    )
}

fn control_plane(status: &Value, now: u64) -> String {
    let last = match number(status, "/control_plane/last_poll") {
        0 => "never polled".to_owned(),
        moment => format!(
            "last poll answered {} ago",
            length(now.saturating_sub(moment))
        ),
    };
    let error = match text(status, "/control_plane/error") {
        error if error.is_empty() => error,
        error => format!(": {error}"),
    };
    format!(
        "control plane  {}, {last}, {}{error}",
        text(status, "/control_plane/state"),
        text(status, "/control_plane/origin")
    )
}

fn stopped_pin(pin: &Value) -> String {
    let what = match text(pin, "/tool") {
        tool if tool.is_empty() => "the instructions".to_owned(),
        tool => format!("tool {tool}"),
    };
    let found = match text(pin, "/found") {
        found if found.is_empty() => "it is gone, or there twice".to_owned(),
        found => format!("its pin would be {found}"),
    };
    format!(
        "pin            {} of {}: stopped, {found}",
        what,
        text(pin, "/channel")
    )
}

fn channel_line(channel: &Value, now: u64) -> String {
    let (name, state) = (text(channel, "/channel"), text(channel, "/state"));
    let (queued, running) = (number(channel, "/queued"), number(channel, "/running"));
    format!(
        "channel        {name}: {state} {}, {running} running, {queued} queued",
        ago(number(channel, "/since"), now)
    )
}

fn policy(status: &Value, now: u64) -> String {
    let digest: String = text(status, "/policy/digest").chars().take(16).collect();
    let generation = number(status, "/policy/generation");
    let name = match text(status, "/policy/name") {
        name if name.is_empty() => "without a name".to_owned(),
        name => name,
    };
    let line = format!("policy         {name}, sha256 {digest}.., generation {generation}");
    match number(status, "/policy/trial_ends") {
        0 => line,
        ends => format!("{line}, ON TRIAL for {} s more", ends.saturating_sub(now)),
    }
}

fn identity_line(identity: &Value, now: u64) -> String {
    let ends = number(identity, "/not_after");
    let left = match ends.checked_sub(now) {
        Some(left) => format!("valid for {} days", left / DAY),
        None => format!("EXPIRED {}", ago(ends, now)),
    };
    format!(
        "identity       {}: serial {}, {left}",
        text(identity, "/peer"),
        text(identity, "/serial")
    )
}

fn audit(status: &Value, now: u64) -> String {
    let at = |name: &str| number(status, &format!("/audit/{name}"));
    let state = match text(status, "/audit/state") {
        state if state == "writable" => state,
        state => format!(
            "{} {}: {}, {} in memory, {} calls denied",
            state.to_uppercase(),
            ago(at("since"), now),
            text(status, "/audit/why"),
            at("spooled"),
            at("denied"),
        ),
    };
    format!(
        "audit          {state}, {} records, {} signed, segment {}",
        at("records"),
        at("signed"),
        at("segment")
    )
}

fn counts(status: &Value) -> String {
    let count = |name: &str| number(status, &format!("/counts/{name}"));
    format!(
        "since start    {} let in, {} let out, {} refused; {} log lines dropped",
        count("permitted"),
        count("released"),
        count("refused"),
        count("log_lines_dropped")
    )
}

fn each<'a>(value: &'a Value, at: &str) -> impl Iterator<Item = &'a Value> {
    value
        .pointer(at)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// Escaped, since it goes to a terminal.
fn text(value: &Value, at: &str) -> String {
    let text = value
        .pointer(at)
        .and_then(Value::as_str)
        .unwrap_or_default();
    text.chars()
        .flat_map(|letter| {
            if letter.is_control() {
                letter.escape_default().collect()
            } else {
                vec![letter]
            }
        })
        .collect()
}

fn number(value: &Value, at: &str) -> u64 {
    value
        .pointer(at)
        .and_then(Value::as_u64)
        .unwrap_or_default()
}

fn flag(value: &Value, at: &str) -> bool {
    value
        .pointer(at)
        .and_then(Value::as_bool)
        .unwrap_or_default()
}

fn ago(moment: u64, now: u64) -> String {
    format!("since {}", length(now.saturating_sub(moment)))
}

fn length(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / DAY),
    }
}
