//! The MCP side of the configuration: which private servers there are and how long they may take.
//!
//! Promises: every channel once, main among them unless the polled channels leave it out, every polled channel served; all four timers always on
//! (W-04).
//! Leaves to others: what may be called there (the policy).

mod binding;

use std::collections::BTreeSet;
use std::time::Duration;

use super::control_plane::Polling;
use super::headers::{self, ExtraHeader};
use super::mistake::{Fault, Mistake, Source};
use super::number;
use super::paths;
use super::reader::Reader;
use super::table::{
    CONNECT_TIMEOUT, CONNECTION_MAX_TTL, HEADER_TIMEOUT, IDLE_TIMEOUT, MAX_CONCURRENT,
    MCP_CLIENT_CERT, MCP_CLIENT_CERT_ISSUER, MCP_CLIENT_KEY, MCP_EXTRA_HEADERS, POLL_CHANNELS,
    SERVER_URLS, Setting,
};
pub use binding::{Binding, TlsMin};
use portcullis_policy::Channel;

const MOST_CONCURRENT: u16 = 10_000;
const LONGEST_TIMER: Duration = Duration::from_hours(24);
/// The server-info header names at most so many channels (wire sheet 2.2).
const MOST_CHANNELS: usize = 32;

/// The private servers.
#[derive(Clone, Debug)]
pub struct Mcp {
    /// One per channel, in the order given.
    pub bindings: Vec<Binding>,
    /// Sent to every server.
    pub extra_headers: Vec<ExtraHeader>,
    /// Calls running at the same time on each channel, 1 to 10000.
    pub max_concurrent_requests: u16,
    /// The limits of time.
    pub timers: Timers,
}

/// How long each step of a call may take; all longer than zero and at most 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// To reach the server, TLS included.
    pub connect: Duration,
    /// Until the headers of the answer.
    pub header: Duration,
    /// Between two pieces of the answer.
    pub idle: Duration,
    /// The call from start to end.
    pub total: Duration,
}

/// Reads the section, recording every mistake. `polling` is absent after a mistake in it: which channels it needs is then not known.
pub(crate) fn read(reader: &mut Reader<'_>, polling: Option<&Polling>) -> Option<Mcp> {
    let identity = paths::read_identity(
        reader,
        [&MCP_CLIENT_CERT, &MCP_CLIENT_KEY, &MCP_CLIENT_CERT_ISSUER],
    );
    let bindings = read_bindings(reader, identity.as_ref());
    if let (Some(bindings), Some(polling)) = (&bindings, polling) {
        check_channels(reader, bindings, polling.channels.as_deref());
    }
    let extra_headers = headers::read(reader, &MCP_EXTRA_HEADERS, headers::MCP);
    let max_concurrent_requests =
        reader.parsed(&MAX_CONCURRENT, |text| number::count(text, MOST_CONCURRENT));
    let timers = read_timers(reader);
    Some(Mcp {
        bindings: bindings?,
        extra_headers,
        max_concurrent_requests: max_concurrent_requests?,
        timers: timers?,
    })
}

/// `None` after a mistake in a binding: what its channel was meant to be is then not known.
fn read_bindings(
    reader: &mut Reader<'_>,
    identity: Option<&paths::ClientIdentity>,
) -> Option<Vec<Binding>> {
    let Ok(given) = reader.sources().find(&SERVER_URLS) else {
        reader.given(&SERVER_URLS);
        return None;
    };
    let items = given.map(|given| given.items).unwrap_or_default();
    let read: Vec<Option<Binding>> = items
        .iter()
        .map(|item| binding::read(reader, item, identity))
        .collect();
    read.into_iter().collect()
}

fn check_channels(reader: &mut Reader<'_>, bindings: &[Binding], polled: Option<&[Channel]>) {
    let mut seen = BTreeSet::new();
    for binding in bindings
        .iter()
        .filter(|binding| !seen.insert(&binding.channel))
    {
        let problem = format!("binds the channel `{}` twice", binding.channel);
        reader.push(Mistake::new(
            SERVER_URLS.key,
            binding.source.clone(),
            problem,
            "give each channel one server",
        ));
    }
    if seen.len() > MOST_CHANNELS {
        let fault = Fault::new(
            format!("binds more than {MOST_CHANNELS} channels"),
            "run a second agent",
        );
        reader.fault(&SERVER_URLS, &Source::Absent, fault);
    }
    match polled {
        Some(polled) => check_polled(reader, &seen, polled),
        None if seen.iter().any(|channel| **channel == Channel::main()) => {}
        None => reader.missing(&SERVER_URLS, &no_main(seen.is_empty())),
    }
}

fn no_main(nothing: bool) -> String {
    if nothing {
        format!("set {} to the URL of the MCP server", SERVER_URLS.ways())
    } else {
        format!(
            "add a binding with channel=main, or name the channels to poll with {}",
            POLL_CHANNELS.ways()
        )
    }
}

fn check_polled(reader: &mut Reader<'_>, bound: &BTreeSet<&Channel>, polled: &[Channel]) {
    let Ok(Some(given)) = reader.sources().find(&POLL_CHANNELS) else {
        return;
    };
    for channel in polled.iter().filter(|channel| !bound.contains(channel)) {
        let remedy = format!(
            "bind it with {}, or take it off this list",
            SERVER_URLS.ways()
        );
        reader.fault(
            &POLL_CHANNELS,
            &given.source,
            Fault::new(unbound(channel), remedy),
        );
    }
}

/// A name is repeated only when it is short: a long one might be a key pasted here.
fn unbound(channel: &Channel) -> String {
    const LONGEST_ECHO: usize = 20;
    match channel.as_str() {
        name if name.len() <= LONGEST_ECHO => {
            format!("names the channel `{name}`, which has no MCP server")
        }
        _ => "names a channel that has no MCP server".to_owned(),
    }
}

fn read_timers(reader: &mut Reader<'_>) -> Option<Timers> {
    let mut timer = |setting: &'static Setting| {
        reader.parsed(setting, |text| number::time(text, LONGEST_TIMER, "24h"))
    };
    let (connect, header) = (timer(&CONNECT_TIMEOUT), timer(&HEADER_TIMEOUT));
    let (idle, total) = (timer(&IDLE_TIMEOUT), timer(&CONNECTION_MAX_TTL));
    Some(Timers {
        connect: connect?,
        header: header?,
        idle: idle?,
        total: total?,
    })
}
