//! `portcullis policy edit`: an editor on a draft beside the policy, which takes its place only when it loads and its changes were read.
//!
//! Promises: the policy stays as it is until the operator says yes to a text without mistakes; what was typed is lost only by quitting.

mod draft;

use std::io::BufRead;
use std::path::Path;

use clap::ArgMatches;
use portcullis_policy::PolicySet;

use self::draft::{Draft, Opened};
use super::talk::{ask, tell_changes};
use super::{FAILURE, NO, SUCCESS, Streams, check, path, print};
use crate::config::Environment;

const AGAIN: &str = "edit it again, or quit and leave the policy as it is? [e/q]";
const PUT: &str = "put it in place, edit it again, or quit and leave the policy as it is? [y/e/q]";
const RESUME: &str = "go on with it, start anew, or quit? [y/n/q]";

/// What is to be done next.
enum Next {
    Edit,
    Put(Vec<u8>),
    Quit,
    /// Nobody answers: the draft stays.
    Leave,
}

/// Edits one policy.
pub(super) fn run(
    matches: &ArgMatches,
    env: &Environment,
    (input, streams): (&mut dyn BufRead, Streams<'_>),
) -> u8 {
    let (out, err) = streams;
    let mut session = match Session::open(path(matches, "policy"), env, (input, out)) {
        Ok(Some(session)) => session,
        Ok(None) => return NO,
        Err(why) => return complain(&why, err),
    };
    match session.work() {
        Ok(code) => code,
        Err(why) => complain(&why, err),
    }
}

fn complain(why: &str, err: &mut dyn std::io::Write) -> u8 {
    print(err, &format!("portcullis: {why}"));
    FAILURE
}

struct Session<'a> {
    draft: Draft,
    editor: Vec<String>,
    input: &'a mut dyn BufRead,
    out: &'a mut dyn std::io::Write,
}

impl<'a> Session<'a> {
    /// Nothing if the operator would rather not.
    fn open(
        file: &Path,
        env: &Environment,
        (input, out): (&'a mut dyn BufRead, &'a mut dyn std::io::Write),
    ) -> Result<Option<Self>, String> {
        let (draft, opened) = Draft::open(file)?;
        if opened == Opened::Unfinished {
            let place = draft.place();
            print(
                out,
                &format!("`{place}` is left of an edit that did not end"),
            );
            match ask(RESUME, "ynq", (input, out)) {
                Some('y') => {}
                Some('n') => draft.start_anew()?,
                Some(_) | None => return Ok(None),
            }
        }
        Ok(Some(Self {
            draft,
            editor: editor(env),
            input,
            out,
        }))
    }

    fn work(&mut self) -> Result<u8, String> {
        loop {
            self.draft.edit(&self.editor)?;
            if self.draft.text()? == self.draft.before() {
                print(self.out, "nothing was changed");
                return self.draft.discard().map(|()| SUCCESS);
            }
            match self.judge()? {
                Next::Edit => {}
                Next::Put(text) => {
                    self.draft.put(&text)?;
                    let said = "it is in place; an agent that runs takes it up at once, as `portcullis status` shows";
                    print(self.out, said);
                    return Ok(SUCCESS);
                }
                Next::Quit => return self.draft.discard().map(|()| NO),
                Next::Leave => {
                    let place = self.draft.place();
                    print(
                        self.out,
                        &format!("the policy is as it was; the text is kept in `{place}`"),
                    );
                    return Ok(NO);
                }
            }
        }
    }

    fn judge(&mut self) -> Result<Next, String> {
        let text = self.draft.text()?;
        let report = PolicySet::check(&text);
        for (word, list) in [("error", &report.mistakes), ("warning", &report.warnings)] {
            for mistake in list {
                let told = check::excerpt(self.draft.file(), &text, word, mistake);
                print(self.out, &told);
            }
        }
        let (question, letters) = match &report.policy {
            None => (AGAIN, "eq"),
            Some(policy) => {
                self.tell(policy);
                (PUT, "yeq")
            }
        };
        Ok(match ask(question, letters, (self.input, self.out)) {
            Some('y') => Next::Put(text),
            Some('e') => Next::Edit,
            Some(_) => Next::Quit,
            None => Next::Leave,
        })
    }

    fn tell(&mut self, policy: &PolicySet) {
        match PolicySet::compile(self.draft.before()) {
            Ok(before) => {
                tell_changes(&before, policy, self.out);
            }
            Err(_) => print(
                self.out,
                "what is in place has mistakes, so nothing can be told of the changes",
            ),
        }
    }
}

/// The words that start the editor, as most programs find them.
fn editor(env: &Environment) -> Vec<String> {
    let named = ["VISUAL", "EDITOR"].iter().find_map(|name| {
        let words = env.get(name)?.into_string().ok()?;
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        (!words.is_empty()).then_some(words)
    });
    named.unwrap_or_else(|| vec!["vi".to_owned()])
}

#[cfg(test)]
mod tests;
