//! A throwaway PKI for demos, development and tests (feature `dev`, never in a package).
//!
//! Promises: each of the four kinds of peer has a CA of its own, so that a certificate of one is refused where another
//! is wanted; keys are made anew each time and reach the disk only through [`Pki::write_to`], readable by their owner.
//!
//! Leaves to others: anything a certificate of consequence would need.

mod authority;
mod leaf;
mod write;

pub use authority::{Authority, Error, Issued};
pub use leaf::Leaf;
pub use write::{WriteError, Written};

/// The four authorities.
pub struct Pki {
    /// Issues to control planes.
    pub control_servers: Authority,
    /// Issues to clients of control planes: the agent.
    pub control_clients: Authority,
    /// Issues to MCP servers.
    pub mcp_servers: Authority,
    /// Issues to clients of MCP servers: the agent again, under another identity.
    pub mcp_clients: Authority,
}

impl Pki {
    /// Makes four new authorities.
    ///
    /// # Errors
    /// If the random source or the signature library fails.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            control_servers: Authority::new("Portcullis development control plane servers")?,
            control_clients: Authority::new("Portcullis development control plane clients")?,
            mcp_servers: Authority::new("Portcullis development MCP servers")?,
            mcp_clients: Authority::new("Portcullis development MCP clients")?,
        })
    }
}

#[cfg(test)]
mod tests;
