//! Named sets of characters and named formats.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::is_invisible;

/// A named set of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    Digits,
    Hex,
    Letters,
    Alphanumeric,
    Word,
    Name,
    Printable,
    Visible,
}

impl Charset {
    /// Every set by the name a policy gives it.
    pub(crate) const ALL: [(&'static str, Self); 8] = [
        ("digits", Self::Digits),
        ("hex", Self::Hex),
        ("letters", Self::Letters),
        ("alphanumeric", Self::Alphanumeric),
        ("word", Self::Word),
        ("name", Self::Name),
        ("printable", Self::Printable),
        ("visible", Self::Visible),
    ];

    /// Whether every character of a text is in the set.
    pub(super) fn holds(self, text: &str) -> bool {
        match self {
            Self::Digits => text.bytes().all(|b| b.is_ascii_digit()),
            Self::Hex => text.bytes().all(|b| b.is_ascii_hexdigit()),
            Self::Letters => text.bytes().all(|b| b.is_ascii_alphabetic()),
            Self::Alphanumeric => text.bytes().all(|b| b.is_ascii_alphanumeric()),
            Self::Word => text.bytes().all(is_word),
            Self::Name => text.bytes().all(|b| is_word(b) || b == b'.'),
            Self::Printable => text.bytes().all(|b| matches!(b, b' '..=b'~')),
            Self::Visible => !text.chars().any(is_invisible),
        }
    }
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// A named format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `2026-11-23`, a day of the calendar (RFC 3339, full-date).
    Date,
    /// Eight, four, four, four and twelve hexadecimal digits (RFC 9562).
    Uuid,
    /// Four decimal numbers, none with a needless zero.
    Ipv4,
    /// RFC 4291, without a zone.
    Ipv6,
    /// Labels of letters, digits and inner hyphens (RFC 1123); no dot at the end.
    Hostname,
}

impl Format {
    /// Every format by the name a policy gives it.
    pub(crate) const ALL: [(&'static str, Self); 5] = [
        ("date", Self::Date),
        ("uuid", Self::Uuid),
        ("ipv4", Self::Ipv4),
        ("ipv6", Self::Ipv6),
        ("hostname", Self::Hostname),
    ];

    /// Whether a text is of the format.
    pub(super) fn fits(self, text: &str) -> bool {
        match self {
            Self::Date => is_date(text),
            Self::Uuid => is_uuid(text),
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Self::Hostname => is_hostname(text),
        }
    }
}

fn is_date(text: &str) -> bool {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let part = |range| {
        text.get(range)
            .and_then(|digits: &str| digits.parse::<u16>().ok())
    };
    match (shape, part(0..4), part(5..7), part(8..10)) {
        (true, Some(year), Some(month), Some(day)) => {
            (1..=month_length(year, month)).contains(&day)
        }
        (_, _, _, _) => false,
    }
}

const fn month_length(year: u16, month: u16) -> u16 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether a text is a host name; also what a policy may list as a host.
pub(super) fn is_hostname(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}
