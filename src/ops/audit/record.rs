//! What the rest of the agent tells the log. Plain values: nothing here knows a policy, a command or a socket.

use super::digest::Digest;

/// One command as it was judged: the facts that an `intent` or a `refusal` records.
#[derive(Clone, Debug, Default)]
pub struct Decided<'a> {
    /// Names the decision in every record and on the wire.
    pub correlation: u128,
    /// What the control plane calls the command.
    pub request_id: &'a str,
    /// The channel.
    pub channel: &'a str,
    /// `call`, `notification`, `session_termination` or `unusable`.
    pub message: &'a str,
    /// The JSON-RPC method, if one could be read.
    pub method: Option<&'a str>,
    /// What the method acts on: the tool.
    pub selector: Option<&'a str>,
    /// SHA-256 of the MCP session id, if there is a session.
    pub session: Option<[u8; 32]>,
    /// The bytes of the request; recorded as length and digest.
    pub request: &'a [u8],
    /// The raw JSON of the arguments; recorded only as the policy says.
    pub arguments: Option<&'a [u8]>,
    /// Why the rules refuse what goes in all the same, its server being on trial.
    pub observed: Option<Refusal<'a>>,
    /// The policy that decided.
    pub policy: Policy,
    /// The certificates in use.
    pub identity: Identity<'a>,
}

/// The policy that decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Counts the policies of this run from 1.
    pub generation: u64,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// The line of the rule that decided, if one did.
    pub line: Option<u32>,
}

/// The certificates in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity<'a> {
    /// Counts the certificates of this run from 1; 0 without any.
    pub generation: u64,
    /// Serial number shown to the control plane.
    pub control_plane: Option<&'a str>,
    /// Serial number shown to the MCP server.
    pub server: Option<&'a str>,
}

/// How a forwarded command ended: what an `outcome` records.
#[derive(Clone, Debug, Default)]
pub struct Ended<'a> {
    /// `allow`, `deny`, `failed`, `post_failed`, `expired` or `lost`.
    pub verdict: &'a str,
    /// Why, as a stable word.
    pub reason: Option<&'a str>,
    /// The line of the policy that decided about the answer.
    pub line: Option<u32>,
    /// Which generation of certificates and keys the message went to its server under, if the server answered.
    pub generation: Option<u64>,
    /// The `resp_code` of the post, if there was one.
    pub resp_code: Option<u16>,
    /// The body that was released.
    pub answer: Option<Digest>,
    /// Events of the server's stream.
    pub events: u64,
    /// Items removed from a listing.
    pub removed: u64,
    /// Names of the first of them.
    pub removed_names: &'a [String],
    /// Whether these are URIs; they are recorded only as the policy says.
    pub removed_are_uris: bool,
    /// Messages of the server that were dropped.
    pub dropped: u64,
    /// How long it took.
    pub durations: Durations,
}

/// Durations of one command in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    /// Waiting for a turn.
    pub queued: u64,
    /// The private server.
    pub server: u64,
    /// The post.
    pub post: u64,
    /// From poll to end.
    pub total: u64,
}

/// Why a command was refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// The stable word.
    pub reason: &'a str,
    /// The line of the policy that decided, if one did.
    pub line: Option<u32>,
    /// The `resp_code` of the post, if there was one.
    pub resp_code: Option<u16>,
}

/// Something that is not one command: a start, a reload, a lowered gate.
#[derive(Clone, Copy, Debug)]
pub struct Note<'a> {
    /// What happened.
    pub kind: NoteKind,
    /// Its facts, in the order they are written.
    pub fields: &'a [(&'static str, Field<'a>)],
}

/// The kinds of notes that others may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// A policy or secret was read again.
    Reload,
    /// A certificate generation changed.
    Rotation,
    /// A peer refused us, or we it.
    Peer,
    /// The gate was lowered.
    Lowered,
    /// The gate was raised.
    Raised,
    /// The gate lets work finish and takes no more.
    Quiesced,
    /// A definition that the policy pins was found to be another, or as pinned again.
    Pin,
    /// A poll body was lost, with every command in it.
    PollLost,
}

impl NoteKind {
    /// The word in the record.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Reload => "reload",
            Self::Rotation => "rotation",
            Self::Peer => "peer",
            Self::Lowered => "lowered",
            Self::Raised => "raised",
            Self::Quiesced => "quiesced",
            Self::Pin => "pin",
            Self::PollLost => "poll_lost",
        }
    }
}

/// The value of a fact in a note.
#[derive(Clone, Copy, Debug)]
pub enum Field<'a> {
    /// A text; cut when it is long.
    Text(&'a str),
    /// A number.
    Number(u64),
    /// Yes or no.
    Flag(bool),
    /// A SHA-256.
    Sha256([u8; 32]),
}
