//! The body of a response POST.
//!
//! Promises: the documented member order, empty members left out, the payload rule of each type kept before
//! anything is written, and the judged payload spliced in byte for byte. The shard token never enters the
//! body. Whether the payload may go out was decided by the policy before.

use bytes::Bytes;

use portcullis_policy::permit::ReplyKind;

use super::address::ReplyAddress;

/// One reply before encoding.
#[derive(Clone, Copy)]
pub struct Reply<'a> {
    /// Its type.
    pub kind: ReplyKind,
    /// The HTTP status to report; zero leaves the member out.
    pub code: u16,
    /// Allowed header fields; values of one name keep their order.
    pub headers: &'a [(&'static str, String)],
    /// One judged JSON object in pieces, written as they are.
    pub json: Option<&'a [&'a [u8]]>,
}

/// Why a reply cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// A type that needs a payload has none.
    #[error("reply of type `{}` has no payload", resp_type(*.0))]
    PayloadMissing(ReplyKind),
    /// A type that must not have a payload has one.
    #[error("reply of type `{}` cannot carry a payload", resp_type(*.0))]
    PayloadForbidden(ReplyKind),
}

/// The value of `resp_type`.
const fn resp_type(kind: ReplyKind) -> &'static str {
    match kind {
        ReplyKind::Response => "jsonrpc_response",
        ReplyKind::Notify => "jsonrpc_notify",
        ReplyKind::Ack => "notify_ack",
        ReplyKind::Termination => "session_termination_response",
    }
}

const fn has_payload(kind: ReplyKind) -> bool {
    match kind {
        ReplyKind::Response | ReplyKind::Notify => true,
        ReplyKind::Ack | ReplyKind::Termination => false,
    }
}

/// Writes the body for `address`, in one allocation.
///
/// # Errors
/// The payload is absent where the type needs one, or present where it must not be (WT-066 to WT-070).
pub fn encode(address: &ReplyAddress, reply: &Reply<'_>) -> Result<Bytes, ReplyError> {
    let json = payload(reply)?;
    let mut sizer = Size(0);
    write(&mut sizer, address, reply, json);
    let mut body = Vec::with_capacity(sizer.0);
    write(&mut body, address, reply, json);
    Ok(body.into())
}

fn payload<'a>(reply: &Reply<'a>) -> Result<&'a [&'a [u8]], ReplyError> {
    let json = reply
        .json
        .filter(|json| json.iter().any(|piece| !piece.is_empty()));
    match (has_payload(reply.kind), json) {
        (true, None) => Err(ReplyError::PayloadMissing(reply.kind)),
        (false, Some(_)) => Err(ReplyError::PayloadForbidden(reply.kind)),
        (true, Some(_)) | (false, None) => Ok(json.unwrap_or_default()),
    }
}

/// Where the body is written: twice, once to measure and once for good.
trait Out {
    fn put(&mut self, bytes: &[u8]);
}

struct Size(usize);

impl Out for Size {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

impl Out for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

fn write(out: &mut impl Out, address: &ReplyAddress, reply: &Reply<'_>, json: &[&[u8]]) {
    out.put(br#"{"request_id":"#);
    string(out, address.request_id.as_str());
    out.put(br#","channel":"#);
    string(out, address.channel.as_str());
    if !json.is_empty() {
        out.put(br#","resp_json":"#);
        json.iter().for_each(|piece| out.put(piece));
    }
    if !reply.headers.is_empty() {
        out.put(br#","resp_headers":"#);
        headers(out, reply.headers);
    }
    if reply.code != 0 {
        out.put(format!(r#","resp_code":{}"#, reply.code).as_bytes());
    }
    out.put(br#","resp_type":"#);
    string(out, resp_type(reply.kind));
    out.put(b"}");
}

fn headers(out: &mut impl Out, pairs: &[(&'static str, String)]) {
    let mut sorted: Vec<&(&'static str, String)> = pairs.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    let by_name = sorted.chunk_by(|(a, _), (b, _)| a == b);
    list(out, [b"{", b"}"], by_name, |out, pairs| {
        for (name, _) in pairs.iter().take(1) {
            string(out, name);
        }
        out.put(b":");
        list(out, [b"[", b"]"], pairs.iter(), |out, (_, value)| {
            string(out, value)
        });
    });
}

fn list<O: Out, T>(
    out: &mut O,
    [open, close]: [&[u8]; 2],
    items: impl Iterator<Item = T>,
    each: impl Fn(&mut O, T),
) {
    out.put(open);
    for (place, item) in items.enumerate() {
        if place > 0 {
            out.put(b",");
        }
        each(out, item);
    }
    out.put(close);
}

/// RFC 8259, section 7: quote, backslash and control characters are escaped, all else stands as it is.
fn string(out: &mut impl Out, text: &str) {
    out.put(b"\"");
    for part in text.as_bytes().split_inclusive(|b| needs_escape(*b)) {
        match part.split_last() {
            Some((last, plain)) if needs_escape(*last) => {
                out.put(plain);
                out.put(format!("\\u{last:04x}").as_bytes());
            }
            _ => out.put(part),
        }
    }
    out.put(b"\"");
}

const fn needs_escape(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..=0x1f)
}

#[cfg(test)]
mod tests;
