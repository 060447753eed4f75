//! Limits at their edges (A16 to A19), and the fast paths at every offset.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "shared/base.rs"]
mod base;

use base::{BASE, argument, fault, gate};
use bytes::Bytes;
use portcullis_policy::gate::{Caps, Fault, Slot, message};

/// An object with these names, as written, and zeros.
fn object(names: impl Iterator<Item = String>) -> String {
    let members: Vec<_> = names.map(|name| format!("\"{name}\":0")).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn the_sizes_are_those_that_are_documented() {
    let sizes = |caps: Caps| (caps.bytes, caps.string_bytes);
    assert_eq!(sizes(Caps::REQUEST), (1 << 20, 1 << 20));
    assert_eq!(sizes(Caps::ANSWER), (8 << 20, 8 << 20));
}

/// The outermost object counts: the message, `params` and `arguments` are three of the 64.
#[test]
fn depth_is_capped_without_recursion() {
    let nested = |count: usize| argument(&format!("{}{}", "[".repeat(count), "]".repeat(count)));
    assert_eq!(fault(nested(61)), None, "A16: 64 in all");
    assert_eq!(fault(nested(62)), Some(Fault::Depth), "A16: 65 in all");
    let objects = |count: usize| format!("{}1{}", r#"{"a":"#.repeat(count), "}".repeat(count));
    assert_eq!(
        (fault(objects(64)), fault(objects(65))),
        (None, Some(Fault::Depth))
    );
    let caps = Caps {
        depth: usize::MAX,
        bytes: usize::MAX,
        nodes: usize::MAX,
        ..Caps::REQUEST
    };
    let flat = |text: String| {
        message(Bytes::from(text), &caps)
            .map(|_| ())
            .map_err(|error| error.fault)
    };
    assert_eq!(
        flat(nested(1_000_000)),
        Ok(()),
        "A16: a deep stack is on the heap"
    );
    assert_eq!(
        flat(argument(&"[".repeat(1_000_000))),
        Err(Fault::Syntax),
        "A16"
    );
}

#[test]
fn a_flood_of_values_stops_at_the_cap() {
    let zeros = |count: usize| format!("{{\"a\":[{}]}}", vec!["0"; count].join(","));
    assert_eq!(
        fault(zeros(199_998)),
        None,
        "A17: with the object and the array, at the cap"
    );
    assert_eq!(fault(zeros(199_999)), Some(Fault::Nodes), "A17");
}

#[test]
fn many_names_are_compared_and_capped() {
    let numbered = |count: usize| object((0..count).map(|n| n.to_string()));
    assert_eq!(fault(numbered(10_000)), None, "A18");
    assert_eq!(fault(numbered(10_001)), Some(Fault::Members), "A18");
    assert_eq!(fault(numbered(100_000)), Some(Fault::Members), "A18");
}

/// Small objects compare names as they come, large ones when they close; both must see every pair.
#[test]
fn a_repeated_name_is_found_wherever_it_stands() {
    for count in [2, 15, 16, 17, 18, 40, 5_000] {
        for (first, again) in [(0, count), (count / 2, count), (count - 1, count), (0, 1)] {
            let plain = |n: usize| n.to_string();
            let escaped = |n: usize| {
                n.to_string()
                    .chars()
                    .map(|c| format!("\\u003{c}"))
                    .collect()
            };
            for respelled in [plain, escaped] as [fn(usize) -> String; 2] {
                let spell = |n| {
                    if n == again {
                        respelled(first)
                    } else {
                        plain(n)
                    }
                };
                let text = object((0..=count).map(spell));
                let expected = Some(Fault::DuplicateKey);
                assert_eq!(
                    fault(text),
                    expected,
                    "A1, A2, A18: {first} at {again} of {count}"
                );
            }
            let unique =
                object((0..=count).map(|n| if n == again { escaped(n) } else { plain(n) }));
            assert_eq!(fault(unique), None, "A2: an escape alone is no repetition");
        }
    }
}

#[test]
fn lengths_hold_at_their_edges() {
    let name = |length: usize| argument(&format!("{{\"{}\":0}}", "k".repeat(length)));
    assert_eq!(fault(name(1024)), None);
    assert_eq!(fault(name(1025)), Some(Fault::KeyTooLong));
    let caps = Caps {
        string_bytes: 10,
        ..Caps::REQUEST
    };
    let string = |length: usize| {
        let text = argument(&format!("\"{}\"", "s".repeat(length)));
        message(Bytes::from(text), &caps)
            .err()
            .map(|error| error.fault)
    };
    assert_eq!(
        (string(9), string(10), string(11)),
        (None, None, Some(Fault::StringTooLong))
    );
    for caps in [Caps::REQUEST, Caps::ANSWER] {
        let padded = |length: usize| {
            let text = format!("{BASE}{}", " ".repeat(length - BASE.len()));
            message(Bytes::from(text), &caps)
                .err()
                .map(|error| error.fault)
        };
        let edge = caps.bytes;
        let found = (padded(edge - 1), padded(edge), padded(edge + 1));
        assert_eq!(found, (None, None, Some(Fault::TooLarge)));
    }
}

/// Special bytes at every place of words and blocks, where a fast path could miss one.
#[test]
fn strings_end_where_they_end() {
    for length in 0..200 {
        let plain = "x".repeat(length);
        for (tail, expected) in [
            ("", None),
            (r"\n", None),
            (r"\u00e9", None),
            ("\u{1f}", Some(Fault::ControlCharacter)),
            ("\0", Some(Fault::ControlCharacter)),
            (r"\q", Some(Fault::Escape)),
            (r"\udc00", Some(Fault::Surrogate)),
            ("\u{7f}\u{80}\u{10ffff}", None),
        ] {
            let text = argument(&format!("\"{plain}{tail}{plain}\""));
            assert_eq!(fault(&text), expected, "{length} before {tail:?}");
            if expected.is_none() {
                let message = gate(&text).unwrap();
                let read = message
                    .node(Slot::ParamsArguments)
                    .unwrap()
                    .get("message")
                    .unwrap();
                let value: String = serde_json::from_slice(read.raw()).unwrap();
                assert_eq!(read.text().unwrap(), value);
            }
        }
    }
}

#[test]
fn white_space_is_crossed_exactly() {
    for length in 0..40 {
        for space in [" ", "\n", "\r", "\t", " \n", "\r\n\t "] {
            let run = space.repeat(length);
            assert_eq!(
                fault(argument(&format!("{run}1{run}"))),
                None,
                "{length} of {space:?}"
            );
            for other in [
                "\u{b}", "\u{c}", "\u{a0}", "\u{85}", "\u{2028}", "\0", "!", "\u{1f}",
            ] {
                let text = argument(&format!("{run}{other}{run}1"));
                assert_eq!(
                    fault(text),
                    Some(Fault::Syntax),
                    "{length} of {space:?} before {other:?}"
                );
            }
        }
    }
}
