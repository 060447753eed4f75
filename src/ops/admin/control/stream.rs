//! The status again and again: one line of JSON at each change, and at least every 5 s.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::unfold;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::super::http::Body;
use crate::ops::Ops;

const AT_LEAST_EVERY: Duration = Duration::from_secs(5);

/// A body that ends when its reader goes away, and gives its place back.
pub(super) fn of(ops: Arc<Ops>, place: OwnedSemaphorePermit) -> Body {
    let changes = ops.changes();
    let start = (ops, changes, true, place);
    let lines = unfold(start, async |(ops, mut changes, first, place)| {
        if !first {
            // Late or changed: both are reasons to tell.
            let _ = timeout(AT_LEAST_EVERY, changes.changed()).await;
        }
        let mut line = serde_json::to_vec(&ops.status()).ok()?;
        line.push(b'\n');
        let frame = Ok::<_, Infallible>(Frame::data(Bytes::from(line)));
        Some((frame, (ops, changes, false, place)))
    });
    StreamBody::new(lines).boxed_unsync()
}
