//! The files of one endpoint: read at one moment, judged together.
//!
//! Promises: everything that is wrong is said at once; nothing of a secret is ever said.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{Context, SHA256};
use portcullis_certs::{Bundle, Code, Fault, Part, Roots, files};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::config::{ClientIdentity, ConfiguredPath, ExtraHeader, Mistake, Secret, SecretRef};
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
    /// What requests carry.
    pub(super) secrets: Vec<Kept>,
}

/// A secret, and where to read it again.
pub(super) struct Kept {
    /// The setting or header, for messages.
    pub(super) what: String,
    /// None for a value that cannot change.
    pub(super) reference: Option<SecretRef>,
    /// As it was at start.
    pub(super) value: SecretString,
    /// What it must be.
    pub(super) check: fn(&SecretString) -> bool,
}

impl Kept {
    /// The value of a header of the operator.
    pub(super) fn header(header: &ExtraHeader) -> Self {
        Self {
            what: format!("the header `{}`", header.name),
            reference: header.reference.clone(),
            value: header.value.clone(),
            check: |value| hyper::header::HeaderValue::from_str(value.expose_secret()).is_ok(),
        }
    }

    fn read(&self) -> Result<SecretString, Reason> {
        let again = self.reference.as_ref().and_then(Secret::again);
        let wrong = |problem: &str, remedy: &str| Reason {
            code: "secret_unusable",
            sentence: format!("{}: {problem}; {remedy}", self.what),
        };
        match again {
            None => Ok(self.value.clone()),
            Some(Err(fault)) => Err(wrong(&fault.problem, &fault.remedy)),
            Some(Ok(value)) if (self.check)(&value) => Ok(value),
            Some(Ok(_)) => Err(wrong(
                "the value has a character that does not belong in it",
                "write it without quotes, blanks and line breaks",
            )),
        }
    }
}

/// What the files hold.
pub(super) struct Texts {
    identity: Option<(Vec<u8>, Zeroizing<Vec<u8>>)>,
    bundle: Option<Vec<u8>>,
    secrets: Vec<SecretString>,
}

/// What passed.
pub(super) struct Material {
    /// The client identity.
    pub(super) identity: Option<Arc<Bundle>>,
    /// Whom to believe.
    pub(super) roots: Roots,
    /// In the order of [`Source::secrets`].
    pub(super) secrets: Vec<SecretString>,
}

/// Why something did not pass.
pub(super) struct Refused {
    /// Every fault of certificates and keys.
    pub(super) faults: Vec<Fault>,
    /// When it will pass, if nothing but its beginning is wrong.
    pub(super) until: Option<SystemTime>,
}

