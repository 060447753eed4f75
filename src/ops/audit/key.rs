//! The signing key of the log: made on the first start, kept as PKCS#8 PEM in a file that only its owner can read.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::checkpoint::{Checkpoint, Verifier};
use super::fault::Fault;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----\n";
const END: &str = "-----END PRIVATE KEY-----\n";
/// A key has 119 bytes; nothing longer is read.
const LONGEST: u64 = 1024;

/// Signs checkpoints. Cannot be printed or serialised (INVARIANT: 6).
pub(super) struct Signer {
    pair: Ed25519KeyPair,
    verifier: Verifier,
}

impl Signer {
    /// A fresh key, and what its file holds.
    pub(super) fn generate(name: &str) -> Result<(Self, Zeroizing<String>), Fault> {
        let document = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(|_| {
            Fault::new(
                "no signing key could be made",
                "look at the entropy of the system",
            )
        })?;
        let der = document.as_ref();
        let pem = Zeroizing::new(format!("{BEGIN}{}\n{END}", STANDARD.encode(der)));
        Ok((Self::of_der(name, der)?, pem))
    }

    fn of_der(name: &str, der: &[u8]) -> Result<Self, Fault> {
        let broken = || {
            Fault::new(
                "the signing key is no Ed25519 key in PKCS#8 PEM",
                "restore it from the copy it was made from",
            )
        };
        let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| broken())?;
        let public = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| broken())?;
        let verifier = Verifier::new(name, public);
        Ok(Self { pair, verifier })
    }

    /// Reads a key that only its owner can read.
    pub(super) fn read(path: &Path, name: &str) -> Result<Self, Fault> {
        let unreadable = |error: io::Error| Fault::io("read the signing key", path, &error);
        let file = fs::File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        let mode = metadata.permissions().mode() & 0o777;
        if !metadata.is_file() || mode & 0o077 != 0 {
            let problem = format!(
                "`{}` is no file of mode 0600 (mode {mode:03o})",
                path.display()
            );
            return Err(Fault::new(
                problem,
                "set mode 0600, and make a new key if others may have read it",
            ));
        }
        let mut pem = Zeroizing::new(String::with_capacity(
            usize::try_from(LONGEST).unwrap_or_default(),
        ));
        file.take(LONGEST)
            .read_to_string(&mut pem)
            .map_err(unreadable)?;
        let body = pem
            .strip_prefix(BEGIN)
            .and_then(|rest| rest.strip_suffix(END));
        let der = body.and_then(|body| STANDARD.decode(body.trim_end()).ok());
        Self::of_der(name, &Zeroizing::new(der.unwrap_or_default()))
    }

    /// What checks its signatures.
    pub(super) const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The checkpoint as a signed note.
    pub(super) fn sign(&self, checkpoint: &Checkpoint) -> String {
        let text = checkpoint.text();
        let signature = self.pair.sign(text.as_bytes());
        format!(
            "{text}\n{}",
            self.verifier.signature_line(signature.as_ref())
        )
    }
}

/// Writes a file that must not exist yet, with this mode, durably.
pub(super) fn create(path: &Path, mode: u32, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
