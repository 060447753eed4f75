//! One layout for every policy file, so that a difference between two files is a difference in what they say.
//!
//! Only white space is changed; every other token stays as it is and where it is, comments too.

use toml::de::DeTable;
use toml_parser::Source;
use toml_parser::lexer::{Token, TokenKind};

use super::mistake::{Mistake, Mistakes};
use super::text;

/// Lays out the text of a policy file: one blank line before a header and never two, no space at the end of a line, one around `=`, two for each
/// bracket that is open.
///
/// # Errors
/// Every mistake of the TOML itself. Rules are not looked at.
pub fn layout(bytes: &[u8]) -> Result<String, Vec<Mistake>> {
    let text = text::decode(bytes).map_err(|mistake| vec![mistake])?;
    let (_, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let mut mistakes = Mistakes::new(text);
        for error in &errors {
            mistakes.add_toml(error);
        }
        return Err(mistakes.into_lists().0);
    }
    let laid = Layout::new(text).run();
    let is_same = significant(&laid) == significant(text);
    Ok(if is_same { laid } else { text.to_owned() })
}

/// The tokens that mean something.
fn significant(text: &str) -> Vec<&str> {
    let tokens = Source::new(text).lex().into_vec();
    let kept = tokens
        .iter()
        .filter(|token| !matches!(token.kind(), TokenKind::Whitespace | TokenKind::Newline));
    kept.map(|token| slice(text, token).trim_end()).collect()
}

fn slice<'t>(text: &'t str, token: &Token) -> &'t str {
    text.get(token.span().start()..token.span().end())
        .unwrap_or_default()
}

struct Layout<'t> {
    text: &'t str,
    out: String,
    /// Brackets that are open.
    depth: usize,
    in_header: bool,
    at_start: bool,
    /// The white space before this token.
    space: &'t str,
    last: TokenKind,
}

impl<'t> Layout<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            out: String::with_capacity(text.len()),
            depth: 0,
            in_header: false,
            at_start: true,
            space: "",
            last: TokenKind::Newline,
        }
    }

    fn run(mut self) -> String {
        for token in Source::new(self.text).lex() {
            let kind = token.kind();
            if kind == TokenKind::Whitespace {
                self.space = slice(self.text, &token);
            } else if kind == TokenKind::Newline {
                self.newline();
            } else if kind != TokenKind::Eof {
                self.put(kind, slice(self.text, &token));
            }
        }
        let mut out = self.out.trim_end().to_owned();
        if !out.is_empty() {
            out.push('\n');
        }
        out
    }

    fn newline(&mut self) {
        let trimmed = self.out.trim_end_matches([' ', '\t']).len();
        self.out.truncate(trimmed);
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
        (self.at_start, self.in_header, self.space) = (true, false, "");
        self.last = TokenKind::Newline;
    }

    fn put(&mut self, kind: TokenKind, token: &str) {
        if self.at_start && self.depth == 0 && kind == TokenKind::LeftSquareBracket {
            self.separate();
            self.in_header = true;
        }
        let closes = matches!(
            kind,
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket
        );
        if closes {
            self.depth = self.depth.saturating_sub(1);
        }
        let gap = self.gap(kind);
        self.out.push_str(&gap);
        self.out.push_str(if kind == TokenKind::Comment {
            token.trim_end()
        } else {
            token
        });
        if matches!(
            kind,
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket
        ) {
            self.depth += 1;
        }
        (self.at_start, self.space, self.last) = (false, "", kind);
    }

    /// What stands before a token.
    fn gap(&self, kind: TokenKind) -> String {
        use TokenKind as Kind;
        if self.at_start {
            return "  ".repeat(self.depth);
        }
        match (self.last, kind) {
            (_, Kind::Comment) if self.space.is_empty() => " ".to_owned(),
            (_, Kind::Comment) => self.space.to_owned(),
            (_, _) if self.in_header => String::new(),
            (Kind::LeftCurlyBracket, Kind::RightCurlyBracket) => String::new(),
            (Kind::Equals | Kind::Comma | Kind::LeftCurlyBracket, _) => " ".to_owned(),
            (_, Kind::Equals | Kind::RightCurlyBracket) => " ".to_owned(),
            (Kind::Atom, Kind::Atom) => " ".to_owned(),
            (_, _) => String::new(),
        }
    }

    /// A blank line before a header, unless a comment that belongs to it stands there.
    fn separate(&mut self) {
        let last = self
            .out
            .trim_end_matches('\n')
            .rsplit('\n')
            .next()
            .unwrap_or_default();
        let is_comment = last.starts_with('#') && !self.out.ends_with("\n\n");
        if !self.out.is_empty() && !self.out.ends_with("\n\n") && !is_comment {
            self.out.push('\n');
        }
    }
}
