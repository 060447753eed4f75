#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
//! Every reason code an identity can be refused for, beside a neighbour that is accepted.

use std::time::Duration;

use rcgen::{PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm};

use super::*;
use crate::dev::{Authority, Issued, Leaf};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn authority() -> Authority {
    Authority::new("test clients").unwrap()
}

fn agent() -> Leaf {
    Leaf::client("agent")
}

fn issue(leaf: &Leaf) -> Issued {
    authority().issue(leaf).unwrap()
}

fn key(text: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.as_bytes().to_vec())
}

fn faults(cert_pem: &str, key_pem: &str) -> Vec<Fault> {
    let parsed = Bundle::parse_valid_at(cert_pem.as_bytes(), key(key_pem), SystemTime::now());
    parsed.err().unwrap_or_default()
}

fn labels(cert_pem: &str, key_pem: &str) -> Vec<&'static str> {
    faults(cert_pem, key_pem)
        .iter()
        .map(|fault| fault.code().label())
        .collect()
}

fn of_leaf(leaf: &Leaf) -> Vec<&'static str> {
    let issued = issue(leaf);
    labels(&issued.chain_pem, &issued.key_pem)
}

#[test]
fn a_sound_identity_is_accepted_and_told() {
    let issued = issue(&agent());
    let bundle = Bundle::parse(issued.chain_pem.as_bytes(), issued.key_bytes())
        .ok()
        .unwrap();
    let leaf = &bundle.chain()[0];
    assert_eq!(leaf.subject, "CN=agent");
    assert_eq!(leaf.issuer, "CN=test clients");
    assert_eq!(leaf.names, ["DNS:agent"]);
    assert_eq!(leaf.key, "ECDSA 256");
    assert_eq!(leaf.sha256.len(), 64);
    assert_eq!(leaf.validity, bundle.validity());
    assert!(bundle.check(SystemTime::now()).is_ok());
}

#[test]
fn a_chain_with_its_intermediate_is_accepted() {
    let issued = authority()
        .intermediate("below")
        .unwrap()
        .issue(&agent())
        .unwrap();
    let bundle = Bundle::parse(issued.chain_pem.as_bytes(), issued.key_bytes())
        .ok()
        .unwrap();
    assert_eq!(bundle.chain().len(), 2);
}

/// INVARIANT 11, hardening 0 finding 5: the TLS library does not look at the dates of our own certificate.
#[test]
fn nothing_is_leased_outside_the_validity() {
    let now = SystemTime::now();
    let issued = issue(&agent().valid(now - DAY, now + DAY));
    let bundle = Bundle::parse(issued.chain_pem.as_bytes(), issued.key_bytes())
        .ok()
        .unwrap();
    let refused = |at| bundle.lease(at).err().map(|fault| fault.code());
    assert_eq!(refused(now - 2 * DAY), Some(Code::NotYetValid));
    assert_eq!(refused(bundle.validity().not_before), None);
    assert_eq!(refused(now), None);
    assert_eq!(refused(bundle.validity().not_after), None);
    assert_eq!(refused(now + 2 * DAY), Some(Code::Expired));
}

#[test]
fn an_identity_lives_no_longer_than_its_shortest_certificate() {
    let now = SystemTime::now();
    let leaf = agent().valid(now - DAY, now + 1000 * DAY);
    let issued = authority()
        .intermediate("below")
        .unwrap()
        .issue(&leaf)
        .unwrap();
    let bundle = Bundle::parse(issued.chain_pem.as_bytes(), issued.key_bytes())
        .ok()
        .unwrap();
    let later = now + 500 * DAY;
    assert_eq!(
        bundle.lease(later).err().map(|fault| fault.code()),
        Some(Code::Expired)
    );
    let faults = bundle.check(later).unwrap_err();
    assert_eq!(faults.len(), 1, "only the intermediate has run out");
    assert!(
        faults[0].to_string().contains("`CN=below`"),
        "{}",
        faults[0]
    );
}

