#![allow(clippy::unwrap_used)]
use super::*;

const NOW: Moment = Moment(1_780_000_000_000);
const HOUR: u64 = 3_600_000;

fn owner(ledger: &Ledger, session: Option<&str>, subject: Option<&str>) -> Owner {
    ledger.owner(&Principal {
        channel: &Channel::main(),
        session,
        subject,
    })
}

fn in_flight(upstream_id: u64) -> InFlight {
    InFlight {
        upstream_id,
        ends_with_stream: false,
    }
}

#[test]
fn only_the_owner_of_a_live_call_finds_it_b12() {
    let ledger = Arc::new(Ledger::default());
    let whose = |session, subject| owner(&ledger, session, subject);
    let call = ledger.enter(whose(Some("s1"), Some("u1")), b"1", in_flight(77));
    let find = |session, subject, id: &[u8]| {
        let found = ledger.find(whose(session, subject), id);
        found.map(|call| call.upstream_id)
    };
    assert_eq!(find(Some("s1"), Some("u1"), b"1"), Some(77));
    assert_eq!(find(Some("s2"), Some("u1"), b"1"), None, "another session");
    assert_eq!(find(None, Some("u1"), b"1"), None, "no session");
    assert_eq!(find(Some("s1"), Some("u2"), b"1"), None, "another subject");
    assert_eq!(find(Some("s1"), None, b"1"), None, "no subject");
    let text = find(Some("s1"), Some("u1"), b"\"1\"");
    assert_eq!(text, None, "another type of id");
    drop(call);
    assert_eq!(find(Some("s1"), Some("u1"), b"1"), None, "finished");
}

#[test]
fn an_id_in_use_twice_is_found_by_nobody() {
    let ledger = Arc::new(Ledger::default());
    let whose = owner(&ledger, None, None);
    let _first = ledger.enter(whose, b"1", in_flight(1));
    let second = ledger.enter(whose, b"1", in_flight(2));
    assert_eq!(ledger.find(whose, b"1"), None);
    drop(second);
    assert_eq!(ledger.find(whose, b"1"), Some(in_flight(1)));
}

#[test]
fn a_task_is_its_makers_for_a_day_b9() {
    let ledger = Ledger::default();
    let (maker, other) = (
        owner(&ledger, Some("s1"), None),
        owner(&ledger, Some("s2"), None),
    );
    assert!(ledger.note_task(maker, "t", Some("a".to_owned()), NOW));
    assert_eq!(ledger.task(maker, "t", NOW), Some(Some("a".to_owned())));
    assert_eq!(ledger.task(other, "t", NOW), None);
    assert!(
        !ledger.note_task(other, "t", None, NOW),
        "an id that is held stays with its holder"
    );
    assert_eq!(ledger.task(maker, "t", NOW), Some(Some("a".to_owned())));
    let last = Moment(NOW.0 + 24 * HOUR);
    assert!(ledger.task(maker, "t", last).is_some());
    assert_eq!(ledger.task(maker, "t", Moment(last.0 + 1)), None);
}

#[test]
fn what_one_principal_makes_pushes_out_his_own_oldest_b9() {
    let ledger = Ledger::default();
    let (busy, quiet) = (
        owner(&ledger, Some("busy"), None),
        owner(&ledger, Some("quiet"), None),
    );
    ledger.note_task(quiet, "q", None, NOW);
    for n in 0..=256_u64 {
        assert!(ledger.note_task(busy, &format!("t{n}"), None, Moment(NOW.0 + n + 1)));
    }
    let now = Moment(NOW.0 + 1000);
    assert_eq!(ledger.task(busy, "t0", now), None, "an evicted one refuses");
    assert!(ledger.task(busy, "t1", now).is_some());
    assert!(ledger.task(quiet, "q", now).is_some());
}

#[test]
fn all_principals_together_have_an_end_too_b9() {
    let ledger = Ledger::default();
    let whose = |n: u64| owner(&ledger, Some(&n.to_string()), None);
    for n in 0..=4096_u64 {
        ledger.note_task(whose(n), &format!("t{n}"), None, Moment(NOW.0 + n));
    }
    let now = Moment(NOW.0 + 5000);
    assert_eq!(ledger.task(whose(0), "t0", now), None);
    assert!(ledger.task(whose(1), "t1", now).is_some());
    assert!(ledger.task(whose(4096), "t4096", now).is_some());
}

#[test]
fn a_state_belongs_to_one_call_of_one_principal_b10() {
    let ledger = Ledger::default();
    let (one, two) = (
        owner(&ledger, None, Some("u1")),
        owner(&ledger, None, Some("u2")),
    );
    let about = ("tools/call", Some("a"));
    ledger.note_state(one, about, "s", 1, NOW);
    assert_eq!(ledger.state(one, about, "s", NOW), Some(1));
    assert_eq!(ledger.state(two, about, "s", NOW), None);
    assert_eq!(ledger.state(one, ("tools/call", Some("b")), "s", NOW), None);
    assert_eq!(
        ledger.state(one, ("prompts/get", Some("a")), "s", NOW),
        None
    );
    assert_eq!(ledger.state(one, about, "S", NOW), None);
    assert_eq!(
        ledger.state(one, about, "s", Moment(NOW.0 + HOUR + 1)),
        None
    );
}

#[test]
fn the_oldest_cursor_of_a_principal_gives_way_b4() {
    let ledger = Ledger::default();
    let (one, two) = (
        owner(&ledger, Some("s1"), None),
        owner(&ledger, Some("s2"), None),
    );
    let given = |ledger: &Ledger, n: u64| {
        ledger.note_cursor(one, "tools/list", &n.to_string(), Moment(NOW.0 + n));
    };
    (0..128).for_each(|n| given(&ledger, n));
    assert!(ledger.has_cursor(one, "tools/list", "0"));
    assert!(!ledger.has_cursor(two, "tools/list", "0"), "of another");
    assert!(
        !ledger.has_cursor(one, "prompts/list", "0"),
        "of another list"
    );
    given(&ledger, 0);
    given(&ledger, 128);
    assert!(ledger.has_cursor(one, "tools/list", "0"), "given again");
    assert!(!ledger.has_cursor(one, "tools/list", "1"));
    ledger.begin_listing(one, NOW);
    assert!(
        ledger.has_cursor(one, "tools/list", "2"),
        "another listing may be under way"
    );
}

#[test]
fn a_principal_who_gives_way_loses_his_cursors_too_b4() {
    let ledger = Ledger::default();
    let whose = |n: u64| owner(&ledger, Some(&n.to_string()), None);
    for n in 0..=256_u64 {
        ledger.note_cursor(whose(n), "tools/list", "2", Moment(NOW.0 + n));
    }
    assert!(!ledger.has_cursor(whose(0), "tools/list", "2"));
    assert!(ledger.has_cursor(whose(1), "tools/list", "2"));
}

#[test]
fn a_principal_has_four_streams_b14() {
    let ledger = Arc::new(Ledger::default());
    let whose = owner(&ledger, Some("s"), None);
    let mut open: Vec<_> = (0..4).map(|_| ledger.open_stream(whose).unwrap()).collect();
    assert!(ledger.open_stream(whose).is_none());
    assert!(
        ledger
            .open_stream(owner(&ledger, Some("t"), None))
            .is_some()
    );
    open.pop();
    assert!(ledger.open_stream(whose).is_some());
}
