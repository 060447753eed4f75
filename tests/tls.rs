#![cfg(feature = "demo")]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
//! Real handshakes over loopback, against a server that demands a client certificate unless a test says otherwise.
//! Proves: each side is who it says, or no request is answered; the parameters are those promised; INVARIANTS 11, 12.

use std::{
    io,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use portcullis::edge::tls::{Floor, Parts, Presentations, Tls, classify};
use portcullis_certs::{
    Bundle, Code, Roots,
    dev::{Authority, Issued, Leaf, Pki},
};
use rustls::{
    ClientConnection, HandshakeKind, NamedGroup, ProtocolVersion, RootCertStore, ServerConfig,
    ServerConnection, SupportedProtocolVersion,
    client::Resumption,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject as _},
    server::WebPkiClientVerifier,
    time_provider::TimeProvider,
    version::{TLS12, TLS13},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

const HOUR: Duration = Duration::from_secs(3600);
const BOTH: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

/// What the server saw of a client it answered.
#[derive(Debug)]
struct Seen {
    client: Option<CertificateDer<'static>>,
    version: ProtocolVersion,
    group: Option<NamedGroup>,
    kind: HandshakeKind,
    protocol: Option<Vec<u8>>,
}

/// A server for one test.
struct Server(TlsAcceptor);

impl Server {
    /// `clients` given: it demands a certificate from that CA.
    fn new(
        identity: &Issued,
        clients: Option<&Authority>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let builder = ServerConfig::builder_with_protocol_versions(versions);
        let builder = match clients {
            Some(clients) => builder.with_client_cert_verifier(demand(clients)),
            None => builder.with_no_client_auth(),
        };
        let chain = CertificateDer::pem_slice_iter(identity.chain_pem.as_bytes())
            .collect::<Result<_, _>>()
            .unwrap();
        let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).unwrap();
        let mut config = builder.with_single_cert(chain, key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        Self(TlsAcceptor::from(Arc::new(config)))
    }

    /// One connection with one question and one answer. A TLS 1.3 server judges the client after the client's own
    /// handshake is over, so only the answer shows that the client was accepted.
    async fn meet(&self, tls: &Tls, name: &str) -> (io::Result<Seen>, io::Result<()>) {
        self.meet_with(TlsConnector::from(tls.config()), name).await
    }

    async fn meet_with(
        &self,
        connector: TlsConnector,
        name: &str,
    ) -> (io::Result<Seen>, io::Result<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let name = name.to_owned().try_into().unwrap();
        let server = async {
            let (stream, _) = listener.accept().await?;
            let mut stream = self.0.accept(stream).await?;
            let mut question = [0; 4];
            stream.read_exact(&mut question).await?;
            stream.write_all(b"pong").await?;
            stream.shutdown().await?;
            let (_, session) = stream.get_ref();
            Ok(Seen {
                client: session
                    .peer_certificates()
                    .map(|chain| chain[0].clone().into_owned()),
                version: session.protocol_version().unwrap(),
                group: session
                    .negotiated_key_exchange_group()
                    .map(|group| group.name()),
                kind: session.handshake_kind().unwrap(),
                protocol: session.alpn_protocol().map(<[u8]>::to_vec),
            })
        };
        let client = async {
            let stream = TcpStream::connect(address).await?;
            let mut stream = connector.connect(name, stream).await?;
            stream.write_all(b"ping").await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            assert_eq!(answer, b"pong");
            Ok(())
        };
        tokio::join!(server, client)
    }
}

fn demand(clients: &Authority) -> Arc<dyn rustls::server::danger::ClientCertVerifier> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(clients.root_pem().as_bytes()).unwrap())
        .unwrap();
    WebPkiClientVerifier::builder(Arc::new(roots))
        .build()
        .unwrap()
}

fn roots(authority: &Authority) -> Roots {
    Roots::private(authority.root_pem().as_bytes(), SystemTime::now()).unwrap()
}

