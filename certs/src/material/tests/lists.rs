//! Revocation lists.

use rustls::{
    CertificateError, Error,
    client::danger::ServerCertVerifier as _,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};

use super::*;

fn listed(given: &Given, lists: &[String]) -> Given {
    let crls = lists.iter().map(|list| list.clone().into_bytes()).collect();
    Given {
        crls,
        ..given.clone()
    }
}

#[test]
fn a_list_of_a_known_issuer_is_kept_and_told() {
    let world = World::new();
    let until = now() + DAY;
    let given = listed(
        &world.sound,
        &[world.servers.revoke(258, &[7, 8], until).unwrap()],
    );
    let material = given.passes();
    let [list] = material.crls().lists() else {
        panic!("one list")
    };
    assert_eq!((list.issuer.as_str(), list.count), ("CN=servers", 2));
    assert!(list.number.ends_with("0102"), "{}", list.number);
    assert_eq!(material.crls().next_update(), Some(list.next_update));
    assert!(until.duration_since(list.next_update).unwrap() < Duration::from_secs(1));
}

#[test]
fn lists_may_come_in_der_and_several_in_one_file() {
    let world = World::new();
    let until = now() + DAY;
    let [one, two] = [
        world.servers.revoke(1, &[7], until),
        world.servers.revoke(2, &[8], until),
    ]
    .map(Result::unwrap);
    let both = listed(&world.sound, &[one.clone() + &two]);
    assert_eq!(both.passes().crls().lists().len(), 2);
    let der =
        rustls::pki_types::CertificateRevocationListDer::from_pem_slice(one.as_bytes()).unwrap();
    let given = Given {
        crls: vec![der.to_vec()],
        ..world.sound
    };
    assert_eq!(given.passes().crls().lists().len(), 1);
}

#[test]
fn forged_stale_older_and_broken_lists_are_refused() {
    let world = World::new();
    let until = now() + DAY;
    let before = listed(
        &world.sound,
        &[world.servers.revoke(5, &[], until).unwrap()],
    )
    .passes();
    let forger = Authority::new("servers").unwrap();
    let good = world.servers.revoke(6, &[7], until).unwrap();
    for (list, expected) in [
        (good.clone(), vec![]),
        (world.servers.revoke(5, &[], until).unwrap(), vec![]),
        (
            forger.revoke(6, &[7], until).unwrap(),
            vec!["crl_bad_signature"],
        ),
        (
            Authority::new("stranger")
                .unwrap()
                .revoke(6, &[7], until)
                .unwrap(),
            vec!["crl_bad_signature"],
        ),
        (
            world.servers.revoke(6, &[7], now() - DAY).unwrap(),
            vec!["crl_stale"],
        ),
        (
            world.servers.revoke(4, &[7], until).unwrap(),
            vec!["crl_older"],
        ),
        (String::new(), vec!["crl_unreadable"]),
        ("0".into(), vec!["crl_unreadable"]),
        ("hello".into(), vec!["pem_garbage"]),
        (world.servers.root_pem(), vec!["pem_wrong_block"]),
        (
            good.replace("X509 CRL", "CERTIFICATE"),
            vec!["pem_wrong_block"],
        ),
        ("#".repeat(4 * 1024 * 1024 + 1), vec!["crl_too_large"]),
    ] {
        let given = listed(&world.sound, &[list]);
        assert_eq!(given.both(Some(&before)), [expected.clone(), expected]);
    }
}

#[test]
fn going_back_to_an_older_list_can_be_allowed() {
    let world = World::new();
    let of = |number| {
        listed(
            &world.sound,
            &[world.servers.revoke(number, &[], now() + DAY).unwrap()],
        )
    };
    let back = Rules {
        allow_rollback: true,
        ..Rules::default()
    };
    assert_eq!(of(1).labels(&back, Some(&of(2).passes())), [""; 0]);
}

/// Our own issuer signs lists as well: known as the configured CA, or as an intermediate that is sent along.
#[test]
fn an_own_certificate_that_is_revoked_is_refused_and_the_one_in_use_is_named() {
    let world = World::new();
    let until = now() + DAY;
    let ours = world.of(&agent().serial(7));
    let ours = Given {
        issuers: vec![world.clients.root_pem()],
        ..ours
    };
    let before = ours.passes();
    let revoked = listed(&ours, &[world.clients.revoke(1, &[7], until).unwrap()]);
    let rejected = revoked
        .judged(&Rules::default(), Some(&before))
        .err()
        .unwrap();
    assert_eq!(labels(&rejected.faults), ["revoked"]);
    assert!(rejected.revokes_previous);
    let other = listed(&ours, &[world.clients.revoke(1, &[8], until).unwrap()]);
    assert!(
        !other
            .passes()
            .crls()
            .revokes_certificate(&before.identity().unwrap().ders()[0])
    );
    let renewed = revoked.with(
        &world
            .clients
            .issue(&agent().serial(9).valid(now(), until))
            .unwrap(),
    );
    assert_eq!(renewed.labels(&Rules::default(), Some(&before)), [""; 0]);
    let below = world.clients.intermediate("below").unwrap();
    let through = world.sound.with(&below.issue(&agent().serial(7)).unwrap());
    let through = listed(&through, &[below.revoke(1, &[7], until).unwrap()]);
    assert_eq!(through.labels(&Rules::default(), None), ["revoked"]);
}

/// What the TLS library makes of it: hardening 3.5.
#[test]
fn servers_are_held_against_the_lists() {
    let world = World::new();
    let until = now() + DAY;
    let server = |serial| world.servers.issue(&Leaf::server().serial(serial)).unwrap();
    let verified = |material: &Material, profile, serial, at: SystemTime| {
        let der = CertificateDer::from_pem_slice(server(serial).chain_pem.as_bytes()).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let at = UnixTime::since_unix_epoch(at.duration_since(SystemTime::UNIX_EPOCH).unwrap());
        let verifier = material.server_verifier(profile).unwrap();
        verifier.verify_server_cert(&der, &[], &name, &[], at).err()
    };
    let with_list = listed(
        &world.sound,
        &[world.servers.revoke(1, &[7], until).unwrap()],
    )
    .passes();
    let revoked = Some(Error::InvalidCertificate(CertificateError::Revoked));
    for profile in [Profile::Default, Profile::Strict] {
        assert_eq!(verified(&with_list, profile, 7, now()), revoked);
        assert_eq!(verified(&with_list, profile, 8, now()), None);
        let late = verified(&with_list, profile, 8, until + DAY);
        assert!(
            matches!(
                late,
                Some(Error::InvalidCertificate(
                    CertificateError::ExpiredRevocationListContext { .. }
                ))
            ),
            "{late:?}"
        );
    }
    let other = Authority::new("other").unwrap();
    let mut unrelated = listed(&world.sound, &[other.revoke(1, &[7], until).unwrap()]);
    unrelated.roots.push(other.root_pem());
    let unrelated = unrelated.passes();
    assert_eq!(
        verified(&unrelated, Profile::Default, 7, now()),
        None,
        "no list speaks of it"
    );
    let unknown = Some(Error::InvalidCertificate(
        CertificateError::UnknownRevocationStatus,
    ));
    assert_eq!(verified(&unrelated, Profile::Strict, 7, now()), unknown);
    assert_eq!(
        verified(&world.sound.passes(), Profile::Strict, 7, now()),
        None,
        "without lists nothing is asked"
    );
}
