//! A policy on trial: `portcullis policy apply`, as a process beside the agent.

use std::fs;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::place::{POLICY, Place, Plan};
use crate::policy::{NAME, OTHER, is_refused, policy, reply, save, until_in_force};

/// Tries the policy with one other tool.
fn apply(place: &Place, text: &str, within: &str) -> Child {
    let new = place.files.path("tried.toml");
    fs::write(&new, text).unwrap();
    Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["policy", "apply", "--confirm-within", within, "--socket"])
        .args([place.files.path("state/admin.sock"), new])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Answers its question, and returns the exit code and all it printed.
async fn ended(mut tool: Child, answer: &str) -> (Option<i32>, String) {
    let mut input = tool.stdin.take().unwrap();
    input.write_all(answer.as_bytes()).unwrap();
    // The input stays open: nobody answers, and nobody hangs up.
    let waiting = spawn_blocking(|| tool.wait_with_output());
    let output = waiting.await.unwrap().unwrap();
    drop(input);
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

fn said(place: &Place) -> String {
    fs::read_to_string(policy(place)).unwrap()
}

async fn until_decided(place: &Place) {
    place
        .until("the end of the trial", || {
            place.status()["policy"]["trial_ends"] == Value::Null
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_confirmed_is_written_and_goes_on_as_it_is() {
    let place = Place::open(Plan::new()).await;
    let tool = apply(&place, OTHER, "1h");
    until_in_force(&place, 2).await;
    assert!(is_refused(&reply(&place, 1).await));
    assert!(place.status()["policy"]["trial_ends"].is_number());
    assert_eq!(
        said(&place),
        POLICY,
        "nothing is written before somebody says so"
    );
    let (code, told) = ended(tool, "yes\n").await;
    assert_eq!(code, Some(0), "{told}");
    for part in ["together: tighter", "kept: it is in place"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(said(&place), OTHER);
    until_decided(&place).await;
    assert_eq!(place.status()["policy"]["generation"], 2, "it is the same");
    for event in ["trial_asked", "trial_begun", "trial_kept"] {
        let event = format!("policy.{event}");
        place
            .until(&event, || place.records().contains(&event))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_confirmation_the_agent_goes_back_by_itself() {
    let place = Place::open(Plan::new()).await;
    let (code, told) = ended(apply(&place, OTHER, "2s"), "").await;
    assert_eq!(code, Some(2), "{told}");
    until_in_force(&place, 3).await;
    assert!(!is_refused(&reply(&place, 1).await));
    assert_eq!(place.status()["policy"]["trial_ends"], Value::Null);
    assert_eq!(said(&place), POLICY);

    let mut tool = apply(&place, OTHER, "3s");
    until_in_force(&place, 4).await;
    tool.kill().unwrap();
    tool.wait().unwrap();
    until_in_force(&place, 5).await;
    assert!(!is_refused(&reply(&place, 2).await));
    place
        .until("the records", || {
            place.records().matches("policy.trial_ended").count() == 2
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_answer_goes_back_at_once() {
    let place = Place::open(Plan::new()).await;
    let tool = apply(&place, OTHER, "1h");
    until_in_force(&place, 2).await;
    let (code, told) = ended(tool, "yes please\n").await;
    assert_eq!(code, Some(2), "{told}");
    until_in_force(&place, 3).await;
    assert!(!is_refused(&reply(&place, 1).await));
    assert_eq!(said(&place), POLICY);
}

/// Who saves the file in an emergency is not kept waiting by a trial; a mistake in it does not leave the trial in force.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_saved_meanwhile_ends_the_trial() {
    let place = Place::open(Plan::new()).await;
    let first = apply(&place, OTHER, "1h");
    until_in_force(&place, 2).await;
    save(&place, &format!("{POLICY}# saved by hand\n"));
    until_in_force(&place, 4).await;
    assert!(!is_refused(&reply(&place, 1).await));
    assert_eq!(place.status()["policy"]["trial_ends"], Value::Null);

    let second = apply(&place, OTHER, "1h");
    until_in_force(&place, 5).await;
    save(&place, "schema = 1\nwrong = true\n");
    place.until_rejected(NAME, "policy_invalid").await;
    assert_eq!(place.status()["policy"]["generation"], 6);
    assert!(
        !is_refused(&reply(&place, 2).await),
        "what the file said before"
    );
    for (tool, answer, why) in [
        (first, "yes\n", "was changed by somebody else"),
        (second, "no\n", "no policy is on trial any more"),
    ] {
        let (_, told) = ended(tool, answer).await;
        assert!(told.contains(why), "{told}");
    }
    assert!(said(&place).contains("wrong"), "nothing is overwritten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_would_not_load_is_not_tried() {
    let place = Place::open(Plan::new()).await;
    for (text, why) in [
        ("schema = 1\nwrong = true\n".to_owned(), "unknown field"),
        (POLICY.replace("main", "nobody"), "no MCP server is bound"),
        (POLICY.to_owned(), "in force already"),
    ] {
        let (code, told) = ended(apply(&place, &text, "1h"), "yes\n").await;
        assert!(code == Some(1) && told.contains(why), "{told}");
    }
    let (code, told) = ended(apply(&place, OTHER, "25h"), "yes\n").await;
    assert!(code == Some(1) && told.contains("24 hours"), "{told}");
    place.until_state(NAME, "steady").await;
    assert_eq!(place.status()["policy"]["generation"], 1);
    assert_eq!(said(&place), POLICY);
}
