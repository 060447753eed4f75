//! One request, as it arrived.

use std::sync::Arc;

use bytes::Bytes;
use hyper::{Method, Version, http::request::Parts};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::demo::net::Peer;

/// The largest request: more than any policy can allow.
pub(super) const MAX_BODY: usize = 32 * 1024 * 1024;

/// A request, byte for byte. Names of headers are in lower case: HTTP/2 has no other.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Its method.
    pub method: Method,
    /// Its path, with the query if it had one.
    pub path: String,
    /// HTTP/1.1 or HTTP/2.
    pub version: Version,
    /// Its headers, values as bytes.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Its body.
    pub body: Bytes,
    /// Who sent it; none on a plain door.
    pub peer: Option<Arc<Peer>>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    method: Option<String>,
}

impl Heard {
    pub(super) fn of(head: &Parts, body: Bytes, peer: Option<Arc<Peer>>) -> Self {
        let headers = head.headers.iter();
        Self {
            method: head.method.clone(),
            path: head
                .uri
                .path_and_query()
                .map_or_else(String::new, ToString::to_string),
            version: head.version,
            headers: headers
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
            body,
            peer,
        }
    }

    /// The first value of a header named in lower case, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(present, _)| present == name);
        std::str::from_utf8(&named.next()?.1).ok()
    }

    /// The JSON-RPC id of the body, byte for byte; none if there is none or the body is no message.
    #[must_use]
    pub fn rpc_id(&self) -> Option<String> {
        let envelope: Envelope<'_> = serde_json::from_slice(&self.body).ok()?;
        envelope.id.map(|id| id.get().to_owned())
    }

    /// The JSON-RPC method of the body.
    #[must_use]
    pub fn rpc_method(&self) -> Option<String> {
        let envelope: Envelope<'_> = serde_json::from_slice(&self.body).ok()?;
        envelope.method
    }
}
