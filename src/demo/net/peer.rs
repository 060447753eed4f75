//! Who is at the other end of a connection.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _};

/// The client certificate of one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its subject, as in `CN=portcullis-agent`.
    pub subject: String,
    /// Its serial number, hexadecimal with colons.
    pub serial: String,
    /// The certificate itself.
    pub der: CertificateDer<'static>,
}

impl Peer {
    /// The holder of the first certificate of `chain`; none if there is no chain or it cannot be read.
    pub(super) fn of(chain: Option<&[CertificateDer<'static>]>) -> Option<Arc<Self>> {
        let der = chain?.first()?;
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        Some(Arc::new(Self {
            subject: certificate.subject().to_string(),
            serial: certificate.raw_serial_as_string(),
            der: der.clone(),
        }))
    }
}
