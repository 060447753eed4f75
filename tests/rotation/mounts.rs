//! What only mounts can do to files: a folder that is seen through a bind mount, as a container sees it, and a file whose reading fails.
//!
//! The agent gets a mount namespace of its own. That needs root; without it these tests say so and end.

use std::io::{self, Write as _};
use std::process::Command;

use crate::place::{Place, Plan};

/// Everything after the first line happens in a mount namespace of the agent's own.
const BOUND: &str = "[ -n \"$APART\" ] || APART=1 exec unshare --mount \"$0\" \"$@\"\nmount --bind \"$FOLDER/certs\" \"$FOLDER/certs\"";

/// An agent that sees its files through a mount of its own; nothing where that is not allowed.
async fn bound() -> Option<Place> {
    let tried = Command::new("unshare").args(["--mount", "true"]).status();
    if !tried.is_ok_and(|status| status.success()) {
        let _ = writeln!(io::stderr(), "not run: a mount namespace needs root");
        return None;
    }
    let mut plan = Plan::new().with(&["--rotation.debounce", "100ms"]);
    plan.shell = Some(BOUND);
    Some(Place::open(plan).await)
}

/// Runs a command among the mounts of the agent.
fn among_its_mounts(place: &Place, command: &[&str]) {
    let target = place.agent.id().to_string();
    let entered = Command::new("nsenter")
        .args(["--mount", "--target", &target])
        .args(command)
        .status();
    assert!(entered.unwrap().success(), "{command:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_behind_a_bind_mount_rotate_by_events() {
    let Some(place) = bound().await else { return };
    let mounts = std::fs::read_to_string(format!("/proc/{}/mounts", place.agent.id())).unwrap();
    let certs = place.files.path("certs").display().to_string();
    assert!(
        mounts.contains(&certs),
        "the mount is the agent's: {mounts}"
    );
    place
        .until("the watch", || place.status()["watching"] == true)
        .await;
    for _ in 0..2 {
        let shown = place.renew();
        place.until_shown(&shown).await;
    }
    place.serves().await;
}

/// EIO: reading the first bytes of a process's memory fails so, and no disk has to break for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_reading_fails_costs_nothing_and_is_used_once_it_can_be_read() {
    let Some(place) = bound().await else { return };
    let before = place.generation("main");
    let file = place.files.cert("mcp.pem").display().to_string();
    let memory = format!("/proc/{}/mem", place.agent.id());
    among_its_mounts(&place, &["mount", "--bind", &memory, &file]);
    let told = place.ask("POST", "/reload", "{}");
    assert!(told.contains("unreadable"), "{told}");
    place.until_rejected("main", "unreadable").await;
    let line = place
        .agent
        .line(|line| line.to_string().contains("os error 5"));
    assert!(line.await.is_some(), "{}", place.agent.last_lines(30));
    assert_eq!(place.generation("main"), before);
    place.serves().await;
    among_its_mounts(&place, &["umount", &file]);
    let shown = place.renew();
    place.until_shown(&shown).await;
    place.serves().await;
}
