//! Servers that must not be believed, or that do not believe us: none gets a byte of a message, and each leaves its reason in the numbers and on
//! the record. A server that is right stands among them and is served.

mod rows;

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use portcullis::demo::net::Door;
use portcullis_certs::dev::Pki;
use rcgen::{BasicConstraints, IsCa, KeyPair};
use rustls::ServerConfig;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::place::{Files, HANGS, POLICY, Place, Plan, call};
use rows::{Issuer, how_they_speak, named, out_of_bounds, who_they_are, who_vouches, who_we_are};

const HOUR: Duration = Duration::from_secs(3600);
const REVOKED: u64 = 77;

/// How a server meets whoever connects.
enum Manner {
    /// As TLS is meant to be, with this certificate.
    Tls(Box<ServerConfig>),
    /// By these bytes, whatever is said.
    Bytes(Vec<u8>),
}

/// One server of the list.
struct Row {
    channel: &'static str,
    host: &'static str,
    floor: &'static str,
    metric: &'static str,
    reason: &'static str,
    manner: Manner,
}

/// A server that runs, and the bytes of messages that reached it.
struct Stage {
    row: Row,
    port: u16,
    heard: Arc<AtomicUsize>,
}

impl Row {
    fn refused(channel: &'static str, reason: &'static str, manner: Manner) -> Self {
        Self {
            channel,
            host: "localhost",
            floor: "1.2",
            metric: "tls_refusals_total",
            reason,
            manner,
        }
    }

    fn at(self, host: &'static str) -> Self {
        Self { host, ..self }
    }

    fn floor(self, floor: &'static str) -> Self {
        Self { floor, ..self }
    }

    async fn start(self) -> Stage {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(AtomicUsize::new(0));
        let (answer, tls) = match &self.manner {
            Manner::Tls(config) => (
                Vec::new(),
                Some(TlsAcceptor::from(Arc::new((**config).clone()))),
            ),
            Manner::Bytes(bytes) => (bytes.clone(), None),
        };
        let count = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                match &tls {
                    Some(tls) => listen(tls.clone(), stream, Arc::clone(&count)).await,
                    None => reply(stream, &answer).await,
                }
            }
        });
        Stage {
            row: self,
            port,
            heard,
        }
    }
}

/// Counts what is said once the handshake is over.
async fn listen(tls: TlsAcceptor, stream: TcpStream, heard: Arc<AtomicUsize>) {
    if let Ok(mut stream) = tls.accept(stream).await {
        let mut piece = [0; 1024];
        while let Ok(length @ 1..) = stream.read(&mut piece).await {
            heard.fetch_add(length, Ordering::SeqCst);
        }
    }
}

async fn reply(mut stream: TcpStream, bytes: &[u8]) {
    let mut hello = [0; 4096];
    let _ = stream.read(&mut hello).await;
    let _ = stream.write_all(bytes).await;
    // What the client still says is its alert.
    let _ = tokio::time::timeout(HOUR, stream.read(&mut hello)).await;
}

/// The client side of the TLS matrix: `mcp_security` 3.5.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_right_gets_no_byte_and_leaves_its_reason() {
    let mut plan = Plan::new();
    let mut params = named("a root with bounds below it");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = Issuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let pki = &plan.pki;
    let rows = [
        who_they_are(pki),
        who_vouches(pki),
        out_of_bounds(&root),
        how_they_speak(pki),
        who_we_are(pki),
    ];
    let mut stages = Vec::new();
    for row in rows.into_iter().flatten() {
        stages.push(row.start().await);
    }
    let mut policy = POLICY.to_owned();
    for Stage { row, port, .. } in &stages {
        let (channel, host, floor) = (row.channel, row.host, row.floor);
        plan.flags.extend([
            "--mcp.server-url".to_owned(),
            format!("channel={channel},tls-min={floor},url=https://{host}:{port}/mcp"),
        ]);
        write!(
            policy,
            "[[server]]\nchannel = \"{channel}\"\ntools = [\"any\"]\n"
        )
        .unwrap();
    }
    plan = plan.naming("--trust.crl-file", "crl.pem");
    let place = Place::open(plan.before(move |files, pki| {
        let trusted = pki.control_servers.root_pem() + &pki.mcp_servers.root_pem() + &root.pem();
        files.replace("roots.pem", &trusted);
        let list = pki
            .mcp_servers
            .revoke(1, &[REVOKED], SystemTime::now() + HOUR);
        files.replace("crl.pem", &list.unwrap());
        crate::place::write(&files.path("policy.toml"), &policy);
    }))
    .await;
    for Stage { row, heard, .. } in &stages {
        let told = format!(
            "portcullis_{}{{profile=\"{}\",{}=\"{}\"}}",
            row.metric,
            row.channel,
            if row.metric.contains("alert") {
                "alert"
            } else {
                "reason"
            },
            row.reason
        );
        place.until(&told, || place.metrics().contains(&told)).await;
        place
            .until("its record", || is_on_record(&place.records(), row))
            .await;
        assert_eq!(heard.load(Ordering::SeqCst), 0, "{}", row.channel);
    }
    place.serves().await;
}

