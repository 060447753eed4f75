#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use proptest::prelude::*;

const CAPS: SseCaps = SseCaps {
    line: 1000,
    event: 1000,
    total: 10_000,
};

#[derive(Debug, PartialEq)]
struct Seen {
    data: Vec<String>,
    ignored: u64,
    id: Option<String>,
    retry: Option<u64>,
    fault: Option<SseFault>,
}

fn read(chunks: &[&[u8]], caps: SseCaps) -> Seen {
    let mut decoder = Decoder::new(caps);
    let mut data = Vec::new();
    let mut fault = None;
    for chunk in chunks {
        let mut chunk = *chunk;
        loop {
            match decoder.decode(&mut chunk) {
                Ok(Some(event)) => data.push(String::from_utf8(event.data.to_vec()).unwrap()),
                Ok(None) => break,
                Err(found) => {
                    fault = Some(found);
                    break;
                }
            }
        }
    }
    let retry = decoder
        .retry()
        .map(|wait| u64::try_from(wait.as_millis()).unwrap());
    Seen {
        data,
        ignored: decoder.ignored(),
        id: decoder.last_id().map(str::to_owned),
        retry,
        fault,
    }
}

/// The outcome of a stream, which must be the same whole, split anywhere, and byte by byte.
fn outcome(stream: &[u8], caps: SseCaps) -> Seen {
    let whole = read(&[stream], caps);
    for at in 0..=stream.len() {
        assert_eq!(
            read(&[&stream[..at], &stream[at..]], caps),
            whole,
            "split at {at} of {:?}",
            String::from_utf8_lossy(stream)
        );
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(
        read(&bytes, caps),
        whole,
        "byte by byte: {:?}",
        String::from_utf8_lossy(stream)
    );
    whole
}

fn data(stream: &str) -> Vec<String> {
    let seen = outcome(stream.as_bytes(), CAPS);
    assert_eq!(seen.fault, None, "{stream:?}");
    seen.data
}

/// Section 2.3 of the protocol sheet, row by row.
#[test]
fn d11_measured_streams() {
    let cases: [(&str, &str, &[&str]); 19] = [
        ("BOM first", "\u{feff}data: {}\n\n", &["{}"]),
        (
            "BOM and blank line first",
            "\u{feff}\ndata: {}\n\n",
            &["{}"],
        ),
        ("two BOMs first", "\u{feff}\u{feff}data: {}\n\n", &[]),
        ("lone CR line ends, end of input", "data: {}\r\r", &["{}"]),
        ("comment then CR", ": c\rdata: {}\r\r", &["{}"]),
        (
            "CR inside the JSON between tokens, then data",
            "data: {\"a\":\rdata: 1}\n\n",
            &["{\"a\":\n1}"],
        ),
        (
            "CR inside the JSON, no data after it",
            "data: {\"a\":\r1}\n\n",
            &["{\"a\":"],
        ),
        (
            "event: ping with JSON data",
            "event: ping\ndata: {}\n\n",
            &[],
        ),
        (
            "event: message with a space after it",
            "event: message \ndata: {}\n\n",
            &[],
        ),
        ("event: message", "event: message\ndata: {}\n\n", &["{}"]),
        ("event: empty", "event:\ndata: {}\n\n", &["{}"]),
        ("event in another case", "event: Message\ndata: {}\n\n", &[]),
        ("no final blank line", "data: {}\n", &[]),
        ("no final line end", "data: {}", &[]),
        (
            "BOM before a later event",
            "data: 1\n\n\u{feff}data: 2\n\n",
            &["1"],
        ),
        ("empty data", "data:\n\n", &[]),
        (
            "two leading spaces and a tab in data",
            "data:  a\n\ndata:\tb\n\n",
            &[" a", "\tb"],
        ),
        (
            "NEL, U+2028, VT are no line ends",
            "data: a\u{85}b\u{2028}c\u{b}d\n\n",
            &["a\u{85}b\u{2028}c\u{b}d"],
        ),
        (
            "CRLF",
            "data: 1\r\ndata: 2\r\n\r\ndata: 3\r\n\r\n",
            &["1\n2", "3"],
        ),
    ];
    for (name, stream, expected) in cases {
        assert_eq!(data(stream), expected, "{name}");
    }
}

#[test]
fn the_whatwg_examples() {
    assert_eq!(data("data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
    let seen = outcome(b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n", CAPS);
    assert_eq!(
        (seen.data, seen.id),
        (
            vec![
                "first event".into(),
                "second event".into(),
                " third event".into()
            ],
            None
        )
    );
    assert_eq!(data("data\n\ndata\ndata\n\ndata:\n"), ["\n"]);
    assert_eq!(data("data:test\n\ndata: test\n\n"), ["test", "test"]);
}

#[test]
fn d11_a_type_belongs_to_its_own_event() {
    let seen = outcome(b"event: ping\n\nevent: ping\ndata: 1\n\ndata: 2\n\ndata: 3\nevent: ping\nevent: message\n\n", CAPS);
    assert_eq!((seen.data, seen.ignored), (vec!["2".into(), "3".into()], 1));
}

#[test]
fn fields_are_spelled_exactly() {
    assert_eq!(
        data("Data: 1\n\n data: 2\n\ndata : 3\n\ndatax: 4\n\n:data: 5\n\n"),
        [""; 0]
    );
}

#[test]
fn d13_retry_is_digits_within_bounds() {
    let cases = [
        ("0", Some(1000)),
        ("1500", Some(1500)),
        ("60001", Some(60_000)),
        ("99999999999999999999", Some(60_000)),
        ("", None),
        ("-1", None),
        ("+5000", None),
        ("5e3", None),
        ("5000 ", None),
    ];
    for (value, expected) in cases {
        assert_eq!(
            outcome(format!("retry: {value}\n").as_bytes(), CAPS).retry,
            expected,
            "{value:?}"
        );
    }
    assert_eq!(outcome(b"retry: 2000\nretry: x\n", CAPS).retry, Some(2000));
}

#[test]
fn d13_ids() {
    let long = "i".repeat(1000 - "id: ".len());
    let cases = [
        ("id: 7\ndata: 1\n\n".to_owned(), Some("7")),
        ("id: 7\n\n".to_owned(), Some("7")),
        ("id: 7\n".to_owned(), None),
        ("id: 7\n\nid: 8\n".to_owned(), Some("7")),
        ("id: 7\nid: a\0b\n\n".to_owned(), Some("7")),
        ("id: 7\n\nid: é\n\n".to_owned(), None),
        ("id: 7\n\nid\n\n".to_owned(), None),
        ("id: 7\n\nid: a\u{7f}\n\n".to_owned(), None),
        (format!("id: {long}\n\n"), Some(long.as_str())),
    ];
    for (stream, expected) in &cases {
        assert_eq!(
            outcome(stream.as_bytes(), CAPS).id.as_deref(),
            *expected,
            "{stream:?}"
        );
    }
}

#[test]
fn d13_an_overlong_id_is_forgotten() {
    let caps = SseCaps { line: 5000, ..CAPS };
    let id = |len: usize| {
        outcome(
            format!("id: 7\n\nid: {}\n\n", "i".repeat(len)).as_bytes(),
            caps,
        )
        .id
    };
    assert_eq!(id(MAX_ID_BYTES), Some("i".repeat(MAX_ID_BYTES)));
    assert_eq!(id(MAX_ID_BYTES + 1), None);
}

#[test]
fn d11_data_must_be_utf8() {
    assert_eq!(
        outcome(b"data: 1\n\ndata: \xff\n\ndata: 2\n\n", CAPS),
        Seen {
            data: vec!["1".into()],
            ignored: 0,
            id: None,
            retry: None,
            fault: Some(SseFault::NotUtf8)
        }
    );
    assert_eq!(
        outcome(b"event: ping\ndata: \xc3\ndata: \xa9\n\n", CAPS).fault,
        Some(SseFault::NotUtf8)
    );
    assert_eq!(
        outcome(b": \xff\nx: \xff\nevent: \xff\ndata: 1\n\n", CAPS).fault,
        None
    );
}

#[test]
fn w_09_each_limit_at_its_edge() {
    let caps = |line, event, total| SseCaps { line, event, total };
    let cases: [(&[u8], SseCaps, Option<SseFault>); 10] = [
        (b"data: 1\n\n", caps(7, 9, 99), None),
        (b"data: 1\n\n", caps(6, 9, 99), Some(SseFault::LineTooLong)),
        (b": 4567", caps(6, 9, 99), None),
        (b": 45678", caps(6, 9, 99), Some(SseFault::LineTooLong)),
        (b"data: 1\ndata: 2\n\n", caps(9, 3, 99), None),
        (
            b"data: 1\ndata: 2\n\n",
            caps(9, 2, 99),
            Some(SseFault::EventTooLong),
        ),
        (
            b"data: 12\n\n",
            caps(9, 1, 99),
            Some(SseFault::EventTooLong),
        ),
        (b"data: 1\r\n\r\n", caps(9, 9, 11), None),
        (
            b"data: 1\r\n\r\n",
            caps(9, 9, 10),
            Some(SseFault::StreamTooLong),
        ),
        (b"data: 1\n\n", caps(5, 9, 5), Some(SseFault::LineTooLong)),
    ];
    for (stream, caps, fault) in cases {
        assert_eq!(
            outcome(stream, caps).fault,
            fault,
            "{:?} under {caps:?}",
            String::from_utf8_lossy(stream)
        );
    }
}

#[test]
fn d8_memory_stays_flat_under_an_endless_line() {
    let caps = SseCaps {
        line: 100_000,
        event: 100_000,
        total: usize::MAX,
    };
    let mut decoder = Decoder::new(caps);
    let mut largest = 0;
    let fault = std::iter::repeat_n(&[b'a'; 4096][..], 1000).find_map(|mut chunk| {
        let fault = decoder.decode(&mut chunk).err();
        largest = largest.max(decoder.lines.capacity());
        fault
    });
    assert_eq!(fault, Some(SseFault::LineTooLong));
    assert!(largest <= 100_000, "{largest}");
}

#[test]
fn w_09_growth_stops_at_the_cap() {
    let mut buffer = Vec::new();
    while append(&mut buffer, b"1234567", 1000) {}
    assert_eq!((buffer.len(), buffer.capacity() <= 1000), (994, true));
}

#[test]
fn line_ends_are_found_at_every_place() {
    for (at, end) in (0..200).flat_map(|at| [(at, '\n'), (at, '\r')]) {
        let comment = format!(":{}{end}data: 1\n\n", "x".repeat(at));
        assert_eq!(read(&[comment.as_bytes()], CAPS).data, ["1"], "{at}");
    }
}

#[test]
fn a_fault_stays() {
    let mut decoder = Decoder::new(SseCaps {
        line: 1,
        event: 1,
        total: 99,
    });
    assert_eq!(decoder.decode(&mut &b"aaa"[..]), Err(SseFault::LineTooLong));
    assert_eq!(
        decoder.decode(&mut &b"\n\n"[..]),
        Err(SseFault::LineTooLong)
    );
}

#[test]
fn printing_shows_no_data() {
    let event = Decoder::new(CAPS).decode(&mut &b"data: canary\n\n"[..]);
    assert_eq!(format!("{event:?}"), "Ok(Some(Event(6 bytes)))");
}

proptest! {
    #[test]
    fn any_stream_has_one_outcome(stream in "(data|event|id|retry|:|\u{feff}|message|[0-9]|\r|\n|\r\n|: |\0|é| ){0,60}", line in 0_usize..40, event in 0_usize..40, total in 0_usize..200) {
        outcome(stream.as_bytes(), SseCaps { line, event, total });
    }

    #[test]
    fn any_bytes_have_one_outcome(stream in proptest::collection::vec(any::<u8>(), 0..200)) {
        crate::wire::fuzz::sse(&stream);
    }
}
