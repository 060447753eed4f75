//! The servers of the list.

use std::sync::Arc;
use std::time::SystemTime;

use portcullis_certs::dev::{Authority, Issued, Leaf, Pki};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, GeneralSubtree, IsCa, KeyPair,
    NameConstraints,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::{HOUR, Manner, REVOKED, Row};

fn chain(issued: &Issued) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(issued.chain_pem.as_bytes())
        .map(Result::unwrap)
        .collect()
}

fn with_chain(chain: Vec<CertificateDer<'static>>, key_pem: &str) -> Manner {
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    Manner::Tls(Box::new(config.with_single_cert(chain, key).unwrap()))
}

fn shown(issued: &Issued) -> Manner {
    with_chain(chain(issued), &issued.key_pem)
}

/// A server of the CA the agent believes.
fn of(pki: &Pki, leaf: Leaf) -> Manner {
    shown(&pki.mcp_servers.issue(&leaf).unwrap())
}

/// A server with nothing against it.
pub(super) fn right(pki: &Pki) -> Manner {
    of(pki, Leaf::server())
}

pub(super) fn who_they_are(pki: &Pki) -> Vec<Row> {
    let now = SystemTime::now();
    let server = Leaf::server;
    let rows: [(&str, &str, Leaf); 7] = [
        (
            "expired",
            "server_cert_expired",
            server().valid(now - 2 * HOUR, now - HOUR),
        ),
        (
            "early",
            "server_cert_not_yet_valid",
            server().valid(now + HOUR, now + 2 * HOUR),
        ),
        (
            "name",
            "server_cert_wrong_name",
            server().names(&["elsewhere.test"]),
        ),
        (
            "common-name-only",
            "server_cert_wrong_name",
            server().names(&[]),
        ),
        (
            "wildcard",
            "server_cert_wrong_name",
            server().names(&["*.elsewhere.test"]),
        ),
        (
            "purpose",
            "server_cert_wrong_purpose",
            server().wrong_purpose(),
        ),
        ("revoked", "server_cert_revoked", server().serial(REVOKED)),
    ];
    let rows = rows
        .into_iter()
        .map(|(channel, reason, leaf)| Row::refused(channel, reason, of(pki, leaf)));
    rows.chain([Row::refused(
        "address",
        "server_cert_wrong_name",
        of(pki, server().names(&["localhost"])),
    )
    .at("127.0.0.1")])
        .collect()
}

pub(super) fn who_vouches(pki: &Pki) -> Vec<Row> {
    let server = Leaf::server();
    let stranger = Authority::new("a CA nobody named").unwrap();
    let between = pki.mcp_servers.intermediate("between").unwrap();
    let incomplete = between.issue(&server).unwrap();
    let alone = chain(&incomplete).into_iter().take(1).collect();
    let long = std::iter::successors(Some(pki.mcp_servers.intermediate("1").unwrap()), |last| {
        Some(last.intermediate("another").unwrap())
    });
    let deep = long.take(100).last().unwrap();
    let unknown = "server_cert_unknown_issuer";
    vec![
        Row::refused("root", unknown, shown(&stranger.issue(&server).unwrap())),
        Row::refused(
            "incomplete",
            unknown,
            with_chain(alone, &incomplete.key_pem),
        ),
        Row::refused("self-signed", unknown, self_signed()),
        Row::refused(
            "deep",
            "server_cert_bad",
            shown(&deep.issue(&server).unwrap()),
        ),
    ]
}

fn self_signed() -> Manner {
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned()];
    let certificate = CertificateParams::new(names).unwrap();
    let certificate = certificate.self_signed(&key).unwrap();
    with_chain(vec![certificate.der().clone()], &key.serialize_pem())
}

pub(super) type Issuer = CertifiedIssuer<'static, KeyPair>;

