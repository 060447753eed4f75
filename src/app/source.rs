//! The files of one endpoint and the secrets beside them: read at one moment, judged together.
//!
//! Promises: everything that is wrong is said at once; nothing of a secret is ever said.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use aws_lc_rs::digest::{Context, SHA256};
use portcullis_certs::{self as certs, Bundle, Code, Fault, Part, Roots, Rules};
use secrecy::{ExposeSecret as _, SecretString};

use super::secret::Kept;
use crate::config::{ClientIdentity, ConfiguredPath, Mistake, SecretRef};
use crate::ops::state::{Anchor, Generation, Identity};
use crate::rotate::port::{Digest, Reason};

/// Where the material of one endpoint is.
pub(super) struct Source {
    /// `control plane`, or the channel.
    pub(super) name: String,
    /// The client identity.
    pub(super) identity: Option<ClientIdentity>,
    /// Private roots.
    pub(super) bundle: Option<ConfiguredPath>,
    /// The roots they are added to; none where they stand alone.
    pub(super) base: Option<Arc<Roots>>,
    /// Revocation lists.
    pub(super) crls: Vec<ConfiguredPath>,
    /// What requests carry.
    pub(super) secrets: Vec<Kept>,
}

/// What the files hold.
pub(super) struct Texts {
    texts: certs::Texts,
    secrets: Vec<SecretString>,
}

/// What passed.
pub(super) struct Material {
    /// Certificates, keys, roots and lists.
    pub(super) certs: certs::Material,
    /// In the order of [`Source::secrets`].
    pub(super) secrets: Vec<SecretString>,
}

impl Source {
    /// Every file that is read.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let files = self.certs();
        let certs = files.files().map(|(_, path)| path.to_owned());
        let secrets = self
            .secrets
            .iter()
            .filter_map(|kept| match &kept.reference {
                Some(SecretRef::File(path)) => Some(path.clone()),
                Some(SecretRef::Env(_)) | None => None,
            });
        certs.chain(secrets).collect()
    }

    /// Reads everything once.
    ///
    /// # Errors
    /// Every fault there is.
    pub(super) fn read(&self) -> Result<(Digest, Texts), (Vec<Fault>, Vec<Reason>)> {
        let (texts, mut faults) = (self.certs().read(), Vec::new());
        let secrets = self.secrets.iter().filter_map(|kept| {
            let read = kept.read();
            read.map_err(|reason| faults.push(reason)).ok()
        });
        let secrets: Vec<_> = secrets.collect();
        match texts {
            Ok(texts) if faults.is_empty() => {
                let texts = Texts { texts, secrets };
                Ok((texts.digest(), texts))
            }
            Ok(_) => Err((Vec::new(), faults)),
            Err(found) => Err((found, faults)),
        }
    }

    /// Judges what was read, as of `now`.
    ///
    /// # Errors
    /// Every fault there is.
    pub(super) fn judge(
        &self,
        texts: Texts,
        rules: &Rules,
        previous: Option<&Material>,
        now: SystemTime,
    ) -> Result<Material, Box<certs::Rejected>> {
        let previous = previous.map(|previous| &previous.certs);
        let certs = certs::Material::judge(&texts.texts, rules, previous, now)?;
        Ok(Material {
            certs,
            secrets: texts.secrets,
        })
    }

    /// As [`Source::judge`] for the first time: an identity of which nothing is wrong but the time passes as of a moment at which it is valid. It is
    /// never shown outside its validity (INVARIANT: 11).
    ///
    /// # Errors
    /// Every other fault there is.
    pub(super) fn judge_first(&self, texts: Texts, rules: &Rules) -> Result<Material, Vec<Fault>> {
        let is_untimely = |fault: &Fault| {
            matches!(fault.code(), Code::Expired | Code::NotYetValid)
                && fault.part() == Part::Certificate
        };
        let judged = certs::Material::judge(&texts.texts, rules, None, SystemTime::now());
        let judged = match judged {
            Err(rejected) if rejected.faults.iter().all(is_untimely) => {
                let valid = texts.last_moment();
                valid.map_or(Err(rejected), |valid| {
                    certs::Material::judge(&texts.texts, rules, None, valid)
                })
            }
            judged => judged,
        };
        let certs = judged.map_err(|rejected| rejected.faults)?;
        Ok(Material {
            certs,
            secrets: texts.secrets,
        })
    }

    /// A fault at start, in the form of every other mistake of the configuration.
    pub(super) fn mistake(&self, fault: &Fault) -> Option<Mistake> {
        let identity = self.identity.as_ref();
        let path = match fault.part() {
            Part::Key => identity.map(|files| &files.key),
            Part::Certificate => identity.map(|files| &files.cert),
            Part::Issuers => identity.and_then(|files| files.issuer.as_ref()),
            Part::Roots => self.bundle.as_ref(),
            Part::Crl => {
                let mut crls = self.crls.iter();
                crls.find(|path| fault.file().is_none_or(|file| file == path.path()))
            }
        };
        Some(path?.mistake(fault.problem(), fault.remedy()))
    }

    /// Those that certificates are made of.
    pub(super) fn certs(&self) -> certs::Source {
        let path = |path: &ConfiguredPath| path.path().to_owned();
        certs::Source {
            identity: self
                .identity
                .as_ref()
                .map(|files| (path(&files.cert), path(&files.key))),
            issuers: self
                .identity
                .iter()
                .filter_map(|files| files.issuer.as_ref().map(path))
                .collect(),
            base: self.base.clone(),
            roots: self.bundle.iter().map(path).collect(),
            crls: self.crls.iter().map(path).collect(),
        }
    }
}

