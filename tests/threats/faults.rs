//! What fails refuses: F1, and each way a command may end leaves one record of it: PF22.

use portcullis_policy::permit::Origin;
use tokio::time::Instant;

use crate::Ids;
use crate::support::desk::Desk;
use crate::support::records::Memory;
use crate::support::script::{Line, Play, Scripted};
use crate::support::{self, CALL, call, element, one, termination};

pub async fn show() -> Ids {
    vec![
        whatever_fails_on_the_way_refuses().await,
        each_end_leaves_one_record().await,
    ]
}

/// A panic before, in and after the answer, and a record that cannot be written: refused, under the caller's own id.
async fn whatever_fails_on_the_way_refuses() -> &'static str {
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let panics: [fn() -> Play; 2] = [|| Play::Panic, || Play::Say(vec![Line::Panic])];
    for play in panics {
        let desk = Desk::new();
        let relay = support::relay(desk.clone(), Scripted::new(move |_| play()));
        support::handle(&relay, call("r"), Instant::now()).await;
        let reply = desk.reply("r");
        assert_eq!(reply.origin, Origin::Denial);
        assert_eq!(
            (reply.value()["id"].as_str(), reply.error_code()),
            (Some("a-1"), -31403)
        );
    }
    std::panic::set_hook(quiet);
    let (desk, servers) = (Desk::new(), Scripted::willing());
    let mut relay = support::relay(desk.clone(), servers.clone());
    relay.records = Memory::full();
    support::handle(&relay, call("r"), Instant::now()).await;
    assert_eq!(desk.reply("r").origin, Origin::Denial);
    assert_eq!(
        servers.asked().len(),
        0,
        "nothing crosses without its record"
    );
    "F1"
}

async fn each_end_leaves_one_record() -> &'static str {
    let rows = [
        ("allowed", element("r", "main", "", CALL)),
        (
            "denied",
            element("r", "main", "", &CALL.replace("echo", "rm")),
        ),
        ("no channel", element("r", "harpoon", "", CALL)),
        ("no message", element("r", "main", "", "[]")),
        (
            "a refused notification",
            element(
                "r",
                "main",
                "",
                r#"{"jsonrpc":"2.0","method":"notifications/progress"}"#,
            ),
        ),
        ("the end of a session", termination("r")),
        (
            "no command",
            r#"{"request_id":"r","shard_token":"s","command_type":"exec"}"#.to_owned(),
        ),
    ];
    for (what, element) in rows {
        let relay = support::relay(Desk::new(), Scripted::willing());
        support::handle(&relay, one(element), Instant::now()).await;
        assert_eq!(relay.records.ends("r").len(), 1, "{what}");
    }
    for lines in [
        Vec::new(),
        vec![Line::Text("[]".to_owned())],
        vec![Line::Hang],
    ] {
        let lines = std::sync::Mutex::new(Some(lines));
        let script = move |_: &_| Play::Say(lines.lock().unwrap().take().unwrap_or_default());
        let relay = support::relay(Desk::new(), Scripted::new(script));
        support::handle(&relay, call("r"), Instant::now()).await;
        assert_eq!(relay.records.ends("r").len(), 1);
    }
    "PF22"
}
