//! Every fold of every reserved name, at its level and away from it (A3, CVE-2026-27896).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "shared/base.rs"]
mod base;

use base::{fault, gate};
use portcullis_policy::gate::{Caps, Fault, Slot, object};

/// A slot's place: the objects around it from the outside in, and its own name.
fn place(slot: Slot) -> (Vec<&'static str>, &'static str) {
    let mut rest = slot.path();
    let mut around = Vec::new();
    for opening in ["params", "result", "error", "_meta", "ref"] {
        if let Some(inner) = rest
            .strip_prefix(opening)
            .and_then(|rest| rest.strip_prefix('.'))
        {
            around.push(opening);
            rest = inner;
        }
    }
    (around, rest)
}

/// A message whose one member is `name` (as written), inside the objects `around`.
fn nested(around: &[&str], name: &str) -> String {
    let inner = format!("{{\"{name}\":0}}");
    around
        .iter()
        .rev()
        .fold(inner, |inner, name| format!("{{\"{name}\":{inner}}}"))
}

/// Every name that differs from `name` in the fold of one letter, and the one with all letters changed.
fn folds(name: &str) -> Vec<String> {
    let other_case = |letter: char| match letter.is_ascii_lowercase() {
        true => letter.to_ascii_uppercase(),
        false => letter.to_ascii_lowercase(),
    };
    let mut found = vec![name.chars().map(other_case).collect()];
    for (at, letter) in name
        .char_indices()
        .filter(|(_, letter)| letter.is_ascii_alphabetic())
    {
        let mut letters = vec![other_case(letter)];
        letters.extend(match letter.to_ascii_lowercase() {
            's' => vec!['\u{17f}'],
            'k' => vec!['\u{212a}'],
            'i' => vec!['\u{130}', '\u{131}'],
            _ => vec![],
        });
        let replaced = |new: char| format!("{}{new}{}", &name[..at], &name[at + 1..]);
        found.extend(letters.into_iter().map(replaced));
    }
    found
}

/// The same name with every character written as an escape.
fn escaped(name: &str) -> String {
    name.encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect()
}

#[test]
fn every_fold_is_refused_at_its_level() {
    for slot in Slot::ALL {
        let (around, name) = place(*slot);
        let folded = folds(name);
        assert!(folded.len() >= 3, "`{name}` has letters");
        for fold in folded {
            for spelling in [fold.clone(), escaped(&fold)] {
                let text = nested(&around, &spelling);
                assert_eq!(fault(&text), Some(Fault::ReservedFold), "A3: {text}");
            }
        }
    }
}

#[test]
fn the_exact_name_is_found_in_any_spelling() {
    for slot in Slot::ALL {
        let (around, name) = place(*slot);
        for spelling in [name.to_owned(), escaped(name)] {
            let gated = gate(nested(&around, &spelling)).unwrap();
            assert_eq!(gated.node(*slot).unwrap().raw(), b"0", "{}", slot.path());
            let recorded = Slot::ALL
                .iter()
                .filter(|slot| gated.span(**slot).is_some())
                .count();
            assert_eq!(
                recorded,
                around.len() + 1,
                "only the places on the way are recorded"
            );
        }
    }
}

/// Below the reserved levels names belong to the sender: a tool may well have an argument `NAME`.
#[test]
fn the_same_names_pass_elsewhere() {
    for slot in Slot::ALL {
        let (_, name) = place(*slot);
        for fold in folds(name) {
            for around in [
                vec!["params", "arguments"],
                vec!["result", "structuredContent"],
                vec!["error", "data"],
            ] {
                let text = nested(&around, &fold);
                assert_eq!(fault(&text), None, "A3: {text}");
            }
            let in_array = format!("{{\"params\":[{{\"{fold}\":0}}]}}");
            assert_eq!(fault(&in_array), None, "A3: {in_array}");
        }
    }
}

#[test]
fn an_object_refuses_folds_of_the_names_it_is_given() {
    let reserved = ["request_id", "channel", "jsonrpc"];
    let judge = |text: &str| {
        object(text.as_bytes(), &Caps::REQUEST, &reserved, Some("jsonrpc")).map(|_| ())
    };
    for name in reserved {
        assert_eq!(judge(&format!("{{\"{name}\":0}}")), Ok(()));
        for fold in folds(name) {
            for spelling in [fold.clone(), escaped(&fold)] {
                let error = judge(&format!("{{\"{spelling}\":0}}")).unwrap_err();
                assert_eq!(error.fault, Fault::ReservedFold, "A3: {spelling}");
                assert_eq!(
                    judge(&format!("{{\"a\":{{\"{spelling}\":0}}}}")),
                    Ok(()),
                    "only at the top"
                );
            }
        }
    }
}