fn bundle(issued: &Issued) -> Arc<Bundle> {
    Arc::new(
        Bundle::parse(issued.chain_pem.as_bytes(), issued.key_bytes())
            .ok()
            .unwrap(),
    )
}

/// The usual pair: a server with `leaf`, and the parts of a client that trusts its CA and has an identity.
fn pair(pki: &Pki, leaf: &Leaf, versions: &[&'static SupportedProtocolVersion]) -> (Server, Parts) {
    let server = Server::new(
        &pki.mcp_servers.issue(leaf).unwrap(),
        Some(&pki.mcp_clients),
        versions,
    );
    let agent = pki.mcp_clients.issue(&Leaf::client("agent")).unwrap();
    (
        server,
        Parts::new(roots(&pki.mcp_servers)).with_identity(bundle(&agent)),
    )
}

/// The reason a client gives for a connection on which no request was answered.
async fn refusal(server: &Server, tls: &Tls, name: &str) -> &'static str {
    let (seen, answer) = server.meet(tls, name).await;
    assert!(seen.is_err(), "no request reached the server");
    classify(&answer.unwrap_err()).label()
}

#[tokio::test]
async fn both_sides_show_who_they_are_under_the_promised_parameters() {
    let pki = Pki::new().unwrap();
    let server = Server::new(
        &pki.control_servers.issue(&Leaf::server()).unwrap(),
        Some(&pki.control_clients),
        BOTH,
    );
    let agent = pki.control_clients.issue(&Leaf::client("agent")).unwrap();
    let parts = Parts::new(roots(&pki.control_servers)).with_identity(bundle(&agent));
    let tls = parts.control_plane().unwrap();
    for name in ["localhost", "127.0.0.1", "::1"] {
        let (seen, answer) = server.meet(&tls, name).await;
        answer.unwrap();
        let seen = seen.unwrap();
        let ours = CertificateDer::from_pem_slice(agent.chain_pem.as_bytes()).unwrap();
        assert_eq!(seen.client, Some(ours));
        assert_eq!(seen.version, ProtocolVersion::TLSv1_3);
        assert_eq!(seen.group, Some(NamedGroup::X25519MLKEM768));
        assert_eq!(seen.protocol.as_deref(), Some(b"h2".as_slice()));
    }
    assert_eq!(tls.presentations(), Presentations { asked: 3, ready: 3 });
}

#[tokio::test]
async fn no_secret_leaves_by_a_side_door() {
    let tls = Parts::new(Roots::public()).control_plane().unwrap();
    let config = tls.config();
    assert!(!config.key_log.will_log("CLIENT_RANDOM"));
    assert!(!config.enable_early_data && !config.enable_secret_extraction);
}

#[tokio::test]
async fn a_client_the_server_does_not_know_is_turned_away() {
    let pki = Pki::new().unwrap();
    let (server, _) = pair(&pki, &Leaf::server(), BOTH);
    let nobody = Parts::new(roots(&pki.mcp_servers));
    let tls = nobody.clone().mcp(Floor::Tls13).unwrap();
    assert_eq!(
        refusal(&server, &tls, "localhost").await,
        "alert_certificate_required"
    );
    // An identity for the control plane is no identity for an MCP server.
    let stranger = bundle(&pki.control_clients.issue(&Leaf::client("agent")).unwrap());
    let tls = nobody.with_identity(stranger).mcp(Floor::Tls13).unwrap();
    assert_eq!(
        refusal(&server, &tls, "localhost").await,
        "alert_unknown_ca"
    );
}

