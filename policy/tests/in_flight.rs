//! A policy that is replaced while a call is in flight: each further message keeps both, the same or tighter and never looser (F4).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::sync::Arc;

use portcullis_policy::permit::{Ignored, Verdict};
use portcullis_policy::{PolicySet, Step};
use support::{UPSTREAM_ID, compile, exchange, finished, judge};

const CALL: &str = r#"{"jsonrpc":"2.0","id":"a-1","method":"tools/call","params":{"_meta":{"progressToken":"tok"},"name":"echo"}}"#;
const NOISE: &str = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#;

fn limited(limit: &str) -> Arc<PolicySet> {
    compile(&format!(
        "schema = 1\n[limits]\n{limit}\n[[server]]\nchannel = \"main\"\ntools = [\"echo\"]\n"
    ))
}

fn bytes(messages: usize) -> Arc<PolicySet> {
    limited(&format!("stream_bytes = {}", NOISE.len() * messages))
}

fn answer() -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{UPSTREAM_ID},"result":{{}}}}"#)
}

#[test]
fn fewer_bytes_hold_for_the_rest_of_a_stream_and_more_do_not_f4_d8() {
    for (before, after) in [(bytes(10), bytes(3)), (bytes(3), bytes(10))] {
        let mut exchange = exchange(&before, CALL);
        for _ in 0..3 {
            assert!(matches!(
                judge(&before, &mut exchange, NOISE),
                Step::Ignore(_)
            ));
        }
        let (_, verdict) = finished(judge(&after, &mut exchange, NOISE));
        assert!(matches!(verdict, Verdict::Refused(reason, _) if reason.label() == "stream_limit"));
    }
}

#[test]
fn fewer_events_hold_for_the_rest_of_a_stream_and_more_do_not_f4_d10() {
    let (few, many) = (limited("stream_events = 3"), limited("stream_events = 10"));
    for (before, after) in [(&many, &few), (&few, &many)] {
        let mut exchange = exchange(before, CALL);
        for _ in 0..3 {
            let step = judge(before, &mut exchange, NOISE);
            assert!(matches!(step, Step::Ignore(why) if why != Ignored::Excess));
        }
        let step = judge(after, &mut exchange, &progress());
        assert!(matches!(step, Step::Ignore(Ignored::Excess)));
        let (_, verdict) = finished(judge(after, &mut exchange, &answer()));
        assert_eq!(verdict, Verdict::Released { removed: 0 });
    }
}

/// Progress of the call, which crosses where nothing is in its way.
fn progress() -> String {
    r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"tok","progress":1}}"#.to_owned()
}

#[test]
fn a_server_that_is_no_longer_listed_answers_nothing_more_f4() {
    let (before, after) = (bytes(10), compile("schema = 1\n"));
    let mut exchange = exchange(&before, CALL);
    let (body, verdict) = finished(judge(&after, &mut exchange, &answer()));
    assert!(
        matches!(verdict, Verdict::Refused(reason, None) if reason.label() == "policy_tightened")
    );
    assert!(!body.contains("result"), "{body}");
}
