//! Refusals: why, for the record, and what, for the wire.
//!
//! The caller learns that it was refused, never why: the texts on the wire are constants, the reason and the policy line go to the
//! record under the correlation id (design section 5, "the refusal on the wire").

use std::fmt;

use crate::channel::Channel;
use crate::gate::Fault;
use crate::matcher::ArgumentFault;
use crate::mcp::envelope::EnvelopeFault;
pub use crate::refused::Refused;

/// The JSON-RPC error code of a call the policy refuses: one code, outside the range that JSON-RPC and MCP reserve.
pub const REFUSED_CODE: i32 = -31403;

/// Names one decision in the record and on the wire: 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CorrelationId(pub u128);

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A line of the policy file, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line(pub u32);

/// Why a message may not cross. The labels are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The strict gate refused the bytes (A1 to A9, A16 to A19).
    Gate(Fault),
    /// The bytes are JSON and no JSON-RPC message (A10 to A15, A20, A22).
    Envelope(EnvelopeFault),
    /// An answer where only requests and notifications may come (E6).
    OrphanAnswer,
    /// No server of the policy has this channel (E3).
    ChannelNotListed,
    /// The method is in no revision of MCP, or was sent as the other kind.
    MethodUnknown,
    /// The policy does not allow the method for this server.
    MethodNotListed,
    /// `params.name` is missing or outside the grammar of tool names (B1, B2).
    ToolNameInvalid,
    /// The policy does not list the tool.
    ToolNotListed,
    /// The policy denies the tool, prompt or resource by name.
    Denied,
    /// The tool is pinned, and the server does not list it in this session, or lists it twice (B4).
    PinUnseen,
    /// The definition the server lists is not the one that is pinned (C1 to C3).
    PinChanged,
    /// The tool is pinned, and what the server lists could not be looked at: not all of it, or not in time.
    ListingFailed,
    /// The server's own instructions are not those that are pinned (C1).
    InstructionsChanged,
    /// An argument breaks a rule of the policy (B8).
    Argument(ArgumentFault),
    /// The principal called the tool more often than the policy allows.
    RateLimited,
    /// `params.name` is missing or outside the grammar of prompt names.
    PromptNameInvalid,
    /// The policy does not list the prompt (B5).
    PromptNotListed,
    /// `params.uri` is missing or has more than one reading (B6, B7).
    UriInvalid,
    /// No resource rule of the policy holds the URI (B5, B6).
    ResourceNotListed,
    /// The policy is past its `not_after`.
    PolicyExpired,
    /// The call asks for a task, which the policy cannot allow yet (B11).
    TaskNotListed,
    /// The call answers a server's question, which the policy cannot allow yet (B10).
    InputNotListed,
    /// A cancellation that names no live call of this channel and session, or more than one (B12).
    CancelUnbound,
    /// A routing header and the body disagree, or one is missing (D2, D3, D4).
    HeaderMismatch,
    /// A header that decides something is malformed or stands twice (D1, D19).
    HeaderInvalid,
    /// The protocol revision is none we know (D4).
    RevisionUnknown,
    /// The policy does not list the protocol revision for this server (D4).
    RevisionNotListed,
    /// A termination without a session.
    SessionMissing,
    /// The policy in force when the answer came is tighter and refuses the call.
    PolicyTightened,
    /// The answer carries a server's own question: `inputRequests` or error -32042 (C8).
    ReverseCall,
    /// `resultType` names something we do not know.
    ResultTypeUnknown,
    /// A listing whose items cannot be read, so that it cannot be filtered.
    ListingUnreadable,
    /// More bytes than the policy allows for one call (D8).
    StreamLimit,
    /// A polled element that is no usable command (W-51).
    UnusableCommand,
    /// Deciding failed; failing is refusing (F1).
    DecisionFailed,
    /// The channel has as many calls waiting as it may (W-01, E8).
    ChannelBusy,
    /// The gate was lowered before the call had its answer.
    GateLowered,
    /// The decision could not be recorded, and nothing crosses without a record.
    AuditUnavailable,
}

