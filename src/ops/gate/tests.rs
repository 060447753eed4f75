//! Tests of the gate: causes, waits, and what survives a restart.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;

const OPERATOR: Actor = Actor {
    uid: 7,
    pid: Some(8),
};

fn hold(cause: Cause, standing: Standing) -> Hold {
    Hold {
        cause,
        standing,
        reason: "test".to_owned(),
        since: SystemTime::UNIX_EPOCH,
        by: None,
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_as_low_as_its_lowest_hold() {
    let gate = Gate::default();
    gate.polls().await;
    gate.hold(hold(Cause::Operator, Standing::Quiesced));
    assert_eq!(gate.standing(), Standing::Quiesced);
    gate.hold(hold(Cause::Audit, Standing::Lowered));
    gate.lowered().await;
    assert!(gate.let_go(Cause::Operator));
    assert_eq!(gate.standing(), Standing::Lowered, "the other cause holds");
    assert!(gate.let_go(Cause::Audit) && !gate.let_go(Cause::Audit));
    gate.polls().await;
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_when_the_gate_moves() {
    let gate = Gate::default();
    let lower = async { gate.hold(hold(Cause::Operator, Standing::Lowered)) };
    tokio::join!(gate.lowered(), lower);
    let raise = async { gate.let_go(Cause::Operator) };
    tokio::join!(gate.polls(), raise);
}

#[test]
fn what_the_operator_did_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("gate.json");
    for (action, standing) in [
        (Action::Drop, Standing::Lowered),
        (Action::Quiesce, Standing::Quiesced),
    ] {
        let reason = "a \"drill\"\nin two lines";
        Gate::kept_in(file.clone())
            .act(action, (reason, OPERATOR), || {})
            .unwrap();
        let again = Gate::kept_in(file.clone());
        assert_eq!(again.standing(), standing);
        assert_eq!(
            (again.holds()[0].reason.as_str(), again.holds()[0].by),
            (reason, Some(OPERATOR))
        );
    }
    Gate::kept_in(file.clone())
        .act(Action::Raise, ("", OPERATOR), || {})
        .unwrap();
    assert_eq!(Gate::kept_in(file).standing(), Standing::Raised);
}

#[test]
fn a_file_in_doubt_lowers_the_gate() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("gate.json");
    for text in [
        &b""[..],
        b"{}",
        b"\xff",
        b"{\"standing\":\"raised\"}",
        b"{\"standing\":\"lowered\",\"reason\":1}",
    ] {
        std::fs::write(&file, text).unwrap();
        assert_eq!(
            Gate::kept_in(file.clone()).standing(),
            Standing::Lowered,
            "{text:?}"
        );
    }
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert_eq!(Gate::kept_in(file).standing(), Standing::Lowered);
}

#[test]
fn a_drop_that_cannot_be_kept_still_holds_and_a_raise_that_cannot_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let gate = Gate::kept_in(dir.path().join("gone").join("gate.json"));
    assert!(gate.act(Action::Drop, ("x", OPERATOR), || {}).is_err());
    assert_eq!(gate.standing(), Standing::Lowered);
    let blocked = dir.path().join("blocked");
    std::fs::create_dir(&blocked).unwrap();
    let gate = Gate::kept_in(blocked);
    assert!(gate.act(Action::Raise, ("", OPERATOR), || {}).is_err());
    assert_eq!(gate.standing(), Standing::Lowered);
}
