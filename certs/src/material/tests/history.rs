//! The certificate as the successor of another.

use super::*;

#[test]
fn the_same_certificate_follows_itself() {
    let world = World::new();
    let before = world.sound.passes();
    assert_eq!(world.sound.both(Some(&before)), [[""; 0]; 2]);
}

#[test]
fn a_renewal_passes_and_a_step_back_or_aside_does_not() {
    let world = World::new();
    let before = world.of(&agent().serial(7)).passes();
    let later = agent().valid(now(), now() + 31 * DAY);
    let earlier = agent().valid(now() - 2 * DAY, now() + 28 * DAY);
    for (leaf, expected) in [
        (later.clone(), vec![]),
        (earlier, vec!["rollback"]),
        (Leaf::client("another"), vec!["identity_changed"]),
        (later.names(&["agent", "more"]), vec!["identity_changed"]),
    ] {
        assert_eq!(
            world.of(&leaf).labels(&Rules::default(), Some(&before)),
            expected,
            "{leaf:?}"
        );
    }
}

#[test]
fn what_is_meant_is_allowed() {
    let world = World::new();
    let before = world.sound.passes();
    let aside = world.of(&Leaf::client("another").valid(now() - 2 * DAY, now() + DAY));
    let allowing = |identity, rollback| Rules {
        allow_identity_change: identity,
        allow_rollback: rollback,
        ..Rules::default()
    };
    for (rules, expected) in [
        (allowing(false, false), vec!["identity_changed", "rollback"]),
        (allowing(true, false), vec!["rollback"]),
        (allowing(false, true), vec!["identity_changed"]),
        (allowing(true, true), vec![]),
    ] {
        assert_eq!(aside.labels(&rules, Some(&before)), expected);
    }
}

#[test]
fn names_in_another_order_are_the_same_names() {
    let world = World::new();
    let before = world.of(&agent().names(&["one", "two"])).passes();
    let turned = agent().names(&["two", "one"]).valid(now(), now() + DAY);
    assert_eq!(
        world.of(&turned).labels(&Rules::default(), Some(&before)),
        [""; 0]
    );
}

#[test]
fn a_key_or_number_that_comes_again_is_told_or_refused() {
    let world = World::new();
    let first = world.clients.issue(&agent().serial(7)).unwrap();
    let before = world.sound.with(&first).passes();
    let later = agent().valid(now(), now() + DAY);
    let same_key = world
        .sound
        .with(&world.clients.reissue(&later, &first).unwrap());
    let same_number = world.of(&later.serial(7));
    for (given, label) in [(same_key, "key_reused"), (same_number, "duplicate_serial")] {
        assert_eq!(given.both(Some(&before)), [vec![], vec![label]]);
        let material = given.judged(&Rules::default(), Some(&before)).ok().unwrap();
        assert_eq!(warnings(&material), [label]);
    }
}
