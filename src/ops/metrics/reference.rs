//! The metrics of the reference client, under its names and with its labels and units, as scraped.

mod dispatcher;
mod poller;

pub(super) use dispatcher::Dispatcher;
pub(super) use poller::Poller;
