//! A control plane with a client that plays the agent, well or badly.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request, Response, header::HeaderName};
use portcullis::demo::{
    control_plane::{ControlPlane, Options, Pending},
    net::{Client, ClientError, Door},
};
use portcullis_certs::dev::{Leaf, Pki};

/// Everything one contract test needs.
pub(crate) struct Stage {
    pub(crate) pki: Pki,
    pub(crate) control: Arc<ControlPlane>,
    pub(crate) client: Client,
}

/// One request of the agent: right by default, wrong where a test asks for it.
#[derive(Clone)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        Self::behind(|door| door).await
    }

    pub(crate) async fn behind(change: impl FnOnce(Door) -> Door) -> Self {
        let pki = Pki::new().unwrap();
        let door = change(Door::control_plane(&pki).unwrap());
        let control = ControlPlane::start(door, Options::default()).await.unwrap();
        let control = Arc::new(control);
        let agent = pki
            .control_clients
            .issue(&Leaf::client("test-agent"))
            .unwrap();
        let client = Client::tls(&pki.control_servers.root_pem(), Some(&agent)).unwrap();
        Self {
            pki,
            control,
            client,
        }
    }

    pub(crate) fn poll(&self, query: &str) -> Ask {
        Ask::new(Method::GET, &format!("{}/poll?{query}", self.tunnel()))
    }

    /// The post of `body` for a command, in which `ID` stands for its `request_id`.
    pub(crate) fn post(&self, pending: &Pending, body: &str) -> Ask {
        self.post_for(pending.request_id(), pending.shard_token(), body)
    }

    /// The same for a command known by its names only.
    pub(crate) fn post_for(&self, request_id: &str, shard_token: &str, body: &str) -> Ask {
        let ask = Ask::new(Method::POST, &format!("{}/response", self.tunnel()));
        ask.body(&body.replace("ID", request_id))
            .with("content-type", "application/json")
            .with("x-tunnel-shard-token", shard_token)
    }

    pub(crate) fn tunnel(&self) -> String {
        format!("/v1/tunnels/{}", self.control.options().tunnel_id)
    }

    pub(crate) async fn send(&self, ask: &Ask) -> Result<Response<Bytes>, ClientError> {
        self.client.send(ask.request(&self.control.url())).await
    }

    /// The status of the answer.
    pub(crate) async fn status(&self, ask: &Ask) -> u16 {
        self.send(ask).await.unwrap().status().as_u16()
    }

    /// Sends a breach: it must be answered 400 and written down once, in words that hold `part`.
    pub(crate) async fn breach(&self, ask: &Ask, part: &str) {
        let before = self.control.violations().len();
        assert_eq!(self.status(ask).await, 400, "{part}");
        let violations = self.control.violations();
        assert_eq!(violations.len(), before + 1, "{violations:?}");
        assert!(violations[before].contains(part), "{violations:?}");
    }
}

impl Ask {
    pub(crate) fn new(method: Method, path: &str) -> Self {
        let ask = Self {
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: String::new(),
        };
        ask.with(
            "authorization",
            &format!("Bearer {}", Options::default().api_key),
        )
        .with("accept", "application/json")
        .with("user-agent", "portcullis/0.1.0")
        .with("x-tunnel-client-name", "portcullis")
        .with("x-tunnel-client-version", "0.1.0")
        .with(
            "x-tunnel-client-instance-id",
            "000102030405060708090a0b0c0d0e0f",
        )
        .with(
            "x-tunnel-mcp-server-info",
            r#"{"version":1,"channels":[{"name":"main"}]}"#,
        )
    }

    /// With this header instead of any of the same name.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.and(name, value)
    }

    /// With this header besides those of the same name.
    pub(crate) fn and(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(present, _)| present != name);
        self
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    fn request(&self, base: &str) -> Request<Full<Bytes>> {
        let body = Full::new(Bytes::from(self.body.clone()));
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(format!("{base}{}", self.path));
        for (name, value) in &self.headers {
            request = request.header(name.parse::<HeaderName>().unwrap(), value);
        }
        request.body(body).unwrap()
    }
}
