//! `[audit]`: what the audit log must keep, and what happens when it cannot.

use toml::Spanned;

use super::limits::{MIB, set_size};
use super::mistake::Mistakes;
use super::schema::RawAudit;

/// The rules of a policy for the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRules {
    /// How many bytes of records may wait in memory while the log cannot be written; `None`: nothing is forwarded then, the default.
    pub spool_bytes: Option<usize>,
    /// Whether an intent must survive a power cut before its call is forwarded. Not unless the policy says so.
    pub is_synced: bool,
    /// What is recorded of a call's arguments.
    pub arguments: Recorded,
}

/// What is recorded of a call's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Nothing but the digest of the whole request.
    Digest,
    /// The names of the top members.
    Names,
    /// The text.
    Full,
}

impl Default for AuditRules {
    fn default() -> Self {
        Self {
            spool_bytes: None,
            is_synced: false,
            arguments: Recorded::Digest,
        }
    }
}

impl AuditRules {
    pub(super) fn compile(raw: Option<&RawAudit>, mistakes: &mut Mistakes<'_>) -> Self {
        let mut rules = Self::default();
        let Some(raw) = raw else { return rules };
        let failure = [("deny", false), ("spool", true)];
        let spools = choose(raw.on_write_failure.as_ref(), &failure, mistakes).unwrap_or(false);
        let mut bytes = 16 * MIB;
        set_size(&mut bytes, raw.spool_bytes.as_ref(), 1024 * MIB, mistakes);
        if let Some(given) = raw.spool_bytes.as_ref().filter(|_| !spools) {
            let remedy = "write `on_write_failure = \"spool\"` too, or remove it";
            mistakes.add(given, "nothing is spooled under `deny`", remedy);
        }
        rules.spool_bytes = spools.then_some(bytes);
        let durability = [("written", false), ("synced", true)];
        rules.is_synced = choose(raw.durability.as_ref(), &durability, mistakes).unwrap_or(false);
        let recorded = [
            ("digest", Recorded::Digest),
            ("names", Recorded::Names),
            ("full", Recorded::Full),
        ];
        let arguments = choose(raw.arguments.as_ref(), &recorded, mistakes);
        rules.arguments = arguments.unwrap_or(Recorded::Digest);
        rules
    }
}

/// The meaning of a word, if it is one of these.
fn choose<T: Copy>(
    raw: Option<&Spanned<String>>,
    words: &[(&str, T)],
    mistakes: &mut Mistakes<'_>,
) -> Option<T> {
    let raw = raw?;
    let known = words.iter().find(|(word, _)| word == raw.get_ref());
    if known.is_none() {
        let words: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        let remedy = format!("write {}", words.join(" or "));
        mistakes.add(raw, "this word is not known here", &remedy);
    }
    known.map(|(_, meaning)| *meaning)
}
