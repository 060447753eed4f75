#![allow(clippy::unwrap_used)]
//! Each rule of the published schema with data that keeps it and data that breaks it.

use super::*;

fn failure(members: &str) -> Result<(), String> {
    check(&format!(r#"{{"tunnel_failure":{{{members}}}}}"#))
}

#[test]
fn what_the_sheet_shows_is_right() {
    let good = [
        r#""version":1,"source":"target_http","upstream_response_received":true,"upstream_status":503"#,
        r#""version":1,"source":"client_internal","transport_error_kind":"unknown","upstream_response_received":false"#,
        r#""version":2,"source":"tomorrow","upstream_response_received":true,"upstream_status":null,"more":1"#,
        r#""version":1,"source":"transport_closed","upstream_response_received":false"#,
    ];
    for members in good {
        failure(members).unwrap();
    }
    check("null").unwrap();
    check(r#"{"correlation_id":"x"}"#).unwrap();
}

#[test]
fn each_breach_is_named() {
    let bad = [
        (
            r#""version":0,"source":"dns","upstream_response_received":false"#,
            "version",
        ),
        (
            r#""version":1,"source":"","upstream_response_received":false"#,
            "1 to 64",
        ),
        (
            r#""version":1,"source":"dns","upstream_response_received":false,"transport_error_kind":"""#,
            "transport_error_kind",
        ),
        (
            r#""version":1,"source":"target_http","upstream_response_received":true"#,
            "its status",
        ),
        (
            r#""version":1,"source":"dns","upstream_response_received":true,"upstream_status":500"#,
            "target_http only",
        ),
        (
            r#""version":1,"source":"target_http","upstream_response_received":true,"upstream_status":302"#,
            "400 to 599",
        ),
        (
            r#""version":1,"source":"transport_closed","upstream_response_received":true"#,
            "no answer was received",
        ),
        (r#""version":1,"source":"dns""#, "malformed"),
    ];
    for (members, part) in bad {
        let breach = failure(members).unwrap_err();
        assert!(breach.contains(part), "{members}: {breach}");
    }
}
