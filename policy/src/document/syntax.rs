//! What TOML allows and this language does not, read from tokens before anything is read from values: headers outside the closed list, and
//! the additions of TOML 1.1, which other readers of the same file refuse or read differently.

use toml_parser::Source;
use toml_parser::lexer::{Token, TokenKind};

use super::keys::HEADERS;
use super::mistake::Mistakes;

/// Reports every header and spelling outside the language.
pub(super) fn check(text: &str, mistakes: &mut Mistakes<'_>) {
    let mut reader = Reader::default();
    let tokens = Source::new(text).lex().into_vec();
    for (index, token) in tokens.iter().enumerate() {
        if reader.begins_header(*token) {
            check_header(text, tokens.get(index..).unwrap_or_default(), mistakes);
        }
        if token.kind() == TokenKind::BasicString || token.kind() == TokenKind::MlBasicString {
            check_escapes(text, *token, mistakes);
        }
        if let Some(problem) = reader.step(*token) {
            mistakes.add(
                token.span().start(),
                problem,
                "write the table on one line, or as `[[…]]` with one key a line",
            );
        }
    }
}

/// Where a token stands: between which brackets, and at the start of a line or not.
#[derive(Default)]
struct Reader {
    open: Vec<TokenKind>,
    inside_line: bool,
    after_comma: bool,
}

impl Reader {
    fn begins_header(&self, token: Token) -> bool {
        token.kind() == TokenKind::LeftSquareBracket && self.open.is_empty() && !self.inside_line
    }

    /// Takes one token; what is wrong with it in a table in braces.
    fn step(&mut self, token: Token) -> Option<&'static str> {
        let kind = token.kind();
        let problem = self.problem(kind);
        let opens = [TokenKind::LeftCurlyBracket, TokenKind::LeftSquareBracket];
        let closes = [TokenKind::RightCurlyBracket, TokenKind::RightSquareBracket];
        if opens.contains(&kind) {
            self.open.push(kind);
        } else if closes.contains(&kind) {
            self.open.pop();
        }
        if kind == TokenKind::Newline {
            self.inside_line = false;
        } else if kind != TokenKind::Whitespace {
            self.inside_line = true;
        }
        if !is_gap(kind) {
            self.after_comma = kind == TokenKind::Comma;
        }
        problem
    }

    /// What TOML 1.1 allows between braces and TOML 1.0 does not.
    fn problem(&self, kind: TokenKind) -> Option<&'static str> {
        let in_table = self.open.last() == Some(&TokenKind::LeftCurlyBracket);
        let breaks = kind == TokenKind::Newline || kind == TokenKind::Comment;
        if in_table && breaks {
            Some("a table in braces stands on one line")
        } else if in_table && kind == TokenKind::RightCurlyBracket && self.after_comma {
            Some("no comma stands before a closing brace")
        } else {
            None
        }
    }
}

fn is_gap(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Whitespace | TokenKind::Newline | TokenKind::Comment
    )
}

/// A header stands alone on its line and is one of a closed list: a table under any other could belong to another entry than it seems to.
fn check_header(text: &str, tokens: &[Token], mistakes: &mut Mistakes<'_>) {
    let line = tokens.iter().take_while(|token| {
        !matches!(
            token.kind(),
            TokenKind::Newline | TokenKind::Comment | TokenKind::Eof
        )
    });
    let header: String = line
        .filter(|token| token.kind() != TokenKind::Whitespace)
        .map(|token| {
            text.get(token.span().start()..token.span().end())
                .unwrap_or_default()
        })
        .collect();
    let Some(first) = tokens
        .first()
        .filter(|_| !HEADERS.contains(&header.as_str()))
    else {
        return;
    };
    let remedy = if header.contains(".args")
        || header.contains(".limits")
        || header.contains(".call")
    {
        "write it as a key of its table, as in `args.path = { type = \"string\" }`: under a header it would belong to the last table above"
    } else {
        "use `[[server]]`, `[[server.tool]]`, `[[server.resource]]`, `[[server.prompt]]`, `[limits]`, `[audit]`, `[reload]`, `[[test]]` or `[[never]]`"
    };
    mistakes.add(
        first.span().start(),
        &format!("unknown header `{header}`"),
        remedy,
    );
}

/// `\e` and `\x` came with TOML 1.1.
fn check_escapes(text: &str, token: Token, mistakes: &mut Mistakes<'_>) {
    let start = token.span().start();
    let mut rest = text.get(start..token.span().end()).unwrap_or_default();
    while let Some(at) = rest.find('\\') {
        let (_, tail) = rest.split_at(at);
        if tail.starts_with("\\e") || tail.starts_with("\\x") {
            let place = token.span().end() - tail.len();
            mistakes.add(
                place,
                "this escape is not in TOML 1.0",
                "write \\u and four digits",
            );
        }
        rest = tail.get(1..).map_or("", after_first);
    }
}

fn after_first(text: &str) -> &str {
    let mut letters = text.chars();
    letters.next();
    letters.as_str()
}
