//! The null relay: what a relay cannot do without. It judges nothing, logs nothing, times nothing, and ends at the first failure.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use portcullis::edge::tls::{Floor, Parts, Tls};
use portcullis_certs::{Bundle, Roots};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use crate::IN_FLIGHT;

/// The argument that makes this program the null relay.
pub(crate) const ROLE: &str = "null-relay";
/// The most commands one poll may ask for.
const MOST_PER_POLL: usize = 25;

type Http = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

struct Null {
    base: String,
    mcp: String,
    control: Http,
    upstream: Http,
}

#[derive(Deserialize)]
struct Polled<'a> {
    #[serde(borrow)]
    commands: Vec<Element<'a>>,
}

#[derive(Deserialize)]
struct Element<'a> {
    request_id: &'a str,
    shard_token: &'a str,
    #[serde(borrow)]
    jsonrpc: &'a RawValue,
}

struct Command {
    request_id: String,
    shard_token: String,
    message: Bytes,
}

/// Relays until something fails: the end of the load does.
pub(crate) async fn run(files: &Path, base: &str, mcp: &str) -> anyhow::Result<()> {
    let null = Arc::new(Null {
        base: base.to_owned(),
        mcp: mcp.to_owned(),
        control: client(&parts(files, "control")?.control_plane()?),
        upstream: client(&parts(files, "mcp")?.mcp(Floor::Tls13)?),
    });
    let places = Arc::new(Semaphore::new(IN_FLIGHT));
    loop {
        drop(places.acquire().await?);
        let room = places.available_permits().clamp(1, MOST_PER_POLL);
        for command in null.poll(room).await? {
            let (null, place) = (
                Arc::clone(&null),
                Arc::clone(&places).acquire_owned().await?,
            );
            tokio::spawn(async move {
                // A call that fails is not answered, and the load tells.
                let _ = null.relay(command).await;
                drop(place);
            });
        }
    }
}

impl Null {
    async fn poll(&self, limit: usize) -> anyhow::Result<Vec<Command>> {
        let uri = format!("{}/poll?limit={limit}&timeout_ms=30000", self.base);
        let request = Request::get(uri).header("authorization", "Bearer bench_key");
        let body = exchange(&self.control, request.body(Full::default())?).await?;
        if body.is_empty() {
            return Ok(Vec::new());
        }
        let polled: Polled<'_> = serde_json::from_slice(&body)?;
        let owned = |element: Element<'_>| Command {
            request_id: element.request_id.to_owned(),
            shard_token: element.shard_token.to_owned(),
            message: body.slice_ref(element.jsonrpc.get().as_bytes()),
        };
        Ok(polled.commands.into_iter().map(owned).collect())
    }

    async fn relay(&self, command: Command) -> anyhow::Result<()> {
        let request = Request::post(&self.mcp)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        let answer = exchange(&self.upstream, request.body(Full::new(command.message))?).await?;
        let head = format!(
            r#"{{"request_id":"{}","channel":"main","resp_json":"#,
            command.request_id
        );
        let tail = r#","resp_code":200,"resp_type":"jsonrpc_response"}"#;
        let body = [head.as_bytes(), &answer, tail.as_bytes()].concat();
        let request = Request::post(format!("{}/response", self.base))
            .header("authorization", "Bearer bench_key")
            .header("content-type", "application/json")
            .header("x-tunnel-shard-token", command.shard_token);
        exchange(&self.control, request.body(Full::new(body.into()))?).await?;
        Ok(())
    }
}

async fn exchange(http: &Http, request: Request<Full<Bytes>>) -> anyhow::Result<Bytes> {
    let response = http.request(request).await?;
    ensure!(
        response.status().is_success(),
        "answered {}",
        response.status()
    );
    Ok(response.into_body().collect().await?.to_bytes())
}

/// Who the agent is towards `peer`, and whom it believes there.
fn parts(files: &Path, peer: &str) -> anyhow::Result<Parts> {
    let (file, now) = (
        |name: &str| files.join(format!("{peer}-{name}")),
        SystemTime::now(),
    );
    let roots = Roots::read(&file("server-ca.pem"), now).ok();
    let identity = Bundle::read(&file("client.pem"), &file("client.key"), now).ok();
    let (roots, identity) = roots
        .zip(identity)
        .context("the certificates cannot be read")?;
    Ok(Parts::new(roots).with_identity(Arc::new(identity)))
}

fn client(tls: &Tls) -> Http {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    // The connector sets the application protocols itself and wants none set before.
    let mut config = tls.config().as_ref().clone();
    config.alpn_protocols.clear();
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_only()
        .enable_all_versions()
        .wrap_connector(tcp);
    Client::builder(TokioExecutor::new()).build(connector)
}
