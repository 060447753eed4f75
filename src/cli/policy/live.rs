//! The live server that `init` and `pins` look at: which it is, and what it offers.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Arg, ArgMatches, Command};
use portcullis_certs::{Roots, Source};
use portcullis_policy::gate::{Node, Slot};
use portcullis_policy::{Channel, Pin};

use super::print;
use crate::app::{self, Surveyed, Way};
use crate::config::{self, Config, Environment, Url};
use crate::ops::audit::sha256;

const FROM_SERVER: &str = "from-server";
const CHANNEL: &str = "channel";
/// The agent's own flag for its configuration.
const CONFIG: &str = "config";

/// What a server told, and where it is.
pub(super) struct Live {
    pub(super) channel: Channel,
    /// Scheme, host and port.
    pub(super) origin: String,
    pub(super) surveyed: Surveyed,
}

/// Adds the arguments that name a server: a URL with the agent's own flags for certificates and roots, or its configuration.
pub(super) fn arguments(command: Command) -> Command {
    config::arguments(command).args([
        Arg::new(FROM_SERVER)
            .long(FROM_SERVER)
            .value_name("URL")
            .conflicts_with(CONFIG)
            .help("The MCP server to ask, reached with --mcp.client-cert, --mcp.client-key and --ca-bundle; or leave it out and name the agent's configuration with --config"),
        Arg::new(CHANNEL)
            .long(CHANNEL)
            .default_value("main")
            .help("The channel the rules are for, and with --config the server that is bound to it"),
    ])
}

/// Asks the server; complains if it cannot be asked.
pub(super) fn survey(matches: &ArgMatches, env: &Environment, err: &mut dyn Write) -> Option<Live> {
    match asked(matches, env) {
        Ok(live) => Some(live),
        Err(error) => {
            print(err, &format!("portcullis: {error:#}"));
            None
        }
    }
}

fn asked(matches: &ArgMatches, env: &Environment) -> anyhow::Result<Live> {
    let channel = matches
        .get_one::<String>(CHANNEL)
        .map_or("main", String::as_str);
    let channel = Channel::parse(channel)?;
    let Some(url) = matches.get_one::<String>(FROM_SERVER) else {
        if !matches.contains_id(CONFIG) {
            anyhow::bail!(
                "no server is named; add --{FROM_SERVER} URL, or --{CONFIG} with the agent's configuration"
            );
        }
        let config = Config::load(matches, env)?;
        let mut bindings = config.mcp.bindings.iter();
        let bound = bindings.find(|binding| binding.channel == channel);
        let origin = bound
            .map(|binding| binding.url.origin())
            .unwrap_or_default();
        let surveyed = app::survey(&Way::Configured(&config), &channel)?;
        return Ok(Live {
            channel,
            origin,
            surveyed,
        });
    };
    let url = Url::parse(url)
        .map_err(|fault| anyhow::anyhow!("--{FROM_SERVER} {}; {}", fault.problem, fault.remedy))?;
    let surveyed = app::survey(&Way::Files(&url, files(matches)), &channel)?;
    Ok(Live {
        channel,
        origin: url.origin(),
        surveyed,
    })
}

/// The private roots stand alone here, as the file says them: a tool that is given roots is meant to believe these.
fn files(matches: &ArgMatches) -> Source {
    let path = |name: &str| {
        let mut given = matches.get_many::<OsString>(name).into_iter().flatten();
        given.next_back().map(PathBuf::from)
    };
    let roots: Vec<PathBuf> = path("ca-bundle").into_iter().collect();
    Source {
        identity: path("mcp.client-cert").zip(path("mcp.client-key")),
        base: roots.is_empty().then(|| Arc::new(Roots::public())),
        roots,
        ..Source::default()
    }
}

impl Live {
    /// The definitions of its tools, page by page; what is no object with a name is left out.
    pub(super) fn tools(&self) -> impl Iterator<Item = (String, Node<'_>)> {
        named(&self.surveyed.tools, Slot::ResultTools, "name")
    }

    /// The names of its prompts.
    pub(super) fn prompts(&self) -> impl Iterator<Item = String> {
        named(&self.surveyed.prompts, Slot::ResultPrompts, "name").map(|(name, _)| name)
    }

    /// The URIs of its resources.
    pub(super) fn resources(&self) -> impl Iterator<Item = String> {
        named(&self.surveyed.resources, Slot::ResultResources, "uri").map(|(uri, _)| uri)
    }

    /// The pin of its instructions: of the empty text if it has none, and nothing if they are no text.
    pub(super) fn instructions(&self) -> Option<Pin> {
        let text = match self.surveyed.opened.node(Slot::ResultInstructions) {
            Some(node) => node.text()?,
            None => "".into(),
        };
        Some(Pin::of_text(&text, sha256))
    }
}

fn named<'a>(
    pages: &'a [portcullis_policy::gate::Gated],
    slot: Slot,
    key: &'static str,
) -> impl Iterator<Item = (String, Node<'a>)> {
    pages
        .iter()
        .filter_map(move |page| page.node(slot))
        .flat_map(|list| list.elements())
        .filter_map(move |item| Some((item.get(key)?.text()?.into_owned(), item)))
}
