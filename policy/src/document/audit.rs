//! `[audit]`: what the audit log must keep, and what happens when it cannot.

use super::keys;
use super::limits::{MIB, size};
use super::mistake::Mistakes;
use super::section::{Item, Section, listed};

/// How much is kept in memory unless the policy says otherwise, and the most it may say.
const SPOOL: usize = 16 * MIB;
const MOST_SPOOL: usize = 1024 * MIB;

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
    pub(super) fn compile(section: Section<'_>, mistakes: &mut Mistakes<'_>) -> Self {
        let section = section.closed(&keys::AUDIT, keys::top, mistakes);
        let failure = [("deny", false), ("spool", true)];
        let spools = choose(section.get("on_write_failure"), &failure, mistakes).unwrap_or(false);
        let durability = [("written", false), ("synced", true)];
        let recorded = [
            ("digest", Recorded::Digest),
            ("names", Recorded::Names),
            ("full", Recorded::Full),
        ];
        Self {
            spool_bytes: spool(section.get("spool_bytes"), spools, mistakes),
            is_synced: choose(section.get("durability"), &durability, mistakes).unwrap_or(false),
            arguments: choose(section.get("arguments"), &recorded, mistakes)
                .unwrap_or(Recorded::Digest),
        }
    }
}

/// How much is kept in memory, if anything is.
fn spool(item: Option<Item<'_>>, spools: bool, mistakes: &mut Mistakes<'_>) -> Option<usize> {
    let Some(item) = item else {
        return spools.then_some(SPOOL);
    };
    let bytes = size(item, mistakes)?;
    if !spools {
        let remedy = "write `on_write_failure = \"spool\"` too, or remove it";
        mistakes.add(item.at, "nothing is spooled under `deny`", remedy);
    } else if !(1..=MOST_SPOOL).contains(&bytes) {
        let remedy = format!("use 1 to {MOST_SPOOL} bytes; zero never means unlimited");
        mistakes.add(item.at, "this size is out of range", &remedy);
    }
    spools.then_some(bytes)
}

/// The meaning of a word, if it is one of these.
pub(super) fn choose<T: Copy>(
    item: Option<Item<'_>>,
    words: &[(&str, T)],
    mistakes: &mut Mistakes<'_>,
) -> Option<T> {
    let item = item?;
    let word = item.text(mistakes)?;
    let known = words.iter().find(|(known, _)| *known == word);
    if known.is_none() {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let remedy = format!("write {}", listed(&words).replace(", ", " or "));
        mistakes.add(item.at, "this word is not known here", &remedy);
    }
    known.map(|(_, meaning)| *meaning)
}
