//! The three tools.

use serde_json::{Value, json};

/// Reads, and is allowed by the demo's policy.
pub const SEARCH_RECORDS: &str = "search_records";
/// Destroys, and is in no policy.
pub const DELETE_RECORD: &str = "delete_record";
/// Counts slowly and tells its progress.
pub const SLOW_COUNT: &str = "slow_count";
/// All of them, in the order of the listing.
pub const TOOLS: [&str; 3] = [SEARCH_RECORDS, DELETE_RECORD, SLOW_COUNT];

/// The most `slow_count` counts to.
const COUNT_MOST: u64 = 10;
const RECORDS: [&str; 4] = [
    "alice: invoice 17",
    "bob: invoice 18",
    "carol: contract 4",
    "alice: contract 9",
];

/// Their definitions, in the order of the listing.
pub(super) fn described() -> Vec<Value> {
    vec![
        definition(
            SEARCH_RECORDS,
            "Search the record archive",
            "query",
            "string",
        ),
        definition(
            DELETE_RECORD,
            "Delete one record for good",
            "record",
            "string",
        ),
        definition(
            SLOW_COUNT,
            "Count to a number, one step at a time",
            "to",
            "integer",
        ),
    ]
}

fn definition(name: &str, description: &str, argument: &str, kind: &str) -> Value {
    json!({
        "name": name,
        "description": description,
        "inputSchema": {
            "type": "object",
            "properties": {argument: {"type": kind}},
            "required": [argument],
        },
    })
}

/// The result of `tools/call`; none if there is no such tool.
pub(super) fn call(name: &str, arguments: &Value) -> Option<Value> {
    match name {
        SEARCH_RECORDS => Some(search(arguments)),
        DELETE_RECORD => Some(text("deleted")),
        SLOW_COUNT => Some(text(&format!("counted to {}", count_to(arguments)))),
        _ => None,
    }
}

/// How far `slow_count` counts, and so how often it tells its progress.
pub(super) fn count_to(arguments: &Value) -> u64 {
    let to = arguments.get("to").and_then(Value::as_u64);
    to.unwrap_or(3).clamp(1, COUNT_MOST)
}

fn search(arguments: &Value) -> Value {
    let query = arguments
        .get("query")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let found: Vec<_> = RECORDS
        .into_iter()
        .filter(|record| record.contains(query))
        .collect();
    let mut result = text(&found.join("\n"));
    if let Value::Object(members) = &mut result {
        members.insert("structuredContent".to_owned(), json!({"records": found}));
    }
    result
}

fn text(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}], "isError": false})
}
