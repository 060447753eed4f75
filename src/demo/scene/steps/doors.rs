//! What becomes of somebody who has no certificate.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use portcullis_certs::dev::Authority;
use tokio::time::timeout;

use super::{
    super::narrator::Told,
    evidence::{server, unheard},
};
use crate::demo::{net::Client, stage::Stage};

/// How long a server may take to note whom it turned away.
const NOTED_WITHIN: Duration = Duration::from_secs(2);

pub(super) async fn strangers(stage: &Stage) -> anyhow::Result<Told> {
    server(stage)?.forget();
    let calls = stage.control.calls().len();
    knock(&stage.control.url(), &stage.pki.control_servers).await?;
    knock(&server(stage)?.url(), &stage.pki.mcp_servers).await?;
    let control = turned_away("the control plane", || stage.control.turned_away()).await?;
    let own = server(stage)?;
    let mcp = turned_away("the MCP server", || own.turned_away()).await?;
    unheard(stage)?;
    let strange = stage
        .control
        .calls()
        .iter()
        .skip(calls)
        .any(|call| call.peer.is_none());
    ensure!(!strange, "the control plane answered a stranger");
    Ok(vec![
        (
            "asked",
            "both servers, over TLS, without a client certificate".to_owned(),
        ),
        ("control", format!("ended the handshake: {control}")),
        (
            "server",
            format!("ended the handshake: {mcp}; its record of requests is empty"),
        ),
    ])
}

/// Asks without a certificate. An answer is a failure of the door.
async fn knock(url: &str, servers: &Authority) -> anyhow::Result<()> {
    let stranger = Client::tls(&servers.root_pem(), None)?;
    let request = Request::post(url).body(Full::new(Bytes::from_static(b"{}")))?;
    if let Ok(answer) = stranger.send(request).await {
        bail!(
            "`{url}` answered {} to a peer without a certificate",
            answer.status()
        );
    }
    Ok(())
}

/// Why a server turned somebody away. It notes that a moment after the stranger finds the door shut.
async fn turned_away(who: &str, noted: impl Fn() -> Vec<String>) -> anyhow::Result<String> {
    let looked = timeout(NOTED_WITHIN, async {
        loop {
            if let Some(reason) = noted().pop() {
                return reason;
            }
            tokio::task::yield_now().await;
        }
    });
    looked
        .await
        .with_context(|| format!("{who} turned nobody away"))
}
