//! The certificate by itself.

use super::*;

#[test]
fn dates_are_judged_by_rules_and_clock() {
    let world = World::new();
    let short = world.of(&agent().valid(now() - DAY, now() + DAY));
    let long = world.of(&agent().valid(now() - DAY, now() + 400 * DAY));
    let over = world.of(&agent().valid(now() - 3 * DAY, now() - DAY));
    assert_eq!(short.both(None), [[""; 0]; 2]);
    let patient = Rules {
        min_remaining: 2 * DAY,
        ..Rules::default()
    };
    assert_eq!(short.labels(&patient, None), ["life_too_short"]);
    assert_eq!(over.labels(&patient, None), ["expired"], "said once");
    assert_eq!(long.both(None), [vec![], vec!["life_too_long"]]);
    assert_eq!(warnings(&long.passes()), ["life_too_long"]);
}

/// Hardening 3.6: with a clock nobody keeps, dates are told to be doubtful, whichever way they came out.
#[test]
fn a_clock_that_follows_nothing_is_told() {
    let world = World::new();
    let lost = |rules: Rules| Rules {
        clock: Clock::Unsynchronised,
        ..rules
    };
    assert_eq!(
        warnings(
            &world
                .sound
                .judged(&lost(Rules::default()), None)
                .ok()
                .unwrap()
        ),
        ["clock_unsynced"]
    );
    assert_eq!(
        world.sound.labels(&lost(strict()), None),
        ["clock_unsynced"]
    );
    let over = world.of(&agent().valid(now() - 3 * DAY, now() - DAY));
    let rejected = over.judged(&lost(Rules::default()), None).err().unwrap();
    assert_eq!(labels(&rejected.faults), ["expired"]);
    assert_eq!(labels(&rejected.warnings), ["clock_unsynced"]);
}

#[test]
fn a_leaf_must_be_fit_for_a_client() {
    let world = World::new();
    for (leaf, expected) in [
        (agent(), vec![]),
        (agent().as_ca(), vec!["leaf_is_ca"]),
        (agent().wrong_purpose(), vec!["eku_no_client_auth"]),
        (agent().cannot_sign(), vec!["ku_no_digital_signature"]),
        (agent().unknown_critical(), vec!["unknown_critical_ext"]),
        (agent().any_purpose(), vec![]),
    ] {
        assert_eq!(
            world.of(&leaf).both(None),
            [expected.clone(), expected],
            "{leaf:?}"
        );
    }
    assert_eq!(
        warnings(&world.of(&agent().any_purpose()).passes()),
        ["eku_any"]
    );
}

#[test]
fn a_signature_no_peer_accepts_is_refused() {
    let world = World::new();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut der = world
        .clients
        .issue_for(&agent(), &key)
        .unwrap()
        .der()
        .to_vec();
    // ecdsa-with-SHA256 becomes ecdsa-with-SHA224, in the signed part and beside it.
    let sha256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    let places: Vec<usize> = (0..der.len())
        .filter(|at| der[*at..].starts_with(&sha256))
        .collect();
    assert_eq!(places.len(), 2);
    places.iter().for_each(|at| der[at + 7] = 1);
    let identity = Some((pem(&der), key.serialize_pem()));
    let given = Given {
        identity,
        ..world.sound
    };
    assert_eq!(given.both(None), [["sig_alg"], ["sig_alg"]]);
}

/// RFC 7468.
fn pem(der: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let bits = three
            .iter()
            .fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte))
            << (8 * (3 - three.len()));
        let digit = |at: usize| {
            if at <= three.len() {
                char::from(DIGITS[bits >> (18 - 6 * at) & 63])
            } else {
                '='
            }
        };
        [digit(0), digit(1), digit(2), digit(3)]
    };
    let body: String = der.chunks(3).flat_map(group).collect();
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}

#[test]
fn names_that_must_be_there_are_missed() {
    let world = World::new();
    let rules = |name: &str| Rules {
        names: vec![name.to_owned()],
        ..Rules::default()
    };
    assert_eq!(world.sound.labels(&rules("DNS:agent"), None), [""; 0]);
    let rejected = world.sound.judged(&rules("DNS:other"), None).err().unwrap();
    assert_eq!(labels(&rejected.faults), ["san_mismatch"]);
    let sentence = rejected.faults[0].to_string();
    assert!(
        sentence.contains("`DNS:other` is not among [DNS:agent]"),
        "{sentence}"
    );
}

#[test]
fn the_forms_of_the_control_plane_are_checked() {
    let world = World::new();
    let of = |form| Rules {
        form,
        ..Rules::default()
    };
    let fit = world.of(&agent().may_encrypt_keys());
    let below = world.clients.intermediate("below").unwrap();
    let longer = world
        .sound
        .with(&below.issue(&agent().may_encrypt_keys()).unwrap());
    for (given, form, expected) in [
        (&world.sound, Form::Any, vec![]),
        (&fit, Form::OpenAiDirect, vec![]),
        (&fit, Form::OpenAiChain, vec![]),
        (&longer, Form::OpenAiChain, vec![]),
        (&longer, Form::OpenAiDirect, vec!["profile_openai"]),
        (&world.sound, Form::OpenAiDirect, vec!["profile_openai"]),
        (&world.sound, Form::OpenAiChain, vec!["profile_openai"]),
    ] {
        assert_eq!(given.labels(&of(form), None), expected, "{form:?}");
    }
    let mut padded = fit.clone();
    padded
        .identity
        .as_mut()
        .unwrap()
        .0
        .push_str(&"#".repeat(16 * 1024));
    let rejected = padded.judged(&of(Form::OpenAiChain), None).err().unwrap();
    assert!(
        rejected.faults[0].to_string().contains("16 kB or more"),
        "{}",
        rejected.faults[0]
    );
}
