//! How records and events name a command.

use portcullis_policy::refusal::CorrelationId;

use crate::ops::event::{Call, CallKind};
use crate::relay::record::{Decided, Named};
use crate::wire::address::ReplyAddress;
use crate::wire::command::{Command, CommandKind};

/// What cannot be named.
pub(super) const NAMELESS: Decided<'static> = Decided {
    correlation: 0,
    request_id: "",
    channel: "",
    kind: CallKind::Unusable.label(),
    method: "",
    tool: "",
    session: None,
    request: &[],
    policy: Named {
        generation: 0,
        sha256: [0; 32],
    },
    line: 0,
    observed: None,
};

pub(super) fn decided(address: &ReplyAddress, correlation: CorrelationId) -> Decided<'_> {
    Decided {
        correlation: correlation.0,
        request_id: address.request_id.as_str(),
        channel: address.channel.as_str(),
        ..NAMELESS
    }
}

pub(super) fn request(command: &Command) -> &[u8] {
    match &command.kind {
        CommandKind::Jsonrpc(body) => body,
        CommandKind::SessionTermination => &[],
    }
}

/// How events name a command.
pub(super) fn call(address: &ReplyAddress, correlation: CorrelationId) -> Call<'_> {
    Call {
        request_id: address.request_id.as_str(),
        correlation: correlation.0,
        channel: address.channel.as_str(),
    }
}
