#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::*;
use crate::ops::audit::{Arguments, Memory, Terms};
use crate::relay::record::Sealed;
use portcullis_policy::permit::Removed;

const REQUEST: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"secret":"canary"}}}"#;

fn audited(arguments: Arguments) -> (Audited, Memory) {
    let terms = Terms {
        arguments,
        ..Terms::default()
    };
    let (audit, memory) = Audit::in_memory(terms).unwrap();
    let audited = Audited {
        audit: Arc::new(audit),
        shown: Box::new(|channel| Shown {
            generation: 1,
            control_plane: Some("c1".to_owned()),
            server: Some("5e".to_owned()).filter(|_| channel == "main"),
        }),
    };
    (audited, memory)
}

fn decided() -> record::Decided<'static> {
    record::Decided {
        correlation: 0xabc,
        request_id: "r1",
        channel: "main",
        kind: "call",
        method: "tools/call",
        tool: "echo",
        session: Some("s-1"),
        request: REQUEST,
        policy: record::Named {
            generation: 1,
            sha256: [7; 32],
        },
        line: 4,
        observed: None,
    }
}

fn ended(reply: Result<u16, &'static str>) -> record::Ended {
    record::Ended {
        verdict: "permit",
        reason: "",
        line: 0,
        generation: 2,
        reply,
        answer: Some(Sealed {
            length: 3,
            sha256: [9; 32],
        }),
        events: 2,
        removed: Removed::default(),
        dropped: 1,
        times: Times {
            server: Duration::from_millis(2),
            ..Times::default()
        },
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_leaves_its_intent_and_its_outcome() {
    let (audited, memory) = audited(Arguments::Digest);
    let intent = audited.intent(&decided()).await.unwrap();
    let written = memory.records().join("\n");
    for part in ["\"r1\"", "tools/call", "echo", "\"5e\"", "\"c1\""] {
        assert!(written.contains(part), "{part}: {written}");
    }
    assert!(
        !written.contains("canary") && !written.contains("s-1"),
        "{written}"
    );
    audited.outcome(intent, &ended(Ok(200)));
    audited.audit.flush();
    let last = memory.records().pop().unwrap();
    assert!(
        last.contains("\"allow\"") && last.contains("2000") && last.contains("\"generation\":2"),
        "{last}"
    );
}

#[tokio::test(start_paused = true)]
async fn why_there_was_no_reply_is_the_verdict() {
    for why in ["post_failed", "expired", "lost"] {
        assert_eq!(told(&ended(Err(why))).verdict, why);
    }
    assert_eq!(told(&ended(Ok(200))).verdict, "allow");
}

#[tokio::test(start_paused = true)]
async fn arguments_are_found_for_a_policy_that_wants_them() {
    let (audited, memory) = audited(Arguments::Full);
    let _intent = audited.intent(&decided()).await.unwrap();
    assert!(memory.records().join("\n").contains("canary"));
}

/// URIs may name people; names of tools are what a server can do.
#[tokio::test(start_paused = true)]
async fn what_was_taken_out_of_a_listing_is_named_as_the_policy_says() {
    let record = async |are_uris: bool, mode: Arguments| {
        let (audited, memory) = audited(mode);
        let intent = audited.intent(&decided()).await.unwrap();
        let removed = Removed {
            count: 17,
            names: vec!["file:///a".to_owned(), "b\u{202e}".to_owned()],
            are_uris,
        };
        let ended = record::Ended {
            removed,
            ..ended(Ok(200))
        };
        audited.outcome(intent, &ended);
        audited.audit.flush();
        memory.records().pop().unwrap()
    };
    let named = r#""removed":17,"removed_names":["file:///a","b\u202e"],"dropped""#;
    for (are_uris, mode, is_named) in [
        (false, Arguments::Digest, true),
        (true, Arguments::Digest, false),
        (true, Arguments::Names, true),
        (true, Arguments::Full, true),
    ] {
        let last = record(are_uris, mode).await;
        assert_eq!(last.contains(named), is_named, "{mode:?}: {last}");
        assert!(last.contains("\"removed\":17"), "{last}");
        assert_eq!(last.contains("file:"), is_named, "{last}");
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_and_lost_polls_are_kept() {
    let (audited, memory) = audited(Arguments::Digest);
    let refusal = record::Refusal {
        reason: "tool_not_listed",
        line: 0,
    };
    audited.refusal(&decided(), &refusal);
    audited.poll_lost("unexpected_eof");
    audited.audit.flush();
    let written = memory.records().join("\n");
    assert!(
        written.contains("tool_not_listed") && written.contains("poll_lost"),
        "{written}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_forwards_nothing() {
    let (audited, memory) = audited(Arguments::Digest);
    memory.fill_after(10);
    assert_eq!(audited.intent(&decided()).await.err(), Some(Unrecorded));
    memory.clear();
}
