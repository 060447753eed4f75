//! Roots that come and go.

use rustls::pki_types::CertificateDer;

use super::*;

fn shown(issued: &Issued) -> Vec<CertificateDer<'static>> {
    let key = issued.key_bytes();
    Bundle::parse(issued.chain_pem.as_bytes(), key)
        .ok()
        .map_or_else(
            || panic!("not an identity"),
            |bundle| bundle.ders().to_vec(),
        )
}

/// A chain as a server could show it; what it is meant for does not matter here.
fn peer(issuer: &Authority) -> Vec<CertificateDer<'static>> {
    shown(&issuer.issue(&agent()).unwrap())
}

fn rooted(roots: &[&Authority]) -> Given {
    let roots = roots.iter().map(|root| root.root_pem()).collect();
    Given {
        identity: None,
        issuers: Vec::new(),
        roots,
        crls: Vec::new(),
    }
}

#[test]
fn no_roots_at_all_are_refused() {
    assert_eq!(rooted(&[]).both(None), [["bundle_empty"]; 2]);
}

#[test]
fn the_root_of_a_server_is_found_through_its_chain() {
    let (one, two) = (
        Authority::new("one").unwrap(),
        Authority::new("two").unwrap(),
    );
    let roots = rooted(&[&one, &two]).passes().roots().clone();
    let direct = roots.anchor_of(&peer(&one)).unwrap();
    let through = roots
        .anchor_of(&peer(&one.intermediate("below").unwrap()))
        .unwrap();
    assert_eq!(direct, through);
    assert_ne!(roots.anchor_of(&peer(&two)).unwrap(), direct);
    assert!(roots.has(&direct));
    let namesake = Authority::new("one").unwrap();
    assert_eq!(
        roots.anchor_of(&peer(&namesake)),
        None,
        "a name is not enough"
    );
}

/// Hardening 3.4: add the new root, let servers move, remove the old one; in any other order somebody is cut off.
#[test]
fn a_root_that_servers_still_need_stays_unless_forced() {
    let (old, new) = (
        Authority::new("old").unwrap(),
        Authority::new("new").unwrap(),
    );
    let before = rooted(&[&old]).passes();
    let seen = |issuer: &Authority, material: &Material| {
        vec![material.roots().anchor_of(&peer(issuer)).unwrap()]
    };
    let rules = |issuers_seen, force_roots| Rules {
        issuers_seen,
        force_roots,
        ..Rules::default()
    };
    let under_old = seen(&old, &before);
    assert_eq!(
        rooted(&[&new]).labels(&rules(under_old.clone(), false), Some(&before)),
        ["bundle_shrunk_without_overlap"]
    );
    assert_eq!(
        rooted(&[&new]).labels(&rules(under_old.clone(), true), Some(&before)),
        [""; 0]
    );
    let both = rooted(&[&old, &new]);
    assert_eq!(
        both.labels(&rules(under_old, false), Some(&before)),
        [""; 0]
    );
    let both = both.passes();
    let under_new = seen(&new, &both);
    assert_eq!(
        rooted(&[&new]).labels(&rules(under_new, false), Some(&both)),
        [""; 0]
    );
}
