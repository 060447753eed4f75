//! Everything one generation of an endpoint is made of, judged together.
//!
//! Promises: a [`Material`] exists only if nothing in it would be refused; a refusal names every fault at once. It never changes.
//!
//! Leaves to others: TLS configurations and connections, and what is published when.

use std::{sync::Arc, time::SystemTime};

use rustls::client::{VerifierBuilderError, WebPkiServerVerifier};

use crate::{
    Bundle, Fingerprint, Roots, crl::Crls, fault::Fault, rules::Profile, rules::Rules,
    signature::provider, source::Texts,
};
use judge::Judge;

mod judge;

/// What passed.
pub struct Material {
    identity: Option<Arc<Bundle>>,
    roots: Roots,
    crls: Crls,
    digest: Fingerprint,
    warnings: Vec<Fault>,
}

/// What did not pass, and why.
#[derive(Debug, Clone)]
pub struct Rejected {
    /// Everything that is wrong.
    pub faults: Vec<Fault>,
    /// What is unwise beside it.
    pub warnings: Vec<Fault>,
    /// When it will pass: only if nothing else is wrong than that the identity is not valid yet.
    pub pending_until: Option<SystemTime>,
    /// The lists in these files revoke the identity in use: cut its connections, whatever else is wrong.
    pub revokes_previous: bool,
}

impl Material {
    /// Judges what was read as the successor of `previous`, as of `now`. Takes as long as signatures take.
    ///
    /// # Errors
    /// See [`Rejected`].
    pub fn judge(
        texts: &Texts,
        rules: &Rules,
        previous: Option<&Self>,
        now: SystemTime,
    ) -> Result<Self, Box<Rejected>> {
        Judge::new(rules, previous, now).judge(texts)
    }

    /// What certifies servers: the roots, names, dates and the lists, whose own dates count as well. A server no list speaks of is refused in the
    /// strict profile and accepted in the other, if there are lists at all.
    ///
    /// # Errors
    /// None that a judged material could cause.
    pub fn server_verifier(
        &self,
        profile: Profile,
    ) -> Result<Arc<WebPkiServerVerifier>, VerifierBuilderError> {
        let builder = WebPkiServerVerifier::builder_with_provider(self.roots.store(), provider())
            .with_crls(self.crls.ders())
            .enforce_revocation_expiration();
        match profile {
            Profile::Strict => builder.build(),
            Profile::Default => builder.allow_unknown_revocation_status().build(),
        }
    }

    /// The client identity, if there is one.
    #[must_use]
    pub fn identity(&self) -> Option<&Arc<Bundle>> {
        self.identity.as_ref()
    }

    /// Who is believed.
    #[must_use]
    pub fn roots(&self) -> &Roots {
        &self.roots
    }

    /// Who no longer is.
    #[must_use]
    pub fn crls(&self) -> &Crls {
        &self.crls
    }

    /// That of the [`Texts`] it was made from.
    #[must_use]
    pub fn digest(&self) -> Fingerprint {
        self.digest
    }

    /// What is unwise and was accepted.
    #[must_use]
    pub fn warnings(&self) -> &[Fault] {
        &self.warnings
    }
}

#[cfg(test)]
mod tests;
