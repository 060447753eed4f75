//! How a request that may not pass is answered.

use hyper::{Response, StatusCode};
use serde_json::json;

use crate::demo::net::{Body, body};

/// An error answer, and the sentence to write down if it is a breach of the contract.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    /// What was wrong.
    pub(super) sentence: String,
    /// Whether the agent broke the contract. A wrong key or a late reply is no breach.
    pub(super) breach: bool,
}

impl Refusal {
    /// A breach of the contract: 400.
    pub(super) fn breach(sentence: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "invalid_request",
            sentence: sentence.into(),
            breach: true,
        }
    }

    /// The bearer is missing or another one: 401.
    pub(super) fn unauthorized() -> Self {
        Self::plain(
            StatusCode::UNAUTHORIZED,
            "tunnel_use_forbidden",
            "the api key is not the right one",
        )
    }

    /// The command is closed, withdrawn or was never queued: 404 (wire sheet 12.3).
    pub(super) fn not_pending() -> Self {
        Self::plain(
            StatusCode::NOT_FOUND,
            "pending_request_not_found",
            "no such request is pending",
        )
    }

    /// No route of this tunnel: 404, and a breach.
    pub(super) fn no_route(sentence: String) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            code: "not_found",
            sentence,
            breach: true,
        }
    }

    fn plain(status: StatusCode, code: &'static str, sentence: &str) -> Self {
        Self {
            status,
            code,
            sentence: sentence.to_owned(),
            breach: false,
        }
    }

    pub(super) fn response(&self) -> Response<Body> {
        let error = json!({"error": {
            "message": self.sentence,
            "type": "invalid_request_error",
            "param": null,
            "code": self.code,
        }});
        body::json(self.status, &error)
    }
}
