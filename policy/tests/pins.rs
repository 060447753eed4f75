//! Pins against what a server lists: the agent's own listing, the caller's, and what makes either evidence.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::Arc;

use bytes::Bytes;
use portcullis_policy::gate::{self, Caps};
use portcullis_policy::permit::{Ignored, Page, Verdict};
use portcullis_policy::{
    Channel, Exchange, Facts, Found, Inbound, Ledger, Listing, Moment, Pin, PolicySet, Step,
};
use support::{NOW, UPSTREAM_ID, compile, facts, finished, headers, json, judge};

/// Tells texts apart, which is all these tests ask of a digest.
fn digest(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (i, byte) in bytes.iter().enumerate() {
        let lane = out[i % 32] as u32;
        out[i % 32] = (lane * 31 + u32::from(*byte) + (i / 32) as u32) as u8;
    }
    out
}

fn pin(definition: &str) -> Pin {
    let text = format!(r#"{{"x":{definition}}}"#);
    let message = gate::message(Bytes::from(text), &Caps::REQUEST).unwrap();
    Pin::of(message.root().get("x").unwrap(), digest)
}

const GOOD: &str = r#"{"name":"a","description":"Reads","inputSchema":{"type":"object"}}"#;
const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}"#;
const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#;

fn pinned(rest: &str) -> Arc<PolicySet> {
    let pin = pin(GOOD);
    compile(&format!(
        "schema = 1\n[[server]]\nchannel = \"main\"\n{rest}[[server.tool]]\nname = \"a\"\npin = \"{pin}\"\n[[server.tool]]\nname = \"b\"\n"
    ))
}

/// A caller with a session, or without.
struct Caller {
    policy: Arc<PolicySet>,
    ledger: Arc<Ledger>,
    sent: Vec<(&'static str, &'static str)>,
    now: Moment,
}

impl Caller {
    fn new(session: bool) -> Self {
        Self {
            policy: pinned(""),
            ledger: Arc::new(Ledger::with_digest(digest)),
            sent: if session {
                vec![("mcp-session-id", "s-1")]
            } else {
                Vec::new()
            },
            now: NOW,
        }
    }

    fn with<R>(&self, body: &str, look: impl FnOnce(&Inbound<'_>) -> R) -> R {
        let (channel, headers) = (Channel::main(), headers(&self.sent));
        look(&Inbound {
            channel: &channel,
            headers: &headers,
            body: Bytes::from(body.to_owned()),
        })
    }

    fn admit(&self, body: &str) -> Result<Exchange, &'static str> {
        let facts = Facts {
            now: self.now,
            ..facts()
        };
        self.with(body, |inbound| {
            let admitted = self.policy.admit(inbound, facts, &self.ledger);
            admitted
                .map(|(_, exchange)| exchange)
                .map_err(|refused| refused.reason().label())
        })
    }

    fn says(&self) -> &'static str {
        self.admit(CALL).map_or_else(|reason| reason, |_| "ok")
    }

    fn listing(&self, body: &str) -> Option<Listing> {
        self.with(body, |inbound| {
            self.policy.list_first(inbound, &self.ledger, self.now)
        })
    }

    /// The agent lists, and the server has these pages.
    fn lists(&self, pages: &[&str]) -> &'static str {
        let mut listing = self.listing(CALL).expect("nothing is known");
        for (i, tools) in pages.iter().enumerate() {
            listing.ask(UPSTREAM_ID);
            let next = match pages.len() - i {
                1 => String::new(),
                left => format!(r#","nextCursor":"c{left}""#),
            };
            match listing.judge(page(tools, &next)) {
                Page::Next => {}
                Page::Complete => return "complete",
                Page::Broken(why) => return why,
                Page::Wait | Page::Reply(_) => panic!("an answer"),
            }
        }
        "next"
    }

    /// The caller lists, and the server answers so; what is released.
    fn hears(&self, body: &str, tools: &str, rest: &str) -> (String, Verdict) {
        let mut exchange = self.admit(body).unwrap();
        let answer = String::from_utf8(page(tools, rest).to_vec()).unwrap();
        finished(judge(&self.policy, &mut exchange, &answer))
    }

    fn changes(&self) -> Vec<Found> {
        self.ledger
            .changes()
            .into_iter()
            .map(|change| change.found)
            .collect()
    }
}