#[test]
fn dates_are_judged() {
    let now = SystemTime::now();
    assert_eq!(
        of_leaf(&agent().valid(now - 2 * DAY, now - DAY)),
        ["expired"]
    );
    assert_eq!(
        of_leaf(&agent().valid(now + DAY, now + 2 * DAY)),
        ["not_yet_valid"]
    );
    assert_eq!(of_leaf(&agent().valid(now - DAY, now + DAY)), [""; 0]);
}

#[test]
fn the_leaf_must_be_fit_for_a_client() {
    assert_eq!(of_leaf(&agent().as_ca()), ["leaf_is_ca"]);
    assert_eq!(of_leaf(&agent().wrong_purpose()), ["eku_no_client_auth"]);
    assert_eq!(of_leaf(&agent().cannot_sign()), ["ku_no_digital_signature"]);
}

#[test]
fn the_key_must_belong_to_the_certificate() {
    let (ours, other) = (issue(&agent()), issue(&agent()));
    assert_eq!(labels(&ours.chain_pem, &other.key_pem), ["key_mismatch"]);
}

/// A public RSA key of 1024 bits; the modulus need not be one, since nothing is ever signed with it.
struct Rsa1024(Vec<u8>);

impl Rsa1024 {
    fn new() -> Self {
        let mut der = vec![0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00];
        der.extend([0xC5; 128]);
        der.extend([0x02, 0x03, 0x01, 0x00, 0x01]);
        Self(der)
    }
}

