//! Checkpoints: a tree head as a signed note, in the formats c2sp.org/tlog-checkpoint and c2sp.org/signed-note.
//!
//! A note is three lines (origin, size, root in base64), an empty line, and signature lines. Signatures are Ed25519, type byte 0x01.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::digest::sha256;
use super::tree::Hash;

const ED25519_TYPE: u8 = 0x01;
const SIGNATURE_MARK: &str = "\u{2014} ";

/// A tree head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// How many records.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let root = STANDARD.encode(self.root);
        format!("{}\n{}\n{root}\n", self.origin, self.size)
    }

    /// Reads the text of a note; extension lines are ignored.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let canonical = size == "0" || !size.starts_with('0');
        let digits = canonical && size.bytes().all(|byte| byte.is_ascii_digit());
        Some(Self {
            origin: (!origin.is_empty()).then(|| origin.to_owned())?,
            size: digits.then(|| size.parse().ok())??,
            root: STANDARD.decode(root).ok()?.try_into().ok()?,
        })
    }
}

/// What checks the signatures of a log: `<name>+<key id>+<base64>`, as signed notes write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: [u8; 4],
    public: [u8; 32],
}

impl Verifier {
    /// The verifier of a public key.
    #[must_use]
    pub fn new(name: &str, public: [u8; 32]) -> Self {
        let id = key_id(name, &public);
        let name = name.to_owned();
        Self { name, id, public }
    }

    /// Reads `<name>+<key id>+<base64>`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(3, '+');
        let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
        let key = STANDARD.decode(key).ok()?;
        let (ED25519_TYPE, public) = key.split_first().map(|(kind, rest)| (*kind, rest))? else {
            return None;
        };
        let verifier = Self::new(name, public.try_into().ok()?);
        let matches = is_name(name) && super::line::hex_text(&verifier.id) == id;
        matches.then_some(verifier)
    }

    /// As [`Verifier::parse`] reads it.
    #[must_use]
    pub fn text(&self) -> String {
        let id = super::line::hex_text(&self.id);
        let key: Vec<u8> = [&[ED25519_TYPE], &self.public[..]].concat();
        format!("{}+{id}+{}", self.name, STANDARD.encode(key))
    }

    /// The name of the key: the origin of the log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The signature line of a signature by this key.
    pub(super) fn signature_line(&self, signature: &[u8]) -> String {
        let bytes = [&self.id[..], signature].concat();
        format!("{SIGNATURE_MARK}{} {}\n", self.name, STANDARD.encode(bytes))
    }

    /// Whether a signature line is by this key, and if it is, whether it holds.
    fn check(&self, text: &str, line: &str) -> Option<bool> {
        let (name, signature) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
        let bytes = STANDARD.decode(signature).ok()?;
        let (id, signature) = bytes.split_at_checked(4)?;
        if name != self.name || id != self.id {
            return None;
        }
        let key = UnparsedPublicKey::new(&ED25519, &self.public);
        Some(key.verify(text.as_bytes(), signature).is_ok())
    }
}

/// Why a note proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteFault {
    /// It is no checkpoint.
    #[error("this is no checkpoint")]
    Malformed,
    /// None of its signatures is by a trusted key.
    #[error("no trusted key signed this checkpoint")]
    Unknown,
    /// A trusted key is said to have signed it, and did not.
    #[error("the signature of this checkpoint is forged")]
    Forged,
}

/// Opens a signed note.
///
/// # Errors
/// [`NoteFault`], when no trusted key vouches for it.
pub fn open(note: &str, trusted: &[Verifier]) -> Result<Checkpoint, NoteFault> {
    let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteFault::Malformed)?;
    let text = format!("{text}\n");
    let checkpoint = Checkpoint::parse(&text).ok_or(NoteFault::Malformed)?;
    let checks: Vec<bool> = signatures
        .lines()
        .flat_map(|line| trusted.iter().filter_map(|key| key.check(&text, line)))
        .collect();
    match (checks.is_empty(), checks.contains(&false)) {
        (true, _) => Err(NoteFault::Unknown),
        (false, true) => Err(NoteFault::Forged),
        (false, false) => Ok(checkpoint),
    }
}

/// The notes of a file of checkpoints: each ends with its signature lines. What has no signature is left out.
pub fn split(file: &str) -> impl Iterator<Item = &str> {
    let mut rest = file;
    std::iter::from_fn(move || {
        loop {
            let body = rest.find("\n\n")? + 2;
            let length = signatures(rest.get(body..)?);
            let note = rest.get(..body + length)?;
            rest = rest.get(body + length..)?.trim_start_matches('\n');
            if length > 0 {
                return Some(note);
            }
        }
    })
}

/// The length of the signature lines that begin a text.
fn signatures(text: &str) -> usize {
    let lines = text.split_inclusive('\n');
    let signed = |line: &&str| line.starts_with(SIGNATURE_MARK) && line.ends_with('\n');
    lines.take_while(signed).map(str::len).sum()
}

/// Whether a name may stand in a note: no spaces, no `+`, no controls.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
    !name.is_empty() && name.chars().all(plain)
}

fn key_id(name: &str, public: &[u8; 32]) -> [u8; 4] {
    let input = [name.as_bytes(), b"\n", &[ED25519_TYPE], public].concat();
    let [a, b, c, d, ..] = sha256(&input);
    [a, b, c, d]
}
