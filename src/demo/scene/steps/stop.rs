//! What becomes of the agent when an operator stops it.

use anyhow::ensure;

use super::super::narrator::Told;
use crate::demo::stage::Stage;

pub(super) async fn stopped(stage: &mut Stage) -> anyhow::Result<Told> {
    let status = stage.stop_agent().await?;
    ensure!(
        status.success(),
        "the agent ended with {status}:\n{}",
        stage.agent.last_lines(20)
    );
    let violations = stage.control.violations();
    ensure!(
        violations.is_empty(),
        "the agent broke the contract of the control plane: {violations:?}"
    );
    ensure!(
        stage.control.open_commands() == 0,
        "a command was left without an outcome"
    );
    let (polls, posts) = (stage.control.poll_count(), stage.control.posts().len());
    Ok(vec![
        ("asked", "SIGTERM".to_owned()),
        (
            "agent",
            "stopped polling, finished its calls, exit code 0".to_owned(),
        ),
        (
            "control",
            format!("{polls} polls and {posts} replies, every one within the contract"),
        ),
    ])
}
