//! What deciding costs with a hundred tools of typed arguments: the decision alone, and loading such a file. Figures, not a test: it ends with
//! success whatever they are, and with a failure only where a call was not decided as it should have been.

#[path = "../gate/clock.rs"]
mod clock;

use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{self, Write as _};

use bytes::Bytes;
use clock::interleaved;
use portcullis_policy::decide::{Ask, Decision, Definition, Refers, decide};
use portcullis_policy::document::Server;
use portcullis_policy::gate::{Caps, Slot, message};
use portcullis_policy::mcp::catalogue;
use portcullis_policy::{Channel, PolicySet};

/// Any reason to stop.
type Failed = Box<dyn Error>;

const TOOLS: usize = 100;
/// The budgets: nanoseconds of one decision at the median, and of loading the file.
const DECISION: f64 = 500.0;
const LOAD: f64 = 20e6;
const ROUNDS: usize = 101;

fn main() -> Result<(), Failed> {
    let file = file()?;
    let policy = PolicySet::compile(file.as_bytes()).map_err(|mistakes| format!("{mistakes:?}"))?;
    let server = policy
        .server(&Channel::main())
        .ok_or("the file lists a server")?;
    let allowed = ask("/srv/records/7/plan.txt")?;
    let refused = ask("/srv/records/../../etc/shadow")?;
    check(server, &allowed, true)?;
    check(server, &refused, false)?;
    let [yes, no] = interleaved(
        ROUNDS,
        2000,
        [&mut |times| run(server, &allowed, times), &mut |times| {
            run(server, &refused, times)
        }],
    );
    let [load] = interleaved(
        21,
        1,
        [&mut |times| {
            for _ in 0..times {
                let _ = black_box(PolicySet::compile(black_box(file.as_bytes())));
            }
        }],
    );
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{TOOLS} tools of typed arguments, {} bytes of policy",
        file.len()
    )?;
    writeln!(
        out,
        "decision, allowed   {yes:>10.0} ns   budget {DECISION:.0}"
    )?;
    writeln!(
        out,
        "decision, refused   {no:>10.0} ns   budget {DECISION:.0}"
    )?;
    writeln!(
        out,
        "load the file       {:>10.2} ms   budget {:.0}",
        load / 1e6,
        LOAD / 1e6
    )?;
    Ok(())
}

/// A policy with [`TOOLS`] tools, each with six arguments.
fn file() -> Result<String, Failed> {
    let mut text = String::from("schema = 1\n\n[[server]]\nchannel = \"main\"\n");
    for number in 0..TOOLS {
        write!(
            text,
            "\n[[server.tool]]\nname = \"tool_{number:03}x\"\ncalls_per_min = 60\n\
             args.site = {{ type = \"string\", required = true, one_of = [\"berlin\", \"lyon\", \"oslo\"] }}\n\
             args.path = {{ type = \"string\", required = true, path_under = \"/srv/records\", max_bytes = 512 }}\n\
             args.limit = {{ type = \"integer\", min = 1, max = 100 }}\n\
             args.ticket = {{ type = \"string\", pattern = \"[A-Z]{{2,5}}-[0-9]{{1,6}}\", max_bytes = 16 }}\n\
             args.since = {{ type = \"string\", format = \"date\" }}\n\
             args.fields = {{ type = \"array\", max_items = 8, each = {{ type = \"string\", charset = \"word\", max_bytes = 32 }} }}\n"
        )?;
    }
    Ok(text)
}

/// A call of one of the tools with every argument.
fn ask(path: &str) -> Result<Ask, Failed> {
    let text = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"tool_050x","arguments":{{"site":"lyon","path":"{path}","limit":20,"ticket":"CHG-2231","since":"2026-11-01","fields":["name","state","owner"]}}}}}}"#
    );
    let gated = message(Bytes::from(text), &Caps::REQUEST)?;
    Ok(Ask {
        method: catalogue::caller("tools/call").ok_or("the catalogue has it")?,
        tool: Some("tool_050x".to_owned()),
        prompt: None,
        uri: None,
        arguments: gated
            .node(Slot::ParamsArguments)
            .and_then(|node| node.keep()),
        as_task: false,
        has_input: false,
        refers: Refers::default(),
    })
}

fn check(server: &Server, ask: &Ask, expected: bool) -> Result<(), Failed> {
    let decision = decide(server, ask, Definition::Unseen);
    if matches!(decision, Decision::Permitted(_)) == expected {
        Ok(())
    } else {
        Err(format!("decided {decision:?}").into())
    }
}

fn run(server: &Server, ask: &Ask, times: u32) {
    for _ in 0..times {
        black_box(decide(
            black_box(server),
            black_box(ask),
            Definition::Unseen,
        ));
    }
}
