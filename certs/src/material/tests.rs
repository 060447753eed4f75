#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
//! What is accepted, waits, is told or is refused, with a vector for each reason; all of them are made here.

use std::time::Duration;

use super::*;
use crate::{
    Clock, Form, Part,
    dev::{Authority, Issued, Leaf},
};

mod chain;
mod history;
mod leaf;
mod lists;
mod noise;
mod roots;

const DAY: Duration = Duration::from_hours(24);

/// The files of one endpoint, in memory.
#[derive(Clone)]
struct Given {
    identity: Option<(String, String)>,
    issuers: Vec<String>,
    roots: Vec<String>,
    crls: Vec<Vec<u8>>,
}

impl Given {
    fn texts(&self) -> Texts {
        let mut files = Vec::new();
        let bytes = |text: &String| text.clone().into_bytes();
        if let Some((cert, key)) = &self.identity {
            files.push((Part::Certificate, bytes(cert)));
            files.push((Part::Key, bytes(key)));
        }
        files.extend(self.issuers.iter().map(|text| (Part::Issuers, bytes(text))));
        files.extend(self.roots.iter().map(|text| (Part::Roots, bytes(text))));
        files.extend(self.crls.iter().map(|text| (Part::Crl, text.clone())));
        Texts::fake(files)
    }

    fn judged(
        &self,
        rules: &Rules,
        previous: Option<&Material>,
    ) -> Result<Material, Box<Rejected>> {
        Material::judge(&self.texts(), rules, previous, now())
    }

    fn passes(&self) -> Material {
        self.judged(&Rules::default(), None)
            .unwrap_or_else(|rejected| panic!("{:?}", rejected.faults))
    }

    fn labels(&self, rules: &Rules, previous: Option<&Material>) -> Vec<&'static str> {
        labels(
            &self
                .judged(rules, previous)
                .err()
                .map(|rejected| rejected.faults)
                .unwrap_or_default(),
        )
    }

    /// Faults under the default and the strict rules.
    fn both(&self, previous: Option<&Material>) -> [Vec<&'static str>; 2] {
        [&Rules::default(), &strict()].map(|rules| self.labels(rules, previous))
    }

    fn with(&self, issued: &Issued) -> Self {
        let identity = Some((issued.chain_pem.clone(), issued.key_pem.to_string()));
        Self {
            identity,
            ..self.clone()
        }
    }
}

fn labels(faults: &[Fault]) -> Vec<&'static str> {
    faults.iter().map(|fault| fault.code().label()).collect()
}

fn warnings(material: &Material) -> Vec<&'static str> {
    labels(material.warnings())
}

fn strict() -> Rules {
    Rules {
        profile: Profile::Strict,
        ..Rules::default()
    }
}

/// The same moment for a whole test would need passing it on; certificates here live for days.
fn now() -> SystemTime {
    SystemTime::now()
}

fn agent() -> Leaf {
    Leaf::client("agent").valid(now() - DAY, now() + 30 * DAY)
}

/// An issuer of agents, the roots of servers, and a sound endpoint of both.
struct World {
    clients: Authority,
    servers: Authority,
    sound: Given,
}

impl World {
    fn new() -> Self {
        let [clients, servers] = ["clients", "servers"].map(|name| Authority::new(name).unwrap());
        let roots = vec![servers.root_pem()];
        let sound = Given {
            identity: None,
            issuers: Vec::new(),
            roots,
            crls: Vec::new(),
        };
        let sound = sound.with(&clients.issue(&agent()).unwrap());
        Self {
            clients,
            servers,
            sound,
        }
    }

    fn of(&self, leaf: &Leaf) -> Given {
        self.sound.with(&self.clients.issue(leaf).unwrap())
    }
}

#[test]
fn a_sound_endpoint_passes_and_tells_its_facts() {
    let world = World::new();
    let mut given = world.sound.clone();
    given.issuers.push(world.clients.root_pem());
    let material = Material::judge(&given.texts(), &strict(), None, now())
        .ok()
        .unwrap();
    assert_eq!(warnings(&material), [""; 0]);
    assert_eq!(material.identity().unwrap().chain()[0].names, ["DNS:agent"]);
    assert_eq!(material.roots().anchors()[0].subject, "CN=servers");
    assert_eq!(material.digest(), given.texts().digest());
    assert!(material.server_verifier(Profile::Strict).is_ok());
}

#[test]
fn an_endpoint_may_have_roots_alone() {
    let given = Given {
        identity: None,
        ..World::new().sound
    };
    assert!(given.passes().identity().is_none());
}

/// Hardening 3.2 PENDING: only waiting is left, or there is more to do.
#[test]
fn what_is_only_early_waits_and_says_until_when() {
    let world = World::new();
    let begins = now() + DAY;
    let early = world.of(&agent().valid(begins, begins + DAY));
    let rejected = early.judged(&Rules::default(), None).err().unwrap();
    assert_eq!(labels(&rejected.faults), ["not_yet_valid"]);
    let until = rejected.pending_until.unwrap();
    assert!(
        begins.duration_since(until).unwrap() < Duration::from_secs(1),
        "cut to a whole second"
    );
    assert!(Material::judge(&early.texts(), &Rules::default(), None, until).is_ok());
    let mut worse = early.clone();
    worse.roots = vec![String::new()];
    let rejected = worse.judged(&Rules::default(), None).err().unwrap();
    assert_eq!(labels(&rejected.faults), ["not_yet_valid", "bundle_empty"]);
    assert_eq!(rejected.pending_until, None);
    let unfit = world.of(&agent().wrong_purpose().valid(begins, begins + DAY));
    let rejected = unfit.judged(&Rules::default(), None).err().unwrap();
    assert_eq!(
        labels(&rejected.faults),
        ["eku_no_client_auth", "not_yet_valid"]
    );
    assert_eq!(rejected.pending_until, None);
}

#[test]
fn everything_wrong_anywhere_is_reported_at_once_with_its_file() {
    let world = World::new();
    let bad = agent()
        .wrong_purpose()
        .unknown_critical()
        .valid(now() - 3 * DAY, now() - 2 * DAY);
    let mut given = world.of(&bad);
    given.roots = vec!["no pem".into()];
    given.crls = vec![b"no list".to_vec()];
    let rules = Rules {
        names: vec!["DNS:other".into()],
        ..Rules::default()
    };
    let rejected = given
        .judged(&rules, Some(&world.sound.passes()))
        .err()
        .unwrap();
    let expected = [
        "eku_no_client_auth",
        "expired",
        "unknown_critical_ext",
        "san_mismatch",
        "rollback",
        "pem_garbage",
        "pem_garbage",
    ];
    assert_eq!(labels(&rejected.faults), expected);
    assert!(rejected.faults.iter().all(|fault| fault.file().is_some()));
}
