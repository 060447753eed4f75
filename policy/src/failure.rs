//! Local failures as the tunnel spells them: fixed labels only, so that no text of a private server leaks through an error path.
//!
//! The labels are those of `error.data.tunnel_failure`, version 1 (wire sheet 10). What failed is decided where it failed, from typed
//! errors (W-10); this module only knows the words and how they may be combined.

/// Which party or step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureSource {
    /// The MCP server answered with an HTTP status from 400 to 599.
    TargetHttp,
    /// The server's name could not be resolved.
    Dns,
    /// The TLS handshake or its certificates.
    Tls,
    /// No connection could be made.
    Connect,
    /// The connection ended before the answer.
    TransportClosed,
    /// One of our timers ran out.
    Timeout,
    /// The answer was not what the protocol allows.
    Protocol,
    /// The agent itself.
    ClientInternal,
}

impl FailureSource {
    /// The word on the wire.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::TargetHttp => "target_http",
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Connect => "connect",
            Self::TransportClosed => "transport_closed",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
            Self::ClientInternal => "client_internal",
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $label:literal,)*) => {
        /// What happened, in the words the service knows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FailureKind { $($(#[$doc])* $name,)* }

        impl FailureKind {
            /// The word on the wire.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }
        }
    };
}

kinds! {
    /// An error status whose body was no preserved error.
    HttpStatus = "http_status",
    /// An error status with no body.
    ResponseBodyMissing = "response_body_missing",
    /// An error status whose body could not be read.
    ResponseBodyUnreadable = "response_body_unreadable",
    /// A body over the limit.
    ResponseBodyTooLarge = "response_body_too_large",
    /// A body that the gate refused.
    MalformedJson = "malformed_json",
    /// JSON that is no error answer to this call.
    InvalidMcpError = "invalid_mcp_error",
    /// A media type or encoding that MCP does not use, or a redirect.
    NonProtocolResponse = "non_protocol_response",
    /// A message that cannot answer this call.
    InvalidProtocolResponse = "invalid_protocol_response",
    /// The stream ended before the answer.
    Eof = "eof",
    /// The stream ended inside a message.
    UnexpectedEof = "unexpected_eof",
    /// The connection was closed in good order.
    ConnectionClosed = "connection_closed",
    /// The peer reset the connection.
    ConnectionReset = "connection_reset",
    /// The connection was aborted.
    ConnectionAborted = "connection_aborted",
    /// Writing to a pipe nobody reads.
    ClosedPipe = "closed_pipe",
    /// Name resolution.
    Dns = "dns",
    /// Handshake or certificate.
    Tls = "tls",
    /// One of our timers.
    Timeout = "timeout",
    /// Nothing listens there.
    ConnectionRefused = "connection_refused",
    /// No route to the network.
    NetworkUnreachable = "network_unreachable",
    /// No route to the host.
    HostUnreachable = "host_unreachable",
    /// Connecting failed in another way.
    Dial = "dial",
    /// None of the above.
    Unknown = "unknown",
}

/// A local failure: what the caller is told when there is no judged answer to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    source: FailureSource,
    kind: FailureKind,
    upstream_status: Option<u16>,
}

impl Failure {
    /// A failure without an HTTP status of the server.
    ///
    /// [`FailureSource::TargetHttp`] needs a status; given without one it is told as a protocol failure.
    #[must_use]
    pub const fn new(source: FailureSource, kind: FailureKind) -> Self {
        let source = if matches!(source, FailureSource::TargetHttp) {
            FailureSource::Protocol
        } else {
            source
        };
        Self {
            source,
            kind,
            upstream_status: None,
        }
    }

    /// A failure the server's HTTP status shows. A status outside 400 to 599 is a protocol failure (wire sheet 10.1).
    #[must_use]
    pub const fn status(status: u16, kind: FailureKind) -> Self {
        if status >= 400 && status <= 599 {
            Self {
                source: FailureSource::TargetHttp,
                kind,
                upstream_status: Some(status),
            }
        } else {
            Self {
                source: FailureSource::Protocol,
                kind,
                upstream_status: None,
            }
        }
    }

    /// A failure of the agent itself.
    #[must_use]
    pub const fn internal() -> Self {
        Self::new(FailureSource::ClientInternal, FailureKind::Unknown)
    }

    /// The word for who failed.
    #[must_use]
    pub const fn source(self) -> FailureSource {
        self.source
    }

    /// The word for what happened.
    #[must_use]
    pub const fn kind(self) -> FailureKind {
        self.kind
    }

    /// The `resp_code` to post: the server's own error status, else 502 (wire sheet 10.3).
    #[must_use]
    pub const fn code(self) -> u16 {
        match self.upstream_status {
            Some(status) => status,
            None => 502,
        }
    }

    /// The JSON-RPC error object for this failure, without an id.
    pub(crate) fn error_object(self) -> String {
        let status = self
            .upstream_status
            .map_or_else(String::new, |s| format!(r#","upstream_status":{s}"#));
        format!(
            r#"{{"code":-32603,"message":"{}","data":{{"tunnel_failure":{{"version":1,"source":"{}","transport_error_kind":"{}","upstream_response_received":{}{status}}}}}}}"#,
            reason_phrase(self.code()),
            self.source.label(),
            self.kind.label(),
            self.upstream_status.is_some(),
        )
    }
}

/// The registered reason phrase (RFC 9110, section 15) of an error status, or the sheet's fallback.
const fn reason_phrase(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        421 => "Misdirected Request",
        422 => "Unprocessable Entity",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "MCP transport error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_reads_as_the_reference_says_tf_021() {
        let failure = Failure::new(FailureSource::TransportClosed, FailureKind::ClosedPipe);
        assert_eq!(failure.code(), 502);
        assert_eq!(
            failure.error_object(),
            r#"{"code":-32603,"message":"Bad Gateway","data":{"tunnel_failure":{"version":1,"source":"transport_closed","transport_error_kind":"closed_pipe","upstream_response_received":false}}}"#
        );
    }

    #[test]
    fn an_error_status_is_told_with_its_code_e2_001() {
        let failure = Failure::status(503, FailureKind::MalformedJson);
        assert_eq!(failure.code(), 503);
        assert_eq!(
            failure.error_object(),
            r#"{"code":-32603,"message":"Service Unavailable","data":{"tunnel_failure":{"version":1,"source":"target_http","transport_error_kind":"malformed_json","upstream_response_received":true,"upstream_status":503}}}"#
        );
    }

    #[test]
    fn target_http_always_has_a_status_wt_056_057() {
        let without = Failure::new(FailureSource::TargetHttp, FailureKind::HttpStatus);
        assert_eq!(without.source(), FailureSource::Protocol);
        let redirect = Failure::status(307, FailureKind::NonProtocolResponse);
        assert_eq!(
            (redirect.source(), redirect.code()),
            (FailureSource::Protocol, 502)
        );
    }
}
