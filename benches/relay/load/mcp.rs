//! The MCP server: answers each call with 1 KiB of JSON, at once or when told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use http_body_util::{BodyExt as _, Full};
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::watch;

use super::tls::Answer;

/// Bytes of one answer.
const ANSWER_BYTES: usize = 1024;

/// The one tool there is.
#[derive(Default)]
pub(super) struct Tool {
    holds: watch::Sender<bool>,
    held: AtomicU64,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
}

impl Tool {
    /// From now on answers wait, or no longer do.
    pub(super) fn hold(&self, holds: bool) {
        self.holds.send_replace(holds);
    }

    /// How many wait.
    pub(super) fn held(&self) -> u64 {
        self.held.load(SeqCst)
    }

    async fn wait(&self) -> anyhow::Result<()> {
        let mut holds = self.holds.subscribe();
        self.held.fetch_add(1, SeqCst);
        holds.wait_for(|holds| !holds).await?;
        self.held.fetch_sub(1, SeqCst);
        Ok(())
    }
}

pub(super) async fn answer(tool: Arc<Tool>, request: hyper::Request<Incoming>) -> Answer {
    let body = request.into_body().collect().await?.to_bytes();
    let call: Call<'_> = serde_json::from_slice(&body)?;
    tool.wait().await?;
    let mut response = Response::new(Full::new(reply(call.id.get()).into()));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn reply(id: &str) -> String {
    let head =
        format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":""#);
    let tail = r#""}]}}"#;
    let text = "y".repeat(ANSWER_BYTES - head.len() - tail.len());
    format!("{head}{text}{tail}")
}