impl Source {
    /// Every file that is read.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let identity = self
            .identity
            .iter()
            .flat_map(|files| [&files.cert, &files.key]);
        let paths = identity
            .chain(&self.bundle)
            .map(|path| path.path().to_owned());
        let secrets = self
            .secrets
            .iter()
            .filter_map(|kept| match &kept.reference {
                Some(SecretRef::File(path)) => Some(path.clone()),
                Some(SecretRef::Env(_)) | None => None,
            });
        paths.chain(secrets).collect()
    }

    /// Reads everything.
    ///
    /// # Errors
    /// Every fault there is, of certificates first.
    pub(super) fn read(&self) -> Result<(Digest, Texts), (Vec<Fault>, Vec<Reason>)> {
        let (mut faults, mut reasons) = (Vec::new(), Vec::new());
        let identity = self.identity.as_ref().map(|paths| {
            let cert = take(files::certificate(paths.cert.path()), &mut faults);
            let key = take(files::key(paths.key.path()), &mut faults);
            cert.zip(key)
        });
        let bundle = self.bundle.as_ref();
        let bundle = bundle.map(|path| take(files::roots(path.path()), &mut faults));
        let secrets = self
            .secrets
            .iter()
            .filter_map(|kept| take(kept.read(), &mut reasons));
        let secrets = secrets.collect();
        if !faults.is_empty() || !reasons.is_empty() {
            return Err((faults, reasons));
        }
        let texts = Texts {
            identity: identity.flatten(),
            bundle: bundle.flatten(),
            secrets,
        };
        Ok((texts.digest(), texts))
    }

    /// Judges what was read, as of `now`; nothing asks whether the identity is valid then if `now` is not given.
    ///
    /// # Errors
    /// Every fault there is.
    pub(super) fn judge(&self, texts: Texts, now: Option<SystemTime>) -> Result<Material, Refused> {
        let mut faults = Vec::new();
        let identity = texts.identity.map(|(cert, key)| {
            let parsed = Bundle::parse(&cert, key).map_err(|found| self.named(found));
            take_all(parsed, &mut faults)
        });
        let private = texts.bundle.map(|pem| {
            let parsed = Roots::private(&pem, now.unwrap_or_else(SystemTime::now));
            take_all(parsed.map_err(|found| self.named(found)), &mut faults)
        });
        let (identity, private) = (identity.flatten(), private.flatten());
        let mut until = None;
        if let (Some(bundle), Some(now)) = (&identity, now) {
            let late = bundle.check(now).err().unwrap_or_default();
            let is_early =
                !late.is_empty() && late.iter().all(|fault| fault.code() == Code::NotYetValid);
            until = (is_early && faults.is_empty()).then(|| bundle.validity().not_before);
            faults.extend(self.named(late));
        }
        let roots = match (private, &self.base) {
            (Some(private), Some(base)) => Some(base.as_ref().clone().plus(private)),
            (Some(private), None) => Some(private),
            (None, Some(base)) => Some(base.as_ref().clone()),
            (None, None) => None,
        };
        match roots {
            Some(roots) if faults.is_empty() => Ok(Material {
                identity: identity.map(Arc::new),
                roots,
                secrets: texts.secrets,
            }),
            Some(_) | None => Err(Refused { faults, until }),
        }
    }

    /// A fault at start, in the form of every other mistake of the configuration.
    pub(super) fn mistake(&self, fault: &Fault) -> Option<Mistake> {
        let identity = self.identity.as_ref();
        let path = match fault.part() {
            Part::Key => identity.map(|files| &files.key),
            Part::Certificate => identity.map(|files| &files.cert),
            Part::Roots => self.bundle.as_ref(),
        };
        Some(path?.mistake(fault.problem(), fault.remedy()))
    }

    fn named(&self, faults: Vec<Fault>) -> Vec<Fault> {
        let identity = self.identity.as_ref();
        let named = faults.into_iter().map(|fault| {
            let path = match fault.part() {
                Part::Key => identity.map(|files| &files.key),
                Part::Certificate => identity.map(|files| &files.cert),
                Part::Roots => self.bundle.as_ref(),
            };
            match path {
                Some(path) => fault.in_file(path.path()),
                None => fault,
            }
        });
        named.collect()
    }
}

impl Texts {
    /// Each part with its length, so that no byte can move from one into the next.
    fn digest(&self) -> Digest {
        let mut digest = Context::new(&SHA256);
        let mut add = |part: &[u8]| {
            digest.update(&part.len().to_be_bytes());
            digest.update(part);
        };
        let (cert, key) = self
            .identity
            .as_ref()
            .map_or((&[][..], &[][..]), |(cert, key)| (cert, key));
        [cert, key, self.bundle.as_deref().unwrap_or_default()]
            .into_iter()
            .for_each(&mut add);
        self.secrets
            .iter()
            .for_each(|secret| add(secret.expose_secret().as_bytes()));
        let mut out = Digest::default();
        out.copy_from_slice(digest.finish().as_ref());
        out
    }
}

impl Material {
    /// Its public facts, as generation `number` of the endpoint `peer`.
    pub(super) fn facts(&self, peer: &str, number: u64) -> Generation {
        let leaf = self
            .identity
            .as_ref()
            .and_then(|bundle| Some((bundle.chain().first()?, bundle.validity())));
        let identity = leaf.map(|(leaf, validity)| Identity {
            peer: peer.to_owned(),
            serial: leaf.serial.clone(),
            issuer: leaf.issuer.clone(),
            sha256: leaf.sha256.clone(),
            spki: leaf.sha256.clone(),
            not_before: validity.not_before,
            not_after: validity.not_after,
        });
        let anchors = self.roots.anchors().iter().map(|anchor| Anchor {
            sha256: anchor.sha256.clone(),
            not_after: anchor.validity.not_after,
        });
        Generation {
            number,
            identity,
            anchors: anchors.collect(),
            crl_next_update: None,
            loaded: SystemTime::now().max(UNIX_EPOCH),
        }
    }
}

/// Every fault as a reason.
pub(super) fn reasons(faults: &[Fault]) -> Vec<Reason> {
    let reason = |fault: &Fault| Reason {
        code: fault.code().label(),
        sentence: fault.to_string(),
    };
    faults.iter().map(reason).collect()
}

fn take<T, F>(read: Result<T, F>, faults: &mut Vec<F>) -> Option<T> {
    read.map_err(|fault| faults.push(fault)).ok()
}

fn take_all<T, F>(read: Result<T, Vec<F>>, faults: &mut Vec<F>) -> Option<T> {
    read.map_err(|found| faults.extend(found)).ok()
}
