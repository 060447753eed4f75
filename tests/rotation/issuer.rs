//! Who must have issued the identity: named by a setting, it holds for what is put in place, and it rotates like everything else.

use portcullis_certs::dev::{Authority, Issued};

use crate::place::{Place, Plan, leaf, serial};

/// An agent whose identity at the server must be of the authority in `issuer.pem`.
fn plan() -> Plan {
    let plan = Plan::new().with(&["--rotation.debounce", "100ms"]);
    let named = plan.naming("--mcp.client-cert-issuer", "issuer.pem");
    named.before(|files, pki| files.replace("issuer.pem", &pki.mcp_clients.root_pem()))
}

/// Puts this identity in place; its serial number.
fn put(place: &Place, issued: &Issued) -> String {
    place.files.identity("mcp", issued);
    serial(issued)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_of_another_authority_is_not_used_where_one_is_named() {
    let place = Place::open(plan()).await;
    place.serves().await;
    let before = place.generation("main");
    let other = Authority::new("another authority").unwrap();
    let alone = other.issue(&leaf()).unwrap();
    let rooted = other.issue(&leaf()).unwrap();
    let rooted = Issued {
        chain_pem: rooted.chain_pem + &other.root_pem(),
        ..rooted
    };
    for (issued, code) in [(&alone, "chain_incomplete"), (&rooted, "issuer_mismatch")] {
        put(&place, issued);
        place.until_rejected("main", code).await;
        assert_eq!(place.generation("main"), before);
        place.serves().await;
    }
    let right = put(&place, &place.pki.mcp_clients.issue(&leaf()).unwrap());
    place.until_serial("main", &right).await;
    place.serves().await;
}

/// The move to another authority: both are named first, so that nothing has to change in one moment.
#[tokio::test(flavor = "multi_thread")]
async fn the_named_authority_rotates_with_overlap() {
    let place = Place::open(plan()).await;
    let (old, new) = (
        place.pki.mcp_clients.root_pem(),
        Authority::new("the next authority").unwrap(),
    );
    let both = old + &new.root_pem();
    place.files.replace("issuer.pem", &both);
    place
        .until("both authorities", || place.generation("main") == 2)
        .await;
    place.serves().await;
    let next = put(&place, &new.issue(&leaf()).unwrap());
    place.until_serial("main", &next).await;
}
