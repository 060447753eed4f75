//! How work on a command ends, and what is told of it.

use portcullis_policy::permit::Verdict;
use portcullis_policy::{
    Exchange, Failure, FailureKind, FailureSource, Permitted, Reason, Refused, Released,
};

use super::budget::Budget;
use super::life::Life;
use super::port::Records;
use crate::ops::event::Side;
use crate::wire::command::{Command, CommandKind};

/// What is left to do for a command that was worked off.
pub(super) struct End {
    /// The reply to post; none once the service's own deadline passed.
    pub(super) reply: Option<Released>,
    /// What the server is told, if it may still be at work.
    pub(super) cancel: Option<Permitted>,
}

/// Why work on a command stopped before it was done.
pub(super) enum Stop {
    /// Its time is over.
    Deadline,
    /// The gate was lowered.
    Lowered,
    /// Its caller does not want it any more.
    Cancelled,
}

impl End {
    pub(super) fn reply(reply: Released) -> Self {
        Self {
            reply: Some(reply),
            cancel: None,
        }
    }
}

pub(super) fn refused_by_policy<R: Records>(refused: Refused, life: &mut Life<'_, R>) -> End {
    let (reason, line) = (refused.reason(), refused.line());
    life.named(refused.method(), refused.tool());
    let reply = refused.into_released();
    life.refused(Side::Request, reply.kind(), reason, line);
    End::reply(reply)
}

pub(super) fn refused<R: Records>(
    exchange: &Exchange,
    reason: Reason,
    life: &mut Life<'_, R>,
) -> End {
    let reply = exchange.refuse(reason);
    life.refused(Side::Request, reply.kind(), reason, None);
    End::reply(reply)
}

pub(super) fn stopped<R: Records>(
    stop: &Stop,
    exchange: &Exchange,
    budget: Budget,
    life: &mut Life<'_, R>,
) -> End {
    match stop {
        Stop::Lowered => refused(exchange, Reason::GateLowered, life),
        Stop::Cancelled => {
            let failure = Failure::new(FailureSource::TransportClosed, FailureKind::Eof);
            life.judged(Verdict::Failed(failure, Some(Reason::Cancelled)));
            End::reply(exchange.fail(failure))
        }
        Stop::Deadline if budget.expired_by_service() => End {
            reply: None,
            cancel: None,
        },
        Stop::Deadline => {
            let failure = Failure::new(FailureSource::Timeout, FailureKind::Timeout);
            life.failed(failure);
            End::reply(exchange.fail(failure))
        }
    }
}

pub(super) fn refused_after_panic<R: Records>(command: &Command, life: &mut Life<'_, R>) -> End {
    life.panicked();
    let body = match &command.kind {
        CommandKind::Jsonrpc(body) => Some(body),
        CommandKind::SessionTermination => None,
    };
    let reply = Released::decision_failed(body, life.correlation());
    life.refused(Side::Request, reply.kind(), Reason::DecisionFailed, None);
    End::reply(reply)
}
