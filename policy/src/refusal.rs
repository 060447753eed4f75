//! Refusals: why, for the record, and what, for the wire.
//!
//! The caller learns that it was refused, never why: the texts on the wire are constants, the reason and the policy line go to the
//! record under the correlation id (design section 5, "the refusal on the wire").

use std::fmt;

use crate::channel::Channel;
use crate::gate::Fault;
pub use crate::reason::Reason;
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
            | Reason::TaskInvalid
            | Reason::TaskUnbound
            | Reason::InputNotListed
            | Reason::StateUnbound
            | Reason::CursorUnbound
            | Reason::TooManyRounds
            | Reason::SubscriptionInvalid
            | Reason::SubscriptionBroken
            | Reason::NotificationNotListed
            | Reason::DefinitionUnsound
            | Reason::MethodNotInRevision
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
            | Reason::Cancelled
            | Reason::DecisionFailed => Self::REFUSED,
            Reason::RateLimited
            | Reason::SubscriptionLimit
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
