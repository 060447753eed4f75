//! Why a connection failed, as a stable label for logs, metrics and audit.
//!
//! Promises: labels never change meaning; a TLS reason is found however deeply it is wrapped, and goes before the
//! input/output error that carried it.

use std::{error::Error, io, iter::successors};

use super::asked::NotAsked;
use rustls::{AlertDescription, CertificateError, Error as TlsError, PeerIncompatible};

/// Why a connection failed. `Server*` is what we hold against the server, [`Reason::Alert`] what it holds against us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant says what `Reason::label` says")]
pub enum Reason {
    ServerCertExpired,
    ServerCertNotYetValid,
    ServerCertUnknownIssuer,
    ServerCertWrongName,
    ServerCertWrongPurpose,
    ServerCertRevoked,
    ServerKeyUnpinned,
    ServerDidNotAsk,
    ServerCertBad,
    TlsVersion,
    TlsNoCommonParameters,
    TlsNoApplicationProtocol,
    TlsProtocol,
    Alert(AlertDescription),
    Timeout,
    Refused,
    Unreachable,
    Reset,
    ClosedEarly,
    Other,
}

impl Reason {
    /// The stable name.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::ServerCertExpired => "server_cert_expired",
            Self::ServerCertNotYetValid => "server_cert_not_yet_valid",
            Self::ServerCertUnknownIssuer => "server_cert_unknown_issuer",
            Self::ServerCertWrongName => "server_cert_wrong_name",
            Self::ServerCertWrongPurpose => "server_cert_wrong_purpose",
            Self::ServerCertRevoked => "server_cert_revoked",
            Self::ServerKeyUnpinned => "server_key_unpinned",
            Self::ServerDidNotAsk => "server_did_not_ask",
            Self::ServerCertBad => "server_cert_bad",
            Self::TlsVersion => "tls_version",
            Self::TlsNoCommonParameters => "tls_no_common_parameters",
            Self::TlsNoApplicationProtocol => "tls_no_application_protocol",
            Self::TlsProtocol => "tls_protocol",
            Self::Alert(alert) => alert_label(alert),
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Reset => "reset",
            Self::ClosedEarly => "closed_early",
            Self::Other => "other",
        }
    }
}

/// Finds the reason in `error` and what it wraps.
#[must_use]
pub fn classify(error: &(dyn Error + 'static)) -> Reason {
    let layers = || successors(Some(error), |error| inner(*error));
    if layers().any(|error| error.is::<NotAsked>()) {
        return Reason::ServerDidNotAsk;
    }
    let tls = layers().find_map(|error| error.downcast_ref().map(of_tls));
    tls.or_else(|| layers().find_map(of_transport))
        .unwrap_or(Reason::Other)
}

/// `io::Error::source` passes over the very error it wraps, so that one is asked for first.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

fn of_tls(error: &TlsError) -> Reason {
    if let TlsError::InvalidCertificate(error) = error {
        of_certificate(error)
    } else if let TlsError::AlertReceived(alert) = error {
        Reason::Alert(*alert)
    } else if let TlsError::PeerIncompatible(error) = error {
        of_peer(error)
    } else if matches!(error, TlsError::NoApplicationProtocol) {
        Reason::TlsNoApplicationProtocol
    } else {
        Reason::TlsProtocol
    }
}

fn of_certificate(error: &CertificateError) -> Reason {
    use CertificateError as Bad;
    if matches!(error, Bad::Expired | Bad::ExpiredContext { .. }) {
        Reason::ServerCertExpired
    } else if matches!(error, Bad::NotValidYet | Bad::NotValidYetContext { .. }) {
        Reason::ServerCertNotYetValid
    } else if matches!(error, Bad::UnknownIssuer) {
        Reason::ServerCertUnknownIssuer
    } else if matches!(
        error,
        Bad::NotValidForName | Bad::NotValidForNameContext { .. }
    ) {
        Reason::ServerCertWrongName
    } else if matches!(
        error,
        Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. }
    ) {
        Reason::ServerCertWrongPurpose
    } else if matches!(error, Bad::ApplicationVerificationFailure) {
        Reason::ServerKeyUnpinned
    } else if matches!(error, Bad::Revoked) {
        Reason::ServerCertRevoked
    } else {
        Reason::ServerCertBad
    }
}

fn of_peer(error: &PeerIncompatible) -> Reason {
    use PeerIncompatible as Lacks;
    let version = matches!(
        error,
        Lacks::ServerDoesNotSupportTls12Or13
            | Lacks::ServerTlsVersionIsDisabledByOurConfig
            | Lacks::Tls12NotOffered
    );
    if version {
        Reason::TlsVersion
    } else {
        Reason::TlsNoCommonParameters
    }
}

fn of_transport(error: &(dyn Error + 'static)) -> Option<Reason> {
    if error.is::<tokio::time::error::Elapsed>() {
        return Some(Reason::Timeout);
    }
    let kind = error.downcast_ref::<io::Error>()?.kind();
    TRANSPORT
        .iter()
        .find(|(known, _)| *known == kind)
        .map(|(_, reason)| *reason)
}

const TRANSPORT: [(io::ErrorKind, Reason); 8] = [
    (io::ErrorKind::TimedOut, Reason::Timeout),
    (io::ErrorKind::ConnectionRefused, Reason::Refused),
    (io::ErrorKind::HostUnreachable, Reason::Unreachable),
    (io::ErrorKind::NetworkUnreachable, Reason::Unreachable),
    (io::ErrorKind::ConnectionReset, Reason::Reset),
    (io::ErrorKind::ConnectionAborted, Reason::Reset),
    (io::ErrorKind::BrokenPipe, Reason::Reset),
    (io::ErrorKind::UnexpectedEof, Reason::ClosedEarly),
];

fn alert_label(alert: AlertDescription) -> &'static str {
    ALERTS
        .iter()
        .find(|(known, _)| *known == alert)
        .map_or("alert_other", |(_, label)| *label)
}

/// The alerts a peer's operator can act on (RFC 8446 section 6.2).
const ALERTS: [(AlertDescription, &str); 16] = [
    (
        AlertDescription::HandshakeFailure,
        "alert_handshake_failure",
    ),
    (AlertDescription::BadCertificate, "alert_bad_certificate"),
    (
        AlertDescription::UnsupportedCertificate,
        "alert_unsupported_certificate",
    ),
    (
        AlertDescription::CertificateRevoked,
        "alert_certificate_revoked",
    ),
    (
        AlertDescription::CertificateExpired,
        "alert_certificate_expired",
    ),
    (
        AlertDescription::CertificateUnknown,
        "alert_certificate_unknown",
    ),
    (
        AlertDescription::CertificateRequired,
        "alert_certificate_required",
    ),
    (AlertDescription::UnknownCA, "alert_unknown_ca"),
    (AlertDescription::AccessDenied, "alert_access_denied"),
    (AlertDescription::DecryptError, "alert_decrypt_error"),
    (AlertDescription::ProtocolVersion, "alert_protocol_version"),
    (
        AlertDescription::InsufficientSecurity,
        "alert_insufficient_security",
    ),
    (AlertDescription::InternalError, "alert_internal_error"),
    (AlertDescription::UserCanceled, "alert_user_canceled"),
    (
        AlertDescription::UnrecognisedName,
        "alert_unrecognised_name",
    ),
    (
        AlertDescription::NoApplicationProtocol,
        "alert_no_application_protocol",
    ),
];

#[cfg(test)]
mod tests;
