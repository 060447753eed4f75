//! The Merkle tree of RFC 6962, section 2.1, with SHA-256: leaves, nodes, roots and inclusion proofs.

use super::digest::sha256;

/// A hash of the tree.
pub type Hash = [u8; 32];

/// The hash of a record: its line without the newline.
#[must_use]
pub fn leaf(record: &[u8]) -> Hash {
    let mut input = Vec::with_capacity(record.len() + 1);
    input.push(0);
    input.extend_from_slice(record);
    sha256(&input)
}

/// The hash above two others.
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    let mut input = [1; 65];
    for (place, byte) in input.iter_mut().skip(1).zip(left.iter().chain(right)) {
        *place = *byte;
    }
    sha256(&input)
}

/// A tree that only grows: its size, and the roots of its complete subtrees, largest first, one for each bit of the size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// The tree of a written frontier; `None` if the number of hashes does not belong to the size.
    #[must_use]
    pub fn of(size: u64, roots: Vec<Hash>) -> Option<Self> {
        let fits = u32::try_from(roots.len()).is_ok_and(|count| count == size.count_ones());
        fits.then_some(Self { size, roots })
    }

    /// How many leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, largest first.
    #[must_use]
    pub fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                hash = node(&left, &hash);
            }
        }
        self.roots.push(hash);
        self.size += 1;
    }

    /// The root of the whole tree; of an empty one the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut smaller = self.roots.iter().rev();
        match smaller.next() {
            Some(last) => smaller.fold(*last, |right, left| node(left, &right)),
            None => sha256(b""),
        }
    }
}

/// The spans of leaves whose roots prove that a leaf is in a tree of `size`, from the leaf's sibling up; `None` if it is not in it.
#[must_use]
pub fn path(index: u64, size: u64) -> Option<Vec<(u64, u64)>> {
    if index >= size {
        return None;
    }
    let (mut from, mut to, mut spans) = (0, size, Vec::new());
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            spans.push((middle, to));
            to = middle;
        } else {
            spans.push((from, middle));
            from = middle;
        }
    }
    spans.reverse();
    Some(spans)
}

/// The root that a leaf and its proof lead to; `None` if the proof has not the length it must have.
#[must_use]
pub fn root_of_proof(index: u64, size: u64, leaf: Hash, proof: &[Hash]) -> Option<Hash> {
    let spans = path(index, size)?;
    if spans.len() != proof.len() {
        return None;
    }
    let climb = spans.iter().zip(proof);
    Some(climb.fold(leaf, |hash, ((from, _), sibling)| {
        if *from > index {
            node(&hash, sibling)
        } else {
            node(sibling, &hash)
        }
    }))
}

/// The largest power of two below `size`, which is at least 2.
const fn split(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}

#[cfg(test)]
mod tests;
