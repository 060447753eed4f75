#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
//! What the development set on disk is worth: usable as it is, private, never replaced by accident.

use std::{os::unix::fs::PermissionsExt as _, path::Path, time::SystemTime};

use super::*;
use crate::{Bundle, Roots};

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

#[test]
fn the_set_can_be_read_back_and_is_private() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("pki");
    let written = Pki::new().unwrap().write_to(&dir, false).unwrap();
    assert_eq!(written.len(), 12);
    assert_eq!(mode(&dir), 0o700);
    assert!(written.iter().all(|written| mode(&written.file) == 0o600));
    let now = SystemTime::now();
    for side in ["control", "mcp"] {
        let [cert, key, ca] = ["client.pem", "client.key", "server-ca.pem"]
            .map(|name| dir.join(format!("{side}-{name}")));
        assert!(Bundle::read(&cert, &key, now).is_ok(), "{side}");
        assert_eq!(Roots::read(&ca, now).unwrap().count(), 1);
    }
}

#[test]
fn nothing_is_replaced_unless_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let there = dir.path().join("mcp-client.key");
    std::fs::write(&there, "precious").unwrap();
    let pki = Pki::new().unwrap();
    let refused = pki.write_to(dir.path(), false).unwrap_err();
    assert!(matches!(refused, WriteError::Exists(file) if file == there));
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        1,
        "not even in part"
    );
    pki.write_to(dir.path(), true).unwrap();
    assert_ne!(std::fs::read_to_string(&there).unwrap(), "precious");
    assert_eq!(mode(&there), 0o600, "the old file's mode does not live on");
}