fn page(tools: &str, rest: &str) -> Bytes {
    format!(r#"{{"jsonrpc":"2.0","id":{UPSTREAM_ID},"result":{{"tools":[{tools}]{rest}}}}}"#).into()
}

/// PF17: each field of a definition counts, the unknown ones too; the order of members and white space do not.
#[test]
fn every_field_of_a_definition_is_pinned_pf17_c1_c2() {
    let same = r#"{ "inputSchema" : {"type":"object"}, "description":"\u0052eads", "name":"a" }"#;
    let caller = Caller::new(true);
    assert_eq!(caller.lists(&[same]), "complete");
    assert_eq!(caller.says(), "ok");
    for more in [
        r#""title":"A""#,
        r#""outputSchema":{"type":"object"}"#,
        r#""annotations":{"readOnlyHint":true}"#,
        r#""icons":[{"src":"https://x.example/i.png"}]"#,
        r#""_meta":{"k":1}"#,
        r#""whoKnows":null"#,
        r#""execution":{"taskSupport":"optional"}"#,
    ] {
        let caller = Caller::new(true);
        let changed = GOOD.replace("\"name\"", &format!("{more},\"name\""));
        assert_eq!(caller.lists(&[&changed]), "complete", "{more}");
        assert_eq!(caller.says(), "pin_changed", "{more}");
        assert_eq!(caller.changes(), [Found::Listed(pin(&changed))], "{more}");
    }
    for (old, new) in [
        ("Reads", "Reads all"),
        ("\"object\"", "\"object\",\"required\":[\"x\"]"),
    ] {
        let caller = Caller::new(true);
        caller.lists(&[&GOOD.replace(old, new)]);
        assert_eq!(caller.says(), "pin_changed", "{new}");
    }
}

#[test]
fn only_all_pages_together_are_evidence_b4() {
    let other = r#"{"name":"b"}"#;
    for (pages, said, then) in [
        (&[other, GOOD][..], "complete", "ok"),
        (&[GOOD, other], "complete", "ok"),
        (&[other], "complete", "pin_unseen"),
        // Twice, on two pages or on one: which of them a call would run nobody knows (B4).
        (&[GOOD, GOOD], "complete", "pin_unseen"),
        (&[&format!("{GOOD},{GOOD}")], "complete", "pin_unseen"),
        // A name with a second reading (A3).
        (
            &[&format!(r#"{GOOD},{{"name":"b","Name":"a"}}"#)],
            "listing_unreadable",
            "pin_unseen",
        ),
        (&["7"], "listing_unreadable", "pin_unseen"),
    ] {
        let caller = Caller::new(true);
        assert_eq!(
            (caller.lists(pages), caller.says()),
            (said, then),
            "{pages:?}"
        );
    }
    let caller = Caller::new(true);
    let mut listing = caller.listing(CALL).unwrap();
    listing.ask(UPSTREAM_ID);
    assert!(matches!(
        listing.judge(page(GOOD, r#","nextCursor":"2""#)),
        Page::Next
    ));
    assert_eq!(caller.says(), "pin_unseen", "a part of a listing");
    let (_, text) = listing.ask(UPSTREAM_ID);
    assert!(String::from_utf8_lossy(&text).contains(r#""params":{"cursor":"2"}"#));
    let again = listing.judge(page("", r#","nextCursor":"2""#));
    assert!(matches!(again, Page::Broken("no_listing")), "a circle");
}

#[test]
fn a_listing_that_cannot_be_had_refuses_for_now() {
    let caller = Caller::new(true);
    let rows = [
        (page(GOOD, ""), 500, "no_listing"),
        (
            page(GOOD, r#","resultType":"input_required""#),
            200,
            "no_listing",
        ),
        (Bytes::from_static(b"{"), 200, "gate.truncated"),
        (
            format!(r#"{{"jsonrpc":"2.0","id":{UPSTREAM_ID},"error":{{"code":1,"message":"x"}}}}"#)
                .into(),
            200,
            "no_listing",
        ),
        (
            Bytes::from_static(br#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#),
            200,
            "changed_meanwhile",
        ),
    ];
    for (text, status, why) in rows {
        let mut listing = caller.listing(CALL).unwrap();
        listing.ask(UPSTREAM_ID);
        listing.begin(status, &[]);
        let Page::Broken(found) = listing.judge(text) else {
            panic!("{why}");
        };
        assert_eq!(found, why);
        assert_eq!(caller.says(), "pin_unseen");
        let refused = listing.refuse(facts().correlation);
        assert_eq!(refused.reason().label(), "listing_failed");
        assert!(json(&refused.into_released()).contains("\"retryable\":true"));
    }
    // What the server has against the caller itself he is told as it is: his session is gone, or he must say who he is.
    for status in [401, 404] {
        let mut listing = caller.listing(CALL).unwrap();
        listing.ask(UPSTREAM_ID);
        listing.begin(status, &headers(&[("www-authenticate", "Bearer")]));
        let refused = listing.refuse(facts().correlation);
        assert_eq!(refused.reason().label(), "listing_failed");
        let released = refused.into_released();
        assert_eq!(released.code(), status);
        let told = released
            .headers()
            .iter()
            .any(|(name, _)| *name == "Www-Authenticate");
        assert!(told, "{:?}", released.headers());
    }
    // An endless listing ends.
    let mut listing = caller.listing(CALL).unwrap();
    let mut pages = 0;
    let why = loop {
        listing.ask(UPSTREAM_ID);
        pages += 1;
        match listing.judge(page("", &format!(r#","nextCursor":"{pages}""#))) {
            Page::Next => {}
            Page::Broken(why) => break why,
            Page::Complete | Page::Wait | Page::Reply(_) => panic!("no end"),
        }
    };
    assert_eq!((why, pages), ("too_many_pages", 100));
}

/// What the server asks or says meanwhile is answered as in any call, and its answer to another id is none of this listing's.
#[test]
fn a_listing_is_judged_as_an_answer() {
    let caller = Caller::new(true);
    let mut listing = caller.listing(CALL).unwrap();
    let (permitted, _) = listing.ask(UPSTREAM_ID);
    let sent = permitted.into_outgoing();
    let body = String::from_utf8(sent.body.to_vec()).unwrap();
    assert_eq!(
        body,
        format!(r#"{{"jsonrpc":"2.0","id":{UPSTREAM_ID},"method":"tools/list","params":{{}}}}"#)
    );
    let session = sent.headers.iter().find(|h| h.name == "mcp-session-id");
    assert_eq!(
        session.map(|h| h.value.as_ref()),
        Some("s-1"),
        "on the caller's session"
    );
    let say = |listing: &mut Listing, text: &str| match listing.judge(Bytes::from(text.to_owned()))
    {
        Page::Wait => "wait".to_owned(),
        Page::Reply(own) => String::from_utf8(own.into_outgoing().body.to_vec()).unwrap(),
        Page::Next | Page::Complete | Page::Broken(_) => "over".to_owned(),
    };
    assert_eq!(
        say(
            &mut listing,
            r#"{"jsonrpc":"2.0","id":5,"result":{"tools":[]}}"#
        ),
        "wait"
    );
    assert_eq!(
        say(&mut listing, r#"{"jsonrpc":"2.0","id":9,"method":"ping"}"#),
        r#"{"jsonrpc":"2.0","id":9,"result":{}}"#
    );
    assert!(
        say(
            &mut listing,
            r#"{"jsonrpc":"2.0","id":9,"method":"sampling/createMessage"}"#
        )
        .contains("-32601")
    );
    assert_eq!(
        say(
            &mut listing,
            r#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#
        ),
        "wait"
    );
    assert!(matches!(listing.judge(page(GOOD, "")), Page::Complete));
}

/// MCP 2026-07-28: the listing says of itself what the caller's message says, and what its headers must repeat.
#[test]
fn a_modern_listing_describes_itself() {
    let mut caller = Caller::new(false);
    caller.sent = vec![
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", "a"),
        ("authorization", "Bearer x"),
        ("x-request-id", "r"),
    ];
    let meta = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c"},"io.modelcontextprotocol/clientCapabilities":{}}"#;
    let call = CALL.replace(
        "\"name\":\"a\"",
        &format!("\"name\":\"a\",\"_meta\":{meta}"),
    );
    assert_eq!(caller.admit(&call).map(|_| ()), Err("pin_unseen"));
    let mut listing = caller.listing(&call).unwrap();
    let (permitted, text) = listing.ask(UPSTREAM_ID);
    assert!(String::from_utf8_lossy(&text).contains(&format!(r#""params":{{"_meta":{meta}}}"#)));
    let sent = permitted.into_outgoing();
    let value = |name: &str| {
        sent.headers
            .iter()
            .find(|h| h.name == name)
            .map(|h| h.value.to_string())
    };
    assert_eq!(value("mcp-method").as_deref(), Some("tools/list"));
    assert_eq!(value("mcp-name"), None);
    assert_eq!(value("authorization").as_deref(), Some("Bearer x"));
    assert!(matches!(listing.judge(page(GOOD, "")), Page::Complete));
    assert_eq!(caller.admit(&call).map(|_| ()), Ok(()));
}

/// C3, PF16: what the caller lists counts as well; a changed tool is neither shown nor called, and stays so while it differs.
#[test]
fn the_callers_own_listing_is_held_against_the_pins_c3_pf16() {
    let caller = Caller::new(true);
    let drifted = GOOD.replace("Reads", "Deletes");
    let (shown, verdict) = caller.hears(LIST, GOOD, "");
    assert!(shown.contains("Reads"));
    assert_eq!(
        (verdict, caller.says()),
        (Verdict::Released { removed: 0 }, "ok")
    );
    assert!(caller.listing(CALL).is_none(), "all is known");
    let other = r#"{"name":"b"}"#;
    let (shown, verdict) = caller.hears(LIST, &format!("{drifted},{other}"), "");
    assert!(
        !shown.contains("Deletes") && shown.contains("\"b\""),
        "that tool only: {shown}"
    );
    assert_eq!(
        (verdict, caller.says()),
        (Verdict::Released { removed: 1 }, "pin_changed")
    );
    caller.hears(LIST, other, "");
    assert_eq!(caller.says(), "pin_unseen", "removed");
    caller.hears(LIST, &drifted, "");
    assert_eq!(
        caller.says(),
        "pin_changed",
        "removed and added again (PF16)"
    );
    caller.hears(LIST, GOOD, "");
    assert_eq!(caller.says(), "ok");
    let drift = Found::Listed(pin(&drifted));
    assert_eq!(
        caller.changes(),
        [drift, Found::Missing, drift, Found::AsPinned],
        "each change is told once"
    );
    // One page among others is no evidence that all is well; that something is not, it is.
    let caller = Caller::new(true);
    let second = LIST.replace("{}", r#"{"cursor":"2"}"#);
    let first = |shown: &str| caller.hears(LIST, shown, r#","nextCursor":"2""#);
    first(GOOD);
    assert_eq!(caller.says(), "pin_unseen");
    first(other);
    caller.hears(&second, GOOD, "");
    assert_eq!(caller.says(), "pin_unseen", "the last page");
    caller.hears(LIST, GOOD, "");
    assert_eq!(caller.says(), "ok");
    first(other);
    assert_eq!(caller.says(), "ok", "the rest is still to come");
    caller.hears(&second, &drifted, "");
    assert_eq!(caller.says(), "pin_unseen", "the agent must look again");
}

#[test]
fn evidence_ends_with_a_change_a_new_session_another_caller_and_time() {
    let mut caller = Caller::new(true);
    assert_eq!((caller.lists(&[GOOD]), caller.says()), ("complete", "ok"));
    let permitted = caller.admit(CALL).unwrap();
    let listing_before = {
        let mut listing = Caller {
            now: Moment(NOW.0 + 10 * 60_000),
            sent: caller.sent.clone(),
            policy: Arc::clone(&caller.policy),
            ledger: Arc::clone(&caller.ledger),
        }
        .listing(CALL)
        .expect("ten minutes are too long");
        listing.ask(UPSTREAM_ID);
        listing
    };
    let mut other = caller.admit(&CALL.replace("\"a\"", "\"b\"")).unwrap();
    let changed = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
    let step = judge(&caller.policy, &mut other, changed);
    assert!(
        matches!(step, Step::Ignore(Ignored::Notification)),
        "not listed, and heard all the same"
    );
    assert_eq!(caller.says(), "pin_unseen");
    assert!(
        !permitted.is_still_as_listed(),
        "a call that waits meanwhile is not sent"
    );
    let mut stale = listing_before;
    assert!(matches!(
        stale.judge(page(GOOD, "")),
        Page::Broken("changed_meanwhile")
    ));
    assert_eq!((caller.lists(&[GOOD]), caller.says()), ("complete", "ok"));
    caller.now = Moment(NOW.0 - 11 * 60_000);
    assert_eq!(
        caller.says(),
        "pin_unseen",
        "a clock that was set back proves nothing"
    );
    caller.now = NOW;
    for other in [
        ("mcp-session-id", "s-2"),
        ("authorization", "Bearer other"),
        ("x-openai-subject", "u-2"),
    ] {
        let kept = caller.sent.clone();
        caller.sent.retain(|(name, _)| *name != other.0);
        caller.sent.push(other);
        assert_eq!(caller.says(), "pin_unseen", "{other:?}");
        caller.sent = kept;
    }
    caller.sent.push(("x-request-id", "r-2"));
    assert_eq!(caller.says(), "ok", "another message of the same caller");
}

/// A server without sessions has nothing that ends: its listings last a minute, and no longer than the connection.
#[test]
fn without_sessions_evidence_is_short() {
    let mut caller = Caller::new(false);
    assert_eq!((caller.lists(&[GOOD]), caller.says()), ("complete", "ok"));
    caller.ledger.lost(&Channel::main());
    assert_eq!(
        caller.says(),
        "pin_unseen",
        "another program may answer now"
    );
    assert_eq!((caller.lists(&[GOOD]), caller.says()), ("complete", "ok"));
    let opens = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#;
    let mut opening = caller.admit(opens).unwrap();
    let answer = format!(r#"{{"jsonrpc":"2.0","id":{UPSTREAM_ID},"result":{{}}}}"#);
    finished(judge(&caller.policy, &mut opening, &answer));
    assert_eq!(caller.says(), "pin_unseen", "a new session");
    assert_eq!((caller.lists(&[GOOD]), caller.says()), ("complete", "ok"));
    caller.now = Moment(NOW.0 + 60_000);
    assert_eq!(caller.says(), "pin_unseen");
}

#[test]
fn nothing_is_listed_for_a_call_that_is_refused_anyway() {
    let caller = Caller::new(true);
    let with_arguments = CALL.replace("\"a\"", "\"a\",\"arguments\":{\"x\":1}");
    assert_eq!(caller.admit(&with_arguments).map(|_| ()), Err("pin_unseen"));
    assert!(caller.listing(&with_arguments).is_none());
    caller.lists(&[""]);
    assert_eq!(caller.says(), "pin_unseen");
    assert!(
        caller.listing(CALL).is_none(),
        "it is known not to be there"
    );
}

/// C1: the instructions are the model's to read before any tool.
#[test]
fn instructions_are_pinned_c1() {
    let text = "Be careful with \u{e9}";
    let pin = Pin::of_text(text, digest);
    let opens = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#;
    let discovers = opens.replace("initialize", "server/discover");
    for (rest, passes) in [
        (r#""instructions":"Be careful with \u00e9""#, true),
        (r#""instructions":"Be careless""#, false),
        (r#""instructions":null"#, false),
        (r#""serverInfo":{}"#, false),
    ] {
        for opens in [opens, discovers.as_str()] {
            let mut caller = Caller::new(false);
            caller.policy = pinned(&format!("instructions = \"{pin}\"\n"));
            let mut opening = caller.admit(opens).unwrap();
            let answer = format!(r#"{{"jsonrpc":"2.0","id":{UPSTREAM_ID},"result":{{{rest}}}}}"#);
            let (body, verdict) = finished(judge(&caller.policy, &mut opening, &answer));
            assert_eq!(
                matches!(verdict, Verdict::Released { .. }),
                passes,
                "{rest}: {body}"
            );
            assert_eq!(caller.changes().is_empty(), passes, "{rest}");
            assert!(
                passes
                    || matches!(verdict, Verdict::Refused(reason, _) if reason.label() == "instructions_changed")
            );
        }
    }
}

#[test]
fn without_a_digest_nothing_is_ever_seen() {
    let mut caller = Caller::new(true);
    caller.ledger = Arc::default();
    assert_eq!(caller.lists(&[GOOD]), "complete");
    assert_eq!(caller.says(), "pin_unseen");
}

/// A pin of instructions is part of the language: a bad one is a mistake at its place, and taking it away allows more.
#[test]
fn a_pin_of_instructions_is_part_of_the_language() {
    use portcullis_policy::Direction;
    use portcullis_policy::document::{diff, direction};
    let text = |rest: &str| format!("schema = 1\n[[server]]\nchannel = \"main\"\n{rest}");
    let bad = PolicySet::check(text("instructions = \"sha256:00\"\n").as_bytes());
    let at: Vec<u32> = bad.mistakes.iter().map(|mistake| mistake.line).collect();
    assert_eq!(at, [4], "{:?}", bad.mistakes);
    let pinned = |text: &str| format!("instructions = \"{}\"\n", Pin::of_text(text, digest));
    let [none, one, other] =
        ["".to_owned(), pinned("a"), pinned("b")].map(|rest| compile(&text(&rest)));
    for (old, new, way) in [
        (&none, &one, Direction::Tighter),
        (&one, &none, Direction::Looser),
        (&one, &other, Direction::Looser),
        (&one, &one, Direction::Neutral),
    ] {
        assert_eq!(direction(&diff(old, new)), way);
    }
    assert!(PolicySet::SCHEMA.contains("\"instructions\""));
}
