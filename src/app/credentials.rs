//! What the peers are believed by and shown: roots and identities from their files. Every fault of every file is reported.

use std::sync::Arc;
use std::time::SystemTime;

use portcullis_certs::{Bundle, Fault, Part, Roots};
use tracing::info;

use crate::config::{ClientIdentity, Config, ConfiguredPath, Mistake, TrustMode};
use crate::edge::tls::Parts;
use crate::ops::state::Identity;

/// What reading brought to light.
#[derive(Default)]
pub(super) struct Found {
    /// Everything wrong.
    pub(super) mistakes: Vec<Mistake>,
    /// The identities read.
    pub(super) identities: Vec<Identity>,
}

/// The roots every peer without its own is certified by; `None` after a mistake.
pub(super) fn roots(config: &Config, mistakes: &mut Vec<Mistake>) -> Option<Roots> {
    let private = match &config.trust.ca_bundle {
        Some(bundle) => Some(private_roots(bundle, mistakes)?),
        None => None,
    };
    match (private, config.trust.mode) {
        (Some(private), TrustMode::Replace) => Some(private),
        (Some(private), TrustMode::Add) => Some(public(config).plus(private)),
        (None, TrustMode::Add | TrustMode::Replace) => Some(public(config)),
    }
}

/// The roots of one bundle and no others; `None` after a mistake.
pub(super) fn private_roots(bundle: &ConfiguredPath, mistakes: &mut Vec<Mistake>) -> Option<Roots> {
    match Roots::read(bundle.path(), SystemTime::now()) {
        Ok(roots) => Some(roots),
        Err(faults) => {
            mistakes.extend(faults.iter().map(|fault| mistake(bundle, fault)));
            None
        }
    }
}

/// Roots and, if there is one, the identity to show. The identity is read even if the roots failed, so that both are reported at once.
pub(super) fn parts(
    roots: Option<Roots>,
    identity: Option<&ClientIdentity>,
    peer: &str,
    found: &mut Found,
) -> Option<Parts> {
    let identity = identity.map(|files| read_identity(files, peer, found));
    let parts = Parts::new(roots?);
    match identity {
        None => Some(parts),
        Some(bundle) => Some(parts.with_identity(Arc::new(bundle?))),
    }
}

/// The built-in roots, and the system's where there are any: a minimal image has none, and that is no mistake.
fn public(config: &Config) -> Roots {
    let system = if config.trust.system_roots {
        Roots::system().ok()
    } else {
        None
    };
    system.into_iter().fold(Roots::public(), Roots::plus)
}

fn read_identity(files: &ClientIdentity, peer: &str, found: &mut Found) -> Option<Bundle> {
    match Bundle::read(files.cert.path(), files.key.path(), SystemTime::now()) {
        Ok(bundle) => {
            if let Some(leaf) = bundle.chain().first() {
                found.identities.push(Identity {
                    peer: peer.to_owned(),
                    serial: leaf.serial.clone(),
                    not_before: leaf.validity.not_before,
                    not_after: leaf.validity.not_after,
                });
                info!(peer, subject = leaf.subject, serial = leaf.serial, validity = %leaf.validity, "read a client identity");
            }
            Some(bundle)
        }
        Err(faults) => {
            found
                .mistakes
                .extend(faults.iter().map(|fault| match fault.part() {
                    Part::Key => mistake(&files.key, fault),
                    Part::Certificate | Part::Roots | Part::Issuers | Part::Crl => {
                        mistake(&files.cert, fault)
                    }
                }));
            None
        }
    }
}

fn mistake(path: &ConfiguredPath, fault: &Fault) -> Mistake {
    path.mistake(fault.problem(), fault.remedy())
}
