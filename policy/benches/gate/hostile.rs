//! Bodies made to be dear: each must be stopped by a cap, or be no dearer than honest bytes.

use std::fmt::Write as _;
use std::hint::black_box;

use bytes::Bytes;
use portcullis_policy::gate::{self, Caps};
use serde::de::IgnoredAny;

use crate::clock::interleaved;
use crate::table::{NANOS_A_NODE, met};

pub(crate) const TITLE: &str = "hostile body, caps of a request        bytes    gate us  most us  budget  serde us  stopped by";

const MIB: usize = 1 << 20;

/// Each with its name.
pub(crate) fn bodies() -> [(&'static str, Bytes); 7] {
    let wrap = |payload: &str| Bytes::from(format!(r#"{{"params":{payload}}}"#));
    let array = |item: &str, count| format!("[{}0]", item.repeat(count));
    [
        ("zeros in an array, 1 MiB", wrap(&array("0,", MIB / 2 - 8))),
        (
            "100,000 members",
            wrap(&members(100_000, |out, i| write!(out, "{i:05}"))),
        ),
        (
            "10,000 members, at the cap",
            wrap(&members(10_000, |out, i| write!(out, "{i:05}"))),
        ),
        (
            "10,000 names alike at both ends",
            wrap(&members(10_000, |out, i| {
                write!(out, "aaaaaaaa{i:05}bbbbbbbb")
            })),
        ),
        ("depth bomb, 1 MiB", wrap(&"[".repeat(MIB - 16))),
        ("one number of 10^6 digits", wrap(&"1".repeat(1_000_000))),
        ("40,000 numbers 1.5e300", wrap(&array("1.5e300,", 40_000))),
    ]
}

fn members(count: usize, name: impl Fn(&mut String, usize) -> std::fmt::Result) -> String {
    let mut text = String::from("{");
    for i in 0..count {
        text.push_str(if i == 0 { "\"" } else { ",\"" });
        // Writing to a string cannot fail.
        let _ = name(&mut text, i);
        text.push_str("\":0");
    }
    text.push('}');
    text
}

/// One line. The most a body may cost is what the budget grants to a text of that length with as many values as the cap allows.
pub(crate) fn row(name: &str, text: &Bytes) -> String {
    let caps = Caps::REQUEST;
    let [gate, serde] = interleaved(
        21,
        3,
        [
            &mut |times| {
                (0..times)
                    .for_each(|_| drop(black_box(gate::message(black_box(text.clone()), &caps))))
            },
            &mut |times| {
                (0..times).for_each(|_| {
                    drop(black_box(serde_json::from_slice::<IgnoredAny>(black_box(
                        text,
                    ))))
                })
            },
        ],
    );
    let verdict = gate::message(text.clone(), &caps)
        .map_or_else(|error| error.fault.label(), |_| "nothing: accepted");
    let nodes = caps.nodes.min(text.len() / 2) as f64;
    let most = nodes * NANOS_A_NODE + text.len() as f64 / MIB as f64 * 300_000.0;
    let (length, ok) = (text.len(), met(gate <= most));
    let [gate, most, serde] = [gate, most, serde].map(|nanos| nanos / 1e3);
    format!("{name:<34} {length:>9} {gate:>10.1} {most:>8.1}  {ok:<6} {serde:>9.1}  {verdict}")
}
