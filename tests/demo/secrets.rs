//! No secret leaks: canaries go in at every door of the real agent, and everything that it wrote is searched for them (INVARIANT: 6).
//!
//! Each fault on the way is one whose text an agent would like to log: peers that repeat what they were sent. The search is no proof if it
//! cannot find anything, so the operator's reason, which may stand in the record, is one more canary.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command as Process;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper::StatusCode;
use portcullis::demo::agent::Log;
use portcullis::demo::control_plane::{Command, Fault};
use portcullis::demo::mcp_server::{Answer, DELETE_RECORD, McpServer, Piece, SEARCH_RECORDS};
use portcullis::demo::policy::{Choice, DEMO};
use portcullis::demo::{Plan, Stage};
use serde_json::json;
use tokio::time::timeout;

use crate::drain::until;
use crate::exactly_once::plan;

/// Longer than any of this may take; it only ends a test that would hang.
const HANGS: Duration = Duration::from_secs(60);
/// May be told: the operator gave it for the record.
const REASON: &str = "canary-reason-7Qx2";
const CONTROL_HEADER: &str = "canary-control-header-8Rk1";
/// Short, and a word like any other.
const SHORT_HEADER: &str = "zwquxk";
const SERVER_HEADER: &str = "canary-server-header-3Wz9";
const BEARER: &str = "canary-bearer-5Tn6";
const SESSION: &str = "canary-session-1Hj4";
const ARGUMENT: &str = "canary-argument-9Lm3";
const NAME: &str = "canary-tool-name-2Vb8";
const ANSWER: &str = "canary-answer-6Pd5";
const ERROR: &str = "canary-error-4Yc7";
const PLANTED: [&str; 9] = [
    CONTROL_HEADER,
    SHORT_HEADER,
    SERVER_HEADER,
    BEARER,
    SESSION,
    ARGUMENT,
    NAME,
    ANSWER,
    ERROR,
];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_the_agent_writes_holds_a_secret_in_json() {
    show(Log::Kept, "digest").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_the_agent_writes_holds_a_secret_in_text() {
    show(Log::KeptAsText, "digest").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_arguments_stand_in_the_audit_log_alone() {
    show(Log::Kept, "names").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_in_full_stand_in_the_audit_log_alone() {
    show(Log::Kept, "full").await;
}

/// `arguments` is what the policy lets the audit log record of them.
async fn show(log: Log, arguments: &str) {
    let files = tempfile::tempdir().unwrap();
    let plan = planted(files.path(), arguments);
    let mut stage = Stage::set(&plan, log).await.unwrap();
    let mut secrets = keys(&stage);
    secrets.extend(PLANTED.map(str::to_owned));
    judged(&stage).await;
    broken_answers(&stage).await;
    secrets.push(refused_post(&stage).await);
    unreadable_poll(&stage).await;
    refused_poll(&stage).await;
    let dropped = portcullis(&stage, &["drop", "--reason", REASON]);
    assert!(dropped.contains("lowered"), "{dropped}");
    let mut written = asked(&stage, files.path());
    // The files while it runs, and what is left when it has stopped.
    written.extend(kept(&stage.state()));
    assert!(stage.stop_agent().await.unwrap().success());
    written.extend(kept(&stage.state()));
    let log = stage.agent.last_lines(usize::MAX);
    assert!(log.contains("judged a request"), "at debug");
    written.push(("log".to_owned(), log));
    for place in ["log", "audit query", "status", "gate.json"] {
        assert!(holds(&written, place, REASON), "`{place}` can be searched");
    }
    if arguments != "digest" {
        assert!(holds(&written, "audit query", ARGUMENT), "it is recorded");
        secrets.retain(|secret| secret != ARGUMENT);
        let beside = |(place, _): &(String, String)| !is_audit(place);
        let beside: Vec<_> = written
            .iter()
            .filter(|text| beside(text))
            .cloned()
            .collect();
        assert_silent(&beside, &[ARGUMENT.to_owned()]);
    }
    assert_silent(&written, &secrets);
}

/// Whether a place is the audit log, or what was read from it.
fn is_audit(place: &str) -> bool {
    place == "audit query" || place.ends_with(".jsonl")
}

/// The agent with a secret in each place that an operator can put one.
fn planted(files: &Path, arguments: &str) -> Plan {
    let file = |name: &str| files.join(name).display().to_string();
    let flags = [
        (
            "--control-plane.extra-headers",
            format!("X-Plant: {CONTROL_HEADER}"),
        ),
        (
            "--control-plane.extra-headers",
            format!("X-Short: {SHORT_HEADER}"),
        ),
        ("--mcp.extra-headers", format!("X-Plant: {SERVER_HEADER}")),
        ("--health.url-file", file("url")),
        ("--pid.file", file("pid")),
    ];
    let flags = flags
        .into_iter()
        .flat_map(|(flag, value)| [flag.to_owned(), value]);
    Plan {
        flags: flags.collect(),
        policy: Choice::Text(format!("{DEMO}\n[audit]\narguments = \"{arguments}\"\n")),
        ..plan()
    }
}

/// The keys the agent was given or made: each line of a PEM body, and the API key.
fn keys(stage: &Stage) -> Vec<String> {
    let state = stage.state();
    let given = state.parent().unwrap();
    let own = state.join("audit/signing.key");
    let pem = ["control-plane.key", "mcp.key"].map(|name| given.join(name));
    let texts = pem
        .iter()
        .chain([&own])
        .map(|path| fs::read_to_string(path).unwrap());
    let mut keys: Vec<String> = texts
        .flat_map(|text| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .filter(|word| word.len() >= 24 && !word.contains("-----"))
        .collect();
    assert!(keys.len() >= 3, "one of each file");
    keys.push(stage.control.options().api_key.clone());
    keys
}

/// A call with the caller's own secrets around these parameters.
fn call(params: &serde_json::Value) -> Command {
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    from_caller(message.to_string())
}

fn from_caller(message: String) -> Command {
    Command::jsonrpc(message)
        .header("Authorization", &format!("Bearer {BEARER}"))
        .header("Mcp-Session-Id", SESSION)
}

fn search(query: &str) -> Command {
    call(&json!({ "name": SEARCH_RECORDS, "arguments": { "query": query } }))
}

async fn ask(stage: &Stage, command: Command) {
    let mut pending = stage.control.enqueue(command);
    timeout(HANGS, pending.reply())
        .await
        .expect("an answer")
        .unwrap();
}

/// What is allowed, refused, too large, and no message at all.
async fn judged(stage: &Stage) {
    let server = server(stage);
    server.script(|heard| {
        let result = json!({ "content": [{ "type": "text", "text": ANSWER }] }).to_string();
        Answer::result(heard, &result).header("X-Answer", ANSWER)
    });
    ask(stage, search(ARGUMENT)).await;
    let heard = server.heard();
    let arrived =
        |name: &str, value: &str| heard.iter().any(|heard| heard.header(name) == Some(value));
    assert!(arrived("x-plant", SERVER_HEADER), "it was planted");
    for name in [DELETE_RECORD, NAME] {
        ask(
            stage,
            call(&json!({ "name": name, "arguments": { ARGUMENT: ARGUMENT } })),
        )
        .await;
    }
    ask(stage, search(&ARGUMENT.repeat(5_000))).await;
    let twice = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{NAME}","method":"{ARGUMENT}"}}"#);
    ask(stage, from_caller(twice)).await;
    let unknown =
        json!({ "jsonrpc": "2.0", "id": 1, "method": NAME, "params": { NAME: ARGUMENT } });
    ask(stage, from_caller(unknown.to_string())).await;
}

/// Servers that say too much when something goes wrong.
async fn broken_answers(stage: &Stage) {
    let server = server(stage);
    let all = format!("{ERROR} {BEARER} {SERVER_HEADER} {SESSION} {ARGUMENT}");
    let said = all.clone();
    server.script(move |heard| {
        let id = heard.rpc_id().unwrap();
        let error = json!({ "code": -32000, "message": said, "data": said });
        Answer::json(format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#))
    });
    ask(stage, search(ARGUMENT)).await;
    for status in [
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::UNAUTHORIZED,
        StatusCode::OK,
    ] {
        let said = all.clone();
        server.script(move |_| {
            let challenge = format!("Bearer error=\"{said}\"");
            let answer = Answer::json(said).with_status(status);
            answer.header("WWW-Authenticate", challenge)
        });
        ask(stage, search(ARGUMENT)).await;
    }
    server.script(move |_| Answer::events().event(&all).then(Piece::Cut));
    ask(stage, search(ARGUMENT)).await;
}

/// A reply that the service refuses and repeats, with all that came with it; the shard token of that command.
async fn refused_post(stage: &Stage) -> String {
    server(stage).script(|heard| {
        let result = json!({ "content": [{ "type": "text", "text": ANSWER }] }).to_string();
        Answer::result(heard, &result).first(Piece::Wait(Duration::from_secs(1)))
    });
    let pending = stage.control.enqueue(search(ARGUMENT));
    let token = pending.shard_token().to_owned();
    let said = format!(
        "{token} {} {CONTROL_HEADER} {ANSWER}",
        stage.control.options().api_key
    );
    let echo = json!({ "error": { "code": ANSWER, "message": escaped(&said), "type": ANSWER } });
    let echo = echo.to_string().replace("\\\\u", "\\u");
    stage
        .control
        .spoil_posts(1, &Fault::answer(StatusCode::BAD_REQUEST, echo));
    timeout(HANGS, until(|| told(stage, "could not post the reply")))
        .await
        .expect("the post is refused");
    token
}

/// A body that breaks: nobody can be answered, and the line tells why.
async fn unreadable_poll(stage: &Stage) {
    let _lost = stage
        .control
        .enqueue(from_caller(format!("{{\"{ARGUMENT}\" \"{BEARER}\"")));
    timeout(HANGS, until(|| told(stage, "could not poll")))
        .await
        .expect("the poll is lost");
}

/// A service that does not know the key and says which.
async fn refused_poll(stage: &Stage) {
    let said = format!(
        "no such key: {} {CONTROL_HEADER}",
        stage.control.options().api_key
    );
    let encoded = STANDARD_NO_PAD.encode(&said);
    let percent = said.replace('-', "%2D").replace('_', "%5F");
    let said = format!("{said} {SHORT_HEADER} {encoded} {percent}");
    for text in [said.clone(), escaped(&said)] {
        let echo = format!(r#"{{"error":{{"message":"{text}","code":"{text}"}}}}"#);
        stage
            .control
            .spoil_polls(1, &Fault::answer(StatusCode::UNAUTHORIZED, echo));
    }
    ask(stage, search(ARGUMENT)).await;
    timeout(HANGS, until(|| lines(stage, "unauthorized") >= 2))
        .await
        .expect("two polls are refused");
    assert!(told(stage, "no such key: [redacted]"), "the rest is told");
}

/// The same text to whoever decodes it as JSON.
fn escaped(text: &str) -> String {
    text.replace('-', "\\u002d").replace('_', "\\u005f")
}

fn told(stage: &Stage, part: &str) -> bool {
    lines(stage, part) > 0
}

fn lines(stage: &Stage, part: &str) -> usize {
    let log = stage.agent.last_lines(usize::MAX);
    log.lines().filter(|line| line.contains(part)).count()
}

fn server(stage: &Stage) -> &McpServer {
    stage.server.as_ref().unwrap()
}

/// What the agent answers to those who may ask it, and the files that say where it is.
fn asked(stage: &Stage, files: &Path) -> Vec<(String, String)> {
    let url = fs::read_to_string(files.join("url")).unwrap();
    let host = url.trim().strip_prefix("http://").unwrap();
    let mut written: Vec<(String, String)> =
        ["/healthz", "/readyz", "/readyz?format=json", "/metrics"]
            .map(|path| (path.to_owned(), get(host, path)))
            .into();
    assert!(written.iter().all(|(_, text)| text.contains("\r\n\r\n")));
    let log = stage.state().join("audit").display().to_string();
    written.push(("status".to_owned(), portcullis(stage, &["status"])));
    written.push((
        "status --json".to_owned(),
        portcullis(stage, &["status", "--json"]),
    ));
    written.push((
        "audit query".to_owned(),
        portcullis(stage, &["audit", "query", &log]),
    ));
    written.extend(kept(files));
    written
}

fn get(host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(HANGS)).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// What a command prints, on both of its outputs.
fn portcullis(stage: &Stage, arguments: &[&str]) -> String {
    let mut command = Process::new(env!("CARGO_BIN_EXE_portcullis"));
    command.env_clear().args(arguments);
    command.env("ADMIN_SOCKET", stage.state().join("admin.sock"));
    let output = command.output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{arguments:?}: {text}");
    text
}

/// Every file below a folder, but the one that must hold its secret.
fn kept(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let name = entry.file_name().into_string().unwrap();
        if kind.is_dir() {
            found.extend(kept(&path));
        } else if kind.is_file() && name != "signing.key" {
            let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
            found.push((name, text));
        }
    }
    found
}

fn holds(written: &[(String, String)], place: &str, secret: &str) -> bool {
    let mut there = written.iter().filter(|(name, _)| name == place);
    there.any(|(_, text)| text.contains(secret))
}

fn assert_silent(written: &[(String, String)], secrets: &[String]) {
    for secret in secrets {
        for disguise in disguises(secret) {
            for (place, text) in written {
                let line = text.lines().find(|line| line.contains(&disguise));
                assert!(line.is_none(), "`{place}` tells `{disguise}`: {line:?}");
            }
        }
    }
}

/// How a text may stand somewhere: as it is, in hexadecimal, percent-encoded, and in base64 at each of its three places in a group.
fn disguises(secret: &str) -> Vec<String> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent = secret.bytes().map(|byte| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    let mut disguises = vec![
        secret.to_owned(),
        hex.to_uppercase(),
        hex,
        percent.collect(),
    ];
    disguises.extend((0..3).map(|before| inside_base64(secret, before)));
    disguises
}

/// The characters that this text alone decides when `before` bytes of another stand before it.
fn inside_base64(secret: &str, before: usize) -> String {
    let text = [&"\0".repeat(before), secret].concat();
    let whole = STANDARD_NO_PAD.encode(&text);
    let (first, last) = ((before * 8).div_ceil(6), text.len() * 8 / 6);
    whole[first..last].to_owned()
}

#[test]
fn a_disguised_secret_is_found() {
    let text = STANDARD_NO_PAD.encode(format!("xx{BEARER}yy"));
    assert!(
        disguises(BEARER)
            .iter()
            .any(|disguise| text.contains(disguise.as_str()))
    );
    let percent = BEARER.replace('-', "%2D");
    assert!(disguises(BEARER).contains(&percent));
}