/// A root of its own, and what it may vouch for only within bounds; each chain breaks one.
pub(super) fn out_of_bounds(root: &Issuer) -> Vec<Row> {
    let between = |is_ca: IsCa, names: Option<NameConstraints>| {
        let mut params = named("between");
        params.is_ca = is_ca;
        params.name_constraints = names;
        Issuer::signed_by(params, KeyPair::generate().unwrap(), root).unwrap()
    };
    let any = || IsCa::Ca(BasicConstraints::Unconstrained);
    let only = |name: &str| NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(name.to_owned())],
        excluded_subtrees: Vec::new(),
    };
    let no_ca = between(IsCa::ExplicitNoCa, None);
    let last = between(IsCa::Ca(BasicConstraints::Constrained(0)), None);
    let mut params = named("one too many");
    params.is_ca = any();
    let one_more = Issuer::signed_by(params, KeyPair::generate().unwrap(), &last).unwrap();
    let bounded = between(any(), Some(only("elsewhere.test")));
    vec![
        Row::refused("no-ca", "server_cert_bad", under(&[&no_ca])),
        Row::refused("path-length", "server_cert_bad", under(&[&one_more, &last])),
        Row::refused("name-bounds", "server_cert_bad", under(&[&bounded])),
    ]
}

pub(super) fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// A server under the first of these, which stand under each other.
fn under(issuers: &[&Issuer]) -> Manner {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let leaf = params.signed_by(&key, issuers[0]).unwrap();
    let mut chain = vec![leaf.der().clone()];
    chain.extend(issuers.iter().map(|issuer| issuer.der().clone()));
    with_chain(chain, &key.serialize_pem())
}

/// The parameters of the connection.
pub(super) fn how_they_speak(pki: &Pki) -> Vec<Row> {
    let right = || pki.mcp_servers.issue(&Leaf::server()).unwrap();
    let no_protocol = match shown(&right()) {
        Manner::Tls(mut config) => {
            config.alpn_protocols = vec![b"other".to_vec()];
            Manner::Tls(config)
        }
        bytes @ Manner::Bytes(_) => bytes,
    };
    // TLS_RSA_WITH_AES_128_CBC_SHA: no forward secrecy, and never offered. TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 is.
    let (static_key, offered) = (0x002f, 0xc02b);
    let hello = |version, cipher| Manner::Bytes(server_hello(version, cipher));
    vec![
        Row::refused("protocol", "alert_no_application_protocol", no_protocol),
        Row::refused("tls-1-0", "tls_version", hello(0x0301, static_key)),
        Row::refused("tls-1-1", "tls_version", hello(0x0302, static_key)),
        Row::refused("old-cipher", "tls_protocol", hello(0x0303, static_key)),
        Row::refused("tls-1-2", "tls_version", hello(0x0303, offered)).floor("1.3"),
        Row::refused("bomb", "tls_protocol", Manner::Bytes(one_mebibyte())),
        Row::refused(
            "plain",
            "tls_protocol",
            Manner::Bytes(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
        ),
    ]
}

/// A handshake message of 1 MiB.
fn one_mebibyte() -> Vec<u8> {
    let mut records = Vec::new();
    let header = [0x0b, 0x10, 0x00, 0x00];
    for piece in [&header[..], &[0; 1024 * 1024]].concat().chunks(16 * 1024) {
        records.extend([0x16, 0x03, 0x03]);
        records.extend(u16::try_from(piece.len()).unwrap().to_be_bytes());
        records.extend(piece);
    }
    records
}

/// RFC 5246, section 7.4.1.3, without extensions or a session.
fn server_hello(version: u16, cipher: u16) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend(cipher.to_be_bytes());
    body.push(0);
    let mut message = vec![2, 0, 0, u8::try_from(body.len()).unwrap()];
    message.extend(body);
    let mut record = vec![0x16, 0x03, 0x03, 0, u8::try_from(message.len()).unwrap()];
    record.extend(message);
    record
}

/// Servers that do not believe us, and say so once the handshake is over for us.
pub(super) fn who_we_are(pki: &Pki) -> Vec<Row> {
    let mut roots = RootCertStore::empty();
    let foreign = Authority::new("another company").unwrap();
    let root = CertificateDer::from_pem_slice(foreign.root_pem().as_bytes()).unwrap();
    roots.add(root).unwrap();
    let clients = WebPkiClientVerifier::builder(Arc::new(roots))
        .build()
        .unwrap();
    let issued = pki.mcp_servers.issue(&Leaf::server()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).unwrap();
    let config = ServerConfig::builder().with_client_cert_verifier(clients);
    let config = config.with_single_cert(chain(&issued), key).unwrap();
    vec![Row {
        metric: "tls_alert_received_total",
        ..Row::refused("foreign", "alert_unknown_ca", Manner::Tls(Box::new(config)))
    }]
}
