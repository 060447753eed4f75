//! Readiness as JSON.

use serde::Serialize;

use super::unix;
use crate::ops::state::readiness::Readiness;

/// Readiness as JSON, the same here and at `/readyz`.
#[derive(Debug, Serialize)]
pub struct ReadinessStatus {
    ready: bool,
    status: String,
    causes: Vec<CauseStatus>,
}

#[derive(Debug, Serialize)]
struct CauseStatus {
    code: &'static str,
    since: u64,
    detail: String,
    remedy: String,
}

impl From<Readiness> for ReadinessStatus {
    fn from(readiness: Readiness) -> Self {
        let causes = readiness.causes.into_iter().map(|cause| CauseStatus {
            code: cause.code,
            since: unix(cause.since),
            detail: cause.detail,
            remedy: cause.remedy,
        });
        Self {
            ready: readiness.ready,
            status: readiness.status,
            causes: causes.collect(),
        }
    }
}
