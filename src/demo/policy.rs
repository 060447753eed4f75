//! Which policy the agent gets.

use std::{io, path::PathBuf};

use serde_json::Value;

use super::folder::Folder;

/// The policy for the built-in MCP server: two of its three tools, and requests of at most 64 KiB.
pub const DEMO: &str = include_str!("policy.toml");

/// Where the policy comes from.
#[derive(Clone, Debug)]
pub enum Choice {
    /// [`DEMO`].
    Demo,
    /// These tools, everything else as usual.
    Tools(Vec<String>),
    /// This text.
    Text(String),
    /// The user's own file.
    File(PathBuf),
}

impl Choice {
    /// The file to name to the agent, written into `folder` unless it is the user's own.
    pub(super) fn file(&self, folder: &Folder) -> io::Result<PathBuf> {
        match self {
            Self::Demo => folder.write("policy.toml", DEMO),
            Self::Tools(tools) => folder.write("policy.toml", &listing(tools)),
            Self::Text(text) => folder.write("policy.toml", text),
            Self::File(path) => Ok(path.clone()),
        }
    }
}

/// A JSON string is a TOML basic string too; what is no tool's name is the agent's to refuse.
fn listing(tools: &[String]) -> String {
    let tools: Vec<_> = tools
        .iter()
        .map(|tool| Value::from(tool.as_str()).to_string())
        .collect();
    format!(
        "schema = 1\nname = \"portcullis-demo\"\n\n[[server]]\nchannel = \"main\"\ntools = [{}]\n",
        tools.join(", ")
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use portcullis_policy::PolicySet;

    use super::*;

    #[test]
    fn what_is_written_here_compiles() {
        assert_eq!(PolicySet::compile(DEMO.as_bytes()).unwrap().tool_count(), 2);
        let listed = listing(&["echo".to_owned(), "a.b/c".to_owned()]);
        assert_eq!(
            PolicySet::compile(listed.as_bytes()).unwrap().tool_count(),
            2
        );
    }

    #[test]
    fn a_name_cannot_become_another_line() {
        let hostile = listing(&["x\"]\n[[server]]\nchannel = \"y".to_owned()]);
        assert!(PolicySet::compile(hostile.as_bytes()).is_err());
    }
}
