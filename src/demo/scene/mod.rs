//! The scene: what the agent does to a good call, to bad ones and to strangers, told in plain words.
//!
//! Promises: each step checks what it tells, on both sides of the agent, and the first one that is not as it should be
//! ends the scene with an error that names it. The agent is the real one, a process of its own.

mod caller;
mod narrator;
mod steps;

use std::io::Write;

use anyhow::Context as _;

use self::{caller::Caller, narrator::Narrator, steps::STEPS};
use super::{
    agent::Log,
    stage::{Plan, Stage},
};

/// Plays the scene with the agent in `program`, telling it to `out`.
///
/// # Errors
/// The first step that did not go as it should.
pub async fn play(program: std::path::PathBuf, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut stage = Stage::set(&Plan::new(program), Log::Kept)
        .await
        .context("setting the scene")?;
    let mut narrator = Narrator::new(out);
    narrator.open(&stage)?;
    let mut caller = Caller::connect(stage.control.clone())
        .await
        .context("opening a session")?;
    for (name, step) in STEPS {
        narrator.step(name)?;
        let told = step(&mut stage, &mut caller).await;
        narrator.tell(&told.with_context(|| format!("the step `{name}`"))?)?;
    }
    narrator.close()?;
    Ok(())
}
