//! Finding records. An outcome is found by what its intent says, too.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use serde::Deserialize;

use super::read::{self, Lines};

/// What a record must say; what is not given is not asked.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Not before this moment, spelled as in the records.
    pub since: Option<String>,
    /// Before this moment.
    pub until: Option<String>,
    /// The channel.
    pub channel: Option<String>,
    /// The method.
    pub method: Option<String>,
    /// The tool.
    pub selector: Option<String>,
    /// The verdict of an outcome or refusal.
    pub verdict: Option<String>,
    /// The reason of an outcome or refusal.
    pub reason: Option<String>,
    /// The correlation id.
    pub id: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Said {
    index: u64,
    time: String,
    kind: String,
    intent: Option<u64>,
    channel: Option<String>,
    method: Option<String>,
    selector: Option<String>,
    verdict: Option<String>,
    reason: Option<String>,
    id: Option<String>,
}

/// Gives every record that says what was asked to `found`, in order, until that says no more.
///
/// # Errors
/// When the folder cannot be read, or `found` fails.
pub fn query(
    dir: &Path,
    query: &Query,
    mut found: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    // Intents whose outcome has not come: no more than calls in flight.
    let mut open: HashMap<u64, Said> = HashMap::new();
    for line in Lines::of(dir)? {
        let line = line?;
        let Some(mut said) = read::parse::<Said>(&line.record) else {
            continue;
        };
        if let Some(intent) = said.intent.and_then(|index| open.remove(&index)) {
            (said.channel, said.method, said.selector) =
                (intent.channel, intent.method, intent.selector);
        }
        if query.matches(&said) {
            found(&line.record)?;
        }
        if said.kind == "intent" {
            open.insert(said.index, said);
        }
    }
    Ok(())
}

impl Query {
    fn matches(&self, said: &Said) -> bool {
        let same = |asked: &Option<String>, said: &Option<String>| asked.is_none() || asked == said;
        self.since.as_ref().is_none_or(|since| said.time >= *since)
            && self.until.as_ref().is_none_or(|until| said.time < *until)
            && same(&self.channel, &said.channel)
            && same(&self.method, &said.method)
            && same(&self.selector, &said.selector)
            && same(&self.verdict, &said.verdict)
            && same(&self.reason, &said.reason)
            && same(&self.id, &said.id)
    }
}

/// The index of the first record with this correlation id.
///
/// # Errors
/// When the folder cannot be read.
pub fn index_of(dir: &Path, id: &str) -> io::Result<Option<u64>> {
    for line in Lines::of(dir)? {
        let said = read::parse::<Said>(&line?.record);
        if let Some(said) = said.filter(|said| said.id.as_deref() == Some(id)) {
            return Ok(Some(said.index));
        }
    }
    Ok(None)
}
