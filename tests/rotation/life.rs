//! Signals at every moment, the end of a certificate, and a service that does not want the next one.

use std::time::{Duration, SystemTime};

use portcullis::demo::mcp_server::{Answer, Piece};
use portcullis_certs::dev::Pki;
use tokio::time::{sleep, timeout};

use crate::place::{Files, HANGS, Place, Plan, call, issuer, leaf, serial};

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_hangups_at_start_and_at_work_ends_nothing() {
    let place = Place::start(Plan::new()).await;
    let state = place.files.path("state");
    while place.control.poll_count() == 0 {
        if state.exists() {
            place.agent.ask_to_reload().unwrap();
        }
        sleep(Duration::from_millis(1)).await;
    }
    for _ in 0..200 {
        place.agent.ask_to_reload().unwrap();
    }
    place.serves().await;
    let shown = place.renew();
    place.agent.ask_to_reload().unwrap();
    place.until_shown(&shown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_while_calls_are_drained_cuts_none() {
    let mut place = Place::open(Plan::new()).await;
    place.server.script(|heard| {
        Answer::result(heard, r#"{"content":[],"isError":false}"#)
            .first(Piece::Wait(Duration::from_secs(2)))
    });
    let mut slow = place.control.enqueue(call(1));
    place
        .until("the call to run", || {
            place
                .server
                .heard()
                .iter()
                .any(|heard| heard.rpc_method().as_deref() == Some("tools/call"))
        })
        .await;
    place.agent.ask_to_stop().unwrap();
    for _ in 0..20 {
        place.agent.ask_to_reload().unwrap();
        sleep(Duration::from_millis(20)).await;
    }
    place.control.close_polls();
    let reply = timeout(HANGS, slow.reply()).await.unwrap().unwrap();
    assert_eq!(reply.code, 200);
    assert!(
        timeout(HANGS, place.agent.end())
            .await
            .unwrap()
            .unwrap()
            .success()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_starts_with_an_expired_identity_and_recovers_by_itself() {
    let plan = Plan::new()
        .with(&["--rotation.debounce", "100ms"])
        .before(expire);
    let place = Place::start(plan).await;
    place.until_state("control plane", "unusable").await;
    assert_eq!(place.status()["gate"]["standing"], "lowered");
    let causes = place.status()["readiness"]["causes"].to_string();
    assert!(causes.contains("identity_expired"), "{causes}");
    assert_eq!(
        (place.control.poll_count(), place.control.calls().len()),
        (0, 0),
        "nothing is sent"
    );
    let shown = place.renew();
    place.until_shown(&shown).await;
    place
        .until("the gate to rise", || {
            place.status()["gate"]["standing"] == "raised"
        })
        .await;
    place.serves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_ends_at_work_lowers_the_gate_until_it_is_renewed() {
    let plan = Plan::new()
        .with(&["--rotation.debounce", "100ms"])
        .before(|files, pki| end_in(files, pki, 5));
    let place = Place::open(plan).await;
    place.serves().await;
    place.until_state("control plane", "unusable").await;
    assert_eq!(place.status()["live"], true, "a new start would not help");
    // The open poll stands on a connection of the identity that ended, and is cut with it: a call that meets it there is lost.
    let polls = place.control.poll_count();
    let shown = place.renew();
    place.until_shown(&shown).await;
    place.control.polled(polls + 1).await;
    place.serves().await;
    place
        .until("the record", || {
            place.records().contains("identity.expired")
        })
        .await;
}

/// With TLS 1.3 the service refuses a certificate after the client's handshake is over, so only a whole request tells.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_the_service_does_not_know_is_tried_and_not_used() {
    let place = Place::open(Plan::new().with(&["--rotation.debounce", "100ms"])).await;
    let before = place.generation("control plane");
    let stranger = place.pki.mcp_clients.issue(&leaf()).unwrap();
    place.files.identity("control-plane", &stranger);
    place
        .until_rejected("control plane", "canary_refused")
        .await;
    assert_eq!(place.generation("control plane"), before);
    place.serves().await;
    assert!(
        place
            .metrics()
            .contains("portcullis_rotation_canary_total{result=\"refused\"}")
    );
    let shown = place.renew();
    place.until_shown(&shown).await;
    assert!(
        place
            .metrics()
            .contains("portcullis_rotation_canary_total{result=\"passed\"}")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_service_does_not_know_is_tried_and_not_used() {
    let place = Place::open(Plan::new().with(&["--rotation.debounce", "100ms"])).await;
    place.files.replace("api.key", "another_key-0123456789");
    place
        .until_rejected("control plane", "canary_refused")
        .await;
    place.serves().await;
    place
        .files
        .replace("api.key", &place.control.options().api_key);
    place.until_state("control plane", "steady").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_refused_at_work_is_told_as_changed() {
    let flags = [
        "--rotation.debounce",
        "100ms",
        "--rotation.trial",
        "false",
        "--control-plane.poll-timeout",
        "1s",
    ];
    let place = Place::open(Plan::new().with(&flags)).await;
    place.files.replace("api.key", "another_key-0123456789");
    place
        .until("the record", || place.records().contains("secret.refused"))
        .await;
    let line = place
        .agent
        .line(|line| {
            line["message"]
                .as_str()
                .is_some_and(|said| said.contains("since it changed"))
        })
        .await;
    assert!(line.is_some(), "{}", place.agent.last_lines(20));
    assert!(!place.agent.last_lines(1000).contains("another_key"));
    let polls = place.control.poll_count();
    place
        .files
        .replace("api.key", &place.control.options().api_key);
    place
        .until("polls", || place.control.poll_count() > polls)
        .await;
}

fn expire(files: &Files, pki: &Pki) {
    let now = SystemTime::now();
    let over = leaf().valid(now - 72 * HOUR, now - HOUR);
    files.identity(
        "control-plane",
        &issuer(pki, "control-plane").issue(&over).unwrap(),
    );
}

fn end_in(files: &Files, pki: &Pki, seconds: u64) {
    let now = SystemTime::now();
    let soon = leaf().valid(now - 72 * HOUR, now + Duration::from_secs(seconds));
    let issued = issuer(pki, "control-plane").issue(&soon).unwrap();
    assert!(!serial(&issued).is_empty());
    files.identity("control-plane", &issued);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_generation_carries_is_told_until_it_has_ended() {
    let place = Place::open(Plan::new().with(&["--rotation.debounce", "100ms"])).await;
    place.serves().await;
    let carries = |what: &str, generation: u64| {
        let series = format!("portcullis_{what}{{profile=\"main\",generation=\"{generation}\"}} ");
        let metrics = place.metrics();
        let value = metrics.lines().find_map(|line| line.strip_prefix(&series));
        value.map(|value| value.parse::<u64>().unwrap())
    };
    assert_eq!(carries("connections", 1), Some(1));
    assert!(
        carries("requests_by_generation_total", 1) >= Some(2),
        "a probe and a call"
    );
    let shown = place.renew();
    place.until_shown(&shown).await;
    place.serves().await;
    assert_eq!(carries("connections", 2), Some(1));
    place
        .until("the end of the first", || {
            carries("connections", 1).is_none()
        })
        .await;
}
