//! What a message refers to that earlier messages made: a task, a request state, subscriptions.

use crate::gate::{Kind, Node};

/// The most resources, and the most tasks, that one subscription may name (B14).
const MOST: usize = 64;

/// What of earlier messages a message refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refers {
    /// `params.taskId` of a message about a task.
    pub task: Option<String>,
    /// `params.requestState` of a call that is tried again (MCP 2026-07-28).
    pub state: Option<String>,
    /// What a subscription asks for, if it can be read.
    pub listens: Option<Listens>,
    /// What the ledger knows of it.
    pub earlier: Earlier,
    /// Whether a listing that this principal saw showed the tool to be unfit.
    pub unfit: bool,
    /// Where a listing is to go on.
    pub cursor: Cursor,
}

/// `params.cursor` of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cursor {
    /// There is none: the first page.
    #[default]
    Absent,
    /// It is `null`. Servers differ in what they take that for; no page ever gave it.
    Null,
    /// Behind the page that gave this text.
    Behind(String),
    /// It is no text.
    Unreadable,
}

impl Cursor {
    pub(crate) fn read(node: Option<Node<'_>>) -> Self {
        match node.map(|node| (node.kind(), node.text())) {
            None => Self::Absent,
            Some((Kind::Null, _)) => Self::Null,
            Some((_, Some(text))) => Self::Behind(text.into_owned()),
            Some((_, None)) => Self::Unreadable,
        }
    }

    /// Whether a listing begins.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        *self == Self::Absent
    }
}

/// Whether what a message refers to was made for whoever sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Earlier {
    /// It was not, or nobody looked.
    #[default]
    Unbound,
    /// It was; by a call of this tool, if a tool call made it.
    Bound(Option<String>),
}

/// `params.notifications` of `subscriptions/listen` (MCP 2026-07-28).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listens {
    /// The notifications that announce a changed listing.
    pub changes: Vec<&'static str>,
    /// The resources whose changes are to be told.
    pub resources: Vec<String>,
    /// The tasks whose progress is to be told (tasks extension).
    pub tasks: Vec<String>,
}

impl Listens {
    /// Reads it; nothing when a member is unknown or of another type: what cannot be read cannot be held to rules.
    pub(crate) fn read(asked: Node<'_>) -> Option<Self> {
        if asked.kind() != Kind::Object {
            return None;
        }
        let mut listens = Self::default();
        for (name, value) in asked.members() {
            match name.as_ref() {
                "resourceSubscriptions" => listens.resources = texts(value)?,
                "taskIds" => listens.tasks = texts(value)?,
                other => {
                    let change = change(other)?;
                    if value.boolean()? {
                        listens.changes.push(change);
                    }
                }
            }
        }
        Some(listens)
    }
}

fn change(member: &str) -> Option<&'static str> {
    match member {
        "toolsListChanged" => Some("notifications/tools/list_changed"),
        "promptsListChanged" => Some("notifications/prompts/list_changed"),
        "resourcesListChanged" => Some("notifications/resources/list_changed"),
        _ => None,
    }
}

/// An array of a few texts.
fn texts(node: Node<'_>) -> Option<Vec<String>> {
    if node.kind() != Kind::Array || node.elements().take(MOST + 1).count() > MOST {
        return None;
    }
    node.elements()
        .map(|text| Some(text.text()?.into_owned()))
        .collect()
}
