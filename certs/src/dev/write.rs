//! The whole set of files a developer needs, in one directory.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{Error, Issued, Leaf, Pki};

/// Why the set was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A file of that name is there and was not to be replaced.
    #[error("`{0}` is there already, choose another directory or replace the set with `--force`")]
    Exists(PathBuf),
    /// The file system said no.
    #[error("cannot write `{0}`: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// No certificate could be made.
    #[error(transparent)]
    Issue(#[from] Error),
}

/// One file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where it is.
    pub file: PathBuf,
    /// What it is for.
    pub purpose: &'static str,
}

struct Draft {
    name: &'static str,
    purpose: &'static str,
    text: Zeroizing<String>,
}

impl Pki {
    /// Issues one leaf of each kind and writes everything into `dir`: a new directory is made for its owner alone
    /// (0700), every file likewise (0600). With `replace`, files of the same names are removed first; without it, one
    /// of them is enough to write nothing.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn write_to(&self, dir: &Path, replace: bool) -> Result<Vec<Written>, WriteError> {
        let drafts = self.drafts()?;
        let make = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        make.map_err(|error| WriteError::Io(dir.to_owned(), error))?;
        if !replace {
            refuse_existing(dir, &drafts)?;
        }
        drafts.iter().map(|draft| write(dir, draft)).collect()
    }

    fn drafts(&self) -> Result<Vec<Draft>, Error> {
        let server = Leaf::server();
        let agent = Leaf::client("portcullis-agent");
        let control_server = self.control_servers.issue(&server)?;
        let control_client = self.control_clients.issue(&agent)?;
        let mcp_server = self.mcp_servers.issue(&server)?;
        let mcp_client = self.mcp_clients.issue(&agent)?;
        let public = |name, purpose, text: String| Draft {
            name,
            purpose,
            text: Zeroizing::new(text),
        };
        let mut drafts = vec![
            public(
                "control-server-ca.pem",
                "the agent trusts it for the control plane",
                self.control_servers.root_pem(),
            ),
            public(
                "control-client-ca.pem",
                "the control plane trusts it for agents",
                self.control_clients.root_pem(),
            ),
            public(
                "mcp-server-ca.pem",
                "the agent trusts it for MCP servers",
                self.mcp_servers.root_pem(),
            ),
            public(
                "mcp-client-ca.pem",
                "MCP servers trust it for the agent",
                self.mcp_clients.root_pem(),
            ),
        ];
        drafts.extend(pair(
            control_server,
            ("control-server.pem", "control-server.key"),
            "shows the control plane to agents",
        ));
        drafts.extend(pair(
            control_client,
            ("control-client.pem", "control-client.key"),
            "shows the agent to the control plane",
        ));
        drafts.extend(pair(
            mcp_server,
            ("mcp-server.pem", "mcp-server.key"),
            "shows the MCP server to the agent",
        ));
        drafts.extend(pair(
            mcp_client,
            ("mcp-client.pem", "mcp-client.key"),
            "shows the agent to MCP servers",
        ));
        Ok(drafts)
    }
}

fn pair(issued: Issued, names: (&'static str, &'static str), purpose: &'static str) -> [Draft; 2] {
    [
        Draft {
            name: names.0,
            purpose,
            text: Zeroizing::new(issued.chain_pem),
        },
        Draft {
            name: names.1,
            purpose,
            text: issued.key_pem,
        },
    ]
}

fn refuse_existing(dir: &Path, drafts: &[Draft]) -> Result<(), WriteError> {
    match drafts
        .iter()
        .map(|draft| dir.join(draft.name))
        .find(|file| file.symlink_metadata().is_ok())
    {
        Some(file) => Err(WriteError::Exists(file)),
        None => Ok(()),
    }
}

/// What is there is removed, not overwritten: a new file has the mode asked for, an old one would keep its own.
fn write(dir: &Path, draft: &Draft) -> Result<Written, WriteError> {
    let file = dir.join(draft.name);
    let failed = |error| WriteError::Io(file.clone(), error);
    match std::fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        Ok(()) | Err(_) => {}
    }
    let mut open: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&file)
        .map_err(failed)?;
    open.write_all(draft.text.as_bytes()).map_err(failed)?;
    Ok(Written {
        file,
        purpose: draft.purpose,
    })
}
