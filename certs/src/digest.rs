//! SHA-256 values: what a certificate, a key or a reading of files is known by.

use aws_lc_rs::digest::{Context, Digest, SHA256, digest};

/// A SHA-256 value.
pub type Fingerprint = [u8; 32];

/// Over one text.
pub(crate) fn sha256(bytes: &[u8]) -> Fingerprint {
    fingerprint(&digest(&SHA256, bytes))
}

/// As people and metrics write it: lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Over several parts, each with its length, so that no byte can move from one into the next.
pub(crate) struct Parts(Context);

impl Default for Parts {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl Parts {
    pub(crate) fn add(&mut self, part: &[u8]) {
        self.0.update(&part.len().to_be_bytes());
        self.0.update(part);
    }

    pub(crate) fn finish(self) -> Fingerprint {
        fingerprint(&self.0.finish())
    }
}

fn fingerprint(digest: &Digest) -> Fingerprint {
    let mut out = Fingerprint::default();
    out.iter_mut()
        .zip(digest.as_ref())
        .for_each(|(to, from)| *to = *from);
    out
}
