//! What must hold for any bytes at all: replayed by the tests on a stable toolchain, searched by fuzzing.
//!
//! Promises: each function takes bytes nobody vouches for and fails an assertion, or panics, only if the
//! module under test broke its own promise.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use portcullis_policy::gate::Caps;

use super::command::{CommandKind, Polled};
use super::sse::{Decoder, SseCaps, SseFault};
use super::{api_error, duration, poll, retry_after, timestamp};

/// A poll body gives commands whose payload is not empty, or is refused.
pub fn poll(body: &[u8]) {
    let body = Bytes::copy_from_slice(body);
    for polled in poll::decode(&body, &Caps::REQUEST).unwrap_or_default() {
        if let Polled::Command(command) = polled
            && let CommandKind::Jsonrpc(payload) = command.kind
        {
            assert!(!payload.is_empty(), "payload is empty");
        }
    }
}

/// An event stream has the same outcome whole and byte by byte, and no event exceeds its cap.
pub fn sse(stream: &[u8]) {
    let caps = SseCaps {
        line: 40,
        event: 60,
        total: 150,
    };
    let whole = events([stream].into_iter(), caps);
    assert_eq!(
        whole,
        events(stream.chunks(1), caps),
        "the outcome depends on the chunks"
    );
    assert!(
        whole
            .0
            .iter()
            .all(|data| (1..=caps.event).contains(&data.len())),
        "an event exceeds its cap"
    );
}

/// An error body gives texts that are bounded and cannot forge a log line.
pub fn api_error(body: &[u8]) {
    let error = api_error::parse(body);
    for text in [&error.code, &error.message, &error.kind]
        .into_iter()
        .flatten()
    {
        assert!(
            !text.contains(char::is_control),
            "a control character is left"
        );
        assert!(
            text.chars().count() <= api_error::MAX_MESSAGE_CHARS * 10 + 3,
            "a text is too long"
        );
    }
}

/// The short texts are read or refused, within their bounds.
pub fn texts(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    assert!(
        duration::parse(&text).is_none_or(|timeout| i64::try_from(timeout.as_nanos()).is_ok()),
        "a timeout is out of range"
    );
    assert!(
        retry_after::parse(&text, SystemTime::UNIX_EPOCH)
            .is_none_or(|wait| wait <= Duration::from_secs(60)),
        "a wait is out of range"
    );
    let _instant = timestamp::parse(&text);
}

fn events<'a>(
    chunks: impl Iterator<Item = &'a [u8]>,
    caps: SseCaps,
) -> (Vec<Bytes>, Option<SseFault>) {
    let mut decoder = Decoder::new(caps);
    let mut events = Vec::new();
    for mut chunk in chunks {
        loop {
            match decoder.decode(&mut chunk) {
                Ok(Some(event)) => events.push(event.data),
                Ok(None) => break,
                Err(fault) => return (events, Some(fault)),
            }
        }
    }
    (events, None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::path::Path;

    /// What fuzzing found worth keeping, through the same functions on stable.
    #[test]
    fn the_corpora_hold() {
        type Target = (&'static str, fn(&[u8]));
        let targets: [Target; 4] = [
            ("poll", super::poll),
            ("sse", super::sse),
            ("api_error", super::api_error),
            ("texts", super::texts),
        ];
        let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        for (name, hold) in targets {
            let entries = fs::read_dir(corpora.join(name)).unwrap();
            let bodies: Vec<_> = entries
                .map(|entry| fs::read(entry.unwrap().path()).unwrap())
                .collect();
            assert!(bodies.len() > 2, "the corpus of `{name}` is missing");
            bodies.iter().for_each(|body| hold(body));
        }
    }
}
