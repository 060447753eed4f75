//! What a control plane can do with commands: E1, E2, E4, E5, E8, E9.

use std::time::Duration;

use portcullis::wire::command::Polled;
use portcullis::wire::poll;
use portcullis_policy::gate::Caps;
use portcullis_policy::permit::Origin;
use tokio::time::Instant;

use crate::Ids;
use crate::support::desk::Desk;
use crate::support::script::{Line, Play, Scripted};
use crate::support::{self, CALL, LONG, call, element, one, polled};

pub async fn show() -> Ids {
    vec![
        bad_commands_spoil_no_neighbour().await,
        an_unknown_kind_is_never_read_as_a_known_one().await,
        the_same_command_runs_once().await,
        a_reply_goes_where_its_command_came_from(),
        ten_thousand_commands_are_bounded_and_answered().await,
        our_own_maximum_holds().await,
    ]
}

async fn handled(elements: &[String]) -> (Desk, Scripted) {
    let (desk, servers) = (Desk::new(), Scripted::willing());
    let relay = support::relay(desk.clone(), servers.clone());
    for element in polled(elements) {
        support::handle(&relay, element, Instant::now()).await;
    }
    (desk, servers)
}

/// Two payloads in one command refuse that command; the two beside it run.
async fn bad_commands_spoil_no_neighbour() -> &'static str {
    let twice = format!(
        r#"{{"request_id":"bad","shard_token":"s","channel":"main","command_type":"jsonrpc","jsonrpc":{CALL},"jsonrpc":{CALL}}}"#
    );
    let (desk, servers) = handled(&[
        element("before", "main", "", CALL),
        twice,
        element("after", "other", "", CALL),
    ])
    .await;
    assert_eq!(desk.reply("bad").origin, Origin::Denial);
    for id in ["before", "after"] {
        assert_eq!(desk.reply(id).origin, Origin::Judged, "{id}");
    }
    assert_eq!(servers.asked().len(), 2);
    "E1"
}

/// `exec` with a payload that is a good call.
async fn an_unknown_kind_is_never_read_as_a_known_one() -> &'static str {
    for kind in ["exec", "JSONRPC", "jsonrpc ", ""] {
        let unknown = element("bad", "main", "", CALL).replace(
            r#""command_type":"jsonrpc""#,
            &format!(r#""command_type":"{kind}""#),
        );
        let (desk, servers) = handled(&[unknown, element("good", "main", "", CALL)]).await;
        assert_eq!(desk.reply("bad").origin, Origin::Denial, "{kind:?}");
        assert_eq!(desk.reply("good").origin, Origin::Judged);
        assert_eq!(servers.asked().len(), 1);
    }
    "E4"
}

async fn the_same_command_runs_once() -> &'static str {
    let again = element("r", "main", "", CALL);
    let (desk, servers) = handled(&[again.clone(), again, element("r2", "main", "", CALL)]).await;
    assert_eq!(desk.posts().len(), 2, "the second delivery is not answered");
    assert_eq!(servers.asked().len(), 2, "and not carried out");
    "E2"
}

/// Of two commands with swapped tokens each keeps the token it came with: nothing of ours pairs them anew, and the service sees the swap.
fn a_reply_goes_where_its_command_came_from() -> &'static str {
    let swapped = [("r1", "shard-r2"), ("r2", "shard-r1")]
        .map(|(id, token)| element(id, "main", "", CALL).replace(&format!("shard-{id}"), token));
    let pairs: Vec<(String, String)> = polled(&swapped)
        .into_iter()
        .map(|polled| match polled {
            Polled::Command(command) => {
                let to = &command.address;
                let token = to.shard_token.expose().to_owned();
                (to.request_id.as_str().to_owned(), token)
            }
            Polled::Unusable(unusable) => panic!("{unusable:?}"),
        })
        .collect();
    let expected = [("r1", "shard-r2"), ("r2", "shard-r1")];
    assert_eq!(pairs, expected.map(|(id, token)| (id.into(), token.into())));
    "E5"
}

/// More than any service may send: the first run within the places there are, every other hears of it; one more is no batch.
async fn ten_thousand_commands_are_bounded_and_answered() -> &'static str {
    let desk = Desk::new();
    let servers = Scripted::new(|asked| {
        Play::Say(vec![Line::Wait(Duration::from_millis(50)), asked.answer()])
    });
    let elements = |count: usize| -> Vec<String> {
        (0..count)
            .map(|n| element(&format!("r{n}"), "main", "", CALL))
            .collect()
    };
    let relay = support::relay(desk.clone(), servers.clone());
    let batch = polled(&elements(poll::MAX_ELEMENTS));
    let all = batch.into_iter().map(|element| async {
        let entry = relay.admission.enter(element.bytes()).await;
        relay.handle(element, Instant::now(), entry).await;
    });
    futures_util::future::join_all(all).await;
    let posts = desk.posts();
    assert_eq!(posts.len(), poll::MAX_ELEMENTS, "none is forgotten");
    let judged: Vec<&str> = posts
        .iter()
        .filter(|post| post.origin == Origin::Judged)
        .map(|post| post.request_id.as_str())
        .collect();
    assert_eq!(judged.len(), servers.asked().len());
    for first in 0..16 {
        assert!(judged.contains(&format!("r{first}").as_str()), "{first}");
    }
    let more = format!(
        r#"{{"commands":[{}]}}"#,
        elements(poll::MAX_ELEMENTS + 1).join(",")
    );
    assert!(poll::decode(&more.into(), &Caps::REQUEST).is_err());
    "E8"
}

async fn our_own_maximum_holds() -> &'static str {
    for asked in ["9999999h", "99999999999999999999s", "soon", "-1s", ""] {
        let desk = Desk::new();
        let relay = support::relay(desk.clone(), Scripted::new(|_| Play::Hang));
        let start = Instant::now();
        let timeout = format!(r#""response_timeout":"{asked}","#);
        let command = one(element("r", "main", &timeout, CALL));
        support::handle(&relay, command, start).await;
        assert_eq!(start.elapsed().as_secs(), LONG.as_secs(), "{asked:?}");
        assert_eq!(
            desk.reply("r").failure(),
            "502 timeout/timeout",
            "{asked:?}"
        );
    }
    let desk = Desk::new();
    let relay = support::relay(desk.clone(), Scripted::willing());
    support::handle(&relay, call("r"), Instant::now()).await;
    assert_eq!(
        desk.reply("r").origin,
        Origin::Judged,
        "without one it runs"
    );
    "E9"
}
