//! The chain and the CA it has to lead to, as a server's verifier follows it.

use super::*;

/// The blocks of a PEM text.
fn blocks(pem: &str) -> Vec<String> {
    pem.split_inclusive("-----END CERTIFICATE-----\n")
        .map(str::to_owned)
        .collect()
}

fn below(world: &World) -> Given {
    let between = world.clients.intermediate("between").unwrap();
    world.sound.with(
        &between
            .intermediate("below")
            .unwrap()
            .issue(&agent())
            .unwrap(),
    )
}

/// The chain made of these blocks of `given`.
fn picked(given: &Given, order: &[usize]) -> Given {
    let (cert, key) = given.identity.clone().unwrap();
    let blocks = blocks(&cert);
    let cert = order.iter().map(|at| blocks[*at].as_str()).collect();
    Given {
        identity: Some((cert, key)),
        ..given.clone()
    }
}

fn under(given: &Given, issuer: &Authority) -> Given {
    Given {
        issuers: vec![issuer.root_pem()],
        ..given.clone()
    }
}

#[test]
fn a_chain_must_be_in_order_and_whole() {
    let world = World::new();
    let given = under(&below(&world), &world.clients);
    for (order, expected) in [
        (&[0, 1, 2][..], vec![]),
        (&[0, 2, 1], vec!["chain_order"]),
        (&[1, 0, 2], vec!["chain_order"]),
        (&[0, 1], vec!["chain_incomplete"]),
        (&[0], vec!["chain_incomplete"]),
    ] {
        assert_eq!(
            picked(&given, order).both(None),
            [expected.clone(), expected],
            "{order:?}"
        );
    }
}

#[test]
fn where_the_issuer_is_not_known_the_links_are_checked() {
    let world = World::new();
    let given = below(&world);
    assert_eq!(picked(&given, &[0, 1]).both(None), [[""; 0]; 2]);
    assert_eq!(picked(&given, &[0]).both(None), [[""; 0]; 2]);
    let forged = Authority::new("clients")
        .unwrap()
        .intermediate("between")
        .unwrap();
    let (cert, key) = picked(&given, &[0, 1]).identity.unwrap();
    let cert = cert + &forged.root_pem();
    let given = Given {
        identity: Some((cert, key)),
        ..given
    };
    assert_eq!(given.both(None), [["issuer_mismatch"], ["issuer_mismatch"]]);
}

/// The CA of the agent and the roots of servers are two things, even if they have one name.
#[test]
fn the_issuer_must_be_the_one_that_is_configured() {
    let world = World::new();
    let namesake = Authority::new("clients").unwrap();
    for (issuer, expected) in [
        (&world.clients, vec![]),
        (&world.servers, vec!["chain_incomplete"]),
        (&namesake, vec!["issuer_mismatch"]),
    ] {
        let given = under(&world.sound, issuer);
        assert_eq!(given.both(None), [expected.clone(), expected]);
    }
    let rooted = world
        .sound
        .identity
        .clone()
        .map(|(cert, key)| (cert + &world.clients.root_pem(), key));
    let given = Given {
        identity: rooted,
        ..under(&world.sound, &world.servers)
    };
    assert_eq!(
        given.both(None),
        [["issuer_mismatch"]; 2],
        "its own root comes along, and is another"
    );
}

#[test]
fn more_certificates_than_peers_follow_are_too_many() {
    let world = World::new();
    let mut issuer = Authority::new("top").unwrap();
    for depth in 0..6 {
        issuer = issuer.intermediate(&format!("ca {depth}")).unwrap();
    }
    let deep = world.sound.with(&issuer.issue(&agent()).unwrap());
    assert_eq!(deep.both(None), [[""; 0]; 2], "seven are followed");
    let deeper = issuer
        .intermediate("ca 6")
        .unwrap()
        .issue(&agent())
        .unwrap();
    assert_eq!(
        world.sound.with(&deeper).both(None),
        [["chain_too_long"]; 2]
    );
}

#[test]
fn the_ca_that_issues_is_judged_as_a_ca() {
    let world = World::new();
    let leaf = world.clients.issue(&agent()).unwrap();
    let given = Given {
        issuers: vec![leaf.chain_pem],
        ..world.sound.clone()
    };
    let rejected = given.judged(&Rules::default(), None).err().unwrap();
    assert_eq!(labels(&rejected.faults), ["anchor_not_ca"]);
    assert_eq!(rejected.faults[0].part(), Part::Issuers);
}
