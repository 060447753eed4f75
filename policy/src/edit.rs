//! The closed list of changes the gate itself makes to bytes it judged.
//!
//! What was judged is what is sent: everything outside the edited spans is copied untouched, and there is no re-serialisation anywhere
//! (threat F3). A new kind of change is a new variant here and nowhere else.

use bytes::{BufMut, Bytes, BytesMut};

use crate::gate::Span;

/// One change to judged bytes.
#[derive(Debug)]
pub(crate) enum Edit {
    /// The JSON-RPC id: fresh on the way in, the caller's on the way back.
    Id(Span, Bytes),
    /// `params._meta.progressToken` on the way in, `params.progressToken` on the way back.
    ProgressToken(Span, Bytes),
    /// `params.requestId` of a cancellation, which names the id we gave.
    RequestId(Span, Bytes),
    /// `params._meta["io.modelcontextprotocol/subscriptionId"]` on the way back: the caller's id of the subscription.
    SubscriptionId(Span, Bytes),
    /// A declared capability, with the comma before or after it: it is taken out.
    Capability(Span),
    /// `result.cacheScope`: private.
    CacheScope(Span),
    /// `result.ttlMs`: none.
    TimeToLive(Span),
    /// A listing without the items that may not be seen; the kept items keep their bytes and their order.
    ListItems(Span, Vec<Span>),
}

impl Edit {
    const fn span(&self) -> Span {
        match self {
            Self::Id(span, _)
            | Self::ProgressToken(span, _)
            | Self::RequestId(span, _)
            | Self::SubscriptionId(span, _)
            | Self::Capability(span)
            | Self::CacheScope(span)
            | Self::TimeToLive(span)
            | Self::ListItems(span, _) => *span,
        }
    }
}

/// Judged bytes and the changes to make when they are written.
#[derive(Debug)]
pub(crate) struct Edited {
    text: Bytes,
    edits: Vec<Edit>,
}

impl Edited {
    /// Judged bytes, unchanged so far.
    pub(crate) fn new(text: Bytes) -> Self {
        Self {
            text,
            edits: Vec::new(),
        }
    }

    /// The judged bytes before any change.
    pub(crate) fn text(&self) -> Bytes {
        self.text.clone()
    }

    /// Adds a change. Spans of different changes never overlap: each names another member.
    pub(crate) fn push(&mut self, edit: Edit) {
        let at = self
            .edits
            .partition_point(|e| e.span().start() < edit.span().start());
        self.edits.insert(at, edit);
    }

    /// The bytes to send, joined once.
    pub(crate) fn join(self) -> Bytes {
        if self.edits.is_empty() {
            return self.text;
        }
        let pieces = self.pieces();
        let mut out = BytesMut::with_capacity(pieces.iter().map(|piece| piece.len()).sum());
        pieces.iter().for_each(|piece| out.put_slice(piece));
        out.freeze()
    }

    /// The bytes to send, in order: parts of the judged text, and what takes the place of the rest.
    pub(crate) fn pieces(&self) -> Vec<&[u8]> {
        let mut pieces = Vec::with_capacity(2 * self.edits.len() + 1);
        let mut from = 0;
        for edit in &self.edits {
            let span = edit.span().range();
            pieces.push(self.text.get(from..span.start).unwrap_or_default());
            self.replace(edit, &mut pieces);
            from = span.end;
        }
        pieces.push(self.text.get(from..).unwrap_or_default());
        pieces
    }

    fn replace<'a>(&'a self, edit: &'a Edit, pieces: &mut Vec<&'a [u8]>) {
        match edit {
            Edit::Id(_, value)
            | Edit::ProgressToken(_, value)
            | Edit::RequestId(_, value)
            | Edit::SubscriptionId(_, value) => pieces.push(value),
            Edit::Capability(_) => {}
            Edit::CacheScope(_) => pieces.push(br#""private""#),
            Edit::TimeToLive(_) => pieces.push(b"0"),
            Edit::ListItems(_, kept) => {
                pieces.push(b"[");
                for (i, item) in kept.iter().enumerate() {
                    if i > 0 {
                        pieces.push(b",");
                    }
                    pieces.push(self.text.get(item.range()).unwrap_or_default());
                }
                pieces.push(b"]");
            }
        }
    }
}

/// One judged message as one line, for servers that read by lines (A23).
///
/// Inside a string a raw CR or LF cannot stand, the gate refuses it; between tokens each becomes a space, so that no part of the message
/// can be read as a message of its own.
pub(crate) fn one_line(text: &Bytes) -> Bytes {
    if !text.iter().any(|b| matches!(b, b'\r' | b'\n')) {
        return text.clone();
    }
    text.iter()
        .map(|&b| if matches!(b, b'\r' | b'\n') { b' ' } else { b })
        .collect()
}
