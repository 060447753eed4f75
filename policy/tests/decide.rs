//! The combining rule, as properties: order never matters, a forbid always wins, and what is taken away never allows more (invariant 3).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use portcullis_policy::Channel;
use portcullis_policy::decide::{
    Ask, Decision, Definition, Refers, Vote, combine, decide, is_listed,
};
use portcullis_policy::mcp::catalogue::{self, Method};
use portcullis_policy::refusal::{Line, Reason};
use proptest::prelude::*;

fn votes() -> impl Strategy<Value = Vec<Vote>> {
    let vote = (any::<bool>(), 1..50_u32).prop_map(|(permit, line)| {
        if permit {
            Vote::Permit(Line(line))
        } else {
            Vote::Forbid(Reason::ToolNotListed, Some(Line(line)))
        }
    });
    prop::collection::vec(vote, 0..8)
}

fn allows(votes: &[Vote]) -> bool {
    matches!(
        combine(votes.iter().copied(), Reason::MethodNotListed),
        Decision::Permitted(_)
    )
}

proptest! {
    #[test]
    fn order_never_matters((votes, shuffled) in votes().prop_flat_map(|v| (Just(v.clone()), Just(v).prop_shuffle()))) {
        prop_assert_eq!(allows(&votes), allows(&shuffled));
    }

    #[test]
    fn a_forbid_wins_and_a_permit_is_needed(votes in votes()) {
        let forbids = votes.iter().any(|v| matches!(v, Vote::Forbid(..)));
        let permits = votes.iter().any(|v| matches!(v, Vote::Permit(_)));
        prop_assert_eq!(allows(&votes), permits && !forbids);
    }

    #[test]
    fn adding_a_forbid_or_removing_a_permit_never_allows_more(votes in votes(), at in any::<prop::sample::Index>()) {
        let mut more = votes.clone();
        more.insert(at.index(votes.len() + 1), Vote::Forbid(Reason::ToolNotListed, None));
        prop_assert!(!allows(&more));
        if let Some(permit) = votes.iter().position(|v| matches!(v, Vote::Permit(_))) {
            let mut fewer = votes.clone();
            fewer.remove(permit);
            prop_assert!(allows(&votes) || !allows(&fewer));
        }
    }

    #[test]
    fn callable_is_listed_and_hidden_is_refused_pf7(listed in prop::collection::btree_set("[a-c]{1,2}", 0..6), asked in "[a-cA]{1,2}") {
        let tools: Vec<&str> = listed.iter().map(String::as_str).collect();
        let policy = support::policy(&tools);
        let server = policy.server(&Channel::main()).unwrap();
        let callable = matches!(decide(server, &call(&asked), Definition::Unseen), Decision::Permitted(_));
        prop_assert_eq!(callable, is_listed(server, &asked, Definition::Unseen));
        prop_assert_eq!(callable, listed.contains(&asked));
    }

    #[test]
    fn listing_fewer_tools_never_allows_more(listed in prop::collection::btree_set("[a-c]{1,2}", 1..6), asked in "[a-c]{1,2}") {
        let tools: Vec<&str> = listed.iter().map(String::as_str).collect();
        let (all, fewer) = (support::policy(&tools), support::policy(tools.split_first().unwrap().1));
        let may = |policy: &portcullis_policy::PolicySet| {
            matches!(decide(policy.server(&Channel::main()).unwrap(), &call(&asked), Definition::Unseen), Decision::Permitted(_))
        };
        prop_assert!(may(&all) || !may(&fewer));
    }
}

/// One line of a policy: a tool listed, a tool with a rule for its argument, or a denial.
fn tool_lines() -> impl Strategy<Value = Vec<(String, Option<i64>, bool)>> {
    let line = ("[a-c]", prop::option::of(0..4_i64), any::<bool>());
    prop::collection::vec(line, 0..4).prop_map(|mut lines| {
        lines.sort();
        lines.dedup_by(|one, other| one.0 == other.0);
        lines
    })
}

