//! `portcullis policy check` and `test`: every mistake at its place, with the line it is in and what to do.

use std::io::Write;
use std::path::Path;

use clap::ArgMatches;
use portcullis_policy::document::Report;
use portcullis_policy::{Mistake, PolicySet};
use serde_json::{Value, json};

use super::{FAILURE, SUCCESS, Streams, path, print, read};

/// Tells every mistake and warning.
pub(super) fn run(matches: &ArgMatches, (out, err): Streams<'_>) -> u8 {
    let file = path(matches, "policy");
    let Some(bytes) = read(file, err) else {
        return FAILURE;
    };
    let report = PolicySet::check(&bytes);
    if matches.get_flag("json") {
        print(out, &as_json(file, &report).to_string());
    } else {
        tell(file, &bytes, &report, out);
    }
    code(&report)
}

/// Tells what became of each test, and the mistakes if there are any.
pub(super) fn test(matches: &ArgMatches, (out, err): Streams<'_>) -> u8 {
    let file = path(matches, "policy");
    let Some(bytes) = read(file, err) else {
        return FAILURE;
    };
    let report = PolicySet::check(&bytes);
    for test in &report.tests {
        let word = if test.passed { "ok" } else { "FAILED" };
        print(
            out,
            &format!("{word}: line {}: {}: {}", test.line, test.name, test.found),
        );
    }
    for mistake in &report.mistakes {
        print(err, &excerpt(file, &bytes, "error", mistake));
    }
    let passed = report.tests.iter().filter(|test| test.passed).count();
    print(
        out,
        &format!("{passed} of {} tests passed", report.tests.len()),
    );
    code(&report)
}

fn code(report: &Report) -> u8 {
    match report.policy {
        Some(_) => SUCCESS,
        None => FAILURE,
    }
}

fn tell(file: &Path, bytes: &[u8], report: &Report, out: &mut dyn Write) {
    for (word, list) in [("error", &report.mistakes), ("warning", &report.warnings)] {
        for mistake in list {
            print(out, &excerpt(file, bytes, word, mistake));
        }
    }
    let (mistakes, warnings) = (report.mistakes.len(), report.warnings.len());
    print(
        out,
        &format!(
            "{}: mistakes: {mistakes}, warnings: {warnings}, tests: {}",
            file.display(),
            report.tests.len()
        ),
    );
}

/// One mistake as a compiler tells it: where, what, the line with a mark below the place, and the remedy.
pub(super) fn excerpt(file: &Path, bytes: &[u8], word: &str, mistake: &Mistake) -> String {
    let Mistake {
        line,
        column,
        problem,
        remedy,
    } = mistake;
    let text = String::from_utf8_lossy(bytes);
    let written = text.lines().nth(number(*line)).unwrap_or_default();
    let shown: String = written.chars().map(visible).collect();
    let gap = " ".repeat(number(*column));
    let width = line.to_string().len();
    let margin = " ".repeat(width);
    format!(
        "{}:{line}:{column}: {word}: {problem}\n{line} | {shown}\n{margin} | {gap}^\n{margin} = {remedy}",
        file.display()
    )
}

/// Counted from 0.
fn number(from_one: u32) -> usize {
    usize::try_from(from_one.saturating_sub(1)).unwrap_or(usize::MAX)
}

/// A control or direction mark would change what the terminal shows.
fn visible(letter: char) -> char {
    if letter == '\t' || letter.is_control() || !letter.is_alphanumeric() && !letter.is_ascii() {
        ' '
    } else {
        letter
    }
}

fn as_json(file: &Path, report: &Report) -> Value {
    let list = |list: &[Mistake]| -> Vec<Value> {
        let one = |m: &Mistake| json!({"line": m.line, "column": m.column, "problem": m.problem, "remedy": m.remedy});
        list.iter().map(one).collect()
    };
    let tests: Vec<Value> = report
        .tests
        .iter()
        .map(|test| json!({"name": test.name, "line": test.line, "found": test.found, "passed": test.passed}))
        .collect();
    json!({
        "file": file.display().to_string(),
        "loads": report.policy.is_some(),
        "mistakes": list(&report.mistakes),
        "warnings": list(&report.warnings),
        "tests": tests,
    })
}