impl Reason {
    /// The stable word for logs and records.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Gate(fault) => fault.label(),
            Self::Envelope(fault) => fault.label(),
            Self::OrphanAnswer => "orphan_answer",
            Self::ChannelNotListed => "channel_not_listed",
            Self::MethodUnknown => "method_unknown",
            Self::MethodNotListed => "method_not_listed",
            Self::ToolNameInvalid => "tool_name_invalid",
            Self::ToolNotListed => "tool_not_listed",
            Self::Denied => "denied",
            Self::PinUnseen => "pin_unseen",
            Self::PinChanged => "pin_changed",
            Self::ListingFailed => "listing_failed",
            Self::InstructionsChanged => "instructions_changed",
            Self::Argument(fault) => fault.label(),
            Self::RateLimited => "rate_limited",
            Self::PromptNameInvalid => "prompt_name_invalid",
            Self::PromptNotListed => "prompt_not_listed",
            Self::UriInvalid => "uri_invalid",
            Self::ResourceNotListed => "resource_not_listed",
            Self::PolicyExpired => "policy_expired",
            Self::TaskNotListed => "task_not_listed",
            Self::InputNotListed => "input_not_listed",
            Self::CancelUnbound => "cancel_unbound",
            Self::HeaderMismatch => "header_mismatch",
            Self::HeaderInvalid => "header_invalid",
            Self::RevisionUnknown => "revision_unknown",
            Self::RevisionNotListed => "revision_not_listed",
            Self::SessionMissing => "session_missing",
            Self::PolicyTightened => "policy_tightened",
            Self::ReverseCall => "reverse_call",
            Self::ResultTypeUnknown => "result_type_unknown",
            Self::ListingUnreadable => "listing_unreadable",
            Self::StreamLimit => "stream_limit",
            Self::UnusableCommand => "unusable_command",
            Self::DecisionFailed => "decision_failed",
            Self::ChannelBusy => "channel_busy",
            Self::GateLowered => "gate_lowered",
            Self::AuditUnavailable => "audit_unavailable",
        }
    }
}

impl Reason {
    /// Whether a server on trial (`observe_until`) lets this pass. Only what the lists of the policy leave out or an argument rule refuses
    /// does: never an explicit deny, a pin, a reverse call, a task, a name with a second reading, or what a gate or a limit refuses.
    pub(crate) const fn is_observable(self) -> bool {
        matches!(
            self,
            Self::MethodNotListed
                | Self::ToolNotListed
                | Self::PromptNotListed
                | Self::ResourceNotListed
                | Self::Argument(_)
        )
    }
}

/// How a refusal looks on the wire. One table, in [`Wire::of`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wire {
    /// The `resp_code`.
    pub(crate) status: u16,
    /// The JSON-RPC error code.
    pub(crate) code: i32,
    /// The constant message.
    pub(crate) message: &'static str,
    /// Whether the same call may be allowed later: the rules have nothing against it.
    pub(crate) retryable: bool,
}

impl Wire {
    /// The refusal table.
    pub(crate) const fn of(reason: Reason) -> Self {
        match reason {
            Reason::Gate(Fault::TooLarge) => Self::REFUSED,
            Reason::Gate(_)
            | Reason::Envelope(_)
            | Reason::OrphanAnswer
            | Reason::UnusableCommand => Self {
                status: 400,
                code: -32600,
                message: "Invalid Request",
                retryable: false,
            },
            Reason::HeaderMismatch => Self {
                status: 400,
                code: -32020,
                message: "Header mismatch",
                retryable: false,
            },
            Reason::ChannelNotListed
            | Reason::MethodUnknown
            | Reason::MethodNotListed
            | Reason::ToolNameInvalid
            | Reason::ToolNotListed
            | Reason::Denied
            | Reason::PinUnseen
            | Reason::PinChanged
            | Reason::InstructionsChanged
            | Reason::Argument(_)
            | Reason::PromptNameInvalid
            | Reason::PromptNotListed
            | Reason::UriInvalid
            | Reason::ResourceNotListed
            | Reason::PolicyExpired
            | Reason::TaskNotListed
            | Reason::InputNotListed
            | Reason::CancelUnbound
            | Reason::HeaderInvalid
            | Reason::RevisionUnknown
            | Reason::RevisionNotListed
            | Reason::SessionMissing
            | Reason::PolicyTightened
            | Reason::ReverseCall
            | Reason::ResultTypeUnknown
            | Reason::ListingUnreadable
            | Reason::StreamLimit
            | Reason::DecisionFailed => Self::REFUSED,
            Reason::RateLimited
            | Reason::ListingFailed
            | Reason::ChannelBusy
            | Reason::GateLowered
            | Reason::AuditUnavailable => Self::FOR_NOW,
        }
    }

    const REFUSED: Self = Self {
        status: 200,
        code: REFUSED_CODE,
        message: "Refused by policy",
        retryable: false,
    };

    /// What the caller is told does not say why; only that another try may do.
    const FOR_NOW: Self = Self {
        retryable: true,
        ..Self::REFUSED
    };

    /// The JSON-RPC error object, without an id.
    pub(crate) fn error_object(self, correlation: CorrelationId) -> String {
        format!(
            r#"{{"code":{},"message":"{}","data":{{"correlation_id":"{correlation}","retryable":{}}}}}"#,
            self.code, self.message, self.retryable
        )
    }
}

/// The error object for a channel that nothing is bound to, as the service knows it (wire sheet 7.2).
pub(crate) fn unsupported_channel(channel: &Channel) -> String {
    format!(r#"{{"code":-32603,"message":"Bad Request: unsupported channel \"{channel}\""}}"#)
}
