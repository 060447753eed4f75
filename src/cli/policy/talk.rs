//! Questions to the operator, and what a change amounts to in words.

use std::io::{BufRead, Write};

use portcullis_policy::document::{Change, diff, direction};
use portcullis_policy::{Direction, PolicySet};

use super::print;

/// The most bytes of one answer.
const ANSWER_CAP: u64 = 100;

/// Asks until one of these letters, or a word that begins with it, is the answer; nothing if nobody answers any more.
pub(super) fn ask(
    question: &str,
    letters: &str,
    (input, out): (&mut dyn BufRead, &mut dyn Write),
) -> Option<char> {
    loop {
        print(out, question);
        let answer = line(input)?;
        let letter = answer.trim().chars().next();
        let letter = letter.map(|letter| letter.to_ascii_lowercase());
        if let Some(letter) = letter.filter(|letter| letters.contains(*letter)) {
            return Some(letter);
        }
    }
}

/// One line, of which at most 100 bytes count; nothing if there is none.
pub(super) fn line(input: &mut dyn BufRead) -> Option<String> {
    let mut line = String::new();
    match std::io::Read::take(input, ANSWER_CAP).read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line),
    }
}

/// Tells every change and the way of all of them together.
pub(super) fn tell_changes(old: &PolicySet, new: &PolicySet, out: &mut dyn Write) -> Direction {
    let changes = diff(old, new);
    for change in &changes {
        let Change {
            direction,
            place,
            what,
        } = change;
        print(out, &format!("{:<7}  {place}: {what}", direction.label()));
    }
    let together = direction(&changes);
    print(out, &format!("together: {}", together.label()));
    together
}