impl PublicKeyData for Rsa1024 {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

#[test]
fn a_weak_key_is_refused() {
    let weak = authority().issue_for(&agent(), &Rsa1024::new()).unwrap();
    let found = labels(&weak.pem(), &issue(&agent()).key_pem);
    assert_eq!(found, ["key_weak", "key_mismatch"]);
}

#[test]
fn a_chain_in_the_wrong_order_is_told_as_such_and_nothing_else() {
    let issued = authority()
        .intermediate("below")
        .unwrap()
        .issue(&agent())
        .unwrap();
    let (leaf, intermediate) = issued
        .chain_pem
        .split_at(issued.chain_pem.rfind("-----BEGIN").unwrap());
    let turned = format!("{intermediate}{leaf}");
    assert_eq!(labels(&turned, &issued.key_pem), ["chain_order"]);
    let stranger = authority().intermediate("elsewhere").unwrap().root_pem();
    assert_eq!(
        labels(&format!("{leaf}{stranger}"), &issued.key_pem),
        ["chain_order"]
    );
}

#[test]
fn pem_mistakes_have_their_own_names() {
    let Issued { chain_pem, key_pem } = issue(&agent());
    let encrypted = key_pem.replace(" PRIVATE", " ENCRYPTED PRIVATE");
    let legacy = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let request = chain_pem.replace("CERTIFICATE", "CERTIFICATE REQUEST");
    let cut = &chain_pem[..chain_pem.len() / 2];
    let not_x509 = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let not_a_key = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    for (cert, key, expected) in [
        (chain_pem.as_str(), key_pem.as_str(), vec![]),
        ("", &key_pem, vec!["pem_no_cert"]),
        (&chain_pem, "\n", vec!["pem_no_key"]),
        ("hello", &key_pem, vec!["pem_garbage"]),
        ("0\u{3}\u{2}\u{1}", &key_pem, vec!["pem_garbage"]),
        (cut, &key_pem, vec!["pem_garbage"]),
        (not_x509, &key_pem, vec!["pem_garbage"]),
        (&chain_pem, not_a_key, vec!["key_unknown"]),
        (&chain_pem, &encrypted, vec!["pem_encrypted"]),
        (&chain_pem, legacy, vec!["pem_encrypted"]),
        (
            &chain_pem,
            &format!("{}{}", *key_pem, *key_pem),
            vec!["pem_many_keys"],
        ),
        (
            &key_pem,
            &chain_pem,
            vec!["pem_wrong_block", "pem_wrong_block"],
        ),
        (&request, &key_pem, vec!["pem_wrong_block"]),
        (
            &format!("{chain_pem}{}", *key_pem),
            &key_pem,
            vec!["pem_wrong_block"],
        ),
        (&"x".repeat(64 * 1024 + 1), &key_pem, vec!["too_large"]),
    ] {
        assert_eq!(labels(cert, key), expected, "certificate {cert:.60}");
    }
}

#[test]
fn text_around_blocks_and_other_line_ends_are_no_mistake() {
    let Issued { chain_pem, key_pem } = issue(&agent());
    let explained = format!("Subject: CN=agent\n{}", chain_pem.replace('\n', "\r\n"));
    let parameters = format!(
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{}",
        *key_pem
    );
    assert_eq!(labels(&explained, &parameters), [""; 0]);
}

#[test]
fn one_file_may_hold_both() {
    let Issued { chain_pem, key_pem } = issue(&agent());
    let both = format!("{}{chain_pem}", *key_pem);
    assert_eq!(labels(&both, &both), [""; 0]);
    assert_eq!(labels(&chain_pem, &chain_pem), ["pem_no_key"]);
    assert_eq!(labels(&key_pem, &key_pem), ["pem_no_cert"]);
}

#[test]
fn everything_wrong_is_reported_at_once() {
    let now = SystemTime::now();
    let bad = agent()
        .as_ca()
        .wrong_purpose()
        .cannot_sign()
        .valid(now - 2 * DAY, now - DAY);
    let found = labels(&issue(&bad).chain_pem, &issue(&agent()).key_pem);
    let expected = [
        "leaf_is_ca",
        "eku_no_client_auth",
        "ku_no_digital_signature",
        "key_mismatch",
        "expired",
    ];
    assert_eq!(found, expected);
}

/// INVARIANT 6: a sentence may name the file and the place, never what a key holds.
#[test]
fn no_message_repeats_a_key() {
    let issued = issue(&agent());
    let secret = issued.key_pem.lines().nth(1).unwrap();
    let broken = format!("-----BEGIN PRIVATE KEY-----\n{secret}*\n-----END PRIVATE KEY-----\n");
    let wrong_begin = format!("-----BEGIN PRIVATE KEY\n{secret}\n");
    let unknown = format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----\n");
    for key_pem in [broken, wrong_begin, unknown] {
        let found = faults(&issued.chain_pem, &key_pem);
        assert!(!found.is_empty());
        assert!(
            !format!("{found:?} {}", found[0]).contains(secret),
            "{}",
            found[0]
        );
    }
}

#[test]
fn a_subject_cannot_forge_a_log_line() {
    let issued = issue(&Leaf::client("agent\nlevel=error").names(&["agent"]));
    let bundle = Bundle::parse(issued.chain_pem.as_bytes(), issued.key_bytes())
        .ok()
        .unwrap();
    let line = bundle.chain()[0].to_string();
    assert!(
        !line.contains('\n') && line.contains(r"agent\u{a}level"),
        "{line}"
    );
}

#[test]
fn faults_name_the_file_they_are_about() {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};
    let dir = tempfile::tempdir().unwrap();
    let (cert_file, key_file) = (dir.path().join("agent.pem"), dir.path().join("agent.key"));
    std::fs::write(&cert_file, issue(&agent()).chain_pem).unwrap();
    std::fs::write(&key_file, issue(&agent()).key_pem.as_bytes()).unwrap();
    std::fs::set_permissions(&key_file, Permissions::from_mode(0o600)).unwrap();
    let faults = Bundle::read(&cert_file, &key_file, SystemTime::now())
        .err()
        .unwrap();
    let expected = format!(
        "private key file `{}` does not belong to the certificate [key_mismatch]; give the key the certificate was issued for",
        key_file.display()
    );
    assert_eq!(faults[0].to_string(), expected);
    assert_eq!(faults.len(), 1);
}
