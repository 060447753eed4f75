//! What changes about one server.

use std::collections::BTreeSet;

use super::Changes;
use crate::direction::Direction;
use crate::document::server::{Entry, Resource, Server};
use crate::document::tool::Tool;
use crate::matcher::Fields;
use crate::mcp::revision::Revision;

impl Changes {
    /// Every change from one server's rules to another's.
    pub(super) fn server(&mut self, old: &Server, new: &Server) {
        self.revisions(&old.revisions, &new.revisions);
        self.list(
            "method",
            old.methods.keys().copied(),
            new.methods.keys().copied(),
        );
        let sent = |server: &Server| server.server_may_send.clone().into_iter();
        self.list("server notification", sent(old), sent(new));
        let headers = |headers: &Vec<String>| headers.clone().into_iter();
        self.list(
            "header",
            headers(&old.forward_headers),
            headers(&new.forward_headers),
        );
        self.limits(&old.limits, &new.limits);
        self.trial(old, new);
        let instructions = |server: &Server| server.instructions().map(|(pin, _)| pin);
        self.rule(
            Direction::of(
                instructions(old).as_ref(),
                instructions(new).as_ref(),
                |_, _| false,
            ),
            "instructions",
        );
        let names: BTreeSet<&String> = old.tools.keys().chain(new.tools.keys()).collect();
        for name in names {
            self.tool(name, old.tools.get(name), new.tools.get(name));
        }
        let names: BTreeSet<&String> = old.prompts.keys().chain(new.prompts.keys()).collect();
        for name in names {
            self.entry(
                &format!("prompt `{name}`"),
                old.prompts.get(name),
                new.prompts.get(name),
            );
        }
        self.resources(&old.resources, &new.resources);
    }

    fn revisions(&mut self, old: &[Revision], new: &[Revision]) {
        let some = |list: &[Revision]| (!list.is_empty()).then(|| list.to_vec());
        let narrower =
            |new: &Vec<Revision>, old: &Vec<Revision>| new.iter().all(|one| old.contains(one));
        self.rule(
            Direction::of(some(old).as_ref(), some(new).as_ref(), narrower),
            "revisions",
        );
    }

    fn list<T: Ord + ToString>(
        &mut self,
        what: &str,
        old: impl Iterator<Item = T>,
        new: impl Iterator<Item = T>,
    ) {
        let (old, new): (BTreeSet<T>, BTreeSet<T>) = (old.collect(), new.collect());
        for gone in old.difference(&new) {
            self.add(
                Direction::Tighter,
                &format!("{what} `{}`", gone.to_string()),
                "is no longer allowed",
            );
        }
        for added in new.difference(&old) {
            self.add(
                Direction::Looser,
                &format!("{what} `{}`", added.to_string()),
                "is allowed now",
            );
        }
    }

    /// A trial that begins or lasts longer lets more pass.
    fn trial(&mut self, old: &Server, new: &Server) {
        match old.observe_until().cmp(&new.observe_until()) {
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => self.add(
                Direction::Tighter,
                "observe_until",
                "the trial ends earlier, or is over",
            ),
            std::cmp::Ordering::Less => self.add(
                Direction::Looser,
                "observe_until",
                "what is refused passes until then",
            ),
        }
    }

    fn tool(&mut self, name: &str, old: Option<&Tool>, new: Option<&Tool>) {
        let part = format!("tool `{name}`");
        self.entry(
            &part,
            old.map(|tool| &tool.entry),
            new.map(|tool| &tool.entry),
        );
        let (Some(old), Some(new)) = (old, new) else {
            return;
        };
        if old.entry.deny.is_some() || new.entry.deny.is_some() {
            return;
        }
        let pin = |tool: &Tool| tool.pin.map(|(pin, _)| pin);
        self.rule(
            Direction::of(pin(old).as_ref(), pin(new).as_ref(), |_, _| false),
            &format!("{part}, pin"),
        );
        let rate = |tool: &Tool| tool.calls_per_min.map(|(rate, _)| rate);
        let way = Direction::of(rate(old).as_ref(), rate(new).as_ref(), |new, old| {
            new <= old
        });
        self.rule(way, &format!("{part}, calls_per_min"));
        self.arguments(&part, old.arguments.as_ref(), new.arguments.as_ref());
    }

    fn arguments(&mut self, part: &str, old: Option<&Fields>, new: Option<&Fields>) {
        match (old, new) {
            (None, None) => {}
            (None, Some(_)) => {
                self.add(Direction::Tighter, part, "its arguments are looked at now")
            }
            (Some(_), None) => self.add(
                Direction::Looser,
                part,
                "its arguments are no longer looked at",
            ),
            (Some(old), Some(new)) => {
                for (name, way) in old.changes(new) {
                    self.rule(way, &format!("{part}, argument `{name}`"));
                }
            }
        }
    }

    fn entry(&mut self, part: &str, old: Option<&Entry>, new: Option<&Entry>) {
        let state = |entry: Option<&Entry>| entry.map(|entry| entry.deny.is_some());
        match (state(old), state(new)) {
            (Some(false), Some(true)) => self.add(Direction::Tighter, part, "is denied now"),
            (Some(false), None) => self.add(Direction::Tighter, part, "is no longer listed"),
            (None, Some(true)) => {
                self.add(Direction::Tighter, part, "is denied now; it was not listed")
            }
            (None | Some(true), Some(false)) => self.add(Direction::Looser, part, "is allowed now"),
            (Some(true), None) => self.add(
                Direction::Looser,
                part,
                "is no longer denied; it is not listed either",
            ),
            (None, None) | (Some(false), Some(false)) | (Some(true), Some(true)) => {}
        }
    }

    fn resources(&mut self, old: &[Resource], new: &[Resource]) {
        let named = |list: &[Resource]| -> BTreeSet<String> {
            list.iter().map(|rule| rule.subtree.to_string()).collect()
        };
        for name in named(old).union(&named(new)) {
            let find = |list: &[Resource]| {
                let found = list.iter().find(|rule| rule.subtree.to_string() == *name);
                found.map(|rule| rule.entry.clone())
            };
            self.entry(
                &format!("resource `{name}`"),
                find(old).as_ref(),
                find(new).as_ref(),
            );
        }
    }
}
