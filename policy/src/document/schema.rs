//! The closed schema: what a policy file may say, as serde reads it.

use serde::Deserialize;
use toml::Spanned;

use super::mistake::Mistakes;

/// The one version of the language.
const SCHEMA: i64 = 1;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPolicy {
    pub(super) schema: Spanned<i64>,
    pub(super) name: Option<String>,
    pub(super) limits: Option<RawLimits>,
    pub(super) audit: Option<RawAudit>,
    #[serde(default)]
    pub(super) server: Vec<RawServer>,
}

/// `[limits]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) request_bytes: Option<Spanned<RawSize>>,
    pub(super) response_bytes: Option<Spanned<RawSize>>,
    pub(super) stream_bytes: Option<Spanned<RawSize>>,
    pub(super) stream_events: Option<Spanned<i64>>,
    pub(super) json_depth: Option<Spanned<i64>>,
    pub(super) json_members: Option<Spanned<i64>>,
    pub(super) json_nodes: Option<Spanned<i64>>,
}

/// `[audit]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAudit {
    pub(super) on_write_failure: Option<Spanned<String>>,
    pub(super) spool_bytes: Option<Spanned<RawSize>>,
    pub(super) durability: Option<Spanned<String>>,
    pub(super) arguments: Option<Spanned<String>>,
}

/// A number of bytes, or a text such as `"64KiB"`.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawSize {
    Bytes(i64),
    Text(String),
}

/// `[[server]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawServer {
    pub(super) channel: Spanned<String>,
    pub(super) tools: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) forward_headers: Option<Spanned<Vec<Spanned<String>>>>,
}

/// The file must say which language it is written in.
pub(super) fn check_version(raw: &RawPolicy, mistakes: &mut Mistakes<'_>) {
    if *raw.schema.get_ref() != SCHEMA {
        mistakes.add(
            &raw.schema,
            "this version of the policy language is not known",
            "write `schema = 1`",
        );
    }
}
