//! The policy file, edited while the agent works.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use portcullis::demo::control_plane::{Command, Pending, Reply};
use portcullis::demo::mcp_server::{Answer, Piece};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::place::{HANGS, POLICY, Place, Plan, call, write};

pub(crate) const NAME: &str = "policy file";
/// Nothing of the server but one other tool.
pub(crate) const OTHER: &str =
    "schema = 1\n[[server]]\nchannel = \"main\"\ntools = [\"slow_count\"]\n";
const BROKEN: &str = "schema = 1\n[[server]]\nchannel = \"main\"\ntols = []\n";

pub(crate) fn policy(place: &Place) -> std::path::PathBuf {
    place.files.path("policy.toml")
}

/// Written beside its place and renamed there, as most editors do.
pub(crate) fn save(place: &Place, text: &str) {
    write(&place.files.path("policy.new"), text);
    fs::rename(place.files.path("policy.new"), policy(place)).unwrap();
}

pub(crate) async fn until_in_force(place: &Place, generation: u64) {
    place
        .until("the policy", || {
            place.status()["policy"]["generation"] == generation
        })
        .await;
}

pub(crate) async fn reply(place: &Place, number: usize) -> Value {
    let mut pending = place.control.enqueue(call(number));
    let reply: Reply = timeout(HANGS, pending.reply()).await.unwrap().unwrap();
    reply.value()
}

pub(crate) fn is_refused(value: &Value) -> bool {
    value["error"]["code"].is_number()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_decides_from_then_on_and_is_on_record() {
    let place = Place::open(Plan::new()).await;
    assert!(!is_refused(&reply(&place, 1).await));
    save(&place, OTHER);
    until_in_force(&place, 2).await;
    assert!(is_refused(&reply(&place, 2).await));
    save(&place, POLICY);
    until_in_force(&place, 3).await;
    assert!(!is_refused(&reply(&place, 3).await));
    place
        .until("the records", || {
            let records = place.records();
            let published = records.matches("policy.published").count();
            published == 2
                && records.contains("\"direction\":\"tighter\"")
                && records.contains("\"direction\":\"looser\"")
        })
        .await;
    assert!(place.metrics().contains("portcullis_policy_generation 3"));
}

/// INVARIANT: 5; PF13.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_mistake_is_told_and_the_policy_in_force_goes_on() {
    let place = Place::open(Plan::new()).await;
    save(&place, BROKEN);
    place.until_rejected(NAME, "policy_invalid").await;
    assert!(!is_refused(&reply(&place, 1).await));
    place
        .until("its place in the log", || {
            place.agent.last_lines(200).contains("policy.toml:4:1")
        })
        .await;
    assert_eq!(place.status()["policy"]["generation"], 1);
    let unbound = POLICY.replace("main", "nobody");
    save(&place, &unbound);
    place.until_rejected(NAME, "policy_unbound").await;
    fs::remove_file(policy(&place)).unwrap();
    place.until_rejected(NAME, "policy_unreadable").await;
    assert!(!is_refused(&reply(&place, 2).await));
    save(&place, POLICY);
    place.until_state(NAME, "steady").await;
    assert_eq!(place.status()["policy"]["generation"], 1, "it is the same");
    let records = place.records();
    for code in ["policy_invalid", "policy_unbound", "policy_unreadable"] {
        assert_eq!(
            records.matches(code).count(),
            1,
            "{code} is told once: {records}"
        );
    }
}

