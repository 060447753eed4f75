//! What can happen when a peer is met.

/// What can happen between the agent and the peer of one endpoint.
#[derive(Clone, Copy, Debug)]
pub enum PeerEvent<'a> {
    /// A handshake ended well.
    Handshake(HandshakeFacts<'a>),
    /// A handshake failed, so nothing was sent.
    Refused {
        /// The stable word for why.
        reason: &'static str,
        /// Whether it is told for the first time in a while.
        is_news: bool,
    },
    /// A handshake ended well, but the peer did not ask for our certificate.
    Unasked {
        /// Whether it is told for the first time in a while.
        is_news: bool,
    },
    /// The peer sent an alert on a connection that was open for us.
    Alerted {
        /// The stable word for the alert.
        alert: &'static str,
        /// Whether it is told for the first time in a while.
        is_news: bool,
    },
}

/// The facts of one handshake.
#[derive(Clone, Copy, Debug)]
pub struct HandshakeFacts<'a> {
    /// `1.3` or `1.2`.
    pub version: &'static str,
    /// The group of the key exchange.
    pub group: &'a str,
    /// Whether a session was resumed.
    pub resumed: bool,
    /// SHA-256 of the certificate that issued the server's, or of the server's own where it sent no other; hexadecimal.
    pub issuer: &'a str,
}
