//! `portcullis policy apply`: a policy decides for a time, and is kept only when somebody says so.
//!
//! Promises: the agent goes back by itself, whatever becomes of this command; the file is written only after the confirmation.

use std::fs;
use std::io::stdin;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use clap::ArgMatches;
use portcullis_policy::PolicySet;
use serde_json::{Value, json};

use super::replace::replace_unchanged;
use super::talk::{line, tell_changes};
use super::{FAILURE, NO, SUCCESS, Streams, arguments, load, path, print, read};
use crate::cli::ask::{Question, Reply};
use crate::cli::operate::ask;
use crate::config::Environment;

const STATUS: Question<'_> = Question {
    method: "GET",
    path: "/status",
    body: b"",
};
const END: Question<'_> = Question {
    method: "DELETE",
    path: "/policy/trial",
    body: b"",
};
const YES: &str = "yes";

/// Tries a policy.
pub(super) fn run(matches: &ArgMatches, env: &Environment, (out, err): Streams<'_>) -> u8 {
    let file = path(matches, "new");
    let (Some(text), Some(policy)) = (read(file, err), load(file, err)) else {
        return FAILURE;
    };
    match Trial::begin(matches, env, &text, &policy, out) {
        Ok(trial) => match trial.see_to_the_end(&text, out) {
            Ok(code) => code,
            Err(why) => complain(&why, err),
        },
        Err(why) => complain(&why, err),
    }
}

fn complain(why: &str, err: &mut dyn std::io::Write) -> u8 {
    print(err, &format!("portcullis: {why}"));
    FAILURE
}

struct Trial<'a> {
    matches: &'a ArgMatches,
    env: &'a Environment,
    /// The policy file of the agent.
    file: PathBuf,
    /// What it said when the trial began.
    before: Vec<u8>,
    seconds: u64,
}

impl<'a> Trial<'a> {
    fn begin(
        matches: &'a ArgMatches,
        env: &'a Environment,
        text: &[u8],
        policy: &PolicySet,
        out: &mut dyn std::io::Write,
    ) -> Result<Self, String> {
        let status = done(ask(matches, env, &STATUS))?;
        let status: Value = serde_json::from_str(&status).unwrap_or_default();
        let file = status.pointer("/policy/file").and_then(Value::as_str);
        let file = PathBuf::from(file.ok_or("the agent does not tell its policy file")?);
        let place = file.display();
        let before = fs::read(&file).map_err(|error| format!("cannot read `{place}`: {error}"))?;
        if let Ok(old) = PolicySet::compile(&before) {
            tell_changes(&old, policy, out);
        }
        let seconds = matches.get_one(arguments::WITHIN).copied().unwrap_or(300);
        let body = json!({"text": String::from_utf8_lossy(text), "seconds": seconds}).to_string();
        let question = Question {
            method: "POST",
            path: "/policy/trial",
            body: body.as_bytes(),
        };
        done(ask(matches, env, &question))?;
        Ok(Self {
            matches,
            env,
            file,
            before,
            seconds,
        })
    }

    fn see_to_the_end(&self, text: &[u8], out: &mut dyn std::io::Write) -> Result<u8, String> {
        let (file, seconds) = (self.file.display(), self.seconds);
        print(
            out,
            &format!(
                "it decides now; in {seconds} s the agent goes back to `{file}` by itself\ntype `{YES}` to keep it, anything else to go back now:"
            ),
        );
        match self.answer() {
            Some(answer) if answer.trim() == YES => {
                replace_unchanged(&self.file, &self.before, text)
                    .map_err(|why| format!("{why}; the agent goes back to what it says"))?;
                print(out, &format!("kept: it is in place as `{file}`"));
                Ok(SUCCESS)
            }
            Some(_) => {
                // It may be over already: the time is, or somebody saved the file.
                print(out, &ask(self.matches, self.env, &END)?.body);
                Ok(NO)
            }
            None => {
                print(out, "nobody confirmed it: the agent went back by itself");
                Ok(NO)
            }
        }
    }

    /// What is typed in time; an empty line when nobody can answer.
    fn answer(&self) -> Option<String> {
        let (typed, answer) = channel();
        thread::spawn(move || {
            // Who waits may have given up.
            let _ = typed.send(line(&mut stdin().lock()).unwrap_or_default());
        });
        answer.recv_timeout(Duration::from_secs(self.seconds)).ok()
    }
}

fn done(reply: Result<Reply, String>) -> Result<String, String> {
    match reply? {
        Reply { status: 200, body } => Ok(body),
        Reply { body, .. } => Err(body),
    }
}
