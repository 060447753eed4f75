//! A CA that lives in memory, and what it issues.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams,
    CertifiedIssuer, DnType, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData,
    RevokedCertParams,
};
use zeroize::Zeroizing;

use super::Leaf;

/// Validity of a CA: longer at both ends than what it issues.
const BACK: Duration = Duration::from_secs(2 * 24 * 3600);
const AHEAD: Duration = Duration::from_secs(90 * 24 * 3600);

/// Making a certificate failed: only the random source, the signature library or a name that is not ASCII can cause it.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a development certificate")]
pub struct Error(#[from] rcgen::Error);

/// A certificate with its chain and its key, as PEM.
pub struct Issued {
    /// The leaf, followed by intermediates if there are any; the root is not in it.
    pub chain_pem: String,
    /// The private key in PKCS #8.
    pub key_pem: Zeroizing<String>,
}

impl Issued {
    /// The key as [`crate::Bundle::parse`] takes it.
    #[must_use]
    pub fn key_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.key_pem.as_bytes().to_vec())
    }
}

/// A CA: a root, or an intermediate of one.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// Certificates between a leaf and the root, nearest first.
    between: Vec<String>,
}

impl Authority {
    /// Makes a root named `name`.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn new(name: &str) -> Result<Self, Error> {
        let issuer = CertifiedIssuer::self_signed(ca_params(name), KeyPair::generate()?)?;
        Ok(Self {
            issuer,
            between: Vec::new(),
        })
    }

    /// Makes an intermediate below this one.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn intermediate(&self, name: &str) -> Result<Self, Error> {
        let issuer =
            CertifiedIssuer::signed_by(ca_params(name), KeyPair::generate()?, &self.issuer)?;
        let between = [issuer.pem()]
            .into_iter()
            .chain(self.between.iter().cloned())
            .collect();
        Ok(Self { issuer, between })
    }

    /// The certificate of this CA, for a bundle of roots.
    #[must_use]
    pub fn root_pem(&self) -> String {
        self.issuer.pem()
    }

    /// Issues `leaf` for a new key.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn issue(&self, leaf: &Leaf) -> Result<Issued, Error> {
        self.issue_with(leaf, &KeyPair::generate()?)
    }

    /// Issues `leaf` once more for the key of `other`.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn reissue(&self, leaf: &Leaf, other: &Issued) -> Result<Issued, Error> {
        self.issue_with(leaf, &KeyPair::from_pem(&other.key_pem)?)
    }

    /// The list with `number` of certificates that are revoked, as PEM, of use until `next_update`.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn revoke(
        &self,
        number: u64,
        serials: &[u64],
        next_update: SystemTime,
    ) -> Result<String, Error> {
        let entry = |serial: &u64| RevokedCertParams {
            serial_number: (*serial).into(),
            revocation_time: SystemTime::now().into(),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: (next_update - BACK).into(),
            next_update: next_update.into(),
            crl_number: number.into(),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(&self.issuer)?.pem()?)
    }

    fn issue_with(&self, leaf: &Leaf, key: &KeyPair) -> Result<Issued, Error> {
        let certificate = self.issue_for(leaf, key)?;
        let chain_pem = [certificate.pem()]
            .into_iter()
            .chain(self.between.iter().cloned())
            .collect();
        Ok(Issued {
            chain_pem,
            key_pem: Zeroizing::new(key.serialize_pem()),
        })
    }

    /// Issues `leaf` for a public key given from outside.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn issue_for(&self, leaf: &Leaf, key: &impl PublicKeyData) -> Result<Certificate, Error> {
        Ok(leaf.params()?.signed_by(key, &self.issuer)?)
    }
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    let now = SystemTime::now();
    params.not_before = (now - BACK).into();
    params.not_after = (now + AHEAD).into();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}
