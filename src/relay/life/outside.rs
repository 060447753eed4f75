//! What is told of elements that have no life of their own: those that came before, and those that cannot be carried out.

use portcullis_policy::refusal::CorrelationId;

use super::names::{NAMELESS, call, decided};
use crate::ops::Ops;
use crate::ops::event::{Call, CommandEvent, Event, NoAnswer};
use crate::relay::port::Records;
use crate::relay::record::{Decided, Named, Refusal};
use crate::wire::address::ReplyAddress;
use crate::wire::command::Unusable;

/// A command came again: it is told of and recorded, not carried out and not answered again (E2).
pub fn duplicate<R: Records>(
    address: &ReplyAddress,
    (correlation, policy): (CorrelationId, Named),
    ops: &Ops,
    records: &R,
) {
    let call = call(address, correlation);
    ops.emit(Event::Command(call, CommandEvent::Duplicate));
    let reason = NoAnswer::Duplicate.label();
    let decided = Decided {
        policy,
        ..decided(address, correlation)
    };
    records.refusal(&decided, &Refusal { reason, line: 0 });
}

/// An element cannot be carried out.
pub fn unusable(unusable: &Unusable, ops: &Ops) {
    let (request_id, channel) = match &unusable.address {
        Some(address) => (address.request_id.as_str(), address.channel.as_str()),
        None => ("", ""),
    };
    let call = Call {
        request_id,
        correlation: 0,
        channel,
    };
    let event = CommandEvent::Unusable {
        reason: unusable.reason.label(),
        answerable: unusable.address.is_some(),
    };
    ops.emit(Event::Command(call, event));
}

/// An element names nobody to answer.
pub fn nameless<R: Records>(unusable: &Unusable, policy: Named, records: &R) {
    let reason = unusable.reason.label();
    let decided = Decided { policy, ..NAMELESS };
    records.refusal(&decided, &Refusal { reason, line: 0 });
}
