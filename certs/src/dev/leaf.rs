//! What a certificate to be issued should say: right by default, wrong where a test asks for it.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::{Duration, SystemTime},
};

use rcgen::{
    CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose as Purpose, IsCa,
    KeyUsagePurpose, SanType, string::Ia5String,
};

use super::authority::Error;

/// Validity of what says nothing else: a day back, for clocks that differ, and thirty ahead.
const BACK: Duration = Duration::from_secs(24 * 3600);
const AHEAD: Duration = Duration::from_secs(30 * 24 * 3600);

/// A leaf certificate to be issued by an [`super::Authority`].
#[derive(Debug, Clone)]
pub struct Leaf {
    name: String,
    dns: Vec<String>,
    addresses: Vec<IpAddr>,
    purposes: Vec<Purpose>,
    usages: Vec<KeyUsagePurpose>,
    validity: (SystemTime, SystemTime),
    ca: bool,
    serial: Option<u64>,
    unknown_critical: bool,
}

/// An extension nobody knows: an arc for examples.
const UNKNOWN: [u64; 7] = [1, 3, 6, 1, 4, 1, 32473];

impl Leaf {
    /// A client named `name`.
    #[must_use]
    pub fn client(name: &str) -> Self {
        Self::new(name, vec![name.to_owned()], Vec::new(), Purpose::ClientAuth)
    }

    /// A server on this machine: `localhost`, `127.0.0.1` and `::1`.
    #[must_use]
    pub fn server() -> Self {
        let addresses = vec![
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ];
        Self::new(
            "localhost",
            vec!["localhost".to_owned()],
            addresses,
            Purpose::ServerAuth,
        )
    }

    fn new(name: &str, dns: Vec<String>, addresses: Vec<IpAddr>, purpose: Purpose) -> Self {
        let now = SystemTime::now();
        Self {
            name: name.to_owned(),
            dns,
            addresses,
            purposes: vec![purpose],
            usages: vec![KeyUsagePurpose::DigitalSignature],
            validity: (now - BACK, now + AHEAD),
            ca: false,
            serial: None,
            unknown_critical: false,
        }
    }

    /// Valid from `from` until `to`, both cut to whole seconds.
    #[must_use]
    pub fn valid(mut self, from: SystemTime, to: SystemTime) -> Self {
        self.validity = (from, to);
        self
    }

    /// For these host names only, and no address.
    #[must_use]
    pub fn names(mut self, names: &[&str]) -> Self {
        self.dns = names.iter().map(|name| (*name).to_owned()).collect();
        self.addresses.clear();
        self
    }

    /// For clients if it was for servers, and the other way round.
    #[must_use]
    pub fn wrong_purpose(mut self) -> Self {
        let client = self.purposes.contains(&Purpose::ClientAuth);
        self.purposes = vec![if client {
            Purpose::ServerAuth
        } else {
            Purpose::ClientAuth
        }];
        self
    }

    /// With a key that may only agree on keys, not sign.
    #[must_use]
    pub fn cannot_sign(mut self) -> Self {
        self.usages = vec![KeyUsagePurpose::KeyAgreement];
        self
    }

    /// Marked as a CA, as `openssl req -x509` does by default.
    #[must_use]
    pub fn as_ca(mut self) -> Self {
        self.ca = true;
        self
    }

    /// With a key that may also encrypt keys, as the control plane asks for.
    #[must_use]
    pub fn may_encrypt_keys(mut self) -> Self {
        self.usages.push(KeyUsagePurpose::KeyEncipherment);
        self
    }

    /// For any purpose besides its own.
    #[must_use]
    pub fn any_purpose(mut self) -> Self {
        self.purposes.push(Purpose::Any);
        self
    }

    /// With this serial number, not one derived from its key.
    #[must_use]
    pub fn serial(mut self, serial: u64) -> Self {
        self.serial = Some(serial);
        self
    }

    /// With a critical extension nobody knows.
    #[must_use]
    pub fn unknown_critical(mut self) -> Self {
        self.unknown_critical = true;
        self
    }

    pub(super) fn params(&self) -> Result<CertificateParams, Error> {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, self.name.as_str());
        params.not_before = self.validity.0.into();
        params.not_after = self.validity.1.into();
        params.is_ca = if self.ca {
            IsCa::Ca(rcgen::BasicConstraints::Unconstrained)
        } else {
            IsCa::ExplicitNoCa
        };
        params.serial_number = self.serial.map(Into::into);
        params
            .custom_extensions
            .extend(self.unknown_critical.then(unknown));
        params.key_usages.clone_from(&self.usages);
        params.extended_key_usages.clone_from(&self.purposes);
        params.use_authority_key_identifier_extension = true;
        params.subject_alt_names = self
            .addresses
            .iter()
            .copied()
            .map(SanType::IpAddress)
            .collect();
        for name in &self.dns {
            params
                .subject_alt_names
                .push(SanType::DnsName(Ia5String::try_from(name.as_str())?));
        }
        Ok(params)
    }
}

fn unknown() -> CustomExtension {
    let null = vec![5, 0];
    let mut extension = CustomExtension::from_oid_content(&UNKNOWN, null);
    extension.set_criticality(true);
    extension
}
