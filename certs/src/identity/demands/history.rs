//! A certificate as the successor of the one in use.

use super::about;
use crate::{
    fault::{Code, Fault},
    inventory::Entry,
    rules::Rules,
};

/// What does not follow from one to the other. The same certificate again is its own successor.
pub(super) fn faults(previous: &Entry, leaf: &Entry, rules: &Rules) -> Vec<Fault> {
    if previous.sha256 == leaf.sha256 {
        return Vec::new();
    }
    let renamed = previous.subject != leaf.subject || sorted(previous) != sorted(leaf);
    let is_older = leaf.validity.not_before < previous.validity.not_before;
    let same_serial = previous.issuer == leaf.issuer && previous.serial == leaf.serial;
    let changed = format!("{} instead of {}", who(leaf), who(previous));
    let older = format!("{}, the one in use is {}", leaf.validity, previous.validity);
    [
        (
            renamed && !rules.allow_identity_change,
            Code::IdentityChanged,
            changed,
        ),
        (is_older && !rules.allow_rollback, Code::Rollback, older),
        (same_serial, Code::DuplicateSerial, leaf.serial.clone()),
        (
            previous.spki == leaf.spki,
            Code::KeyReused,
            format!("SHA-256 {}", leaf.spki),
        ),
    ]
    .into_iter()
    .filter(|(wrong, ..)| *wrong)
    .map(|(_, code, detail)| about(code).because(detail))
    .collect()
}

fn sorted(entry: &Entry) -> Vec<&String> {
    let mut names: Vec<&String> = entry.names.iter().collect();
    names.sort_unstable();
    names
}

fn who(entry: &Entry) -> String {
    format!("`{}` [{}]", entry.subject, entry.names.join(" "))
}
