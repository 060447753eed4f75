//! The control plane's contract, rule by rule: a request that keeps it passes, one that breaks it is answered and
//! written down. Rules are those of the published document and of wire sheet 2, 5, 6 and 12.

use hyper::{Method, Version};
use portcullis::demo::{
    control_plane::{Command, Options, Pending, ReplyKind, Route},
    net::{Client, Door},
};
use portcullis_certs::dev::Leaf;
use serde_json::{Value, json};

use crate::stage::{Ask, Stage};

const LIST: &str = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#;
const ANSWER: &str = r#"{"request_id":"ID","channel":"main","resp_json":{"jsonrpc":"2.0","id":7,"result":{"tools":[]}},"resp_headers":{"Content-Type":["application/json"]},"resp_code":200,"resp_type":"jsonrpc_response"}"#;
const PROGRESS: &str = r#"{"request_id":"ID","resp_json":{"jsonrpc":"2.0","method":"notifications/progress"},"resp_code":200,"resp_type":"jsonrpc_notify"}"#;
const ACK: &str =
    r#"{"request_id":"ID","channel":"main","resp_code":202,"resp_type":"notify_ack"}"#;
const ENDED: &str = r#"{"request_id":"ID","channel":"main","resp_code":204,"resp_type":"session_termination_response"}"#;

fn call(stage: &Stage) -> Pending {
    stage.control.enqueue(Command::jsonrpc(LIST))
}

