//! What may not be used: its reason is in metric, log, audit and status, the generation is unchanged, and the agent goes on serving under it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use portcullis_certs::dev::Pki;

use crate::place::{Files, Place, Plan, issuer, leaf, serial};
use crate::vectors::{FILES, IDENTITIES, NUMBER, STRICT, Vector};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Files are read when they are asked for and at no other time.
fn asked_only() -> Plan {
    Plan::new().with(&["--rotation.watch", "false"])
}

/// The same with a revocation list.
fn listed() -> Plan {
    let plan = asked_only().naming("--trust.crl-file", "crl.pem");
    plan.before(|files, pki| {
        let list = pki.mcp_servers.revoke(1, &[], SystemTime::now() + DAY);
        files.replace("crl.pem", &list.unwrap());
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reason_to_refuse_an_identity_is_told_everywhere_and_changes_nothing() {
    let place = Place::open(asked_only()).await;
    for vector in IDENTITIES {
        refused(&place, "main", vector).await;
    }
    renewed(&place).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reason_to_refuse_a_file_is_told_everywhere_and_changes_nothing() {
    let place = Place::open(listed()).await;
    place.serves().await;
    for vector in FILES {
        refused(&place, "main", vector).await;
    }
    renewed(&place).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_unwise_is_refused_under_the_strict_profile() {
    let plan = asked_only().with(&["--trust.profile", "strict"]);
    let place = Place::open(plan.before(numbered)).await;
    for vector in STRICT {
        refused(&place, "main", vector).await;
    }
    renewed(&place).await;
}

/// The control plane may ask for a form.
#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_has_not_the_form_is_refused() {
    let plan = asked_only().with(&["--control-plane.client-cert-form", "openai-direct"]);
    let fit = |pki: &Pki| pki.control_clients.issue(&leaf().may_encrypt_keys());
    let place = Place::open(plan.before(move |files, pki| {
        files.identity("control-plane", &fit(pki).unwrap());
    }))
    .await;
    let vector: Vector = ("profile_openai", |place| {
        place.renew();
    });
    refused(&place, "control plane", vector).await;
}

/// Somebody writes all the time, and no two readings agree. Where the writer rests on a busy machine, they do: then it is asked again.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_never_rest_are_not_used() {
    let place = Place::open(asked_only()).await;
    let serial = |place: &Place| place.endpoint("main")["serial"].clone();
    let (before, ends) = (serial(&place), Arc::new(AtomicBool::new(false)));
    let (file, is_over) = (place.files.cert("mcp.pem"), Arc::clone(&ends));
    let (sound, fresh) = (
        fs::read_to_string(&file).unwrap(),
        place.files.path("always-fresh"),
    );
    let writer = std::thread::spawn(move || {
        for number in 0.. {
            fs::write(&fresh, format!("{sound}# {number}\n")).unwrap();
            fs::rename(&fresh, &file).unwrap();
            std::thread::sleep(Duration::from_millis(1));
            if is_over.load(Ordering::Relaxed) {
                break;
            }
        }
    });
    let unstable = "unstable_files";
    let asked = || place.ask("POST", "/reload", "{}");
    place
        .until(unstable, || asked().contains("change while they are read"))
        .await;
    told_everywhere(&place, "main", unstable).await;
    assert_eq!(serial(&place), before);
    place.serves().await;
    ends.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    renewed(&place).await;
}

/// The identity for the server gets a number that is known.
fn numbered(files: &Files, pki: &Pki) {
    let issued = pki.mcp_clients.issue(&leaf().serial(NUMBER));
    files.identity("mcp", &issued.unwrap());
}

/// What is put in place is refused for its reason, and the agent goes on under what it had; then the sound files are back.
async fn refused(place: &Place, endpoint: &str, (code, put): Vector) {
    let (before, sound) = (place.generation(endpoint), Sound::of(place));
    put(place);
    let outcome = place.ask("POST", "/reload", "{}");
    assert!(outcome.contains(code), "{code}: {outcome}");
    told_everywhere(place, endpoint, code).await;
    assert_eq!(place.generation(endpoint), before, "{code}");
    place.serves().await;
    sound.put_back(place);
}

/// Status, metric, log and record name the reason.
async fn told_everywhere(place: &Place, endpoint: &str, code: &str) {
    place.until_rejected(endpoint, code).await;
    let metric = format!("result=\"rejected\",reason=\"{code}\"");
    assert!(place.metrics().contains(&metric), "{metric}");
    let names = |text: Option<&str>| text.is_some_and(|text| text.contains(code));
    let line = place.agent.line(|line| names(line["reasons"].as_str()));
    assert!(line.await.is_some(), "{code} is not in the log");
    place
        .until("the record", || {
            let records = place.records();
            let mut rejected = records
                .lines()
                .filter(|line| line.contains("rotation.rejected"));
            rejected.any(|line| line.contains(code))
        })
        .await;
}

/// New identities are used as if nothing had been.
async fn renewed(place: &Place) {
    let shown = place.renew();
    place.agent.ask_to_reload().unwrap();
    place.until_shown(&shown).await;
    place.serves().await;
}

/// What the folder of the files held.
struct Sound(Vec<(String, String)>);

impl Sound {
    fn of(place: &Place) -> Self {
        let entries = fs::read_dir(place.files.cert("")).unwrap();
        let files = entries.map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read_to_string(entry.path()).unwrap())
        });
        Self(files.collect())
    }

    fn put_back(self, place: &Place) {
        let folder = place.files.cert("");
        fs::remove_dir_all(&folder).unwrap();
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        for (name, text) in self.0 {
            place.files.replace(&name, &text);
        }
    }
}

/// Nothing of a key reaches log, record or status, whatever is wrong with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_refused_is_not_repeated() {
    let place = Place::open(asked_only()).await;
    let wrong =
        "-----BEGIN PRIVATE KEY-----\nCANARYCANARYCANARYCANARY\n-----END PRIVATE KEY-----\n";
    place.files.replace("mcp.key", wrong);
    let outcome = place.ask("POST", "/reload", "{}");
    let told = [
        outcome,
        place.agent.last_lines(1000),
        place.records(),
        place.status().to_string(),
    ];
    assert!(
        told[0].contains("key_unknown") || told[0].contains("pem_garbage"),
        "{}",
        told[0]
    );
    assert!(told.iter().all(|text| !text.contains("CANARY")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_valid_yet_waits_and_is_then_used() {
    let place = Place::open(Plan::new().with(&["--rotation.debounce", "100ms"])).await;
    let now = SystemTime::now();
    let next = leaf().valid(now + Duration::from_secs(4), now + HOUR);
    let issued = issuer(&place.pki, "mcp").issue(&next).unwrap();
    place.files.identity("mcp", &issued);
    place.until_state("main", "pending").await;
    place.serves().await;
    place.until_serial("main", &serial(&issued)).await;
    place
        .until("the record", || {
            place.records().contains("identity.pending")
        })
        .await;
}
