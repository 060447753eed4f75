//! Every reason, one row each.
//!
//! Promises: a label never changes meaning and is never used again for another. `docs/certificates.md` explains each; a test holds the two together.

use crate::rules::Profile;

macro_rules! codes {
    ($($name:ident: $label:literal, $problem:literal, $remedy:literal;)+) => {
        /// The reason, stable across releases: see [`Code::label`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!("`", $label, "`: ", $problem, ".")] $name,)+
        }

        impl Code {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The stable name, for logs, metrics and audit records.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)+ }
            }

            /// What is wrong, to follow the name of the file.
            #[must_use]
            pub const fn problem(self) -> &'static str {
                match self { $(Self::$name => $problem,)+ }
            }

            /// What to do about it.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)+ }
            }
        }
    };
}

codes! {
    // Files.
    Unreadable: "unreadable", "cannot be read", "check the path and the permissions of the service user";
    NotRegular: "not_regular", "is not a regular file", "name the file itself";
    TooLarge: "too_large", "is larger than the limit", "name the right file, or remove what does not belong in it";
    PermKey: "perm_key", "is open to more users than it should be", "give it to root or the service user and run `chmod 0600` on it (0640 at most, for a group of the service)";
    DirWritable: "dir_writable", "lies in a directory that others may write to", "run `chmod go-w` on the directory, or give it to root or the service user";
    SymlinkEscape: "symlink_escape", "is a link that leads out of its directory", "name the file the link leads to, or put the file into the directory";
    UnstableFiles: "unstable_files", "changes while it is read", "write each file once, under another name, and rename it into place";
    // PEM.
    PemGarbage: "pem_garbage", "is not well-formed PEM", "export it again as PEM text with BEGIN and END lines";
    PemNoCert: "pem_no_cert", "holds no certificate", "put the certificate chain into it, leaf first";
    PemNoKey: "pem_no_key", "holds no private key", "put the key of the certificate into it";
    PemManyKeys: "pem_many_keys", "holds more than one private key", "keep only the key of the certificate";
    PemEncrypted: "pem_encrypted", "is encrypted with a passphrase", "decrypt it with `openssl pkey` and protect the file by its mode";
    PemWrongBlock: "pem_wrong_block", "holds a block that does not belong here", "check that certificate and key files are not swapped, and remove the block";
    // Key.
    KeyMismatch: "key_mismatch", "does not belong to the certificate", "give the key the certificate was issued for";
    KeyUnknown: "key_unknown", "is of a kind that cannot be used", "use ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of 2048 to 8192 bits";
    KeyWeak: "key_weak", "has a key that is too weak", "issue it again for RSA of at least 2048 bits, or ECDSA on P-256 or larger";
    KeyReused: "key_reused", "renews the certificate but keeps the key", "have the issuer make a new key with each certificate";
    // Leaf.
    Expired: "expired", "has expired", "put a renewed certificate in place";
    NotYetValid: "not_yet_valid", "is not valid yet", "wait, or check the clock of this machine";
    ClockUnsynced: "clock_unsynced", "is judged by a clock that follows no time server", "let the clock of this machine follow a time server";
    LifeTooShort: "life_too_short", "ends too soon to be worth putting in use", "put a certificate with more life left in place";
    LifeTooLong: "life_too_long", "is valid for longer than it should be", "issue certificates for at most 398 days, and renew them unattended";
    LeafIsCa: "leaf_is_ca", "is a CA certificate, which servers refuse from a client", "issue a leaf certificate (basicConstraints CA:FALSE) for this client";
    EkuNoClientAuth: "eku_no_client_auth", "is not meant for client authentication", "issue it with extendedKeyUsage clientAuth";
    EkuAny: "eku_any", "may be used for any purpose", "issue it with extendedKeyUsage clientAuth alone";
    KuNoDigitalSignature: "ku_no_digital_signature", "is not allowed to sign a handshake", "issue it with keyUsage digitalSignature";
    SanMismatch: "san_mismatch", "lacks a name it must carry", "issue it with that subject alternative name";
    IdentityChanged: "identity_changed", "names somebody else than the certificate in use", "check that it is for this agent; where the change is meant, allow it for one reload";
    SigAlg: "sig_alg", "is signed with an algorithm that peers no longer accept", "issue it again, signed with ECDSA or RSA and SHA-256 or better, or Ed25519";
    UnknownCriticalExt: "unknown_critical_ext", "has a critical extension that peers do not understand", "issue it without that extension, or not marked critical";
    // Chain.
    ChainOrder: "chain_order", "holds a chain in the wrong order", "order it leaf first, each followed by the certificate that issued it";
    ChainIncomplete: "chain_incomplete", "does not reach the CA that has to have issued it", "add the certificates between the leaf and that CA, or name the CA that issued it";
    ChainTooLong: "chain_too_long", "has more certificates than peers follow", "issue from a CA with at most six others between it and the leaf";
    IssuerMismatch: "issuer_mismatch", "was not issued by the CA it names", "put the certificates of the CA that issued it into the chain";
    ProfileOpenAi: "profile_openai", "does not have the form the control plane asks for", "issue it with subject and authority key identifiers, keyUsage digitalSignature and keyEncipherment, extendedKeyUsage clientAuth, below 16 kB and in the length of chain of the profile";
    // History.
    Rollback: "rollback", "is older than the certificate in use", "put the newest certificate in place; where going back is meant, allow it for one reload";
    Revoked: "revoked", "has been revoked by its issuer", "issue a new certificate for a new key";
    DuplicateSerial: "duplicate_serial", "has the serial number of another certificate of its issuer", "let the issuer choose serial numbers at random";
    // Roots.
    BundleEmpty: "bundle_empty", "holds no trust root", "put at least one CA certificate into it";
    BundleShrunk: "bundle_shrunk_without_overlap", "no longer holds a root that connected servers are certified by", "keep the old root until every server shows a certificate of the new one, or force it";
    AnchorNotCa: "anchor_not_ca", "holds a certificate that is not a CA", "keep only CA certificates in it";
    AnchorExpired: "anchor_expired", "holds a CA certificate that has expired", "remove it, and add its successor";
    // Revocation lists.
    CrlUnreadable: "crl_unreadable", "is not a revocation list that can be read", "put a complete list of one issuer into it, as PEM or DER";
    CrlBadSignature: "crl_bad_signature", "is not signed by a CA that is known here", "fetch the list again from the CA, and check that the CA is among the roots or in the chain";
    CrlStale: "crl_stale", "is past its time of next update", "fetch the current list from the CA";
    CrlOlder: "crl_older", "is older than the list in use", "put the newest list in place";
    CrlTooLarge: "crl_too_large", "is larger than a revocation list may be", "let the CA split its lists, or issue shorter-lived certificates";
}

impl Code {
    /// Whether it is told and not refused under `profile`.
    #[must_use]
    pub const fn is_warning(self, profile: Profile) -> bool {
        let in_default = matches!(
            self,
            Self::KeyReused | Self::LifeTooLong | Self::DuplicateSerial | Self::ClockUnsynced
        );
        matches!(self, Self::EkuAny) || (in_default && matches!(profile, Profile::Default))
    }
}
