//! The file `init` writes: everything the server offers, commented out. What the policy could not load if it were uncommented is left out with
//! the reason, so that the file loads whatever of it is uncommented.

use portcullis_policy::gate::Node;
use portcullis_policy::{Pin, PolicySet};

use super::derived;
use super::words::{quoted, shown};
use crate::cli::policy::live::Live;
use crate::ops::audit::sha256;

/// The most bytes of one entry, and of all: a policy has at most 1 MiB.
const ENTRY_BYTES: usize = 16 * 1024;
const ALL_BYTES: usize = 768 * 1024;

/// A file to be.
pub(super) struct Draft {
    head: Vec<String>,
    rules: String,
    entries: Vec<Entry>,
    tail: Vec<String>,
}

/// One tool, prompt or resource.
struct Entry {
    /// For people.
    prose: Vec<String>,
    /// To be uncommented.
    lines: Vec<String>,
    /// Why it cannot be.
    left_out: Option<String>,
}

impl Draft {
    /// What a server offers.
    pub(super) fn of(live: &Live) -> Self {
        let mut rules = format!(
            "schema = 1\nname = \"draft\"\n\n[[server]]\nchannel = \"{}\"\n",
            live.channel
        );
        if let Some(pin) = live.instructions() {
            rules += &format!("instructions = \"{pin}\"\n");
        }
        let offered = live
            .tools()
            .map(|(name, node)| Entry::tool(&name, node))
            .chain(live.prompts().map(|name| Entry::prompt(&name)))
            .chain(live.resources().map(|uri| Entry::resource(&uri)));
        let (mut entries, mut bytes, mut more) = (Vec::new(), 0, 0);
        for entry in offered.map(Entry::bounded) {
            bytes += entry.bytes();
            if bytes <= ALL_BYTES {
                entries.push(entry);
            } else {
                more += 1;
            }
        }
        Self {
            head: vec![
                format!("## What {} offers. Nothing of it is allowed yet.", shown(&live.origin)),
                "## Review a definition, then remove `# ` at the beginning of its lines. Each pin holds the".to_owned(),
                "## definition as it was listed now; narrow the rules for its arguments to what is needed.".to_owned(),
            ],
            entries,
            rules,
            tail: (more > 0)
                .then(|| format!("## {more} more are not written out: the file would be too long."))
                .into_iter()
                .collect(),
        }
    }

    /// Leaves out what could not be loaded, until everything that is left can be uncommented.
    pub(super) fn settled(mut self) -> Self {
        loop {
            let (text, starts) = self.uncommented();
            let mistakes = PolicySet::check(text.as_bytes()).mistakes;
            let mut left_out = false;
            for mistake in &mistakes {
                let line = usize::try_from(mistake.line).unwrap_or(usize::MAX);
                let at = starts.iter().rposition(|start| *start <= line);
                if let Some(entry) = at.and_then(|at| self.entries.get_mut(at))
                    && entry.left_out.is_none()
                {
                    entry.left_out = Some(mistake.problem.clone());
                    left_out = true;
                }
            }
            if !left_out {
                return self;
            }
        }
    }

    /// The file as it would be with every line uncommented, and the line each entry begins on.
    fn uncommented(&self) -> (String, Vec<usize>) {
        let mut lines: Vec<&str> = self.rules.lines().collect();
        let mut starts = Vec::new();
        for entry in &self.entries {
            lines.push("");
            starts.push(lines.len() + 1);
            if entry.left_out.is_none() {
                lines.extend(entry.lines.iter().map(String::as_str));
            }
        }
        (lines.join("\n") + "\n", starts)
    }

    /// The file.
    pub(super) fn text(&self) -> String {
        let mut text = self.head.join("\n") + "\n\n" + &self.rules;
        for entry in &self.entries {
            text.push('\n');
            for line in &entry.prose {
                text += &format!("## {line}\n");
            }
            match &entry.left_out {
                Some(why) => text += &format!("## left out: {}\n", shown(why)),
                None => {
                    for line in &entry.lines {
                        text += &format!("# {line}\n");
                    }
                }
            }
        }
        for line in &self.tail {
            text += &format!("\n{line}\n");
        }
        text
    }
}

impl Entry {
    fn tool(name: &str, definition: Node<'_>) -> Self {
        let description = ["description", "title"]
            .iter()
            .find_map(|member| definition.get(member)?.text())
            .unwrap_or_default();
        let (rules, unsaid) = derived::arguments(definition);
        let title = format!("tool {}: {}", shown(name), shown(&description));
        let mut prose = vec![title.trim_end_matches([':', ' ']).to_owned()];
        prose.extend(unsaid.iter().map(|argument| {
            format!(
                "argument {} has a schema that no rule can say; it is refused",
                shown(argument)
            )
        }));
        let mut lines = vec![
            "[[server.tool]]".to_owned(),
            format!("name = {}", quoted(name)),
            format!("pin = \"{}\"", Pin::of(definition, sha256)),
        ];
        lines.extend(rules);
        Self::new(prose, lines)
    }

    fn prompt(name: &str) -> Self {
        let lines = vec![
            "[[server.prompt]]".to_owned(),
            format!("name = {}", quoted(name)),
        ];
        Self::new(vec![format!("prompt {}", shown(name))], lines)
    }

    fn resource(uri: &str) -> Self {
        let (scheme, under) = uri.split_once(':').unwrap_or((uri, ""));
        let lines = vec![
            "[[server.resource]]".to_owned(),
            format!("scheme = {}", quoted(scheme)),
            format!("under = {}", quoted(under)),
        ];
        Self::new(vec![format!("resource {}", shown(uri))], lines)
    }

    /// What is too long for a rule that somebody is to review is left out.
    fn bounded(mut self) -> Self {
        if self.bytes() > ENTRY_BYTES {
            self.prose.truncate(1);
            self.lines.clear();
            self.left_out = Some("its rules would be too long".to_owned());
        }
        self
    }

    fn bytes(&self) -> usize {
        let lines = self.prose.iter().chain(&self.lines);
        // Each line has its mark and its end.
        lines.map(|line| line.len() + 4).sum::<usize>() + 1
    }

    fn new(prose: Vec<String>, lines: Vec<String>) -> Self {
        Self {
            prose,
            lines,
            left_out: None,
        }
    }
}
