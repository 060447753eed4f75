//! Words of a server in a file of ours. They are not to be trusted: nothing of them may end a line, a string or a comment, or look like something
//! else (C5).

/// The most characters of a text that is only for people.
const LONGEST: usize = 120;

/// A TOML basic string.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            _ if is_plain(letter) => quoted.push(letter),
            _ => quoted += &format!("\\U{:08X}", u32::from(letter)),
        }
    }
    quoted.push('"');
    quoted
}

/// A key, bare where that is possible.
pub(super) fn key(name: &str) -> String {
    let is_bare = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if !name.is_empty() && name.bytes().all(is_bare) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// A text for people on one line: what does not print as itself becomes visible, and the end of a long one is left out.
pub(in crate::cli::policy) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for letter in text.chars().take(LONGEST) {
        match letter {
            '\n' | '\r' | '\t' => shown.push(' '),
            _ if is_plain(letter) => shown.push(letter),
            _ => shown.extend(letter.escape_unicode()),
        }
    }
    if text.chars().nth(LONGEST).is_some() {
        shown.push_str(" ...");
    }
    shown.trim().to_owned()
}

/// Printable ASCII, and letters and digits of other scripts: no control, direction or format character is one of these.
fn is_plain(letter: char) -> bool {
    letter == ' ' || letter.is_ascii_graphic() || (!letter.is_ascii() && letter.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_server_stay_inside_their_quotes_and_on_their_line_c5() {
        let hostile = "a\"]\n[[server]]\u{202e}\u{200b}\\\u{1b}\u{e9}";
        assert_eq!(
            quoted(hostile),
            "\"a\\\"]\\U0000000A[[server]]\\U0000202E\\U0000200B\\\\\\U0000001B\u{e9}\""
        );
        assert_eq!(key("max_items-1"), "max_items-1");
        assert_eq!(key("a.b"), "\"a.b\"");
        assert_eq!(key(""), "\"\"");
        let line = shown(hostile);
        assert!(line.chars().all(is_plain), "{line}");
        assert_eq!(
            shown(&"x".repeat(200)),
            format!("{} ...", "x".repeat(LONGEST))
        );
    }
}
