//! SHA-256 digests: what the log records instead of contents.

use aws_lc_rs::digest::{Context, SHA256, digest};

/// SHA-256 of some bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    array(digest(&SHA256, bytes).as_ref())
}

/// How long something is, and its SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
}

impl Digest {
    /// The digest of the pieces one after the other, as `Released::json` gives them.
    #[must_use]
    pub fn of(pieces: &[&[u8]]) -> Self {
        let mut context = Context::new(&SHA256);
        pieces.iter().for_each(|piece| context.update(piece));
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        Self {
            bytes: length.try_into().unwrap_or(u64::MAX),
            sha256: array(context.finish().as_ref()),
        }
    }
}

/// SHA-256 always has 32 bytes; a shorter slice would leave zeros.
fn array(bytes: &[u8]) -> [u8; 32] {
    bytes.try_into().unwrap_or([0; 32])
}
