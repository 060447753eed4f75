#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
//! Which files are read. W-19: the mode of a key is looked at.

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _, path::PathBuf};

use super::*;

fn file(dir: &tempfile::TempDir, text: &str, mode: u32) -> PathBuf {
    let path = dir.path().join(format!("{mode:o}"));
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

#[test]
fn a_key_may_be_read_by_its_owner_and_one_group_and_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    for mode in [0o400, 0o440, 0o600, 0o640] {
        assert_eq!(
            key(&file(&dir, "k", mode)).unwrap().as_slice(),
            b"k",
            "{mode:o}"
        );
    }
    for mode in [0o644, 0o604, 0o660, 0o700, 0o666, 0o4600] {
        let fault = key(&file(&dir, "k", mode)).unwrap_err();
        assert_eq!(fault.code(), Code::PermKey, "{mode:o}");
        assert!(
            fault.to_string().contains(&format!("{mode:04o}")),
            "{fault}"
        );
    }
    assert!(
        certificate(&file(&dir, "c", 0o644)).is_ok(),
        "a certificate is no secret"
    );
}

#[test]
fn only_regular_files_up_to_the_cap_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let code = |path: &Path| {
        certificate(path)
            .map(|bytes| bytes.len())
            .map_err(|fault| fault.code())
    };
    assert_eq!(code(dir.path()), Err(Code::NotRegular));
    assert_eq!(code(Path::new("/dev/zero")), Err(Code::NotRegular));
    assert_eq!(code(&dir.path().join("absent")), Err(Code::Unreadable));
    let exact = file(&dir, &"x".repeat(IDENTITY_CAP), 0o600);
    assert_eq!(code(&exact), Ok(IDENTITY_CAP));
    let more = file(&dir, &"x".repeat(IDENTITY_CAP + 1), 0o640);
    assert_eq!(code(&more), Err(Code::TooLarge));
    assert_eq!(
        roots(&more).unwrap().len(),
        IDENTITY_CAP + 1,
        "a bundle has its own cap"
    );
}

#[test]
fn links_are_followed_as_kubernetes_volumes_need() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("tls.key");
    std::os::unix::fs::symlink(file(&dir, "k", 0o440), &link).unwrap();
    assert!(key(&link).is_ok());
}
