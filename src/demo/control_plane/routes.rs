//! The door: which request is which, and what all of them must have.

use std::sync::Arc;

use hyper::{Method, Request, Response, StatusCode, Version, body::Incoming, header::HeaderValue};
use serde_json::json;

use super::{Plane, agent, refusal::Refusal};
use crate::demo::{
    net::{Body, Cut, Handler, Peer, Visit, body},
    token,
};

/// The largest post: more than the largest answer a policy can allow.
const MAX_POST: usize = 80 * 1024 * 1024;

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The tunnel's own description.
    Metadata,
    /// The long poll.
    Poll,
    /// The response post.
    Response,
    /// Nothing of the contract.
    Unknown,
}

/// One request and how it was answered.
#[derive(Clone, Debug)]
pub struct Call {
    /// What it was for.
    pub route: Route,
    /// HTTP/1.1 or HTTP/2.
    pub version: Version,
    /// Who sent it.
    pub peer: Option<Arc<Peer>>,
    /// The status of the answer; none if the connection was cut instead.
    pub status: Option<StatusCode>,
}

impl Handler for Plane {
    async fn handle(self: Arc<Self>, visit: Visit) -> Result<Response<Body>, Cut> {
        let Visit { peer, request } = visit;
        let route = self.route(request.method(), request.uri().path());
        let version = request.version();
        let answer = match self.answer(route, request, peer.clone()).await {
            Ok(answer) => answer,
            Err(refusal) => Ok(self.refuse(&refusal)),
        };
        let status = answer.as_ref().ok().map(Response::status);
        self.calls.add(Call {
            route,
            version,
            peer,
            status,
        });
        answer.map(named)
    }
}

impl Plane {
    /// Exact paths only (wire sheet 1.3).
    fn route(&self, method: &Method, path: &str) -> Route {
        let tunnel = format!(
            "{}/v1/tunnels/{}",
            self.options.url_path, self.options.tunnel_id
        );
        match (method, path.strip_prefix(&tunnel)) {
            (&Method::GET, Some("")) => Route::Metadata,
            (&Method::GET, Some("/poll")) => Route::Poll,
            (&Method::POST, Some("/response")) => Route::Response,
            (_, _) => Route::Unknown,
        }
    }

    async fn answer(
        &self,
        route: Route,
        request: Request<Incoming>,
        peer: Option<Arc<Peer>>,
    ) -> Result<Result<Response<Body>, Cut>, Refusal> {
        let (head, incoming) = request.into_parts();
        if !agent::is_authorized(&head.headers, &self.options.api_key) {
            return Err(Refusal::unauthorized());
        }
        agent::check(&head.headers).map_err(Refusal::breach)?;
        let whole = body::read(incoming, MAX_POST).await;
        let whole = whole.map_err(|error| Refusal::breach(error.to_string()))?;
        if route != Route::Response && !whole.is_empty() {
            return Err(Refusal::breach("a GET has a body"));
        }
        match route {
            Route::Metadata => Ok(Ok(self.metadata())),
            Route::Poll => self.poll(head.uri.query().unwrap_or_default()).await,
            Route::Response => self.post(&head.headers, &whole, peer).await,
            Route::Unknown => {
                let sentence = format!(
                    "`{} {}` is no route of this tunnel",
                    head.method,
                    head.uri.path()
                );
                Err(Refusal::no_route(sentence))
            }
        }
    }

    fn metadata(&self) -> Response<Body> {
        let id = &self.options.tunnel_id;
        body::json(
            StatusCode::OK,
            &json!({"id": id, "name": "demo", "description": "a tunnel on loopback"}),
        )
    }

    fn refuse(&self, refusal: &Refusal) -> Response<Body> {
        if refusal.breach {
            self.violations.add(refusal.sentence.clone());
        }
        refusal.response()
    }
}

/// Every answer has an id of its own, as the service's have.
fn named(mut response: Response<Body>) -> Response<Body> {
    if let Ok(value) = HeaderValue::try_from(format!("svc-{}", token::hex())) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}
