//! The steps, in order. Each returns what it showed, or an error that says what was not as it should be.

mod calls;
mod doors;
mod evidence;
mod record;
mod renewal;
mod stop;

use std::{
    future::{Future, ready},
    pin::Pin,
};

use super::{caller::Caller, narrator::Told};
use crate::demo::stage::Stage;

type Step = for<'a> fn(
    &'a mut Stage,
    &'a mut Caller,
) -> Pin<Box<dyn Future<Output = anyhow::Result<Told>> + Send + 'a>>;

/// Every step with its name.
pub(super) const STEPS: [(&str, Step); 8] = [
    ("a listed tool runs", |stage, caller| {
        Box::pin(calls::listed(stage, caller))
    }),
    (
        "an unlisted tool never reaches the server",
        |stage, caller| Box::pin(calls::unlisted(stage, caller)),
    ),
    ("an oversized request is refused", |stage, caller| {
        Box::pin(calls::oversized(stage, caller))
    }),
    ("a listing shows only what is allowed", |stage, caller| {
        Box::pin(calls::listing(stage, caller))
    }),
    ("a peer without a certificate is turned away", |stage, _| {
        Box::pin(doors::strangers(stage))
    }),
    (
        "certificates are replaced in the middle of the work",
        |stage, caller| Box::pin(renewal::renewed(stage, caller)),
    ),
    ("the agent stops when told to", |stage, _| {
        Box::pin(stop::stopped(stage))
    }),
    ("what was decided stays on record", |stage, _| {
        Box::pin(ready(record::kept(stage)))
    }),
];
