//! Reads Rust sources the way the house rules look at them: without comments and without the text of literals, so that a word in a
//! sentence is never taken for code.

use std::fs;
use std::path::{Path, PathBuf};

/// One source file.
pub(crate) struct Source {
    /// Its path from the root of the workspace, with `/`.
    pub(crate) path: String,
    /// Its code: comments and the inside of literals are blank, lines stay where they are.
    pub(crate) code: String,
}

impl Source {
    /// A source that is only in memory, for tests of the rules.
    pub(crate) fn fake(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            code: code_of(text),
        }
    }

    /// Lines that hold code. A module of tests at the end does not count.
    pub(crate) fn length(&self) -> usize {
        let body = self.code.split("#[cfg(test)]\nmod tests {").next();
        body.map_or(0, |body| {
            body.lines().filter(|line| !line.trim().is_empty()).count()
        })
    }

    /// Whether `word` stands in the code as a whole word.
    pub(crate) fn has_word(&self, word: &str) -> bool {
        words(&self.code).any(|found| found == word)
    }
}

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every source below the folders, without files of tests, in a stable order.
pub(crate) fn sources(folders: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut paths);
    }
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|ending| ending == "rs") && !is_test(&path) {
            paths.push(path);
        }
    }
}

fn is_test(path: &Path) -> bool {
    path.strip_prefix(root())
        .unwrap()
        .components()
        .any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs")))
}

fn read(path: &Path) -> Source {
    let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
    Source::fake(name, &fs::read_to_string(path).unwrap())
}

/// The words of a text: runs of letters, digits and `_`.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

/// The code of a text: comments and the inside of literals become blanks.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| literal(rest, code.chars().next_back()));
        let (taken, kept) = match skipped {
            Some(length) => (length, ""),
            None => (next.len_utf8(), &rest[..next.len_utf8()]),
        };
        code.push_str(kept);
        if kept.is_empty() {
            code.extend(
                rest[..taken]
                    .chars()
                    .map(|c| if c == '\n' { '\n' } else { ' ' }),
            );
        }
        rest = &rest[taken..];
    }
    code
}

/// The length of the comment that `rest` begins with.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let left = &rest.as_bytes()[at..];
        let step = if left.starts_with(b"/*") {
            depth += 1;
            2
        } else if left.starts_with(b"*/") {
            depth -= 1;
            2
        } else {
            1
        };
        at += step;
        if depth == 0 {
            break;
        }
    }
    Some(at)
}

/// The length of the string or character that `rest` begins with. A lifetime is none, and `r` at the end of a name opens nothing.
fn literal(rest: &str, before: Option<char>) -> Option<usize> {
    if rest.starts_with('"') {
        return Some(quoted(rest, '"'));
    }
    if rest.starts_with('\'') {
        let mut inside = rest[1..].chars();
        let is_char = match inside.next() {
            Some('\\') => true,
            Some(_) => inside.next() == Some('\''),
            None => false,
        };
        return is_char.then(|| quoted(rest, '\''));
    }
    let in_name = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let raw = rest.strip_prefix('b').unwrap_or(rest).strip_prefix('r')?;
    let hashes = raw.len() - raw.trim_start_matches('#').len();
    if in_name || !raw[hashes..].starts_with('"') {
        return None;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    let open = rest.len() - raw.len() + hashes + 1;
    let length = rest[open..].find(&close)? + close.len();
    Some(open + length)
}

/// The length of a literal between two `mark`s in which `\` escapes.
fn quoted(rest: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == mark => return at + 1,
            _ => {}
        }
    }
    rest.len()
}
