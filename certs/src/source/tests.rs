#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
//! The layouts files come in: which work, and what is said about those that do not.

use std::{
    fs::{Permissions, create_dir_all, rename, set_permissions, write},
    os::unix::fs::{PermissionsExt as _, symlink},
};

use super::*;
use crate::fault::Code;

fn mode(path: &Path, mode: u32) {
    set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A certificate and a key file with these texts.
fn pair(dir: &Path, text: &str) {
    write(dir.join("tls.crt"), text).unwrap();
    write(dir.join("tls.key"), text).unwrap();
    mode(&dir.join("tls.key"), 0o440);
}

fn source(dir: &Path) -> Source {
    let identity = Some((dir.join("tls.crt"), dir.join("tls.key")));
    Source {
        identity,
        ..Source::default()
    }
}

fn contents(texts: &Texts) -> Vec<&[u8]> {
    texts
        .files
        .iter()
        .map(|text| text.bytes.as_slice())
        .collect()
}

fn faults(source: &Source) -> Vec<Fault> {
    source.read().err().unwrap_or_default()
}

fn codes(source: &Source) -> Vec<Code> {
    faults(source).iter().map(Fault::code).collect()
}

/// What the writer of Kubernetes volumes does: a new directory, then `..data` is renamed over.
fn publish(volume: &Path, version: &str) {
    let fresh = volume.join(format!("..{version}"));
    create_dir_all(&fresh).unwrap();
    mode(&fresh, 0o755);
    pair(&fresh, version);
    symlink(format!("..{version}"), volume.join("..data_tmp")).unwrap();
    rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
}

fn volume(dir: &tempfile::TempDir) -> PathBuf {
    let volume = dir.path().join("volume");
    create_dir_all(&volume).unwrap();
    mode(&volume, 0o3777);
    for name in ["tls.crt", "tls.key"] {
        symlink(format!("..data/{name}"), volume.join(name)).unwrap();
    }
    volume
}

/// Secret and ConfigMap volumes, and the csi driver of cert-manager: a sticky directory, links, and a key 0440.
#[test]
fn a_volume_of_kubernetes_is_read_and_followed() {
    let dir = tempfile::tempdir().unwrap();
    let volume = volume(&dir);
    publish(&volume, "one");
    let before = source(&volume).read().ok().unwrap();
    assert_eq!(contents(&before), [b"one", b"one"]);
    publish(&volume, "two");
    let after = source(&volume).read().ok().unwrap();
    assert_eq!(contents(&after), [b"two", b"two"]);
    assert_ne!(before.digest(), after.digest());
}

/// Hardening 3.2 READ: a volume that moves on between two files does not mix them.
#[test]
fn all_files_of_one_reading_are_of_one_moment() {
    let dir = tempfile::tempdir().unwrap();
    let volume = volume(&dir);
    publish(&volume, "one");
    let mut folders = Folders::default();
    let mut read = |name: &str, part| files::read(&mut folders, &volume.join(name), part);
    assert_eq!(read("tls.crt", Part::Certificate).0.as_slice(), b"one");
    publish(&volume, "two");
    assert_eq!(read("tls.key", Part::Key).0.as_slice(), b"one");
}

#[test]
fn a_directory_that_is_itself_a_link_is_followed() {
    let dir = tempfile::tempdir().unwrap();
    create_dir_all(dir.path().join("v1")).unwrap();
    pair(&dir.path().join("v1"), "one");
    symlink("v1", dir.path().join("current")).unwrap();
    assert!(source(&dir.path().join("current")).read().is_ok());
}

#[test]
fn certbots_way_from_live_to_archive_is_the_only_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let (live, archive) = (dir.path().join("live/x"), dir.path().join("archive/x"));
    create_dir_all(&live).unwrap();
    create_dir_all(&archive).unwrap();
    create_dir_all(dir.path().join("archive/y")).unwrap();
    pair(&archive, "one");
    pair(&dir.path().join("archive/y"), "other");
    symlink("../../archive/x/tls.crt", live.join("tls.crt")).unwrap();
    symlink("../../archive/x/tls.key", live.join("tls.key")).unwrap();
    assert_eq!(
        contents(&source(&live).read().ok().unwrap()),
        [b"one", b"one"]
    );
    std::fs::remove_file(live.join("tls.crt")).unwrap();
    symlink("../../archive/y/tls.crt", live.join("tls.crt")).unwrap();
    assert_eq!(codes(&source(&live)), [Code::SymlinkEscape]);
}