/// A server on trial lets pass what the rules refuse: the strict profile has none.
#[tokio::test(flavor = "multi_thread")]
async fn the_strict_profile_takes_no_policy_with_a_server_on_trial() {
    let place = Place::open(Plan::new().with(&["--trust.profile", "strict"])).await;
    let on_trial = format!("{POLICY}observe_until = 2099-01-01T00:00:00Z\n");
    save(&place, &on_trial);
    place.until_rejected(NAME, "policy_on_trial").await;
    let told =
        "policy.toml:5:1: the strict profile has no servers on trial; remove `observe_until`";
    place
        .until(told, || place.agent.last_lines(200).contains(told))
        .await;
    let place = Place::open(Plan::new()).await;
    save(&place, &on_trial);
    until_in_force(&place, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_quarantine_a_file_with_a_mistake_lowers_the_gate_until_it_is_mended() {
    let quarantine = format!("{POLICY}[reload]\non_invalid = \"quarantine\"\n");
    let text = quarantine.clone();
    let plan = Plan::new().before(move |files, _| write(&files.path("policy.toml"), &text));
    let place = Place::open(plan).await;
    save(&place, BROKEN);
    place
        .until("the gate to fall", || {
            let causes = place.status()["readiness"]["causes"].to_string();
            causes.contains("quarantine")
        })
        .await;
    assert_eq!(place.status()["gate"]["standing"], "lowered");
    save(&place, &quarantine);
    place
        .until("the gate to rise", || {
            place.status()["gate"]["standing"] == "raised"
        })
        .await;
    assert!(!is_refused(&reply(&place, 1).await));
    let records = place.records();
    assert!(records.contains("\"cause\":\"policy\""), "{records}");
}

/// A tightening reaches what runs and what waits; anything else leaves it alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_tightening_cuts_what_is_in_flight_and_a_loosening_cuts_nothing() {
    let flags = ["--mcp.max-concurrent-requests", "1"];
    let place = Place::open(Plan::new().with(&flags)).await;
    place.server.script(|heard| {
        Answer::result(heard, r#"{"content":[],"isError":false}"#).first(Piece::Wait(HANGS))
    });
    let mut running = place.control.enqueue(call(1));
    let mut waiting = place.control.enqueue(call(2));
    let called = || {
        let heard = place.server.heard();
        let calls = heard.iter().filter_map(|heard| heard.rpc_method());
        calls.filter(|method| method == "tools/call").count()
    };
    place.until("the call to run", || called() > 0).await;
    let looser = POLICY.replace("tools = [", "tools = [\"delete_record\", ");
    save(&place, &looser);
    until_in_force(&place, 2).await;
    sleep(Duration::from_millis(300)).await;
    save(&place, OTHER);
    for pending in [&mut running, &mut waiting] {
        let value = timeout(HANGS, pending.reply())
            .await
            .unwrap()
            .unwrap()
            .value();
        assert!(is_refused(&value), "{value}");
        let shown = value.to_string();
        assert!(
            !shown.contains("policy_tightened"),
            "no reason for the model"
        );
    }
    assert_eq!(called(), 1, "what waited was never sent");
    place
        .until("the records", || {
            place.records().matches("policy_tightened").count() == 2
        })
        .await;
    place
        .until("the cancellation", || {
            place
                .server
                .heard()
                .iter()
                .any(|heard| heard.rpc_method().as_deref() == Some("notifications/cancelled"))
        })
        .await;
}

/// The open poll stays open: what arrives on it is held against the policy in force then.
#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_for_what_arrives_after_they_were_changed() {
    let limits = |bytes: usize| {
        format!("{POLICY}[limits]\nrequest_bytes = {bytes}\nresponse_bytes = {bytes}\n")
    };
    let small = limits(4096);
    let plan = Plan::new().before(move |files, _| write(&files.path("policy.toml"), &small));
    let place = Place::open(plan).await;
    let asked = |arguments: &str| {
        let message = format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"search_records","arguments":{{"query":"{arguments}"}}}}}}"#
        );
        place.control.enqueue(Command::jsonrpc(message))
    };
    let large = "x".repeat(10_000);
    let told = async |mut pending: Pending| {
        let reply = timeout(HANGS, pending.reply()).await.unwrap().unwrap();
        reply.value()
    };
    for (bytes, generation, passes) in [(4096, 1, false), (65_536, 2, true), (4096, 3, false)] {
        save(&place, &limits(bytes));
        until_in_force(&place, generation).await;
        assert!(!is_refused(&told(asked("short")).await));
        let request = told(asked(&large)).await;
        assert_eq!(!is_refused(&request), passes, "{request}");
        let answer = format!(r#"{{"content":[{{"type":"text","text":"{large}"}}]}}"#);
        place
            .server
            .script(move |heard| Answer::result(heard, &answer));
        let answer = told(asked("short")).await;
        assert_eq!(answer.to_string().len() > 10_000, passes, "{answer}");
    }
}

/// Somebody who hangs up on everybody: its address.
fn hangs_up() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    format!("channel=other,url=https://localhost:{port}/mcp")
}

