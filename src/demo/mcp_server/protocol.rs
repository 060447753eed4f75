//! What the server says by itself (MCP 2025-11-25, "Streamable HTTP" and "Lifecycle").

use std::time::Duration;

use hyper::{
    Method, Response, StatusCode,
    header::{ALLOW, HeaderValue},
};
use serde_json::{Value, json};

use super::{
    Heard, PATH, Server,
    answer::event,
    tools::{self, SLOW_COUNT},
};
use crate::demo::net::{Body, body};

const SESSION: &str = "mcp-session-id";
/// Revisions it speaks, the newest first.
const REVISIONS: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];
/// Between two steps of `slow_count`.
const STEP: Duration = Duration::from_millis(20);

const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const METHOD_NOT_FOUND: i32 = -32601;
const INVALID_PARAMS: i32 = -32602;

/// The answer to one request.
pub(super) fn answer(server: &Server, heard: &Heard) -> Response<Body> {
    if heard.path != PATH {
        return body::empty(StatusCode::NOT_FOUND);
    }
    match heard.method {
        Method::POST => post(server, heard),
        Method::DELETE => delete(server, heard),
        _ => not_allowed(),
    }
}

fn not_allowed() -> Response<Body> {
    let mut response = body::empty(StatusCode::METHOD_NOT_ALLOWED);
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("POST, DELETE"));
    response
}

/// 204 for a session that was open, 404 for any other (the session is unknown, so there is nothing to end).
fn delete(server: &Server, heard: &Heard) -> Response<Body> {
    match heard.header(SESSION) {
        Some(session) if server.sessions.end(session) => body::empty(StatusCode::NO_CONTENT),
        Some(_) => body::empty(StatusCode::NOT_FOUND),
        None => body::empty(StatusCode::BAD_REQUEST),
    }
}

fn post(server: &Server, heard: &Heard) -> Response<Body> {
    let Ok(message) = serde_json::from_slice::<Value>(&heard.body) else {
        return refuse(
            StatusCode::BAD_REQUEST,
            &Value::Null,
            PARSE_ERROR,
            "this is no JSON",
        );
    };
    let (id, method) = (
        message.get("id").cloned(),
        message.get("method").and_then(Value::as_str),
    );
    let Some(method) = method else {
        return refuse(
            StatusCode::BAD_REQUEST,
            &Value::Null,
            INVALID_REQUEST,
            "there is no method",
        );
    };
    if method != "initialize"
        && server.options.sessions
        && let Some(refusal) = without_session(server, heard, id.as_ref())
    {
        return refusal;
    }
    match id {
        None => body::empty(StatusCode::ACCEPTED),
        Some(id) => request(
            server,
            &id,
            method,
            message.get("params").unwrap_or(&Value::Null),
        ),
    }
}

/// The refusal of a request that needs a session: 400 without a name, 404 with one that is not open.
fn without_session(server: &Server, heard: &Heard, id: Option<&Value>) -> Option<Response<Body>> {
    let id = id.unwrap_or(&Value::Null);
    match heard.header(SESSION) {
        Some(session) if server.sessions.is_open(session) => None,
        Some(_) => Some(refuse(
            StatusCode::NOT_FOUND,
            id,
            INVALID_REQUEST,
            "the session is not open",
        )),
        None => Some(refuse(
            StatusCode::BAD_REQUEST,
            id,
            INVALID_REQUEST,
            "a session is required",
        )),
    }
}

fn request(server: &Server, id: &Value, method: &str, params: &Value) -> Response<Body> {
    match method {
        "initialize" => initialize(server, id, params),
        "ping" => result(server, id, &json!({})),
        "tools/list" => result(server, id, &server.definitions().page(params)),
        "tools/call" => call(server, id, params),
        _ => refuse(
            StatusCode::OK,
            id,
            METHOD_NOT_FOUND,
            "there is no such method",
        ),
    }
}

fn initialize(server: &Server, id: &Value, params: &Value) -> Response<Body> {
    let asked = params.get("protocolVersion").and_then(Value::as_str);
    let spoken = REVISIONS
        .into_iter()
        .find(|revision| Some(*revision) == asked);
    let mut opened = json!({
        "protocolVersion": spoken.unwrap_or("2025-11-25"),
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "portcullis-demo-records", "version": env!("CARGO_PKG_VERSION")},
    });
    let instructions = server.definitions().instructions.clone();
    if !instructions.is_empty()
        && let Value::Object(members) = &mut opened
    {
        members.insert("instructions".to_owned(), instructions.into());
    }
    let mut response = result(server, id, &opened);
    if server.options.sessions
        && let Ok(session) = HeaderValue::try_from(server.sessions.open())
    {
        response.headers_mut().insert(SESSION, session);
    }
    response
}

fn call(server: &Server, id: &Value, params: &Value) -> Response<Body> {
    let name = params
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let arguments = params.get("arguments").unwrap_or(&Value::Null);
    let Some(outcome) = tools::call(name, arguments) else {
        return refuse(StatusCode::OK, id, INVALID_PARAMS, "there is no such tool");
    };
    server.tools_run.add(name.to_owned());
    match params.pointer("/_meta/progressToken") {
        Some(token) if name == SLOW_COUNT => count(id, token, tools::count_to(arguments), &outcome),
        Some(_) | None => result(server, id, &outcome),
    }
}

/// An event stream: one progress notification a step, then the result.
fn count(id: &Value, token: &Value, to: u64, outcome: &Value) -> Response<Body> {
    let steps = (1..=to).map(|step| {
        json!({
            "jsonrpc": "2.0",
            "method": "notifications/progress",
            "params": {"progressToken": token, "progress": step, "total": to},
        })
    });
    let events: Vec<_> = steps
        .chain([answered(id, outcome)])
        .map(|message| event(&message.to_string()))
        .collect();
    let paced = futures_util::stream::unfold(events.into_iter(), |mut left| async {
        let next = left.next()?;
        tokio::time::sleep(STEP).await;
        Some((Ok(next), left))
    });
    body::typed(body::pieces(StatusCode::OK, paced), "text/event-stream")
}

fn result(server: &Server, id: &Value, result: &Value) -> Response<Body> {
    let message = answered(id, result);
    if server.options.always_stream {
        let event = event(&message.to_string());
        return body::typed(body::bytes(StatusCode::OK, event), "text/event-stream");
    }
    body::json(StatusCode::OK, &message)
}

fn answered(id: &Value, result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

fn refuse(status: StatusCode, id: &Value, code: i32, message: &str) -> Response<Body> {
    let error = json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}});
    body::json(status, &error)
}
