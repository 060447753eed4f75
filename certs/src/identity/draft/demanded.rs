//! An identity that was read, held against what is demanded of it.
//!
//! Promises: faults are added to those of reading, so that one report holds them all.

use std::time::SystemTime;

use rustls::{RootCertStore, pki_types::CertificateDer};

use super::Draft;
use crate::{
    certificate::read,
    fault::{Code, Fault, Part},
    identity::demands::{self, Demands},
};

impl Draft {
    /// Adds what is not as demanded.
    pub(crate) fn demand(mut self, demands: &Demands<'_>) -> Self {
        let parsed: Vec<_> = self.chain.iter().filter_map(read).collect();
        let chain = demands::Chain {
            parsed: &parsed,
            entries: &self.entries,
            pem_size: self.pem_size,
        };
        let mut faults = demands.faults(&chain);
        if !self
            .faults
            .iter()
            .any(|fault| fault.code() == Code::ChainOrder)
        {
            faults.extend(self.path_fault(demands.issuers, demands.now));
        }
        self.faults.extend(faults);
        self
    }

    /// The certificates so far, leaf first.
    pub(crate) fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// When all of it begins to be valid, if that is still to come and nothing but time is wrong.
    pub(crate) fn pending_until(&self, now: SystemTime) -> Option<SystemTime> {
        let begins = self.validity()?.not_before;
        let mut codes = self.faults.iter().map(Fault::code);
        (begins > now && codes.all(|code| code == Code::NotYetValid)).then_some(begins)
    }

    /// Takes out the faults that are only told.
    pub(crate) fn part_faults(&mut self, is_warning: impl Fn(&Fault) -> bool) -> Vec<Fault> {
        self.faults
            .extract_if(.., |fault| is_warning(fault))
            .collect()
    }

    fn path_fault(&self, issuers: Option<&RootCertStore>, now: SystemTime) -> Option<Fault> {
        let when = (self.validity()?, now);
        let (code, detail) = demands::path::fault(&self.chain, issuers, when)?;
        Some(Fault::new(code, Part::Certificate).because(detail))
    }
}