#[tokio::test]
async fn a_server_that_is_not_who_it_should_be_gets_no_request() {
    let pki = Pki::new().unwrap();
    let now = SystemTime::now();
    for (leaf, reason) in [
        (
            Leaf::server().names(&["elsewhere.test"]),
            "server_cert_wrong_name",
        ),
        (Leaf::server().names(&[]), "server_cert_wrong_name"),
        (
            Leaf::server().valid(now - 2 * HOUR, now - HOUR),
            "server_cert_expired",
        ),
        (
            Leaf::server().valid(now + HOUR, now + 2 * HOUR),
            "server_cert_not_yet_valid",
        ),
        (Leaf::server().wrong_purpose(), "server_cert_wrong_purpose"),
        (Leaf::server().as_ca(), "server_cert_bad"),
    ] {
        let (server, parts) = pair(&pki, &leaf, BOTH);
        let tls = parts.mcp(Floor::Tls12).unwrap();
        assert_eq!(
            refusal(&server, &tls, "localhost").await,
            reason,
            "{leaf:?}"
        );
    }
}

/// W-20: private roots stand in place of public ones, or beside them.
#[tokio::test]
async fn only_the_roots_asked_for_are_trusted() {
    let pki = Pki::new().unwrap();
    let server = Server::new(&pki.mcp_servers.issue(&Leaf::server()).unwrap(), None, BOTH);
    let private = roots(&pki.mcp_servers);
    for (roots, expected) in [
        (Roots::public(), Err("server_cert_unknown_issuer")),
        (
            roots(&pki.control_servers),
            Err("server_cert_unknown_issuer"),
        ),
        (private.clone(), Ok(())),
        (Roots::public().plus(private), Ok(())),
    ] {
        let tls = Parts::new(roots).mcp(Floor::Tls13).unwrap();
        let (_, answer) = server.meet(&tls, "localhost").await;
        assert_eq!(answer.map_err(|error| classify(&error).label()), expected);
    }
}

#[tokio::test]
async fn tls_1_2_is_refused_by_the_control_plane_side_and_a_choice_on_a_channel() {
    let pki = Pki::new().unwrap();
    let (server, parts) = pair(&pki, &Leaf::server(), &[&TLS12]);
    let control = parts.clone().control_plane().unwrap();
    assert_eq!(
        refusal(&server, &control, "localhost").await,
        "alert_protocol_version"
    );
    let channel = parts.clone().mcp(Floor::default()).unwrap();
    assert_eq!(
        refusal(&server, &channel, "localhost").await,
        "alert_protocol_version"
    );
    let old = parts.mcp(Floor::Tls12).unwrap();
    let (seen, answer) = server.meet(&old, "localhost").await;
    answer.unwrap();
    let seen = seen.unwrap();
    assert_eq!(seen.version, ProtocolVersion::TLSv1_2);
    assert!(seen.client.is_some());
}

#[tokio::test]
async fn a_channel_that_allows_tls_1_2_still_prefers_tls_1_3() {
    let pki = Pki::new().unwrap();
    let (server, parts) = pair(&pki, &Leaf::server(), BOTH);
    let (seen, _) = server
        .meet(&parts.mcp(Floor::Tls12).unwrap(), "localhost")
        .await;
    assert_eq!(seen.unwrap().version, ProtocolVersion::TLSv1_3);
}

/// INVARIANT 12. The twin with resumption on shows that the server does offer it.
#[tokio::test]
async fn no_session_is_resumed() {
    let pki = Pki::new().unwrap();
    for version in BOTH {
        let (server, parts) = pair(&pki, &Leaf::server(), &[*version]);
        let tls = parts.mcp(Floor::Tls12).unwrap();
        let mut resuming = (*tls.config()).clone();
        resuming.resumption = Resumption::in_memory_sessions(8);
        let resuming = TlsConnector::from(Arc::new(resuming));
        server
            .meet_with(resuming.clone(), "localhost")
            .await
            .1
            .unwrap();
        let (twin, _) = server.meet_with(resuming, "localhost").await;
        assert_eq!(twin.unwrap().kind, HandshakeKind::Resumed);
        for _ in 0..3 {
            let (seen, _) = server.meet(&tls, "localhost").await;
            assert_eq!(seen.unwrap().kind, HandshakeKind::Full);
        }
    }
}

