//! `portcullis audit`: the tools for the audit log. They read only, except `new-key`, and need no running agent.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use clap::ArgMatches;

use super::{FAILURE, SUCCESS, print};
use crate::ops::audit::checkpoint::Verifier;
use crate::ops::audit::query::{self, Query};
use crate::ops::audit::verify::{Against, Verified, verify};
use crate::ops::audit::{Settings, change_key, prove, read, rfc3339};
use crate::wire::timestamp;

mod arguments;

use arguments::DEFAULT_DIR;
pub(super) use arguments::{NAME, command};

/// Runs one tool: 0 when it did what it promises, 1 for anything else, a log that does not verify too.
pub(super) fn run(matches: &ArgMatches, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let Some((name, matches)) = matches.subcommand() else {
        return FAILURE;
    };
    match tool(name, matches, out, err) {
        Ok(()) => SUCCESS,
        Err(error) => {
            print(err, &format!("portcullis: {error}"));
            FAILURE
        }
    }
}

fn tool(
    name: &str,
    matches: &ArgMatches,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), Box<dyn Error>> {
    match name {
        "verify" => tell(out, err, matches),
        "query" => search(out, matches),
        "prove" => {
            let trusted = keys(matches, err)?;
            let proof = prove::prove(&folder(matches), index(matches)?, &trusted)?;
            Ok(out.write_all(proof.as_bytes())?)
        }
        "verify-proof" => {
            let proof = file(text(matches, "proof").unwrap_or_default())?;
            let record = prove::check(&proof, &keys(matches, err)?)?;
            print(out, &String::from_utf8_lossy(&record));
            Ok(())
        }
        "checkpoint" => {
            let newest = prove::newest(&folder(matches), &keys(matches, err)?)?;
            let (note, _) = newest.ok_or("there is no checkpoint of a trusted key")?;
            Ok(out.write_all(note.as_bytes())?)
        }
        _ => new_key(out, &folder(matches)),
    }
}

fn tell(
    out: &mut dyn Write,
    err: &mut dyn Write,
    matches: &ArgMatches,
) -> Result<(), Box<dyn Error>> {
    let exported = text(matches, "checkpoint").map(file).transpose()?;
    let against = Against {
        keys: keys(matches, err)?,
        exported,
        is_partial: matches.get_flag("partial"),
    };
    let Verified {
        first,
        size,
        checkpoints,
        signed,
        torn_bytes,
    } = verify(&folder(matches), &against)?;
    print(
        out,
        &format!(
            "verified: records {first} to {}, {checkpoints} checkpoints; the last covers all below {signed}",
            size.saturating_sub(1)
        ),
    );
    if torn_bytes > 0 {
        print(
            out,
            &format!(
                "a last record of {torn_bytes} bytes is not whole: it is being written, or was when the agent ended"
            ),
        );
    }
    Ok(())
}

fn search(out: &mut dyn Write, matches: &ArgMatches) -> Result<(), Box<dyn Error>> {
    let given = |name| text(matches, name).map(str::to_owned);
    let asked = Query {
        since: moment(matches, "since")?,
        until: moment(matches, "until")?,
        channel: given("channel"),
        method: given("method"),
        selector: given("selector"),
        verdict: given("verdict"),
        reason: given("reason"),
        id: given("id"),
    };
    query::query(&folder(matches), &asked, |record| {
        out.write_all(record)?;
        out.write_all(b"\n")
    })?;
    Ok(out.flush()?)
}

/// A time as the records spell it.
fn moment(matches: &ArgMatches, name: &str) -> Result<Option<String>, String> {
    let Some(given) = text(matches, name) else {
        return Ok(None);
    };
    let since_1970 = timestamp::parse(given).and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let micros = since_1970.and_then(|at| u64::try_from(at.as_micros()).ok());
    let micros = micros.ok_or(format!(
        "`--{name}` is no RFC 3339 time; write it as in `2026-01-31T00:00:00Z`"
    ))?;
    Ok(Some(rfc3339(micros)))
}

fn new_key(out: &mut dyn Write, dir: &Path) -> Result<(), Box<dyn Error>> {
    let known = beside(dir)?;
    let newest = known
        .last()
        .ok_or("there is no log with a key in this folder")?;
    let settings = Settings::new(dir.to_owned(), newest.name().to_owned());
    print(out, &change_key(&settings)?);
    Ok(())
}

fn index(matches: &ArgMatches) -> Result<u64, Box<dyn Error>> {
    let given = text(matches, "record").unwrap_or_default();
    if given.len() == 32 {
        let found = query::index_of(&folder(matches), given)?;
        return Ok(found.ok_or("no record has this correlation id")?);
    }
    Ok(given
        .parse()
        .map_err(|_| "`--record` is neither an index nor a correlation id")?)
}

/// The keys that are trusted: those given, or with a warning those that lie beside the log.
fn keys(matches: &ArgMatches, err: &mut dyn Write) -> Result<Vec<Verifier>, Box<dyn Error>> {
    let Some(given) = text(matches, "key") else {
        print(
            err,
            "portcullis: trusting the key beside the log; who can write there could have replaced both. Pass `--key` with a copy kept elsewhere",
        );
        return beside(&folder(matches));
    };
    let written = match Verifier::parse(given) {
        Some(key) => return Ok(vec![key]),
        None => file(given)?,
    };
    let keys: Vec<Verifier> = written.lines().filter_map(Verifier::parse).collect();
    if keys.is_empty() {
        return Err("`--key` is no verifier key and names no file with one".into());
    }
    Ok(keys)
}

fn beside(dir: &Path) -> Result<Vec<Verifier>, Box<dyn Error>> {
    let unread = |error| {
        let dir = dir.display();
        format!("could not read `verifier.key` in `{dir}`: {error}; name the folder of a log")
    };
    Ok(read::verifiers(dir).map_err(unread)?)
}

fn file(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("could not read `{path}`: {error}"))
}

fn folder(matches: &ArgMatches) -> PathBuf {
    text(matches, "dir").unwrap_or(DEFAULT_DIR).into()
}

fn text<'a>(matches: &'a ArgMatches, name: &str) -> Option<&'a str> {
    matches.get_one::<String>(name).map(String::as_str)
}
