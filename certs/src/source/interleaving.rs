//! A writer that never rests beside a reader that never rests. What passes is always one of the pairs that were written, and the last one passes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use super::Source;
use crate::dev::{Issued, Leaf, Pki};
use crate::{Bundle, Material, Roots, Rules};

const TURNS: usize = 1000;

/// The two files of an identity, by the names of a Kubernetes secret.
fn parts(issued: &Issued) -> [(&'static str, &str); 2] {
    [
        ("tls.crt", issued.chain_pem.as_str()),
        ("tls.key", issued.key_pem.as_str()),
    ]
}

fn write(path: &Path, content: &str) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// As the kubelet writes a volume: a new folder, then one link that is replaced.
fn swap(dir: &Path, turn: usize, issued: &Issued) {
    let fresh = format!("..{turn}");
    fs::create_dir(dir.join(&fresh)).unwrap();
    for (name, content) in parts(issued) {
        write(&dir.join(&fresh).join(name), content);
    }
    let before = fs::read_link(dir.join("..data")).ok();
    symlink(&fresh, dir.join("..next")).unwrap();
    fs::rename(dir.join("..next"), dir.join("..data")).unwrap();
    for (name, _) in parts(issued) {
        if before.is_none() {
            symlink(Path::new("..data").join(name), dir.join(name)).unwrap();
        }
    }
    if let Some(before) = before {
        fs::remove_dir_all(dir.join(before)).unwrap();
    }
}

/// As scripts write: either file first, renamed into place or written over what is there, sometimes after a pause in the middle.
fn overwrite(dir: &Path, turn: usize, issued: &Issued) {
    let mut order = parts(issued);
    if turn.is_multiple_of(2) {
        order.reverse();
    }
    for (name, content) in order {
        match turn % 3 {
            0 => {
                write(&dir.join("fresh"), content);
                fs::rename(dir.join("fresh"), dir.join(name)).unwrap();
            }
            1 => write(&dir.join(name), content),
            _ => {
                write(&dir.join(name), &content[..content.len() / 2]);
                std::thread::yield_now();
                write(&dir.join(name), content);
            }
        }
    }
}

/// The certificate by its serial number, and the public half of the key.
type Shown = (String, Vec<u8>);

fn shown(bundle: &Bundle) -> Shown {
    let key = bundle.lease(SystemTime::now()).unwrap();
    let public = key.key.public_key().unwrap().to_vec();
    (bundle.chain()[0].serial.clone(), public)
}

/// What passes, if anything does.
fn passes(source: &Source) -> Option<Shown> {
    let texts = source.read().ok()?;
    let judged = Material::judge(&texts, &Rules::default(), None, SystemTime::now());
    let material = judged.ok()?;
    material.identity().map(|bundle| shown(bundle))
}

fn never_mixed(turn: fn(&Path, usize, &Issued)) {
    let (dir, pki) = (tempfile::tempdir().unwrap(), Pki::new().unwrap());
    let issue = |_| pki.mcp_clients.issue(&Leaf::client("agent")).unwrap();
    let pairs: Vec<Issued> = (0..7).map(issue).collect();
    let parse = |pair: &Issued| Bundle::parse(pair.chain_pem.as_bytes(), pair.key_bytes()).unwrap();
    let right: Vec<Shown> = pairs.iter().map(|pair| shown(&parse(pair))).collect();
    let source = Source {
        identity: Some((dir.path().join("tls.crt"), dir.path().join("tls.key"))),
        base: Some(Arc::new(Roots::public())),
        ..Source::default()
    };
    turn(dir.path(), TURNS, &pairs[6]);
    let written = AtomicBool::new(false);
    let passed = std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..TURNS {
                turn(dir.path(), number, &pairs[number % pairs.len()]);
            }
            written.store(true, Ordering::SeqCst);
        });
        let mut passed = 0;
        while !written.load(Ordering::SeqCst) {
            if let Some(shown) = passes(&source) {
                assert!(right.contains(&shown), "a mixed pair: {}", shown.0);
                passed += 1;
            }
        }
        passed
    });
    assert!(passed > 0, "nothing passed while it was written");
    let last = (TURNS - 1) % pairs.len();
    assert_eq!(passes(&source).as_ref(), Some(&right[last]));
}

#[test]
fn a_volume_that_is_swapped_a_thousand_times_never_gives_a_mixed_pair() {
    never_mixed(swap);
}

#[test]
fn files_that_are_overwritten_a_thousand_times_never_give_a_mixed_pair() {
    never_mixed(overwrite);
}
