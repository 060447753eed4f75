//! Every way files are replaced, whole or in pieces: what is whole is taken up, what is not is never used.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use portcullis_certs::dev::Pki;
use tokio::time::sleep;

use crate::place::{ENDPOINTS, Files, Place, Plan, issuer, leaf, serial, write};

/// Much longer than files have to be quiet here.
const LONG: Duration = Duration::from_millis(400);

fn plan() -> Plan {
    Plan::new().with(&["--rotation.debounce", "100ms"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_of_kubernetes_swaps_its_link() {
    let place = Place::open(plan().before(as_volume)).await;
    for turn in 2..7 {
        let shown = swap(&place, turn);
        place.until_shown(&shown).await;
    }
    place.serves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_written_before_or_after_its_key() {
    let place = Place::open(plan()).await;
    for first in ["pem", "key"] {
        let issued = issuer(&place.pki, "mcp").issue(&leaf()).unwrap();
        let parts = [
            ("pem", issued.chain_pem.as_str()),
            ("key", issued.key_pem.as_str()),
        ];
        let (mut parts, before) = (parts.to_vec(), place.generation("main"));
        parts.sort_by_key(|(kind, _)| *kind != first);
        place
            .files
            .replace(&format!("mcp.{}", parts[0].0), parts[0].1);
        place.until_rejected("main", "key_mismatch").await;
        assert_eq!(place.generation("main"), before, "never a mixed pair");
        place
            .files
            .replace(&format!("mcp.{}", parts[1].0), parts[1].1);
        place.until_serial("main", &serial(&issued)).await;
    }
    place.serves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_written_in_place_is_used_once_it_is_whole() {
    let place = Place::open(plan()).await;
    let issued = issuer(&place.pki, "mcp").issue(&leaf()).unwrap();
    let (pem, before) = (issued.chain_pem.as_bytes(), place.generation("main"));
    write(&place.files.cert("mcp.key"), &issued.key_pem);
    fs::write(place.files.cert("mcp.pem"), &pem[..pem.len() / 2]).unwrap();
    place.until_rejected("main", "pem_garbage").await;
    assert_eq!(place.generation("main"), before);
    fs::write(place.files.cert("mcp.pem"), pem).unwrap();
    place.until_serial("main", &serial(&issued)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_folder_is_moved_away_and_another_takes_its_name() {
    let place = Place::open(plan()).await;
    for turn in 0..2 {
        let (next, old) = (
            place.files.path("next"),
            place.files.path(&format!("old-{turn}")),
        );
        let certs = place.files.path("certs");
        copy(&certs, &next);
        let shown = issue_into(&place.pki, &next);
        fs::rename(&certs, old).unwrap();
        fs::rename(next, &certs).unwrap();
        place.until_shown(&shown).await;
    }
    let shown = place.renew();
    place.until_shown(&shown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_gone_and_come_back_cost_nothing() {
    let place = Place::open(plan()).await;
    let before = place.generation("main");
    fs::rename(place.files.cert("mcp.pem"), place.files.path("aside")).unwrap();
    place.until_rejected("main", "unreadable").await;
    place.serves().await;
    fs::rename(place.files.path("aside"), place.files.cert("mcp.pem")).unwrap();
    place.until_state("main", "steady").await;
    assert_eq!(
        place.generation("main"),
        before,
        "the same files are no rotation"
    );
    let shown = place.renew();
    place.until_shown(&shown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_others_may_read_is_not_used_until_its_mode_is_right() {
    let place = Place::open(plan()).await;
    let issued = issuer(&place.pki, "mcp").issue(&leaf()).unwrap();
    fs::set_permissions(
        place.files.cert("mcp.key"),
        fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    place.files.replace("mcp.pem", &issued.chain_pem);
    place.until_rejected("main", "perm_key").await;
    place.files.replace("mcp.key", &issued.key_pem);
    place.until_serial("main", &serial(&issued)).await;
}

/// EACCES. Root may read everything, so that it is started without that right.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_be_read_is_used_once_it_may() {
    let mut plan = plan();
    plan.shell = Some(
        "[ \"$(id -u)\" != 0 ] || [ -n \"$BOUND\" ] || BOUND=1 exec setpriv --bounding-set=-dac_override,-dac_read_search \"$0\" \"$@\"",
    );
    let place = Place::open(plan).await;
    let (cert, before) = (place.files.cert("mcp.pem"), place.generation("main"));
    fs::set_permissions(&cert, fs::Permissions::from_mode(0o000)).unwrap();
    place.ask("POST", "/reload", "{}");
    place.until_rejected("main", "unreadable").await;
    assert_eq!(place.generation("main"), before);
    place.serves().await;
    fs::set_permissions(&cert, fs::Permissions::from_mode(0o600)).unwrap();
    place.until_state("main", "steady").await;
    let shown = place.renew();
    place.until_shown(&shown).await;
}

/// Reading a file is an event of its folder too: one replacement must not ring for ever.
#[tokio::test(flavor = "multi_thread")]
async fn one_replacement_is_read_at_most_twice() {
    let place = Place::open(plan()).await;
    sleep(LONG).await;
    let before = place.judged("main");
    let shown = place.renew();
    place.until_shown(&shown).await;
    sleep(Duration::from_secs(3)).await;
    let judged = place.judged("main") - before;
    assert!((1..=2).contains(&judged), "{judged}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_events_a_signal_is_followed_and_the_status_says_so() {
    let place = Place::open(plan().with(&["--rotation.watch", "false"])).await;
    let before = place.generation("main");
    let shown = place.renew();
    sleep(LONG).await;
    assert_eq!(place.generation("main"), before);
    assert!(
        place
            .metrics()
            .contains("portcullis_watcher_alive{kind=\"files\"} 0")
    );
    place.agent.ask_to_reload().unwrap();
    place.until_shown(&shown).await;
}

/// `certs` as the kubelet writes a volume: files are links through `..data`, which is replaced by a rename.
fn as_volume(files: &Files, _: &Pki) {
    let certs = files.path("certs");
    let first = certs.join("..1");
    fs::create_dir(&first).unwrap();
    for entry in fs::read_dir(&certs).unwrap() {
        let name = entry.unwrap().file_name();
        if name.to_str().unwrap().starts_with("..") {
            continue;
        }
        fs::rename(certs.join(&name), first.join(&name)).unwrap();
        symlink(Path::new("..data").join(&name), certs.join(&name)).unwrap();
    }
    symlink("..1", certs.join("..data")).unwrap();
}

fn swap(place: &Place, turn: usize) -> [String; 2] {
    let certs = place.files.path("certs");
    let (old, next) = (
        certs.join(format!("..{}", turn - 1)),
        certs.join(format!("..{turn}")),
    );
    copy(&old, &next);
    let shown = issue_into(&place.pki, &next);
    symlink(format!("..{turn}"), certs.join("..data_tmp")).unwrap();
    fs::rename(certs.join("..data_tmp"), certs.join("..data")).unwrap();
    fs::remove_dir_all(old).unwrap();
    shown
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn issue_into(pki: &Pki, folder: &Path) -> [String; 2] {
    ENDPOINTS.map(|(_, stem)| {
        let issued = issuer(pki, stem).issue(&leaf()).unwrap();
        write(&folder.join(format!("{stem}.pem")), &issued.chain_pem);
        write(&folder.join(format!("{stem}.key")), &issued.key_pem);
        serial(&issued)
    })
}
