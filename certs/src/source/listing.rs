//! What certificates the files hold, without judging any of them.

use std::path::PathBuf;

use super::{Text, Texts};
use crate::{
    Crl, Crls, Entry, certificate,
    fault::{Code, Fault, Part},
    pem::{self, Holds},
};

/// One certificate in one of the files.
#[derive(Debug, Clone)]
pub struct Listed {
    /// What the file is for.
    pub part: Part,
    /// The file.
    pub file: PathBuf,
    /// Whether it is the first of its file: the leaf of a chain.
    pub is_first: bool,
    /// Its public facts.
    pub entry: Entry,
}

impl Texts {
    /// Every certificate, expired ones as well, and why those that are missing could not be read.
    #[must_use]
    pub fn certificates(&self) -> (Vec<Listed>, Vec<Fault>) {
        let (mut listed, mut faults) = (Vec::new(), Vec::new());
        for text in &self.files {
            let holds = match text.part {
                // One file may hold chain and key.
                Part::Certificate => Holds::Both,
                Part::Roots | Part::Issuers => Holds::Certificates,
                Part::Key | Part::Crl => continue,
            };
            match text.certificates(holds) {
                Ok(found) => listed.extend(found),
                Err(fault) => faults.push(fault.in_file(&text.path)),
            }
        }
        (listed, faults)
    }

    /// Every revocation list with its file, ended ones as well, and why those that are missing could not be read.
    #[must_use]
    pub fn revocation_lists(&self) -> (Vec<(PathBuf, Crl)>, Vec<Fault>) {
        let (mut listed, mut faults) = (Vec::new(), Vec::new());
        for text in self.files.iter().filter(|text| text.part == Part::Crl) {
            let (lists, wrong) = Crls::listed(&text.bytes);
            listed.extend(lists.into_iter().map(|list| (text.path.clone(), list)));
            faults.extend(wrong.into_iter().map(|fault| fault.in_file(&text.path)));
        }
        (listed, faults)
    }
}

impl Text {
    fn certificates(&self, holds: Holds) -> Result<Vec<Listed>, Fault> {
        let blocks = pem::decode(&self.bytes, self.part, holds, self.part.cap())?;
        let listed = |(at, der)| {
            let parsed = certificate::read(der);
            let parsed = parsed.ok_or_else(|| Fault::new(Code::PemGarbage, self.part))?;
            Ok(Listed {
                part: self.part,
                file: self.path.clone(),
                is_first: at == 0,
                entry: Entry::of(&parsed),
            })
        };
        blocks.certificates.iter().enumerate().map(listed).collect()
    }
}
