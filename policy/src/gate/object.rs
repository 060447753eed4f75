//! One object of the tunnel's own grammar, such as a polled command.

use super::gated::unicode;
use super::levels::{Level, folds_alike};
use super::watch::{Keep, Plan, Watch};
use super::{Caps, Fault, GateError, Node, Span, scan};

/// Judges `text`, which must be exactly one object of the tunnel's own grammar.
///
/// Its members may not be named like one of `reserved` (ASCII) but for letter case. The value of member `opaque` is
/// only skipped, brackets and quotes, because it is judged on its own later: the node of it gives its bytes
/// and nothing else. Every other rule of [`super::message`] holds.
///
/// # Errors
///
/// The first fault found.
pub fn object<'a>(
    text: &'a [u8],
    caps: &Caps,
    reserved: &[&str],
    opaque: Option<&str>,
) -> Result<Node<'a>, GateError> {
    caps.admit(text)?;
    let mut names = Names {
        reserved,
        opaque,
        skipped: Span::new(text.len(), text.len()),
    };
    let root = scan::run(text, caps, &mut names)?;
    let skipped = names.skipped;
    unicode(text.get(..skipped.start()).unwrap_or_default(), 0)?;
    unicode(text.get(skipped.end()..).unwrap_or_default(), skipped.end())?;
    Ok(Node::with_opaque(text, root, skipped))
}

struct Names<'n> {
    reserved: &'n [&'n str],
    opaque: Option<&'n str>,
    /// The place of the opaque member; empty at the end of the text until it is found.
    skipped: Span,
}

impl Watch for Names<'_> {
    fn member(&mut self, _: Level, key: &[u8]) -> Result<Plan, Fault> {
        let key = std::str::from_utf8(key).map_err(|_| Fault::Utf8)?;
        let mut reserved = self.reserved.iter();
        if reserved.any(|name| *name != key && folds_alike(key, name)) {
            return Err(Fault::ReservedFold);
        }
        let is_opaque = self.opaque == Some(key);
        Ok(Plan {
            keep: if is_opaque { Keep::Opaque } else { Keep::No },
            level: Level::Free,
        })
    }

    fn found(&mut self, _: Keep, span: Span) {
        self.skipped = span;
    }
}
