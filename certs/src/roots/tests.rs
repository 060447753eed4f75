#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
//! Which bundles become roots, and which say why not. W-20: private roots can replace the public ones.

use std::time::Duration;

use super::*;
use crate::dev::{Authority, Leaf};

const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);

fn root(name: &str) -> String {
    Authority::new(name).unwrap().root_pem()
}

fn labels(pem: &str, now: SystemTime) -> Vec<&'static str> {
    let faults = Roots::private(pem.as_bytes(), now)
        .err()
        .unwrap_or_default();
    faults.iter().map(|fault| fault.code().label()).collect()
}

#[test]
fn private_roots_stand_alone_or_beside_public_ones() {
    let now = SystemTime::now();
    let bundle = format!("{}{}", root("one"), root("two"));
    let private = Roots::private(bundle.as_bytes(), now).unwrap();
    assert_eq!(private.count(), 2);
    assert_eq!(private.anchors()[1].subject, "CN=two");
    let public = Roots::public();
    assert!(public.count() > 50 && public.anchors().is_empty());
    let both = public.clone().plus(private);
    assert_eq!(both.count(), public.count() + 2);
    assert_eq!(both.anchors().len(), 2);
    assert_eq!(both.store().len(), both.count());
}

#[test]
fn a_bundle_is_taken_whole_or_not_at_all() {
    let now = SystemTime::now();
    let authority = Authority::new("ca").unwrap();
    let leaf = authority.issue(&Leaf::server()).unwrap();
    let good = authority.root_pem();
    for (pem, expected) in [
        (good.clone(), vec![]),
        (String::new(), vec!["bundle_empty"]),
        ("not pem".to_owned(), vec!["pem_garbage"]),
        (format!("{good}{}", leaf.chain_pem), vec!["anchor_not_ca"]),
        (format!("{good}{}", *leaf.key_pem), vec!["pem_wrong_block"]),
        (
            good.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
            vec!["pem_wrong_block"],
        ),
        ("#".repeat(1024 * 1024 + 1), vec!["too_large"]),
    ] {
        assert_eq!(labels(&pem, now), expected, "{pem:.60}");
    }
}

/// The TLS library never looks at the dates of an anchor, so the bundle is where an expired one must be caught.
#[test]
fn an_expired_anchor_is_refused_and_all_are_named() {
    let bundle = format!("{}{}", root("one"), root("two"));
    let later = SystemTime::now() + YEAR;
    let faults = Roots::private(bundle.as_bytes(), later).unwrap_err();
    assert_eq!(labels(&bundle, later), ["anchor_expired", "anchor_expired"]);
    assert!(faults[1].to_string().contains("`CN=two`"), "{}", faults[1]);
    assert_eq!(
        labels(&bundle, SystemTime::now() - YEAR),
        [""; 0],
        "put in place ahead of time"
    );
}

#[test]
fn a_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ca.pem");
    std::fs::write(&file, "\n").unwrap();
    let faults = Roots::read(&file, SystemTime::now()).unwrap_err();
    assert_eq!(faults[0].code(), Code::BundleEmpty);
    assert!(
        faults[0]
            .to_string()
            .contains(&format!("`{}`", file.display()))
    );
    std::fs::write(&file, root("one")).unwrap();
    assert_eq!(Roots::read(&file, SystemTime::now()).unwrap().count(), 1);
}

#[test]
fn system_roots_are_those_that_can_be_read_and_never_none() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ca-certificates.crt");
    let load = || {
        Roots::found(rustls_native_certs::load_certs_from_paths(
            Some(&file),
            None,
        ))
    };
    assert_eq!(load().unwrap_err().code(), Code::BundleEmpty);
    std::fs::write(&file, root("one") + &root("two")).unwrap();
    let found = load().unwrap();
    assert_eq!(found.count(), 2);
    assert!(found.anchors().is_empty(), "only private roots are named");
}
