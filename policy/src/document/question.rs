//! A call as a policy file writes it: in a `[[test]]`, or in a `[[never]]`.

use bytes::Bytes;
use toml::de::DeValue;

use super::keys;
use super::mistake::Mistakes;
use super::section::{Item, Section};
use super::server::Server;
use crate::decide::{Decision, Definition, decide};
use crate::gate::{self, Caps};
use crate::mcp::catalogue::{self, Kind};
use crate::permit::ask;
use crate::refusal::Reason;

/// One message, as a caller would send it.
pub(super) struct Question(Bytes);

impl Question {
    /// Reads the one of `call`, `read`, `prompt` and `method` that is there.
    pub(super) fn compile(section: Section<'_>, mistakes: &mut Mistakes<'_>) -> Option<Self> {
        let forms = ["call", "read", "prompt", "method"];
        let given: Vec<(&str, Item<'_>)> = forms
            .iter()
            .filter_map(|form| Some((*form, section.get(form)?)))
            .collect();
        let [(form, item)] = given.as_slice() else {
            let remedy = "write one of `call`, `read`, `prompt` and `method`";
            mistakes.add(
                section.at,
                "this asks nothing, or more than one thing",
                remedy,
            );
            return None;
        };
        match *form {
            "call" => Self::call(*item, mistakes),
            "read" => Some(Self::request(
                "resources/read",
                &format!(r#""uri":{}"#, quoted(item.text(mistakes)?)),
            )),
            "prompt" => Some(Self::request(
                "prompts/get",
                &format!(r#""name":{}"#, quoted(item.text(mistakes)?)),
            )),
            _ => Self::method(*item, mistakes),
        }
    }

    fn call(item: Item<'_>, mistakes: &mut Mistakes<'_>) -> Option<Self> {
        let section = item
            .section(mistakes)?
            .closed(&keys::CALL, keys::nowhere, mistakes);
        let tool = section.need("tool", mistakes)?.text(mistakes)?;
        let mut params = format!(r#""name":{}"#, quoted(tool));
        if let Some(args) = section.get("args") {
            params.push_str(r#","arguments":"#);
            write(args, &mut params, mistakes)?;
        }
        Some(Self::request("tools/call", &params))
    }

    fn method(item: Item<'_>, mistakes: &mut Mistakes<'_>) -> Option<Self> {
        let name = item.text(mistakes)?;
        let method = catalogue::caller(name);
        if method.is_none() {
            mistakes.add(
                item.at,
                "this is no method of MCP that a caller may name",
                "write it as in \"completion/complete\"",
            );
        }
        Some(match method?.kind {
            Kind::Request => Self::request(name, ""),
            Kind::Notification => Self(format!(r#"{{"jsonrpc":"2.0","method":"{name}"}}"#).into()),
        })
    }

    fn request(method: &str, params: &str) -> Self {
        let text =
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{params}}}}}"#);
        Self(text.into())
    }

    /// Any message.
    pub(super) fn raw(text: impl Into<Bytes>) -> Self {
        Self(text.into())
    }

    /// What the rules of a server say to it, by the code that judges real calls. A pinned tool is taken to be what is pinned.
    pub(super) fn decide(&self, server: &Server) -> Decision {
        let message = match gate::message(self.0.clone(), &Caps::REQUEST) {
            Ok(message) => message,
            Err(error) => return Decision::Refused(Reason::Gate(error.fault), None),
        };
        match ask::read(&message) {
            Ok(asked) => decide(server, &asked.ask, Definition::AsPinned),
            Err((reason, line)) => Decision::Refused(reason, line),
        }
    }
}

/// A text as JSON writes it.
fn quoted(text: &str) -> String {
    let mut json = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => json.extend(['\\', letter]),
            '\u{0}'..='\u{1f}' => json.push_str(&format!("\\u{:04x}", u32::from(letter))),
            other => json.push(other),
        }
    }
    json.push('"');
    json
}

/// A value of the file as JSON.
fn write(item: Item<'_>, json: &mut String, mistakes: &mut Mistakes<'_>) -> Option<()> {
    match item.value() {
        DeValue::String(text) => json.push_str(&quoted(text)),
        DeValue::Boolean(value) => json.push_str(if *value { "true" } else { "false" }),
        DeValue::Integer(_) => json.push_str(&item.integer(mistakes)?.to_string()),
        DeValue::Float(number) => json.push_str(number.as_str()),
        DeValue::Array(_) => {
            let elements = item.elements();
            enclose(json, ['[', ']'], &elements, |item, json| {
                write(*item, json, mistakes)
            })?;
        }
        DeValue::Table(_) => {
            let members: Vec<_> = item.section(mistakes)?.entries().collect();
            enclose(json, ['{', '}'], &members, |(key, _, item), json| {
                json.push_str(&quoted(key));
                json.push(':');
                write(*item, json, mistakes)
            })?;
        }
        DeValue::Datetime(_) => {
            mistakes.add(item.at, "JSON has no dates", "write it in quotes");
            return None;
        }
    }
    Some(())
}

fn enclose<T>(
    json: &mut String,
    [open, close]: [char; 2],
    items: &[T],
    mut each: impl FnMut(&T, &mut String) -> Option<()>,
) -> Option<()> {
    json.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        each(item, json)?;
    }
    json.push(close);
    Some(())
}
