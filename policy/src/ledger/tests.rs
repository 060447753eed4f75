#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn only_the_owner_of_a_live_call_finds_it_b12() {
    let ledger = Arc::new(Ledger::default());
    let main = Channel::main();
    let call = ledger.enter(&main, Some("s1"), b"1", 77);
    assert_eq!(ledger.find(&main, Some("s1"), b"1"), Some(77));
    assert_eq!(
        ledger.find(&main, Some("s2"), b"1"),
        None,
        "another session"
    );
    assert_eq!(ledger.find(&main, None, b"1"), None, "no session");
    assert_eq!(
        ledger.find(&main, Some("s1"), b"\"1\""),
        None,
        "another type of id"
    );
    drop(call);
    assert_eq!(ledger.find(&main, Some("s1"), b"1"), None, "finished");
}

#[test]
fn an_id_in_use_twice_is_found_by_nobody() {
    let ledger = Arc::new(Ledger::default());
    let main = Channel::main();
    let _first = ledger.enter(&main, None, b"1", 1);
    let second = ledger.enter(&main, None, b"1", 2);
    assert_eq!(ledger.find(&main, None, b"1"), None);
    drop(second);
    assert_eq!(ledger.find(&main, None, b"1"), Some(1));
}