/// Readiness, status and probes go by the servers that the policy in force lists.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_an_edit_lists_is_asked_and_one_that_it_leaves_out_is_not() {
    let channel = |place: &Place, at: usize, name: &str, state: &str| {
        let channel = &place.status()["channels"][at];
        channel["channel"] == name && channel["state"] == state
    };
    let is_ready = |place: &Place| place.status()["readiness"]["ready"] == true;
    let place = Place::open(Plan::new().with(&["--mcp.server-url", &hangs_up()])).await;
    place.until("ready", || is_ready(&place)).await;
    assert!(channel(&place, 1, "other", "not_listed"));
    let other = "[[server]]\nchannel = \"other\"\ntools = [\"a\"]\n";
    save(&place, &format!("{POLICY}{other}"));
    place
        .until("the new server to be missed", || {
            channel(&place, 1, "other", "unreachable") && !is_ready(&place)
        })
        .await;
    save(&place, &format!("schema = 1\n{other}"));
    place
        .until("the old server to be left alone", || {
            channel(&place, 0, "main", "not_listed")
        })
        .await;
    save(&place, POLICY);
    place
        .until("the old server to be reached again", || {
            channel(&place, 0, "main", "reached") && is_ready(&place)
        })
        .await;
    assert!(channel(&place, 1, "other", "not_listed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neutral_edit_leaves_a_call_to_its_end() {
    let place = Place::open(Plan::new()).await;
    place.server.script(|heard| {
        Answer::result(heard, r#"{"content":[],"isError":false}"#)
            .first(Piece::Wait(Duration::from_secs(2)))
    });
    let mut running = place.control.enqueue(call(1));
    sleep(Duration::from_millis(300)).await;
    save(&place, &format!("# reviewed\n{POLICY}"));
    until_in_force(&place, 2).await;
    let value = timeout(HANGS, running.reply())
        .await
        .unwrap()
        .unwrap()
        .value();
    assert_eq!(value["result"]["isError"], false, "{value}");
}

/// Every way in which files are saved.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_of_saving_is_taken_up() {
    type Way = fn(&Path, &str);
    let ways: [(&str, Way); 5] = [
        ("in place", |path, text| fs::write(path, text).unwrap()),
        ("renamed", |path, text| {
            let fresh = path.with_extension("swp");
            write(&fresh, text);
            fs::rename(fresh, path).unwrap();
        }),
        ("with a backup", |path, text| {
            fs::rename(path, path.with_extension("toml~")).unwrap();
            write(path, text);
        }),
        ("taken away and put back", |path, text| {
            fs::remove_file(path).unwrap();
            std::thread::sleep(Duration::from_millis(300));
            write(path, text);
        }),
        ("in two pieces", |path, text| {
            let (first, second) = text.split_at(text.len() / 2);
            fs::write(path, first).unwrap();
            std::thread::sleep(Duration::from_millis(50));
            fs::write(path, [first, second].concat()).unwrap();
        }),
    ];
    let place = Place::open(Plan::new()).await;
    for (turn, (way, save)) in (2..).zip(ways) {
        save(&policy(&place), &format!("name = \"{way}\"\n{POLICY}"));
        place
            .until(way, || place.status()["policy"]["name"] == way)
            .await;
        assert_eq!(place.status()["policy"]["generation"], turn, "{way}: once");
    }
    assert!(!is_refused(&reply(&place, 1).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_map_is_swapped() {
    let plan = Plan::new().before(|files, _| {
        fs::remove_file(files.path("policy.toml")).unwrap();
        fs::create_dir(files.path("..1")).unwrap();
        fs::write(files.path("..1/policy.toml"), POLICY).unwrap();
        symlink("..1", files.path("..data")).unwrap();
        symlink("..data/policy.toml", files.path("policy.toml")).unwrap();
    });
    let place = Place::open(plan).await;
    let fresh = place.files.path("..2");
    fs::create_dir(&fresh).unwrap();
    fs::write(fresh.join("policy.toml"), OTHER).unwrap();
    symlink("..2", place.files.path("..next")).unwrap();
    fs::rename(place.files.path("..next"), place.files.path("..data")).unwrap();
    until_in_force(&place, 2).await;
    assert!(is_refused(&reply(&place, 1).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_past_its_end_lowers_the_gate_until_a_newer_one_is_saved() {
    let plan = Plan::new().before(|files, _| {
        let text = format!("not_after = {}\n{POLICY}", soon(4));
        write(&files.path("policy.toml"), &text);
    });
    let place = Place::open(plan).await;
    assert!(!is_refused(&reply(&place, 1).await));
    place
        .until("the gate to fall", || {
            place.status()["gate"]["standing"] == "lowered"
        })
        .await;
    let causes = place.status()["readiness"]["causes"].to_string();
    assert!(causes.contains("not_after"), "{causes}");
    assert!(place.agent.last_lines(100).contains("the policy ends soon"));
    save(&place, POLICY);
    place
        .until("the gate to rise", || {
            place.status()["gate"]["standing"] == "raised"
        })
        .await;
    assert!(!is_refused(&reply(&place, 2).await));
}

/// So many seconds from now, in UTC.
fn soon(seconds: u64) -> String {
    let at = SystemTime::now() + Duration::from_secs(seconds);
    let passed = at.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    portcullis::ops::audit::rfc3339(passed.as_secs() * 1_000_000)
}

/// 64 callers while the file is saved every 200 ms, every fifth time with a mistake, in turns with and without the tool that they call.
#[tokio::test(flavor = "multi_thread")]
async fn edits_under_load_lose_nothing_and_each_decision_names_one_policy() {
    let flags = ["--mcp.max-concurrent-requests", "64"];
    let place = Place::open(Plan::new().with(&flags)).await;
    let (over, numbers) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let (control, over) = (Arc::clone(&place.control), Arc::clone(&over));
            let numbers = Arc::clone(&numbers);
            tokio::spawn(async move {
                let [mut served, mut refused] = [0, 0];
                while !over.load(Ordering::SeqCst) {
                    let number = numbers.fetch_add(1, Ordering::SeqCst);
                    let mut pending = control.enqueue(call(number));
                    let reply = timeout(HANGS, pending.reply()).await.expect("an answer");
                    match is_refused(&reply.unwrap().value()) {
                        true => refused += 1,
                        false => served += 1,
                    }
                    sleep(Duration::from_millis(20)).await;
                }
                [served, refused]
            })
        })
        .collect();
    for turn in 0..edits() {
        let text = match (turn % 5, turn % 2) {
            (4, _) => BROKEN.to_owned(),
            (_, 0) => format!("# {turn}\n{OTHER}"),
            (_, _) => format!("# {turn}\n{POLICY}"),
        };
        save(&place, &text);
        sleep(Duration::from_millis(200)).await;
    }
    save(&place, POLICY);
    place.until_state(NAME, "steady").await;
    over.store(true, Ordering::SeqCst);
    let [mut served, mut refused] = [0, 0];
    for caller in callers {
        let counts = caller.await.expect("each call is answered");
        served += counts[0];
        refused += counts[1];
    }
    assert!(
        served > 0 && refused > 0,
        "{served} served, {refused} refused"
    );
    let runs = place.server.heard();
    let mut queries = HashSet::new();
    for heard in &runs {
        let body: Value = serde_json::from_slice(&heard.body).unwrap_or_default();
        if let Some(query) = body["params"]["arguments"]["query"].as_str() {
            assert!(queries.insert(query.to_owned()), "{query} ran twice");
        }
    }
    let generations = place.status()["policy"]["generation"].as_u64().unwrap();
    assert!(generations > 2, "{generations}");
    let by_generation = decided_by(&place.records());
    for (generation, digests) in &by_generation {
        assert!((1..=generations).contains(generation));
        assert_eq!(digests.len(), 1, "one policy is generation {generation}");
    }
    assert!(by_generation.len() > 1);
    assert!(place.control.violations().is_empty());
}

/// Ten seconds of edits; more by `POLICY_EDITS`.
fn edits() -> usize {
    let asked = std::env::var("POLICY_EDITS").ok();
    asked.map_or(50, |edits| edits.parse().unwrap())
}

/// The digests of the policies that decided, by the generation that the record names.
fn decided_by(records: &str) -> HashMap<u64, HashSet<String>> {
    let mut found: HashMap<u64, HashSet<String>> = HashMap::new();
    for line in records.lines() {
        let record: Value = serde_json::from_str(line).unwrap_or_default();
        let policy = &record["policy"];
        if let (Some(generation), Some(digest)) =
            (policy["generation"].as_u64(), policy["sha256"].as_str())
        {
            found
                .entry(generation)
                .or_default()
                .insert(digest.to_owned());
        }
    }
    found
}
