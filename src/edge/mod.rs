//! Where the agent touches the network.

pub mod tls;
