//! The forms the control plane asks for, as its two pages of help describe them.

use x509_parser::{certificate::X509Certificate, extensions::ParsedExtension};

use super::{Chain, about};
use crate::{
    fault::{Code, Fault},
    rules::Form,
};

/// The largest certificate text the service takes, in bytes.
const LARGEST: usize = 16 * 1024;

/// Everything that is not as the form has it, as one fault.
pub(super) fn fault(form: Form, chain: &Chain<'_>) -> Option<Fault> {
    let one = match form {
        Form::Any => return None,
        Form::OpenAiDirect => true,
        Form::OpenAiChain => false,
    };
    let leaf = chain.parsed.first()?;
    let missing = [
        (!has_subject_key(leaf), "no subject key identifier"),
        (!has_authority_key(leaf), "no authority key identifier"),
        (!has_usages(leaf), "not both key usages"),
        (!is_for_clients(leaf), "no extendedKeyUsage clientAuth"),
        (chain.pem_size >= LARGEST, "16 kB or more"),
        (one && chain.parsed.len() > 1, "more than one certificate"),
    ];
    let missing: Vec<&str> = missing
        .into_iter()
        .filter_map(|(wrong, what)| wrong.then_some(what))
        .collect();
    (!missing.is_empty()).then(|| about(Code::ProfileOpenAi).because(missing.join(", ")))
}

fn has_subject_key(leaf: &X509Certificate<'_>) -> bool {
    let mut all = leaf.extensions().iter();
    all.any(|each| {
        matches!(
            each.parsed_extension(),
            ParsedExtension::SubjectKeyIdentifier(_)
        )
    })
}

fn has_authority_key(leaf: &X509Certificate<'_>) -> bool {
    let mut all = leaf.extensions().iter();
    all.any(|each| {
        matches!(
            each.parsed_extension(),
            ParsedExtension::AuthorityKeyIdentifier(_)
        )
    })
}

fn has_usages(leaf: &X509Certificate<'_>) -> bool {
    let usage = leaf.key_usage().ok().flatten();
    usage.is_some_and(|usage| usage.value.digital_signature() && usage.value.key_encipherment())
}

fn is_for_clients(leaf: &X509Certificate<'_>) -> bool {
    let usage = leaf.extended_key_usage().ok().flatten();
    usage.is_some_and(|usage| usage.value.client_auth)
}
