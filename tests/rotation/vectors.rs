//! What may not be used: for each reason code, the files that are refused for it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_certs::dev::{Authority, Issued, Leaf, Pki};
use rcgen::{
    BasicConstraints, CertificateParams, IsCa, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256,
    PublicKeyData, SignatureAlgorithm, date_time_ymd,
};

use crate::place::{Place, leaf};

const HOUR: Duration = Duration::from_hours(1);

/// The reason, and what puts such files in the place of sound ones.
pub(crate) type Vector = (&'static str, fn(&Place));

/// Identities of the agent for its server.
pub(crate) const IDENTITIES: [Vector; 18] = [
    ("expired", |place| put(place, issued(&past(&leaf())))),
    ("eku_no_client_auth", |place| {
        put(place, issued(&leaf().wrong_purpose()))
    }),
    ("ku_no_digital_signature", |place| {
        put(place, issued(&leaf().cannot_sign()))
    }),
    ("leaf_is_ca", |place| put(place, issued(&leaf().as_ca()))),
    ("identity_changed", |place| {
        put(place, issued(&Leaf::client("another-agent")))
    }),
    ("rollback", |place| {
        let now = SystemTime::now();
        put(place, issued(&leaf().valid(now - 1000 * HOUR, now + HOUR)))
    }),
    ("unknown_critical_ext", |place| {
        put(place, issued(&leaf().unknown_critical()))
    }),
    ("key_weak", |place| {
        let weak = place.pki.mcp_clients.issue_for(&leaf(), &Rsa1024::new());
        place.files.replace("mcp.pem", &weak.unwrap().pem());
    }),
    ("key_mismatch", |place| {
        place
            .files
            .replace("mcp.key", &issued(&leaf())(&place.pki).key_pem)
    }),
    ("sig_alg", |place| put(place, signed_with_sha_224)),
    ("chain_order", |place| {
        put(place, |pki| {
            let right = below(pki, 1);
            let (leaf, rest) = right
                .chain_pem
                .split_at(right.chain_pem.rfind("-----BEGIN").unwrap());
            Issued {
                chain_pem: format!("{rest}{leaf}"),
                ..right
            }
        })
    }),
    ("chain_too_long", |place| put(place, |pki| below(pki, 7))),
    ("pem_garbage", |place| {
        let text = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
        place.files.replace("mcp.pem", text);
    }),
    ("pem_no_cert", |place| place.files.replace("mcp.pem", "")),
    ("pem_no_key", |place| place.files.replace("mcp.key", "\n")),
    ("pem_encrypted", |place| {
        place
            .files
            .replace("mcp.key", &block("ENCRYPTED PRIVATE KEY"));
    }),
    ("pem_wrong_block", |place| {
        let right = issued(&leaf())(&place.pki);
        let both = format!("{}{}", right.chain_pem, *right.key_pem);
        place.files.replace("mcp.pem", &both);
    }),
    ("pem_many_keys", |place| {
        let key = issued(&leaf())(&place.pki).key_pem;
        place.files.replace("mcp.key", &format!("{}{}", *key, *key));
    }),
];

/// Files, whatever they hold, and those that say whom to trust.
pub(crate) const FILES: [Vector; 13] = [
    ("unreadable", |place| {
        fs::remove_file(place.files.cert("mcp.pem")).unwrap()
    }),
    ("not_regular", |place| {
        fs::remove_file(place.files.cert("mcp.pem")).unwrap();
        fs::create_dir(place.files.cert("mcp.pem")).unwrap();
    }),
    ("too_large", |place| {
        place.files.replace("mcp.pem", &"#".repeat(10 << 20))
    }),
    ("perm_key", |place| mode(place, "mcp.key", 0o644)),
    ("dir_writable", |place| mode(place, "", 0o777)),
    ("symlink_escape", |place| {
        let (file, outside) = (place.files.cert("mcp.pem"), place.files.path("outside"));
        fs::rename(&file, &outside).unwrap();
        symlink(outside, file).unwrap();
    }),
    ("key_unknown", |place| {
        place.files.replace("mcp.key", &block("PRIVATE KEY"));
    }),
    ("bundle_empty", |place| place.files.replace("roots.pem", "")),
    ("bundle_shrunk_without_overlap", |place| {
        let control = place.pki.control_servers.root_pem();
        place.files.replace("roots.pem", &control);
    }),
    ("anchor_not_ca", |place| {
        add_root(place, &issued(&leaf())(&place.pki).chain_pem)
    }),
    ("anchor_expired", |place| add_root(place, &root_of_2020())),
    ("crl_unreadable", |place| place.files.replace("crl.pem", "")),
    ("crl_too_large", |place| {
        place.files.replace("crl.pem", &"#".repeat(5 << 20))
    }),
];

/// What only the strict profile refuses.
pub(crate) const STRICT: [Vector; 3] = [
    ("life_too_long", |place| {
        put(
            place,
            issued(&leaf().valid(soon(), soon() + 24 * 500 * HOUR)),
        )
    }),
    ("key_reused", |place| {
        let in_use = Issued {
            chain_pem: String::new(),
            key_pem: fs::read_to_string(place.files.cert("mcp.key"))
                .unwrap()
                .into(),
        };
        let later = leaf().valid(soon(), soon() + HOUR);
        put(place, |pki| {
            pki.mcp_clients.reissue(&later, &in_use).unwrap()
        });
    }),
    ("duplicate_serial", |place| {
        let later = leaf().valid(soon(), soon() + HOUR).serial(NUMBER);
        put(place, issued(&later));
    }),
];
/// The serial number of the identity in use where [`STRICT`] is tried.
pub(crate) const NUMBER: u64 = 4711;

/// Issues a leaf for the server.
fn issued(leaf: &Leaf) -> impl FnOnce(&Pki) -> Issued {
    move |pki| pki.mcp_clients.issue(leaf).unwrap()
}

/// Puts the identity for the server in place.
fn put(place: &Place, make: impl FnOnce(&Pki) -> Issued) {
    place.files.identity("mcp", &make(&place.pki));
}

fn past(leaf: &Leaf) -> Leaf {
    let now = SystemTime::now();
    leaf.clone().valid(now - 2 * HOUR, now - HOUR)
}

/// No earlier than what is in use begins.
fn soon() -> SystemTime {
    SystemTime::now()
}

/// A leaf so many intermediates below the root.
fn below(pki: &Pki, depth: usize) -> Issued {
    let first = pki.mcp_clients.intermediate("ca 0").unwrap();
    let last = (1..depth).fold(first, |issuer: Authority, depth| {
        issuer.intermediate(&format!("ca {depth}")).unwrap()
    });
    last.issue(&leaf()).unwrap()
}

fn mode(place: &Place, name: &str, mode: u32) {
    fs::set_permissions(place.files.cert(name), fs::Permissions::from_mode(mode)).unwrap();
}

fn add_root(place: &Place, pem: &str) {
    let roots = fs::read_to_string(place.files.cert("roots.pem")).unwrap();
    place.files.replace("roots.pem", &(roots + pem));
}

/// A CA that nobody renewed.
fn root_of_2020() -> String {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
    let key = KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().pem()
}

/// A block that holds nothing.
fn block(label: &str) -> String {
    format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n")
}

/// ecdsa-with-SHA256 becomes ecdsa-with-SHA224, in the signed part and beside it.
fn signed_with_sha_224(pki: &Pki) -> Issued {
    const SHA_256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    let key = KeyPair::generate().unwrap();
    let certificate = pki.mcp_clients.issue_for(&leaf(), &key).unwrap();
    let mut der = certificate.der().to_vec();
    let is_named = |at: &usize| der[*at..].starts_with(&SHA_256);
    let places: Vec<usize> = (0..der.len()).filter(is_named).collect();
    places.iter().for_each(|at| der[at + 7] = 1);
    let text = STANDARD.encode(der);
    Issued {
        chain_pem: format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"),
        key_pem: key.serialize_pem().into(),
    }
}

/// A public RSA key of 1024 bits; the modulus need not be one, since nothing is ever signed with it.
struct Rsa1024(Vec<u8>);

impl Rsa1024 {
    fn new() -> Self {
        let mut der = vec![0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00];
        der.extend([0xC5; 128]);
        der.extend([0x02, 0x03, 0x01, 0x00, 0x01]);
        Self(der)
    }
}

impl PublicKeyData for Rsa1024 {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}
