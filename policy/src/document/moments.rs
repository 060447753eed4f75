//! Dates with a time of day and an offset.

use toml::value::{Date, Datetime, Offset, Time};

use super::mistake::Mistakes;
use super::section::Item;
use crate::moment::Moment;

/// The moment a value names.
pub(super) fn moment(item: Item<'_>, mistakes: &mut Mistakes<'_>) -> Option<Moment> {
    let moment = item.value().as_datetime().and_then(compile);
    if moment.is_none() {
        let remedy = "write a date, a time with seconds and an offset, as in 2026-12-31T00:00:00Z";
        mistakes.add(item.at, "this is no moment", remedy);
    }
    moment
}

fn compile(written: &Datetime) -> Option<Moment> {
    let (
        Date { year, month, day },
        Time {
            hour,
            minute,
            second,
            ..
        },
    ) = (written.date?, written.time?);
    let offset = match written.offset? {
        Offset::Z => 0,
        Offset::Custom { minutes } => minutes,
    };
    Moment::of((year, month, day), (hour, minute, second?), offset)
}
