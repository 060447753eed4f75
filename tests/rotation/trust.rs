//! Roots that come and go, certificates that are taken back, and pinned keys.

use std::time::{Duration, SystemTime};

use portcullis::demo::mcp_server::{Answer, Piece};
use portcullis::demo::net::Door;
use portcullis_certs::dev::{Authority, Issued, Leaf, Pki};
use rustls::ALL_VERSIONS;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use tokio::time::{Instant, timeout};

use crate::place::{HANGS, Place, Plan, call, leaf};

const DAY: Duration = Duration::from_hours(24);
const SERIAL: u64 = 4711;
/// How soon a connection to or of somebody revoked has to be gone.
const AT_ONCE: Duration = Duration::from_secs(2);

fn plan() -> Plan {
    Plan::new().with(&["--rotation.debounce", "100ms"])
}

fn list(authority: &Authority, number: u64, serials: &[u64]) -> String {
    authority
        .revoke(number, serials, SystemTime::now() + DAY)
        .unwrap()
}

/// Add, rotate, remove: the order that works, and the one that does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_root_goes_only_when_no_server_stands_under_it_or_by_force() {
    let place = Place::open(plan()).await;
    place.serves().await;
    let (control, servers) = (
        place.pki.control_servers.root_pem(),
        place.pki.mcp_servers.root_pem(),
    );
    let next = Authority::new("the next authority").unwrap().root_pem();
    place
        .files
        .replace("roots.pem", &format!("{control}{servers}{next}"));
    place
        .until("the new root", || place.generation("main") == 2)
        .await;
    place.serves().await;
    place
        .files
        .replace("roots.pem", &format!("{control}{next}"));
    place
        .until_rejected("main", "bundle_shrunk_without_overlap")
        .await;
    place.serves().await;
    place
        .files
        .replace("roots.pem", &format!("{control}{servers}"));
    place
        .until("the spare root to go", || place.generation("main") == 3)
        .await;
    place
        .files
        .replace("roots.pem", &format!("{control}{next}"));
    place
        .until_rejected("main", "bundle_shrunk_without_overlap")
        .await;
    let outcome = place.ask("POST", "/reload", r#"{"force_roots":true}"#);
    assert!(
        outcome.contains("main: generation 4 is in use"),
        "{outcome}"
    );
    let mut refused = place.control.enqueue(call(1));
    let reply = timeout(HANGS, refused.reply()).await.unwrap().unwrap();
    assert!(reply.value()["error"].is_object(), "{reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_revoked_is_cut_in_the_middle_of_its_answer() {
    let mut plan =
        plan().before(|files, pki| files.replace("crl.pem", &list(&pki.mcp_servers, 1, &[])));
    let server = plan
        .pki
        .mcp_servers
        .issue(&Leaf::server().serial(SERIAL))
        .unwrap();
    plan.server = Door::with(&server, &plan.pki.mcp_clients.root_pem(), ALL_VERSIONS).unwrap();
    plan = plan.naming("--trust.crl-file", "crl.pem");
    let place = Place::open(plan).await;
    place.serves().await;
    place
        .server
        .script(|heard| Answer::result(heard, "{}").first(Piece::Wait(HANGS)));
    let mut open = place.control.enqueue(call(1));
    place
        .until("the call to run", || {
            place
                .server
                .heard()
                .iter()
                .any(|heard| heard.body.windows(6).any(|part| part == b"call-1"))
        })
        .await;
    place
        .files
        .replace("crl.pem", &list(&place.pki.mcp_servers, 2, &[SERIAL]));
    place
        .until("the list to be used", || place.generation("main") == 2)
        .await;
    let cut = timeout(AT_ONCE, open.reply())
        .await
        .expect("it is cut at once")
        .unwrap();
    assert!(cut.value()["error"].is_object(), "{cut:?}");
    let mut later = place.control.enqueue(call(2));
    let later = timeout(HANGS, later.reply()).await.unwrap().unwrap();
    assert!(later.value()["error"].is_object(), "{later:?}");
    let line = place
        .agent
        .line(|line| line["reason"] == "server_cert_revoked")
        .await;
    assert!(line.is_some(), "{}", place.agent.last_lines(30));
    place
        .until("the metric", || {
            !place.metrics().contains("crl_revoked_connections_total 0")
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_identity_is_revoked_and_nothing_is_sent_under_it() {
    let mut plan = plan().before(|files, pki| {
        files.identity("control-plane", &own(pki));
        files.replace(
            "roots.pem",
            &(pki.control_servers.root_pem()
                + &pki.mcp_servers.root_pem()
                + &pki.control_clients.root_pem()),
        );
        files.replace("crl.pem", &list(&pki.control_clients, 1, &[]));
    });
    plan = plan.naming("--trust.crl-file", "crl.pem");
    let place = Place::open(plan).await;
    place.serves().await;
    let revoked = Instant::now();
    place
        .files
        .replace("crl.pem", &list(&place.pki.control_clients, 2, &[SERIAL]));
    place.until_state("control plane", "revoked").await;
    assert!(revoked.elapsed() < AT_ONCE);
    assert_eq!(place.status()["gate"]["standing"], "lowered");
    place
        .until("the record", || {
            place.records().contains("identity.revoked")
        })
        .await;
    let calls = place.control.calls().len();
    let shown = place.renew();
    place.until_shown(&shown).await;
    place.serves().await;
    let late = place.control.calls().split_off(calls);
    let later = late
        .iter()
        .filter(|call| call.status.is_some())
        .map(|call| call.peer.as_ref().unwrap().serial.clone());
    assert!(
        later.into_iter().all(|serial| serial == shown[0]),
        "an answer under the revoked identity"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_stale_forged_or_older_is_not_used() {
    let mut plan =
        plan().before(|files, pki| files.replace("crl.pem", &list(&pki.mcp_servers, 5, &[])));
    plan = plan.naming("--trust.crl-file", "crl.pem");
    let place = Place::open(plan).await;
    let before = place.generation("main");
    let stranger = Authority::new("Portcullis development MCP servers").unwrap();
    let past = place
        .pki
        .mcp_servers
        .revoke(6, &[], SystemTime::now() - Duration::from_secs(60))
        .unwrap();
    for (code, text) in [
        ("crl_stale", past),
        ("crl_bad_signature", list(&stranger, 6, &[])),
        ("crl_older", list(&place.pki.mcp_servers, 4, &[])),
    ] {
        place.files.replace("crl.pem", &text);
        place.until_rejected("main", code).await;
        assert_eq!(place.generation("main"), before, "{code}");
        place.serves().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_another_key_than_the_pinned_one_gets_no_request() {
    for is_right in [true, false] {
        let mut plan = plan();
        let server = plan.pki.mcp_servers.issue(&Leaf::server()).unwrap();
        plan.server = Door::with(&server, &plan.pki.mcp_clients.root_pem(), ALL_VERSIONS).unwrap();
        let pin = if is_right {
            spki(&server)
        } else {
            "0".repeat(64)
        };
        plan.fields = format!("server-key-pin={pin},");
        let place = Place::open(plan).await;
        if is_right {
            place.serves().await;
            continue;
        }
        let mut refused = place.control.enqueue(call(1));
        let reply = timeout(HANGS, refused.reply()).await.unwrap().unwrap();
        assert!(reply.value()["error"].is_object(), "{reply:?}");
        assert!(place.server.heard().is_empty(), "not a byte of a request");
        let line = place
            .agent
            .line(|line| line["reason"] == "server_key_unpinned")
            .await;
        assert!(line.is_some(), "{}", place.agent.last_lines(30));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_name_or_an_older_one_needs_leave() {
    let place = Place::open(plan().with(&["--rotation.watch", "false"])).await;
    let stranger = place
        .pki
        .mcp_clients
        .issue(&Leaf::client("somebody-else"))
        .unwrap();
    place.files.identity("mcp", &stranger);
    let outcome = place.ask("POST", "/reload", "{}");
    assert!(outcome.contains("identity_changed"), "{outcome}");
    let outcome = place.ask("POST", "/reload", r#"{"allow_identity_change":true}"#);
    assert!(
        outcome.contains("main: generation 2 is in use"),
        "{outcome}"
    );
    let now = SystemTime::now();
    let older = Leaf::client("somebody-else").valid(now - 2 * DAY, now + DAY);
    place
        .files
        .identity("mcp", &place.pki.mcp_clients.issue(&older).unwrap());
    let outcome = place.ask("POST", "/reload", "{}");
    assert!(outcome.contains("rollback"), "{outcome}");
    let outcome = place.ask("POST", "/reload", r#"{"allow_rollback":true}"#);
    assert!(
        outcome.contains("main: generation 3 is in use"),
        "{outcome}"
    );
    let overridden =
        |line: &str| line.contains("\"reload\"") && line.contains("\"allow_rollback\":true");
    place
        .until("the record", || place.records().lines().any(overridden))
        .await;
}

fn own(pki: &Pki) -> Issued {
    pki.control_clients.issue(&leaf().serial(SERIAL)).unwrap()
}

fn spki(issued: &Issued) -> String {
    let der = CertificateDer::from_pem_slice(issued.chain_pem.as_bytes()).unwrap();
    let parsed = rustls::server::ParsedCertificate::try_from(&der).unwrap();
    portcullis_certs::hex(&portcullis::ops::audit::sha256(
        &parsed.subject_public_key_info(),
    ))
}
