//! What may not be used: its reason is in metric, log, audit and status, the generation is unchanged, and the agent goes on serving under it.

use std::time::{Duration, SystemTime};

use portcullis_certs::dev::{Issued, Leaf, Pki};

use crate::place::{Place, Plan, issuer, leaf, serial};

const HOUR: Duration = Duration::from_hours(1);

/// What is put in place, and the reason it is refused for.
type Vector = (&'static str, fn(&Pki) -> Issued);

fn issued(pki: &Pki, leaf: &Leaf) -> Issued {
    pki.mcp_clients.issue(leaf).unwrap()
}

fn past(leaf: &Leaf) -> Leaf {
    let now = SystemTime::now();
    leaf.clone().valid(now - 2 * HOUR, now - HOUR)
}

const VECTORS: [Vector; 10] = [
    ("expired", |pki| issued(pki, &past(&leaf()))),
    ("eku_no_client_auth", |pki| {
        issued(pki, &leaf().wrong_purpose())
    }),
    ("ku_no_digital_signature", |pki| {
        issued(pki, &leaf().cannot_sign())
    }),
    ("leaf_is_ca", |pki| issued(pki, &leaf().as_ca())),
    ("key_mismatch", |pki| Issued {
        key_pem: issued(pki, &leaf()).key_pem,
        ..issued(pki, &leaf())
    }),
    ("pem_garbage", |pki| Issued {
        chain_pem: "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n".to_owned(),
        ..issued(pki, &leaf())
    }),
    ("pem_encrypted", |pki| Issued {
        key_pem:
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
                .to_owned()
                .into(),
        ..issued(pki, &leaf())
    }),
    ("pem_wrong_block", |pki| {
        let right = issued(pki, &leaf());
        Issued {
            chain_pem: format!("{}{}", right.chain_pem, *right.key_pem),
            ..right
        }
    }),
    ("pem_many_keys", |pki| {
        let (right, other) = (issued(pki, &leaf()), issued(pki, &leaf()));
        Issued {
            key_pem: format!("{}{}", *right.key_pem, *other.key_pem).into(),
            ..right
        }
    }),
    ("too_large", |pki| Issued {
        chain_pem: "#".repeat(10 << 20),
        ..issued(pki, &leaf())
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_reason_is_told_everywhere_and_changes_nothing() {
    let place = Place::open(Plan::new().with(&["--rotation.watch", "false"])).await;
    let before = place.generation("main");
    for (code, make) in VECTORS {
        let issued = make(&place.pki);
        place.files.identity("mcp", &issued);
        let outcome = place.ask("POST", "/reload", "{}");
        assert!(outcome.contains(code), "{code}: {outcome}");
        place.until_rejected("main", code).await;
        assert_eq!(place.generation("main"), before, "{code}");
        let metric = format!("result=\"rejected\",reason=\"{code}\"");
        assert!(place.metrics().contains(&metric), "{metric}");
        let line = place
            .agent
            .line(|line| {
                line["reasons"]
                    .as_str()
                    .is_some_and(|reasons| reasons.contains(code))
            })
            .await;
        assert!(line.is_some(), "{code} is not in the log");
        place
            .until("the record", || {
                place
                    .records()
                    .lines()
                    .any(|line| line.contains("rotation.rejected") && line.contains(code))
            })
            .await;
        place.serves().await;
    }
    let shown = place.renew();
    place.agent.ask_to_reload().unwrap();
    place.until_shown(&shown).await;
}

/// Nothing of a key reaches log, record or status, whatever is wrong with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_refused_is_not_repeated() {
    let place = Place::open(Plan::new().with(&["--rotation.watch", "false"])).await;
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
