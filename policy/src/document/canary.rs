//! The self-test of a compiled policy: a fixed set of messages that no policy may let through, put to it before it is loaded (F13).
//!
//! A canary that passes means that this program is broken, not the file; the policy is not loaded then.

use super::mistake::Mistakes;
use super::question::Question;
use super::server::Server;
use crate::decide::Decision;

/// What must be refused whatever a policy says.
const BAD: [(&str, &str); 14] = [
    (
        "a name that stands twice (A1)",
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}"#,
    ),
    (
        "a name that stands twice by an escape (A2)",
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","\u006dethod":"ping"}"#,
    ),
    (
        "a reserved name in another case (A3)",
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","Params":{}}"#,
    ),
    (
        "a batch (A10)",
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
    ),
    (
        "an id of null (A12)",
        r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
    ),
    (
        "an answer nobody waits for (E6)",
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
    ),
    (
        "an unknown method",
        r#"{"jsonrpc":"2.0","id":1,"method":"portcullis/canary"}"#,
    ),
    (
        "a method in another case (A14)",
        r#"{"jsonrpc":"2.0","id":1,"method":"Ping"}"#,
    ),
    (
        "a server's own question",
        r#"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}"#,
    ),
    (
        "a task nobody made (B9)",
        r#"{"jsonrpc":"2.0","id":1,"method":"tasks/result","params":{"taskId":"canary"}}"#,
    ),
    (
        "a tool without a name",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}"#,
    ),
    (
        "a tool outside the grammar (B1)",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"portcullis canary"}}"#,
    ),
    (
        "a path that climbs (B6)",
        r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///../canary"}}"#,
    ),
    (
        "a completion of nothing",
        r#"{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{}}"#,
    ),
];

/// Puts the set to a server, and to each of its tools what that tool's own rules must refuse.
pub(super) fn check(server: &Server, mistakes: &mut Mistakes<'_>) {
    for (what, text) in BAD {
        put(server, what, Question::raw(text), mistakes);
    }
    for (name, tool) in &server.tools {
        let call = |rest: &str| {
            let text = format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{name}"{rest}}}}}"#
            );
            Question::raw(text)
        };
        if tool.entry.deny.is_some() {
            put(server, "a denied tool", call(""), mistakes);
        }
        let extra = "portcullis canary";
        if tool
            .arguments
            .as_ref()
            .is_some_and(|fields| fields.rule(extra).is_none())
        {
            let call = call(&format!(r#","arguments":{{"{extra}":1}}"#));
            put(server, "an argument without a rule", call, mistakes);
        }
        put(
            server,
            "a task (B11)",
            call(r#","task":{"ttl":1e12}"#),
            mistakes,
        );
    }
}

fn put(server: &Server, what: &str, question: Question, mistakes: &mut Mistakes<'_>) {
    if matches!(question.decide(server), Decision::Permitted(_)) {
        let problem = format!("the compiled policy lets through {what}");
        mistakes.add(0, &problem, "this is a fault of the program: report it");
    }
}