impl Texts {
    /// The last moment at which the identity is valid.
    fn last_moment(&self) -> Option<SystemTime> {
        let validity = self.texts.validity()?;
        let is_ever_valid = validity.check(validity.not_after).is_ok();
        is_ever_valid.then_some(validity.not_after)
    }

    /// Of the files, and of each secret with its length.
    fn digest(&self) -> Digest {
        let mut digest = Context::new(&SHA256);
        digest.update(&self.texts.digest());
        for secret in &self.secrets {
            let secret = secret.expose_secret().as_bytes();
            digest.update(&secret.len().to_be_bytes());
            digest.update(secret);
        }
        let mut out = Digest::default();
        out.copy_from_slice(digest.finish().as_ref());
        out
    }
}

impl Material {
    /// Its public facts, as generation `number` of the endpoint `peer`.
    pub(super) fn facts(&self, peer: &str, number: u64) -> Generation {
        let anchors = self.certs.roots().anchors().iter().map(|anchor| Anchor {
            sha256: anchor.sha256.clone(),
            not_after: anchor.validity.not_after,
        });
        Generation {
            number,
            identity: self
                .certs
                .identity()
                .and_then(|bundle| identity(bundle, peer)),
            anchors: anchors.collect(),
            crl_next_update: self.certs.crls().next_update(),
            loaded: SystemTime::now(),
        }
    }
}

fn identity(bundle: &Bundle, peer: &str) -> Option<Identity> {
    let (leaf, validity) = (bundle.chain().first()?, bundle.validity());
    Some(Identity {
        peer: peer.to_owned(),
        serial: leaf.serial.clone(),
        issuer: leaf.issuer.clone(),
        sha256: leaf.sha256.clone(),
        spki: leaf.spki.clone(),
        not_before: validity.not_before,
        not_after: validity.not_after,
    })
}

/// Every fault as a reason.
pub(super) fn reasons(faults: &[Fault]) -> Vec<Reason> {
    let reason = |fault: &Fault| Reason {
        code: fault.code().label(),
        sentence: fault.to_string(),
    };
    faults.iter().map(reason).collect()
}
