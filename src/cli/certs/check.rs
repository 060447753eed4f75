//! `portcullis certs check`: what would happen if these files were put in place.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use clap::ArgMatches;
use portcullis_certs::{Fault, Material, Profile, Roots, Rules, Source};
use serde_json::{Value, json};

use super::super::{FAILURE, SUCCESS, print};
use super::{Streams, arguments as names, configured, moment, print_json, read, sentence, shown};
use crate::app::Endpoint;
use crate::config::Environment;

/// Nothing is wrong but that it is too early.
const WAIT: u8 = 2;

/// What would happen.
enum Verdict {
    Accepted,
    Waits(SystemTime),
    Refused,
}

/// What would happen at one endpoint, and why.
struct Answer {
    name: String,
    verdict: Verdict,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
}

/// Runs the check; the exit code is that of the worst answer.
pub(super) fn run(matches: &ArgMatches, env: &Environment, (out, err): Streams<'_>) -> u8 {
    let given = given(matches);
    let endpoints = match given {
        Some(endpoint) => Some(vec![endpoint]),
        None => configured(matches, env, err),
    };
    let Some(endpoints) = endpoints else {
        return FAILURE;
    };
    let now = SystemTime::now();
    let in_use = in_use(matches);
    let answers: Vec<Answer> = endpoints
        .iter()
        .map(|endpoint| answer(endpoint, in_use.as_ref(), now))
        .collect();
    if matches.get_flag(names::JSON) {
        let endpoints: Vec<Value> = answers.iter().map(Answer::json).collect();
        print_json(out, &json!({ "endpoints": endpoints }));
    } else {
        print(out, &answers.iter().map(Answer::text).collect::<String>());
    }
    worst(&answers)
}

fn worst(answers: &[Answer]) -> u8 {
    let is = |wanted: fn(&Verdict) -> bool| answers.iter().any(|answer| wanted(&answer.verdict));
    if is(|verdict| matches!(verdict, Verdict::Refused)) {
        FAILURE
    } else if is(|verdict| matches!(verdict, Verdict::Waits(_))) {
        WAIT
    } else {
        SUCCESS
    }
}

/// The endpoint that the flags for files describe; nothing without one of them.
fn given(matches: &ArgMatches) -> Option<Endpoint> {
    let identity = one(matches, names::CERT).zip(one(matches, names::KEY));
    let [issuers, crls] = [names::ISSUER, names::CRL].map(|name| all::<PathBuf>(matches, name));
    let roots = all::<OsString>(matches, names::CA_BUNDLE);
    if identity.is_none()
        && [&roots, &issuers, &crls]
            .iter()
            .all(|files| files.is_empty())
    {
        return None;
    }
    let base = roots.is_empty().then(|| Arc::new(Roots::public()));
    let profile = if matches.get_flag(names::STRICT) {
        Profile::Strict
    } else {
        Profile::Default
    };
    Some(Endpoint {
        name: "these files".to_owned(),
        files: Source {
            identity,
            issuers,
            base,
            roots,
            crls,
        },
        rules: Rules {
            profile,
            ..Rules::default()
        },
    })
}

/// The identity that would be replaced, as what runs under it has it; one that cannot be read is none to be a successor of.
fn in_use(matches: &ArgMatches) -> Option<Material> {
    let identity = one(matches, names::IN_USE_CERT).zip(one(matches, names::IN_USE_KEY))?;
    let base = Some(Arc::new(Roots::public()));
    let source = Source {
        identity: Some(identity),
        base,
        ..Source::default()
    };
    let texts = read(&source).ok()?;
    Material::judge(&texts, &Rules::default(), None, SystemTime::now()).ok()
}

fn answer(endpoint: &Endpoint, in_use: Option<&Material>, now: SystemTime) -> Answer {
    let name = endpoint.name.clone();
    let judged =
        read(&endpoint.files).map(|texts| Material::judge(&texts, &endpoint.rules, in_use, now));
    let (verdict, faults, warnings) = match judged {
        Err(faults) => (Verdict::Refused, faults, Vec::new()),
        Ok(Ok(material)) => (Verdict::Accepted, Vec::new(), material.warnings().to_vec()),
        Ok(Err(rejected)) => {
            let verdict = rejected
                .pending_until
                .map_or(Verdict::Refused, Verdict::Waits);
            (verdict, rejected.faults, rejected.warnings)
        }
    };
    Answer {
        name,
        verdict,
        faults,
        warnings,
    }
}

fn one(matches: &ArgMatches, name: &str) -> Option<PathBuf> {
    matches.get_one::<PathBuf>(name).cloned()
}

fn all<T: Clone + Into<PathBuf> + Send + Sync + 'static>(
    matches: &ArgMatches,
    name: &str,
) -> Vec<PathBuf> {
    let given = matches.get_many::<T>(name).into_iter().flatten();
    given.cloned().map(Into::into).collect()
}

impl Verdict {
    const fn label(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Waits(_) => "waits",
            Self::Refused => "refused",
        }
    }

    fn until(&self) -> Option<String> {
        match self {
            Self::Waits(until) => Some(moment(*until)),
            Self::Accepted | Self::Refused => None,
        }
    }
}

impl Answer {
    fn text(&self) -> String {
        let until = self
            .verdict
            .until()
            .map_or_else(String::new, |until| format!(" until {until}"));
        let faults = self.faults.iter().map(|fault| sentence("fault", fault));
        let warnings = self.warnings.iter().map(|fault| sentence("warning", fault));
        let told: String = faults.chain(warnings).collect();
        format!("{}: {}{until}\n{told}", self.name, self.verdict.label())
    }

    fn json(&self) -> Value {
        json!({
            "endpoint": self.name,
            "verdict": self.verdict.label(),
            "until": self.verdict.until(),
            "faults": self.faults.iter().map(shown).collect::<Vec<_>>(),
            "warnings": self.warnings.iter().map(shown).collect::<Vec<_>>(),
        })
    }
}
