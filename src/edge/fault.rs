//! What a transport error means, from its type and never from its text (W-10).

use std::error::Error;
use std::io;

use portcullis_policy::{Failure, FailureKind, FailureSource};

use super::connect::ResolveError;
use super::net::SendError;
use super::tls;

/// Classifies why a request got no response.
#[must_use]
pub fn of_send(error: &SendError) -> Failure {
    match error {
        SendError::Identity(_) | SendError::Revoked => {
            Failure::new(FailureSource::Tls, FailureKind::Tls)
        }
        SendError::Http(error) => classify(error),
        SendError::Framing => no_http(),
    }
}

/// A stable word for logs: the code of an unusable identity, the finest reason TLS gives, else the kind of the failure.
#[must_use]
pub fn send_label(error: &SendError) -> &'static str {
    match error {
        SendError::Identity(fault) => fault.code().label(),
        SendError::Revoked => "identity_revoked",
        SendError::Http(error) => label(error),
        SendError::Framing => "two_lengths",
    }
}

/// Classifies an error of the HTTP client by the first cause in its chain that says something; an `io::Error` around another error only
/// speaks when nothing inside it does.
#[must_use]
pub fn classify(error: &(dyn Error + 'static)) -> Failure {
    causes(error)
        .find_map(known_cause)
        .or_else(|| causes(error).find_map(io_cause))
        .or_else(|| causes(error).find_map(broken_exchange))
        .unwrap_or_else(Failure::internal)
}

/// A stable word for logs: the finest reason TLS gives, else the kind of the failure.
#[must_use]
pub fn label(error: &(dyn Error + 'static)) -> &'static str {
    let failure = classify(error);
    if failure.source() == FailureSource::Tls {
        tls::classify(error).label()
    } else {
        failure.kind().label()
    }
}

/// The chain of causes, looking inside `io::Error`, which hides its own.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| inner(*error))
}

fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

fn known_cause(cause: &(dyn Error + 'static)) -> Option<Failure> {
    if cause.is::<ResolveError>() {
        return Some(Failure::new(FailureSource::Dns, FailureKind::Dns));
    }
    if cause.is::<rustls::Error>() || cause.is::<tls::NotAsked>() {
        return Some(Failure::new(FailureSource::Tls, FailureKind::Tls));
    }
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        return hyper_error(error);
    }
    let is_plain = |error: &&io::Error| error.get_ref().is_none();
    let error = cause.downcast_ref::<io::Error>().filter(is_plain)?;
    io_error(error.kind())
}

fn io_cause(cause: &(dyn Error + 'static)) -> Option<Failure> {
    io_error(cause.downcast_ref::<io::Error>()?.kind())
}

/// HTTP/2 hides its causes: a stream that was reset, or a connection that was sent away. Unless we misused the library, it was the peer.
fn broken_exchange(cause: &(dyn Error + 'static)) -> Option<Failure> {
    let error = cause.downcast_ref::<hyper::Error>()?;
    (!error.is_user()).then_some(Failure::new(
        FailureSource::TransportClosed,
        FailureKind::ConnectionAborted,
    ))
}

fn hyper_error(error: &hyper::Error) -> Option<Failure> {
    if error.is_timeout() {
        return Some(Failure::new(FailureSource::Timeout, FailureKind::Timeout));
    }
    if error.is_incomplete_message() {
        return Some(Failure::new(
            FailureSource::TransportClosed,
            FailureKind::UnexpectedEof,
        ));
    }
    if error.is_parse() {
        return Some(no_http());
    }
    if error.is_closed() || error.is_canceled() {
        return Some(Failure::new(
            FailureSource::TransportClosed,
            FailureKind::ConnectionClosed,
        ));
    }
    None
}

/// What came is not HTTP.
const fn no_http() -> Failure {
    Failure::new(FailureSource::Protocol, FailureKind::NonProtocolResponse)
}

fn io_error(kind: io::ErrorKind) -> Option<Failure> {
    let row = IO_ERRORS.iter().find(|(known, ..)| *known == kind);
    row.map(|(_, source, kind)| Failure::new(*source, *kind))
}

/// `InvalidInput` and `InvalidData` are what the HTTP library says of a chunk that is none.
const IO_ERRORS: [(io::ErrorKind, FailureSource, FailureKind); 12] = {
    use FailureSource::{Connect, Protocol, Timeout, TransportClosed};
    use io::ErrorKind as Io;
    [
        (
            Io::ConnectionRefused,
            Connect,
            FailureKind::ConnectionRefused,
        ),
        (
            Io::NetworkUnreachable,
            Connect,
            FailureKind::NetworkUnreachable,
        ),
        (Io::HostUnreachable, Connect, FailureKind::HostUnreachable),
        (Io::AddrNotAvailable, Connect, FailureKind::Dial),
        (Io::TimedOut, Timeout, FailureKind::Timeout),
        (
            Io::ConnectionReset,
            TransportClosed,
            FailureKind::ConnectionReset,
        ),
        (
            Io::ConnectionAborted,
            TransportClosed,
            FailureKind::ConnectionAborted,
        ),
        (Io::BrokenPipe, TransportClosed, FailureKind::ClosedPipe),
        (
            Io::UnexpectedEof,
            TransportClosed,
            FailureKind::UnexpectedEof,
        ),
        (
            Io::NotConnected,
            TransportClosed,
            FailureKind::ConnectionClosed,
        ),
        (Io::InvalidInput, Protocol, FailureKind::NonProtocolResponse),
        (Io::InvalidData, Protocol, FailureKind::NonProtocolResponse),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    fn words(error: &(dyn Error + 'static)) -> (&'static str, &'static str) {
        let failure = classify(error);
        (failure.source().label(), failure.kind().label())
    }

    #[test]
    fn each_typed_cause_has_its_words_tf_003_to_011() {
        let rows: [(io::Error, (&str, &str)); 9] = [
            (
                io::ErrorKind::ConnectionRefused.into(),
                ("connect", "connection_refused"),
            ),
            (
                io::ErrorKind::BrokenPipe.into(),
                ("transport_closed", "closed_pipe"),
            ),
            (
                io::ErrorKind::ConnectionReset.into(),
                ("transport_closed", "connection_reset"),
            ),
            (io::ErrorKind::TimedOut.into(), ("timeout", "timeout")),
            (
                io::Error::other(rustls::Error::DecryptError),
                ("tls", "tls"),
            ),
            (
                io::Error::other(io::Error::other(rustls::Error::DecryptError)),
                ("tls", "tls"),
            ),
            (
                io::Error::new(io::ErrorKind::UnexpectedEof, "opaque"),
                ("transport_closed", "unexpected_eof"),
            ),
            (
                io::Error::new(io::ErrorKind::InvalidData, rustls::Error::DecryptError),
                ("tls", "tls"),
            ),
            (io::Error::other("opaque"), ("client_internal", "unknown")),
        ];
        for (error, expected) in rows {
            assert_eq!(words(&error), expected, "{error:?}");
        }
    }
}
