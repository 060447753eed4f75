//! The judgement: each part by itself, then the parts against each other and against what is in use.

use std::{path::Path, sync::Arc, time::SystemTime};

use super::{Material, Rejected};
use crate::{
    Roots,
    crl::{Crls, Signers},
    fault::{Code, Fault, Part},
    identity::{Demands, Draft},
    rules::Rules,
    source::{Text, Texts},
};

/// What was found so far.
pub(super) struct Judge<'a> {
    rules: &'a Rules,
    previous: Option<&'a Material>,
    now: SystemTime,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(rules: &'a Rules, previous: Option<&'a Material>, now: SystemTime) -> Self {
        Self {
            rules,
            previous,
            now,
            faults: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub(super) fn judge(mut self, texts: &Texts) -> Result<Material, Box<Rejected>> {
        let draft = identity(texts);
        let issuers = self.bundles(Part::Issuers, texts, None);
        let roots = self.roots(texts);
        let chain = draft.as_ref().map_or(&[][..], Draft::chain);
        let anchors = [&roots, &issuers];
        let crls = self.crls(texts, &anchors.map(Option::as_ref), chain);
        let revokes_previous = self.revokes_previous(&crls);
        let (mut pending, mut bundle) = (None, None);
        if let Some(draft) = draft {
            let issuers = issuers.map(|issuers| issuers.store());
            let demands = Demands {
                rules: self.rules,
                previous: self
                    .previous
                    .and_then(|previous| previous.identity.as_deref()),
                issuers: issuers.as_deref(),
                crls: &crls,
                now: self.now,
            };
            let mut draft = draft.valid_at(self.now).demand(&demands);
            let warnings = draft.part_faults(|fault| fault.code().is_warning(self.rules.profile));
            self.warnings.extend(named(texts, warnings));
            pending = draft
                .pending_until(self.now)
                .filter(|_| self.faults.is_empty());
            match draft.finish() {
                Ok(whole) => bundle = Some(Arc::new(whole)),
                Err(faults) => self.faults.splice(..0, named(texts, faults)).for_each(drop),
            }
        }
        match roots {
            Some(roots) if self.faults.is_empty() => Ok(Material {
                identity: bundle,
                roots,
                crls,
                digest: texts.digest(),
                warnings: self.warnings,
            }),
            Some(_) | None => Err(Box::new(Rejected {
                faults: self.faults,
                warnings: self.warnings,
                pending_until: pending,
                revokes_previous,
            })),
        }
    }

    /// INVARIANT: 5. Roots that servers in use need do not go by accident (hardening 3.4, linkerd2 issue 4287).
    fn roots(&mut self, texts: &Texts) -> Option<Roots> {
        let base = texts.base.as_deref().cloned();
        let roots = self.bundles(Part::Roots, texts, base);
        let Some(roots) = roots else {
            if !self.faults.iter().any(|fault| fault.part() == Part::Roots) {
                self.faults.push(Fault::new(Code::BundleEmpty, Part::Roots));
            }
            return None;
        };
        let missing = |seen: &&_| !self.rules.force_roots && !roots.has(seen);
        let missing = self.rules.issuers_seen.iter().filter(missing);
        let missing: Vec<String> = missing.map(|seen| crate::hex(seen)).collect();
        if !missing.is_empty() {
            let detail = format!("public key SHA-256 {}", missing.join(", "));
            let fault = Fault::new(Code::BundleShrunk, Part::Roots).because(detail);
            self.faults.extend(named(texts, vec![fault]));
        }
        Some(roots)
    }

    /// All bundles of one kind and `base`; nothing if there is none, or if one of them is bad.
    fn bundles(&mut self, part: Part, texts: &Texts, base: Option<Roots>) -> Option<Roots> {
        let before = self.faults.len();
        let mut all = base;
        for text in texts.of(part) {
            match Roots::of(part, &text.bytes, self.now) {
                Ok(roots) => {
                    all = Some(all.map_or_else(|| roots.clone(), |all| all.plus(roots.clone())))
                }
                Err(faults) => self.faults.extend(in_file(faults, &text.path)),
            }
        }
        all.filter(|_| self.faults.len() == before)
    }

    fn crls(
        &mut self,
        texts: &Texts,
        roots: &[Option<&Roots>; 2],
        chain: &[rustls::pki_types::CertificateDer<'static>],
    ) -> Crls {
        let stores = roots.iter().flatten().map(|roots| roots.store());
        let stores: Vec<_> = stores.collect();
        let signers = Signers {
            anchors: stores.iter().map(Arc::as_ref).collect(),
            chain,
        };
        // Without roots everything would look forged, and the roots are what is wrong.
        let signers = roots
            .first()
            .is_some_and(Option::is_some)
            .then_some(&signers);
        let mut crls = Crls::default();
        let previous = self.previous.map(|previous| &previous.crls);
        for Text { path, bytes, .. } in texts.of(Part::Crl) {
            let faults = crls.add(bytes, signers, (self.rules, previous), self.now);
            self.faults.extend(in_file(faults, path));
        }
        crls
    }

    fn revokes_previous(&self, crls: &Crls) -> bool {
        let identity = self
            .previous
            .and_then(|previous| previous.identity.as_ref());
        identity.is_some_and(|identity| {
            let mut ders = identity.ders().iter();
            ders.any(|der| crls.revokes_certificate(der))
        })
    }
}

fn identity(texts: &Texts) -> Option<Draft> {
    let cert = texts.of(Part::Certificate).next()?;
    let key = texts.of(Part::Key).next()?;
    Some(Draft::read(&cert.bytes, &key.bytes))
}

/// Names the first file of the part each fault is about.
fn named(texts: &Texts, faults: Vec<Fault>) -> Vec<Fault> {
    let named = faults
        .into_iter()
        .map(|fault| match texts.of(fault.part()).next() {
            Some(text) => fault.in_file(&text.path),
            None => fault,
        });
    named.collect()
}

fn in_file(faults: Vec<Fault>, path: &Path) -> Vec<Fault> {
    faults
        .into_iter()
        .map(|fault| fault.in_file(path))
        .collect()
}
