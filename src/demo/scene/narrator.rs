//! How the scene is told.

use std::io::{self, Write};

use crate::demo::stage::Stage;

/// What one step showed: what was asked, decided and seen.
pub(super) type Told = Vec<(&'static str, String)>;

/// Writes numbered steps.
pub(super) struct Narrator<'a> {
    out: &'a mut dyn Write,
    steps: usize,
}

impl<'a> Narrator<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, steps: 0 }
    }

    pub(super) fn open(&mut self, stage: &Stage) -> io::Result<()> {
        let server = stage
            .server
            .as_ref()
            .map(|server| server.url())
            .unwrap_or_default();
        writeln!(
            self.out,
            "Three programs on this machine, with certificates made a moment ago:\n"
        )?;
        writeln!(self.out, "  control plane   {}", stage.control.url())?;
        writeln!(
            self.out,
            "  the agent       polls the control plane, calls the MCP server; mutual TLS on both sides"
        )?;
        writeln!(self.out, "  MCP server      {server}")?;
        self.out.flush()
    }

    pub(super) fn step(&mut self, name: &str) -> io::Result<()> {
        self.steps += 1;
        writeln!(self.out, "\n{}. {name}", self.steps)?;
        self.out.flush()
    }

    pub(super) fn tell(&mut self, told: &Told) -> io::Result<()> {
        for (who, what) in told {
            writeln!(self.out, "   {who:<9} {what}")?;
        }
        self.out.flush()
    }

    pub(super) fn close(&mut self) -> io::Result<()> {
        writeln!(self.out, "\nAll {} steps went as they should.", self.steps)?;
        self.out.flush()
    }
}
