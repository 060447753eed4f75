//! Why a message may not cross: one closed list with a stable word for each, for logs and records.

use crate::gate::Fault;
use crate::matcher::ArgumentFault;
use crate::mcp::envelope::EnvelopeFault;

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
    /// The tool is pinned, and the server has not listed it in this session.
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
    /// The call asks for a task or the answer makes one, and the policy lists no `tasks/get` (B11).
    TaskNotListed,
    /// The task, its id or its time to live is not of the form or size it may have (B11).
    TaskInvalid,
    /// No call of this principal made the task, or it was too long ago (B9).
    TaskUnbound,
    /// The call answers a server's question, and no question is passed on (B10).
    InputNotListed,
    /// The request state was not given to this call of this principal, or too long ago (B10).
    StateUnbound,
    /// The listing is to go on behind a cursor that none of its pages gave this principal, or that gave way to newer ones (B4).
    CursorUnbound,
    /// The server asked for one more try of a call than there may be (B10).
    TooManyRounds,
    /// What the subscription asks for cannot be read, or is too much (B14).
    SubscriptionInvalid,
    /// The principal has as many event streams open as it may (B14).
    SubscriptionLimit,
    /// The server sent on a subscription what does not belong there, again and again (B14).
    SubscriptionBroken,
    /// The policy does not let the server send the notification that is subscribed to (B14).
    NotificationNotListed,
    /// The session saw a definition of the tool that is unfit to be shown (B4, C5, C10, C12).
    DefinitionUnsound,
    /// The revision that is spoken does not have the method, and the policy lists revisions (D4).
    MethodNotInRevision,
    /// A cancellation that names no live call of this principal, or more than one (B12).
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
    /// The caller cancelled the call before it had its answer.
    Cancelled,
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
            Self::TaskInvalid => "task_invalid",
            Self::TaskUnbound => "task_unbound",
            Self::InputNotListed => "input_not_listed",
            Self::StateUnbound => "state_unbound",
            Self::CursorUnbound => "cursor_unbound",
            Self::TooManyRounds => "too_many_rounds",
            Self::SubscriptionInvalid => "subscription_invalid",
            Self::SubscriptionLimit => "subscription_limit",
            Self::SubscriptionBroken => "subscription_broken",
            Self::NotificationNotListed => "notification_not_listed",
            Self::DefinitionUnsound => "definition_unsound",
            Self::MethodNotInRevision => "method_not_in_revision",
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
            Self::Cancelled => "cancelled",
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
