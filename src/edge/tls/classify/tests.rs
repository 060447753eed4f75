#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
//! Labels for errors that the handshakes of `tests/tls.rs` do not bring about, and for wrapped ones.

use super::*;

fn wrapped(error: TlsError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[test]
fn a_tls_reason_is_found_under_the_error_that_carried_it() {
    let expired = wrapped(CertificateError::Expired.into());
    assert_eq!(classify(&expired), Reason::ServerCertExpired);
    assert_eq!(
        classify(&io::Error::other(expired)),
        Reason::ServerCertExpired
    );
    let reset = io::Error::new(
        io::ErrorKind::ConnectionReset,
        wrapped(TlsError::DecryptError),
    );
    assert_eq!(
        classify(&reset),
        Reason::TlsProtocol,
        "goes before the carrier"
    );
}

#[test]
fn each_certificate_error_has_its_reason() {
    for (error, label) in [
        (CertificateError::NotValidYet, "server_cert_not_yet_valid"),
        (
            CertificateError::UnknownIssuer,
            "server_cert_unknown_issuer",
        ),
        (CertificateError::NotValidForName, "server_cert_wrong_name"),
        (
            CertificateError::InvalidPurpose,
            "server_cert_wrong_purpose",
        ),
        (CertificateError::Revoked, "server_cert_revoked"),
        (CertificateError::BadSignature, "server_cert_bad"),
        (CertificateError::BadEncoding, "server_cert_bad"),
    ] {
        assert_eq!(classify(&TlsError::from(error)).label(), label);
    }
}

#[test]
fn each_transport_error_has_its_reason() {
    for (kind, label) in [
        (io::ErrorKind::TimedOut, "timeout"),
        (io::ErrorKind::ConnectionRefused, "refused"),
        (io::ErrorKind::HostUnreachable, "unreachable"),
        (io::ErrorKind::BrokenPipe, "reset"),
        (io::ErrorKind::UnexpectedEof, "closed_early"),
        (io::ErrorKind::InvalidInput, "other"),
    ] {
        assert_eq!(classify(&io::Error::from(kind)).label(), label);
    }
}

#[test]
fn other_tls_errors_have_their_reasons() {
    for (error, label) in [
        (
            TlsError::NoApplicationProtocol,
            "tls_no_application_protocol",
        ),
        (
            PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig.into(),
            "tls_version",
        ),
        (
            PeerIncompatible::NoCipherSuitesInCommon.into(),
            "tls_no_common_parameters",
        ),
        (
            TlsError::AlertReceived(AlertDescription::CertificateExpired),
            "alert_certificate_expired",
        ),
        (
            TlsError::AlertReceived(AlertDescription::DecodeError),
            "alert_other",
        ),
    ] {
        assert_eq!(classify(&error).label(), label);
    }
}