fn is_on_record(records: &str, row: &Row) -> bool {
    let (channel, reason) = (
        format!("\"endpoint\":\"{}\"", row.channel),
        format!("\"reason\":\"{}\"", row.reason),
    );
    records
        .lines()
        .any(|line| line.contains(&channel) && line.contains(&reason) && line.contains("tls."))
}

/// Whoever stands there lets anyone in, so it may not be the server that was meant.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_ask_who_we_are_is_told_or_under_the_strict_profile_refused() {
    for (profile, told, event) in [
        (
            "default",
            "tls_unasked_total{profile=\"main\"}",
            "tls.unasked",
        ),
        (
            "strict",
            "tls_refusals_total{profile=\"main\",reason=\"server_did_not_ask\"}",
            "tls.refused",
        ),
    ] {
        let mut plan = Plan::new().with(&["--trust.profile", profile]);
        plan.server = Door::for_anyone(&plan.pki.mcp_servers).unwrap();
        let place = Place::open(plan).await;
        place.until(told, || place.metrics().contains(told)).await;
        let is_on_record = || {
            let records = place.records();
            let mut lines = records.lines().filter(|line| line.contains(event));
            lines.any(|line| line.contains("server_did_not_ask"))
        };
        place.until(event, is_on_record).await;
        if profile == "strict" {
            assert!(place.server.heard().is_empty(), "nothing is sent");
        } else {
            place.serves().await;
        }
    }
    let strict = Plan::new().with(&["--trust.profile", "strict"]);
    let place = Place::open(strict).await;
    place.serves().await;
    assert!(!place.metrics().contains("tls_unasked_total{"));
}

/// Answers one request without saying how long the answer is: it ends when the connection does. Whether it says goodbye is what tells an end
/// from a cut (RFC 8446, section 6.1; RFC 9112, section 9.8).
async fn answer(tls: TlsAcceptor, stream: TcpStream, says_goodbye: bool) -> Option<()> {
    let mut stream = tls.accept(stream).await.ok()?;
    let (mut text, mut piece) = (Vec::new(), [0; 4096]);
    let id = loop {
        let length = stream
            .read(&mut piece)
            .await
            .ok()
            .filter(|&length| length > 0)?;
        text.extend_from_slice(&piece[..length]);
        let body = text.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
        if let Ok(message) = serde_json::from_slice::<Value>(&text[body..]) {
            break message["id"].clone();
        }
    };
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    let body = json!({"jsonrpc": "2.0", "id": id, "result": {"content": [], "isError": false}});
    stream
        .write_all(format!("{head}{body}").as_bytes())
        .await
        .ok()?;
    stream.flush().await.ok()?;
    if says_goodbye {
        stream.shutdown().await.ok()?;
    }
    Some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_end_was_cut_is_no_answer() {
    for says_goodbye in [true, false] {
        let mut plan = Plan::new();
        let Manner::Tls(config) = rows::right(&plan.pki) else {
            panic!("a certificate");
        };
        let (tls, listener) = (
            TlsAcceptor::from(Arc::new(*config)),
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
        );
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(tls.clone(), stream, says_goodbye));
            }
        });
        plan.flags.extend([
            "--mcp.server-url".to_owned(),
            format!("channel=cut,url=https://localhost:{port}/mcp"),
        ]);
        let policy =
            format!("{POLICY}[[server]]\nchannel = \"cut\"\ntools = [\"search_records\"]\n");
        let write = move |files: &Files, _: &Pki| {
            crate::place::write(&files.path("policy.toml"), &policy);
        };
        let place = Place::open(plan.before(write)).await;
        let mut pending = place.control.enqueue(call(1).channel("cut"));
        let reply = tokio::time::timeout(HANGS, pending.reply()).await.unwrap();
        let value = reply.unwrap().value();
        assert_eq!(value["result"]["isError"] == false, says_goodbye, "{value}");
    }
}