async fn delivered(stage: &Stage, query: &str) -> Vec<Value> {
    let answer = stage.send(&stage.poll(query)).await.unwrap();
    assert_eq!(answer.status(), 200);
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    body["commands"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_call_goes_out_once_and_its_answer_comes_back() {
    let stage = Stage::set().await;
    let mut pending = call(&stage);
    let commands = delivered(&stage, "limit=20&timeout_ms=1").await;
    assert_eq!(commands.len(), 1);
    let command = &commands[0];
    assert_eq!(command["request_id"], pending.request_id());
    assert_eq!(command["shard_token"], pending.shard_token());
    assert_eq!(command["command_type"], "jsonrpc");
    assert_eq!(
        command["jsonrpc"],
        serde_json::from_str::<Value>(LIST).unwrap()
    );
    assert_eq!(
        stage.status(&stage.poll("limit=20&timeout_ms=1")).await,
        204
    );

    assert_eq!(stage.status(&stage.post(&pending, PROGRESS)).await, 200);
    assert_eq!(stage.status(&stage.post(&pending, ANSWER)).await, 200);
    let reply = pending.reply().await.unwrap();
    assert_eq!(reply.kind, ReplyKind::JsonrpcResponse);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(
        reply.json.unwrap(),
        r#"{"jsonrpc":"2.0","id":7,"result":{"tools":[]}}"#
    );
    assert_eq!(pending.notices().len(), 1);
    assert!(pending.reply().await.is_err(), "there is one final reply");

    assert_eq!(
        stage.status(&stage.post(&pending, ANSWER)).await,
        404,
        "a closed command"
    );
    let taken: Vec<_> = stage
        .control
        .posts()
        .iter()
        .map(|post| post.taken)
        .collect();
    assert_eq!(taken, [true, true, false]);
    assert_eq!(stage.control.violations(), Vec::<String>::new());
    assert_eq!(stage.control.open_commands(), 0);
}

#[tokio::test]
async fn a_poll_is_held_until_a_command_comes_or_polls_are_closed() {
    let stage = Stage::set().await;
    let held = stage.poll("limit=1&timeout_ms=600000");
    let (commands, _pending) =
        tokio::join!(delivered(&stage, "limit=1&timeout_ms=600000"), async {
            stage.control.polled(1).await;
            call(&stage)
        });
    assert_eq!(commands.len(), 1);
    let (status, ()) = tokio::join!(stage.status(&held), async {
        stage.control.polled(2).await;
        stage.control.close_polls();
    });
    assert_eq!(status, 204);
}

#[tokio::test]
async fn a_poll_gets_no_more_than_it_asked_for_and_only_its_channels() {
    let stage = Stage::set().await;
    let main = [call(&stage), call(&stage), call(&stage)];
    let other = stage
        .control
        .enqueue(Command::jsonrpc(LIST).channel("files"));
    let files = delivered(&stage, "channel=files&limit=25&timeout_ms=1").await;
    assert_eq!(files.len(), 1);
    assert_eq!(files[0]["request_id"], other.request_id());
    let first = delivered(&stage, "limit=2&timeout_ms=1").await;
    assert_eq!(
        first[0]["request_id"],
        main[0].request_id(),
        "first in, first out"
    );
    assert_eq!(first.len(), 2);
    assert_eq!(delivered(&stage, "limit=2&timeout_ms=1").await.len(), 1);
    stage
        .breach(&stage.poll("limit=0&timeout_ms=1"), "`limit`")
        .await;
    stage
        .breach(&stage.poll("limit=26&timeout_ms=1"), "`limit`")
        .await;
    stage
        .breach(&stage.poll("limit=1&timeout_ms=0"), "`timeout_ms`")
        .await;
    stage
        .breach(&stage.poll("limit=1&cursor=2"), "`cursor`")
        .await;
    stage
        .breach(&stage.poll("limit=1&timeout_ms=1").body("{}"), "has a body")
        .await;
}

#[tokio::test]
async fn only_the_exact_bearer_is_let_in() {
    let stage = Stage::set().await;
    let good = stage.poll("limit=1&timeout_ms=1");
    assert_eq!(stage.status(&good).await, 204);
    let key = Options::default().api_key;
    let wrong = [
        format!("Bearer {key}x"),
        format!("bearer {key}"),
        format!("Basic {key}"),
        key,
    ];
    for value in wrong {
        assert_eq!(
            stage
                .status(&good.clone().with("authorization", &value))
                .await,
            401,
            "{value}"
        );
    }
    assert_eq!(stage.status(&good.without("authorization")).await, 401);
    assert!(
        stage.control.violations().is_empty(),
        "a wrong key is no breach of the contract"
    );
}

#[tokio::test]
async fn every_standing_header_is_checked() {
    let stage = Stage::set().await;
    let good = stage.poll("limit=1&timeout_ms=1");
    let required = [
        "accept",
        "user-agent",
        "x-tunnel-client-name",
        "x-tunnel-client-version",
        "x-tunnel-client-instance-id",
        "x-tunnel-mcp-server-info",
    ];
    for name in required {
        stage.breach(&good.clone().without(name), "missing").await;
        stage
            .breach(&good.clone().and(name, "application/json"), "twice")
            .await;
    }
    let bad = [
        ("accept", "*/*", "Accept"),
        ("x-tunnel-client-version", "1", "Version"),
        ("x-tunnel-client-version", "1.x.0", "Version"),
        ("x-tunnel-client-instance-id", "00", "Instance-Id"),
        (
            "x-tunnel-client-instance-id",
            "000102030405060708090A0B0C0D0E0F",
            "Instance-Id",
        ),
    ];
    for (name, value, part) in bad {
        stage.breach(&good.clone().with(name, value), part).await;
    }
    let version = good.with("x-tunnel-client-version", "0.1.0-rc.1+abc123");
    assert_eq!(stage.status(&version).await, 204);
}

#[tokio::test]
async fn server_info_is_exactly_version_one_si_001_to_si_021() {
    let stage = Stage::set().await;
    let good = stage.poll("limit=1&timeout_ms=1");
    let name = "x-tunnel-mcp-server-info";
    let affine =
        r#"{"version":1,"channels":[{"name":"main"},{"name":"harpoon","proc_affinity":true}]}"#;
    assert_eq!(stage.status(&good.clone().with(name, affine)).await, 204);
    let many: Vec<_> = (0..33).map(|n| json!({"name": format!("c{n}")})).collect();
    let many = format!(r#"{{"version":1,"channels":{}}}"#, Value::from(many));
    let bad = [
        ("{}", "version"),
        (r#"{"version":2,"channels":[{"name":"main"}]}"#, "must be 1"),
        (r#"{"version":1,"channels":[]}"#, "1 to 32"),
        (many.as_str(), "1 to 32"),
        (r#"{"version":1,"channels":[{"name":"Main"}]}"#, "canonical"),
        (
            r#"{"version":1,"channels":[{"name":"a"},{"name":"a"}]}"#,
            "twice",
        ),
        (
            r#"{"version":1,"channels":[{"name":"a","proc_affinity":false}]}"#,
            "left out",
        ),
        (
            r#"{"version":1,"channels":[{"name":"a","url":"x"}]}"#,
            "url",
        ),
        (r#"{"channels":[{"name":"main"}],"version":1}"#, "order"),
        (r#"{"version": 1,"channels":[{"name":"main"}]}"#, "compact"),
    ];
    for (value, part) in bad {
        stage.breach(&good.clone().with(name, value), part).await;
    }
}

#[tokio::test]
async fn only_the_routes_of_this_tunnel_exist_cp_001() {
    let stage = Stage::set().await;
    assert_eq!(
        stage.status(&Ask::new(Method::GET, &stage.tunnel())).await,
        200
    );
    let tunnel = stage.tunnel();
    let wrong = [
        (Method::GET, "/".to_owned()),
        (Method::POST, format!("{tunnel}/poll")),
        (Method::GET, format!("{tunnel}/response")),
        (Method::GET, format!("{tunnel}x/poll")),
        (Method::GET, format!("{tunnel}/poll/")),
        (Method::GET, tunnel.replace("/v1/tunnels/", "/v1/tunnel/")),
    ];
    for (method, path) in wrong {
        assert_eq!(stage.status(&Ask::new(method, &path)).await, 404, "{path}");
    }
    assert_eq!(stage.control.violations().len(), 6);
}

#[tokio::test]
async fn a_post_names_its_command_by_id_and_shard_token() {
    let stage = Stage::set().await;
    let (pending, other) = (call(&stage), call(&stage));
    let good = stage.post(&pending, ANSWER);
    stage
        .breach(
            &good.clone().without("x-tunnel-shard-token"),
            "x-tunnel-shard-token",
        )
        .await;
    let foreign = good
        .clone()
        .with("x-tunnel-shard-token", other.shard_token());
    stage.breach(&foreign, "not the one of this command").await;
    stage
        .breach(
            &good.clone().with("content-type", "text/plain"),
            "Content-Type",
        )
        .await;
    stage
        .breach(&good.clone().without("content-type"), "content-type")
        .await;
    stage
        .breach(&good.clone().with("x-client-request-id", "c1"), "had no")
        .await;
    stage
        .breach(&good.clone().body("[]"), "no JSON object")
        .await;
    let unknown = good.clone().body(&ANSWER.replace("ID", "req-unknown"));
    assert_eq!(stage.status(&unknown).await, 404);
    assert_eq!(
        stage.status(&good).await,
        200,
        "none of it closed the command"
    );
    let withdrawn = stage.post(&other, ANSWER);
    drop(other);
    assert_eq!(stage.status(&withdrawn).await, 404);
}

#[tokio::test]
async fn the_callers_request_id_is_repeated_if_it_had_one() {
    let stage = Stage::set().await;
    let command = Command::jsonrpc(LIST)
        .header("X-Request-Id", "c1")
        .header("x-request-id", "c2");
    let pending = stage.control.enqueue(command);
    let without = stage.post(&pending, ANSWER);
    stage.breach(&without, "x-client-request-id").await;
    stage
        .breach(
            &without.clone().with("x-client-request-id", "c2"),
            "is not the command's",
        )
        .await;
    assert_eq!(
        stage
            .status(&without.with("x-client-request-id", "c1"))
            .await,
        200
    );
}

#[tokio::test]
async fn a_reply_fits_its_command() {
    let stage = Stage::set().await;
    let (call, note) = (
        call(&stage),
        stage
            .control
            .enqueue(Command::jsonrpc(r#"{"jsonrpc":"2.0","method":"m"}"#)),
    );
    let end = stage.control.enqueue(Command::session_termination("m1"));
    for pending in [&call, &end] {
        stage
            .breach(&stage.post(pending, ACK), "does not fit")
            .await;
    }
    stage
        .breach(&stage.post(&note, PROGRESS), "does not fit")
        .await;
    stage
        .breach(&stage.post(&end, ANSWER), "does not fit")
        .await;
    stage
        .breach(&stage.post(&call, ENDED), "does not fit")
        .await;
    let bad = [
        (ANSWER.replace(r#""id":7"#, r#""id":8"#), "has the id `8`"),
        (ANSWER.replace(r#""id":7"#, r#""id":"7""#), "has the id"),
        (ANSWER.replace(r#""id":7,"#, ""), "no id"),
        (ANSWER.replace(r#""2.0""#, r#""1.0""#), "2.0"),
        (ANSWER.replace("result", "other"), "either"),
        (
            ANSWER.replace(r#""id":7"#, r#""id":7,"method":"m""#),
            "`method`",
        ),
        (
            ANSWER.replace(
                r#""result":{"tools":[]}"#,
                r#""error":{"code":"x","message":"m"}"#,
            ),
            "malformed",
        ),
        (
            ANSWER.replace(r#""channel":"main""#, r#""channel":"files""#),
            "`channel`",
        ),
        (PROGRESS.replace("method", "id"), "`method`"),
    ];
    for (body, part) in bad {
        stage.breach(&stage.post(&call, &body), part).await;
    }
    let refusal = ANSWER.replace(
        r#""id":7,"result":{"tools":[]}"#,
        r#""error":{"code":-32600,"message":"m"}"#,
    );
    assert_eq!(
        stage.status(&stage.post(&call, &refusal)).await,
        200,
        "an unreadable id has none in the reply"
    );
    assert_eq!(stage.status(&stage.post(&note, ACK)).await, 200);
    assert_eq!(stage.status(&stage.post(&end, ENDED)).await, 200);
}

#[tokio::test]
async fn who_called_is_known_over_both_versions_of_http() {
    for (version, stage) in [
        (Version::HTTP_2, Stage::set().await),
        (Version::HTTP_11, Stage::behind(Door::http1_only).await),
    ] {
        assert_eq!(stage.status(&stage.poll("limit=1&timeout_ms=1")).await, 204);
        let calls = stage.control.calls();
        assert_eq!((calls[0].version, calls[0].route), (version, Route::Poll));
        assert_eq!(calls[0].peer.as_ref().unwrap().subject, "CN=test-agent");
    }
}

#[tokio::test]
async fn nobody_without_a_certificate_of_the_right_ca_is_let_in() {
    let mut stage = Stage::set().await;
    let foreign = stage
        .pki
        .mcp_clients
        .issue(&Leaf::client("test-agent"))
        .unwrap();
    for identity in [None, Some(&foreign)] {
        stage.client = Client::tls(&stage.pki.control_servers.root_pem(), identity).unwrap();
        assert!(
            stage
                .send(&stage.poll("limit=1&timeout_ms=1"))
                .await
                .is_err()
        );
    }
    assert_eq!(stage.control.turned_away().len(), 2);
    assert!(stage.control.calls().is_empty());
}