#[derive(Debug)]
struct At(SystemTime);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(
            self.0.duration_since(UNIX_EPOCH).unwrap(),
        ))
    }
}

/// INVARIANT 11: checked when it was loaded, run out since.
#[tokio::test]
async fn an_identity_that_has_run_out_is_not_shown() {
    let pki = Pki::new().unwrap();
    let now = SystemTime::now();
    let (server, parts) = pair(&pki, &Leaf::server(), BOTH);
    let agent = Leaf::client("agent").valid(now - HOUR, now + HOUR);
    let parts = parts.with_identity(bundle(&pki.mcp_clients.issue(&agent).unwrap()));
    let fresh = parts.clone().mcp(Floor::Tls13).unwrap();
    assert!(fresh.check().is_ok());
    server.meet(&fresh, "localhost").await.1.unwrap();
    let later = parts
        .with_clock(Arc::new(At(now + 2 * HOUR)))
        .mcp(Floor::Tls13)
        .unwrap();
    assert_eq!(later.check().unwrap_err().code(), Code::Expired);
    assert_eq!(
        refusal(&server, &later, "localhost").await,
        "alert_certificate_required"
    );
    assert_eq!(later.presentations(), Presentations { asked: 1, ready: 0 });
}

/// Mutual TLS is configured, and the server lets anyone in: an operator wants to know.
#[tokio::test]
async fn a_server_that_never_asks_can_be_told() {
    let pki = Pki::new().unwrap();
    let server = Server::new(&pki.mcp_servers.issue(&Leaf::server()).unwrap(), None, BOTH);
    let (_, parts) = pair(&pki, &Leaf::server(), BOTH);
    let tls = parts.mcp(Floor::Tls13).unwrap();
    let (seen, answer) = server.meet(&tls, "localhost").await;
    answer.unwrap();
    assert_eq!(seen.unwrap().client, None);
    assert_eq!(tls.presentations(), Presentations { asked: 0, ready: 0 });
}

/// Everything a client says in a TLS 1.2 handshake, where certificates travel in the clear.
fn said(tls: &Tls, server: &Server) -> Vec<u8> {
    let name = "localhost".try_into().unwrap();
    let mut client = ClientConnection::new(tls.config(), name).unwrap();
    let mut server = ServerConnection::new(Arc::clone(server.0.config())).unwrap();
    let mut said = Vec::new();
    // Four flights make a handshake; after an error either side has nothing more to say.
    for _ in 0..8 {
        let (mut question, mut answer) = (Vec::new(), Vec::new());
        client.write_tls(&mut question).unwrap();
        said.extend_from_slice(&question);
        server.read_tls(&mut question.as_slice()).unwrap();
        let _ = server.process_new_packets();
        server.write_tls(&mut answer).unwrap();
        client.read_tls(&mut answer.as_slice()).unwrap();
        let _ = client.process_new_packets();
    }
    said
}

/// An impostor does not even learn who we are. The twin shows that the certificate would be seen if it were sent.
#[tokio::test]
async fn our_certificate_stays_home_until_the_server_is_verified() {
    let pki = Pki::new().unwrap();
    let agent = pki.mcp_clients.issue(&Leaf::client("agent")).unwrap();
    let ours = CertificateDer::from_pem_slice(agent.chain_pem.as_bytes()).unwrap();
    let told = |leaf: &Leaf| {
        let (server, parts) = pair(&pki, leaf, &[&TLS12]);
        let tls = parts
            .with_identity(bundle(&agent))
            .mcp(Floor::Tls12)
            .unwrap();
        said(&tls, &server)
            .windows(ours.len())
            .any(|said| said == ours.as_ref())
    };
    assert!(told(&Leaf::server()));
    assert!(!told(&Leaf::server().names(&["elsewhere.test"])));
}
