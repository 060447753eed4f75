//! The response post (wire sheet 2.1, 12).

use std::sync::Arc;

use bytes::Bytes;
use hyper::{HeaderMap, Response, StatusCode, header::CONTENT_TYPE};
use serde_json::json;

use super::{
    Fault, Plane, Reply, ReplyKind, agent, command::CommandKind, desk::Open, fault::torn, message,
    payload::Payload, refusal::Refusal,
};
use crate::demo::net::{Body, Cut, Peer, body};

/// A response post that could be read.
#[derive(Clone, Debug)]
pub struct Post {
    /// The command it is for.
    pub request_id: String,
    /// Who sent it.
    pub peer: Option<Arc<Peer>>,
    /// What it says.
    pub reply: Reply,
    /// Whether it was taken: not a breach, not late, not spoiled.
    pub taken: bool,
}

impl Plane {
    /// Takes one post whose standing headers were checked.
    pub(super) async fn post(
        &self,
        headers: &HeaderMap,
        whole: &Bytes,
        peer: Option<Arc<Peer>>,
    ) -> Result<Result<Response<Body>, Cut>, Refusal> {
        if agent::one(headers, CONTENT_TYPE.as_str()).map_err(Refusal::breach)?
            != "application/json"
        {
            return Err(Refusal::breach("`Content-Type` must be `application/json`"));
        }
        let payload = Payload::parse(whole).map_err(Refusal::breach)?;
        let verdict = self.judge(headers, &payload);
        let fault = verdict
            .is_ok()
            .then(|| self.desk.lock().post_fault())
            .flatten();
        let taken = verdict.is_ok() && !prevents(fault.as_ref());
        self.posts.add(Post {
            request_id: payload.request_id.clone(),
            peer,
            reply: payload.reply.clone(),
            taken,
        });
        verdict?;
        if taken {
            self.desk.lock().deliver(&payload.request_id, payload.reply);
        }
        Ok(self.acknowledge(fault).await)
    }

    /// Whether this post may close or feed the command it names.
    fn judge(&self, headers: &HeaderMap, payload: &Payload) -> Result<(), Refusal> {
        let token = agent::one(headers, "x-tunnel-shard-token").map_err(Refusal::breach)?;
        let desk = self.desk.lock();
        let open = desk
            .open
            .get(&payload.request_id)
            .ok_or_else(Refusal::not_pending)?;
        if token != open.shard_token {
            return Err(Refusal::breach(
                "`X-Tunnel-Shard-Token` is not the one of this command",
            ));
        }
        open.check_client_request_id(headers)
            .map_err(Refusal::breach)?;
        open.check_reply(&payload.reply).map_err(Refusal::breach)
    }

    async fn acknowledge(&self, fault: Option<Fault>) -> Result<Response<Body>, Cut> {
        match fault {
            None => Ok(body::json(StatusCode::OK, &json!({"status": "ok"}))),
            Some(Fault::Answer(answer)) => Ok(answer.response()),
            Some(Fault::CutBeforeHeaders | Fault::DoneThenCut) => Err(Cut),
            Some(Fault::CutInsideBody) => Ok(torn(
                StatusCode::OK,
                &Bytes::from_static(br#"{"status":"ok"}"#),
            )),
            Some(Fault::Hold) => {
                self.hold().await;
                Err(Cut)
            }
        }
    }
}

/// Whether a fault comes before the reply is taken.
fn prevents(fault: Option<&Fault>) -> bool {
    match fault {
        Some(Fault::Answer(_) | Fault::CutBeforeHeaders | Fault::Hold) => true,
        Some(Fault::DoneThenCut | Fault::CutInsideBody) | None => false,
    }
}

impl Open {
    /// The header repeats the command's own, and is absent if the command had none.
    fn check_client_request_id(&self, headers: &HeaderMap) -> Result<(), String> {
        const NAME: &str = "x-client-request-id";
        match &self.client_request_id {
            None if headers.contains_key(NAME) => Err(
                "`X-Client-Request-Id` was sent, but the command had no `X-Request-Id`".to_owned(),
            ),
            Some(expected) if agent::one(headers, NAME)? != expected => {
                Err("`X-Client-Request-Id` is not the command's `X-Request-Id`".to_owned())
            }
            Some(_) | None => Ok(()),
        }
    }

    fn check_reply(&self, reply: &Reply) -> Result<(), String> {
        if reply
            .channel
            .as_deref()
            .is_some_and(|channel| channel != self.channel)
        {
            return Err("`channel` is not the command's".to_owned());
        }
        let json = reply.json.as_deref().unwrap_or_default();
        let is_notification = self.ask.as_ref().is_some_and(|ask| ask.id.is_none());
        match (self.kind, reply.kind) {
            (CommandKind::SessionTermination, ReplyKind::SessionTerminationResponse) => Ok(()),
            (CommandKind::Jsonrpc, ReplyKind::JsonrpcResponse) => {
                message::check_answer(json, self.ask.as_ref())
            }
            (CommandKind::Jsonrpc, ReplyKind::JsonrpcNotify) if !is_notification => {
                message::check_notice(json)
            }
            (CommandKind::Jsonrpc, ReplyKind::NotifyAck) if is_notification => Ok(()),
            (_, kind) => Err(format!(
                "a reply of type {kind:?} does not fit this command"
            )),
        }
    }
}