#[test]
fn a_link_out_of_its_directory_is_refused_with_its_target() {
    let dir = tempfile::tempdir().unwrap();
    let [inside, outside] = ["inside", "outside"].map(|name| dir.path().join(name));
    create_dir_all(&inside).unwrap();
    create_dir_all(&outside).unwrap();
    pair(&outside, "x");
    symlink("../outside/tls.crt", inside.join("tls.crt")).unwrap();
    symlink(outside.join("tls.key"), inside.join("tls.key")).unwrap();
    let found = faults(&source(&inside));
    assert_eq!(codes(&source(&inside)), [Code::SymlinkEscape; 2]);
    let expected = format!(
        "certificate file `{}` is a link that leads out of its directory: it leads to `../outside/tls.crt` [symlink_escape]; name the file the link leads to, or put the file into the directory",
        inside.join("tls.crt").display()
    );
    assert_eq!(found[0].to_string(), expected);
    let volume = volume(&dir);
    symlink(&outside, volume.join("..data")).unwrap();
    assert_eq!(
        codes(&source(&volume)),
        [Code::SymlinkEscape; 2],
        "by way of a directory"
    );
}

#[test]
fn links_that_lead_nowhere_or_round_and_round_end() {
    let dir = tempfile::tempdir().unwrap();
    symlink("tls.key", dir.path().join("tls.crt")).unwrap();
    symlink("tls.crt", dir.path().join("tls.key")).unwrap();
    assert_eq!(codes(&source(dir.path())), [Code::Unreadable; 2]);
    std::fs::remove_file(dir.path().join("tls.key")).unwrap();
    assert_eq!(codes(&source(dir.path())), [Code::Unreadable; 2]);
}

/// Hardening 5, row 27.
#[test]
fn a_directory_anyone_may_write_to_is_refused_for_every_file_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let open = dir.path().join("open");
    create_dir_all(&open).unwrap();
    pair(&open, "x");
    write(open.join("ca.pem"), "x").unwrap();
    let source = Source {
        roots: vec![open.join("ca.pem")],
        ..source(&open)
    };
    mode(&open, 0o777);
    assert_eq!(codes(&source), [Code::DirWritable; 3]);
    let sentence = faults(&source)[1].to_string();
    assert!(
        sentence.contains(&format!("`{}`: its mode is 0777", open.display())),
        "{sentence}"
    );
    mode(&open, 0o1777);
    assert_eq!(codes(&source), []);
}

#[test]
fn every_fault_of_every_file_is_reported_and_nothing_is_read_on_the_way() {
    let dir = tempfile::tempdir().unwrap();
    pair(dir.path(), "x");
    mode(&dir.path().join("tls.key"), 0o644);
    write(dir.path().join("tls.crt"), vec![b'#'; 10 * 1024 * 1024]).unwrap();
    let source = Source {
        issuers: vec![dir.path().to_owned()],
        crls: vec![dir.path().join("tls.crt/none")],
        ..source(dir.path())
    };
    let expected = [
        Code::TooLarge,
        Code::PermKey,
        Code::NotRegular,
        Code::Unreadable,
    ];
    assert_eq!(codes(&source), expected);
}

#[test]
fn the_digest_is_of_names_and_contents() {
    let dir = tempfile::tempdir().unwrap();
    let digest = |files: &[(&str, &str)]| {
        let write_one = |(name, text): &(&str, &str)| {
            write(dir.path().join(name), text).unwrap();
            dir.path().join(name)
        };
        let roots = files.iter().map(write_one).collect();
        Source {
            roots,
            ..Source::default()
        }
        .read()
        .ok()
        .unwrap()
        .digest()
    };
    let first = digest(&[("a", "1"), ("b", "2")]);
    assert_eq!(first, digest(&[("a", "1"), ("b", "2")]));
    for other in [
        &[("a", "1"), ("b", "3")][..],
        &[("a", "2"), ("b", "1")],
        &[("a", "1"), ("c", "2")],
        &[("a", "12"), ("b", "")],
        &[("a", "1")],
    ] {
        assert_ne!(first, digest(other), "{other:?}");
    }
}

#[test]
fn settling_waits_between_readings_and_gives_up_on_files_that_never_rest() {
    let dir = tempfile::tempdir().unwrap();
    pair(dir.path(), "x");
    let mut pauses = 0;
    assert!(source(dir.path()).settle(|_| pauses += 1).is_ok());
    assert_eq!(pauses, 1);
    let mut version = 0;
    let restless = source(dir.path()).settle(|_| {
        version += 1;
        write(dir.path().join("tls.crt"), version.to_string()).unwrap();
    });
    let faults = restless.err().unwrap();
    assert_eq!((faults[0].code(), version), (Code::UnstableFiles, 4));
}
