//! What may be told of the text of an error answer: a service, and whatever stands before it, may repeat what it does not like.
//!
//! Promises (INVARIANT: 6): of a text of others only plain words are told, so that a key shows in no encoding, for there is no end to the list of
//! encodings; and of these no word of a header that is a secret, however short it is.

#[cfg(test)]
mod tests;

use hyper::header::HeaderValue;

use crate::wire::api_error::ApiError;

/// What stands in the place of words that are not told.
const LEFT_OUT: &str = "[redacted]";
/// No plain word is longer, in bytes.
const LONGEST_WORD: usize = 20;
/// A word all in capitals, such as `TLS`, or a number is no longer, in bytes.
const LONGEST_SIGN: usize = 4;
/// A secret of this many bytes is found inside of other words as well; shorter ones are parts of too many.
const FOUND_INSIDE: usize = 8;
/// What may stand before and after a word.
const MARKS: &[char] = &['.', ',', ':', ';', '!', '?', '(', ')', '"', '\'', '`'];

/// The words of the secrets of one request, in lower case.
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Those of the headers that are marked as secrets.
    pub(super) fn of<'a>(headers: impl Iterator<Item = &'a HeaderValue>) -> Self {
        let values = headers.filter(|value| value.is_sensitive());
        let words = values.flat_map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes()).to_lowercase();
            let text = text.strip_prefix("bearer ").unwrap_or(&text);
            let words = text.split_whitespace().map(bare).map(str::to_owned);
            words.collect::<Vec<_>>()
        });
        Self(words.filter(|word| !word.is_empty()).collect())
    }

    /// The code, if it is a word of the service.
    pub(super) fn code<'a>(&self, said: &'a ApiError) -> Option<&'a str> {
        said.stable_code().filter(|code| !self.hold(code))
    }

    /// The code and the plain words of the message.
    pub(super) fn plain(&self, said: &ApiError) -> ApiError {
        let message = said.message.as_deref().map(|text| self.words(text));
        ApiError {
            code: self.code(said).map(str::to_owned),
            message: message.filter(|words| words != LEFT_OUT),
            kind: None,
        }
    }

    fn words(&self, text: &str) -> String {
        let told = |word| {
            let is_told = is_plain(bare(word)) && !self.hold(bare(word));
            if is_told { word } else { LEFT_OUT }
        };
        let mut words: Vec<&str> = text.split_whitespace().map(told).collect();
        words.dedup_by(|next, before| *next == LEFT_OUT && *before == LEFT_OUT);
        words.join(" ")
    }

    /// Whether a secret is in this word, or is one or more parts of it.
    fn hold(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        let parts = format!("_{word}_");
        self.0.iter().any(|secret| {
            (secret.len() >= FOUND_INSIDE && word.contains(secret.as_str()))
                || parts.contains(&format!("_{secret}_"))
        })
    }
}

fn bare(word: &str) -> &str {
    word.trim_matches(MARKS)
}

/// A word or a number as people write them. What is encoded mixes letters with digits, small letters with capitals, or holds signs.
fn is_plain(word: &str) -> bool {
    let tail = word.get(1..).unwrap_or_default();
    let is_word = word.bytes().all(|byte| byte.is_ascii_alphabetic())
        && tail.bytes().all(|byte| byte.is_ascii_lowercase())
        && word.len() <= LONGEST_WORD;
    let is_sign = word.bytes().all(|byte| byte.is_ascii_uppercase())
        || word.bytes().all(|byte| byte.is_ascii_digit());
    is_word || (is_sign && word.len() <= LONGEST_SIGN)
}
