//! Settings of the reference client that have no effect here.
//!
//! Promises: each is either accepted at its off value, with a notice, or refused with one sentence that says whether it will never be built
//! (`docs/differences.md` gives the reason) or is only not supported yet.
//! Leaves to others: settings that work (`table`).

mod table;

use super::env::Environment;
use super::mistake::{Mistake, Notice, Source};
pub(crate) use table::ALL;

/// What becomes of a setting without effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Left out on purpose.
    NotBuilt,
    /// To come.
    NotYet,
}

/// A setting without effect.
#[derive(Debug)]
pub(crate) struct Retired {
    /// The key in the file, or the name used in messages when the file has none.
    pub(crate) key: &'static str,
    /// The flag and its older spellings, without dashes.
    pub(crate) flags: &'static [&'static str],
    /// The environment variable; empty when there is none.
    pub(crate) env: &'static str,
    /// The values that switch the feature off. The first is the one to suggest.
    pub(crate) off: &'static [&'static str],
    /// Never, or not yet.
    pub(crate) fate: Fate,
}

impl Retired {
    /// Whether the file has a key for it; the rest are flags or variables only.
    pub(crate) fn in_file(&self) -> bool {
        self.key.contains('.') || self.key == "http_proxy"
    }

    /// Judges one text given for this setting.
    pub(crate) fn judge(&self, source: Source, text: &str) -> Result<Notice, Mistake> {
        if self.off.contains(&text) {
            return Ok(self.notice(source));
        }
        Err(self.refuse(source))
    }

    /// The notice for an off value.
    pub(crate) fn notice(&self, source: Source) -> Notice {
        Notice {
            setting: self.key.to_owned(),
            source,
            note: "has no effect in portcullis; the value given is the one that switches it off"
                .to_owned(),
        }
    }

    /// The refusal of any other value.
    pub(crate) fn refuse(&self, source: Source) -> Mistake {
        let problem = match self.fate {
            Fate::NotBuilt => "is not built into portcullis, see docs/differences.md",
            Fate::NotYet => "is not supported yet by portcullis",
        };
        let remedy = match self.off.first() {
            Some(off) => format!("remove it or set it to `{off}`"),
            None => "remove it".to_owned(),
        };
        Mistake::new(self.key, source, problem, remedy)
    }
}

/// Judges the environment: an empty variable asks for nothing and is passed over.
pub(crate) fn in_environment(env: &Environment) -> Vec<Result<Notice, Mistake>> {
    ALL.iter()
        .filter(|retired| !retired.env.is_empty())
        .filter_map(|retired| Some((retired, env.get(retired.env)?)))
        .filter(|(_, value)| !value.is_empty())
        .map(|(retired, value)| {
            let source = Source::Environment(retired.env.to_owned());
            retired.judge(source, value.to_str().unwrap_or("\u{fffd}"))
        })
        .collect()
}

/// The proxy of the environment is not used either, which only shows as a connection that fails: say so.
pub(crate) fn proxy_notice(env: &Environment) -> Option<Notice> {
    const NAMES: &[&str] = &["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];
    let set = |name: &&&str| env.get(name).is_some_and(|value| !value.is_empty());
    let name = NAMES.iter().find(set)?;
    Some(Notice {
        setting: "http_proxy".to_owned(),
        source: Source::Environment((*name).to_owned()),
        note: "is not used: proxies are not supported yet by portcullis".to_owned(),
    })
}