fn written(lines: &[(String, Option<i64>, bool)]) -> std::sync::Arc<portcullis_policy::PolicySet> {
    let tools: String = lines
        .iter()
        .map(|(name, most, denied)| {
            let rule = match (denied, most) {
                (true, _) => "deny = \"d\"\n".to_owned(),
                (false, Some(most)) => format!("args.x = {{ type = \"integer\", max = {most} }}\n"),
                (false, None) => "args.x = { type = \"integer\" }\n".to_owned(),
            };
            format!("[[server.tool]]\nname = \"{name}\"\n{rule}")
        })
        .collect();
    support::compile(&format!(
        "schema = 1\n[[server]]\nchannel = \"main\"\n{tools}"
    ))
}

/// Every call that a policy lets through, of a small world of calls.
fn allowed(lines: &[(String, Option<i64>, bool)]) -> Vec<(&'static str, i64)> {
    let policy = written(lines);
    let calls = ["a", "b", "c"]
        .into_iter()
        .flat_map(|tool| (0..6).map(move |x| (tool, x)));
    calls
        .filter(|(tool, x)| {
            let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{{"x":{x}}}}}}}"#);
            support::admit(&policy, body).is_ok()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn tightening_a_file_never_allows_more_and_order_never_matters(lines in tool_lines(), at in any::<prop::sample::Index>(), most in 0..4_i64) {
        let before = allowed(&lines);
        let mut reversed = lines.clone();
        reversed.reverse();
        prop_assert_eq!(&before, &allowed(&reversed));
        if lines.is_empty() {
            return Ok(());
        }
        let at = at.index(lines.len());
        let (mut denied, mut removed, mut narrowed) = (lines.clone(), lines.clone(), lines.clone());
        denied[at].2 = true;
        removed.remove(at);
        narrowed[at].1 = Some(narrowed[at].1.map_or(most, |old| old.min(most)));
        for tighter in [denied, removed, narrowed] {
            let after = allowed(&tighter);
            prop_assert!(after.iter().all(|call| before.contains(call)), "{:?} -> {:?}", lines, tighter);
        }
    }
}

fn method(name: &str) -> &'static Method {
    catalogue::caller(name).unwrap()
}

fn call(tool: &str) -> Ask {
    Ask {
        method: method("tools/call"),
        tool: Some(tool.to_owned()),
        prompt: None,
        uri: None,
        arguments: None,
        as_task: false,
        has_input: false,
        refers: Refers::default(),
    }
}

#[test]
fn a_decision_names_its_line() {
    let policy = support::compile(
        "schema = 1\n\n[[server]]\nchannel = \"main\"\ntools = [\n  \"a\",\n  \"b\",\n]\n",
    );
    let server = policy.server(&Channel::main()).unwrap();
    assert_eq!(
        decide(server, &call("b"), Definition::Unseen),
        Decision::Permitted(Line(7))
    );
    assert_eq!(
        decide(
            server,
            &Ask {
                method: method("ping"),
                ..call("b")
            },
            Definition::Unseen
        ),
        Decision::Permitted(Line(4))
    );
}

/// The same policy gives the same reasons, whichever run loads it.
#[test]
fn a_listing_is_let_through_by_the_same_line_each_time() {
    let text = "schema = 1\n[[server]]\nchannel = \"main\"\ntools = [\n\"b\",\n\"a\",\n\"c\",\n]\n";
    let policies = (0..20).map(|_| support::compile(text));
    let listing = Ask {
        method: method("tools/list"),
        ..call("a")
    };
    let lines = policies.map(|policy| {
        let server = policy.server(&Channel::main()).unwrap();
        decide(server, &listing, Definition::Unseen)
    });
    let lines: Vec<Decision> = lines.collect();
    assert!(matches!(lines[0], Decision::Permitted(_)));
    assert!(lines.iter().all(|line| *line == lines[0]), "{lines:?}");
}
