//! The log: one line an event, on standard error.
//!
//! Promises: writing a line never waits for whoever reads the log; what finds no place is counted and told. Control characters are escaped, so
//! that no line is two. The level can change while the agent runs. Only our own lines are written, never those of a library.
//! A panic is told by its place alone.
//! Leaves to others: which events there are (`event`).

mod agent;
mod definition;
mod flood;
pub(crate) mod lines;
mod panics;
mod peer;
mod queue;
mod rotation;
#[cfg(test)]
mod tests;

use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, reload};

pub(crate) use self::flood::Flood;
pub use self::panics::report_panics;
use self::queue::{Line, Queue};

/// How long the last lines may take when the process ends.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// The least important records to write.
    pub level: LogLevel,
    /// The shape of a line.
    pub format: LogFormat,
}

/// The importance of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// For finding faults.
    Debug,
    /// The ordinary course of things.
    Info,
    /// Something to look at.
    Warn,
    /// Something is broken.
    Error,
}

/// The shape of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// `key=value` text.
    StructText,
}

impl LogLevel {
    /// The word in settings.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    const fn filter(self) -> LevelFilter {
        match self {
            Self::Debug => LevelFilter::DEBUG,
            Self::Info => LevelFilter::INFO,
            Self::Warn => LevelFilter::WARN,
            Self::Error => LevelFilter::ERROR,
        }
    }
}

/// The text is no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a log level: write `debug`, `info`, `warn` or `error`")]
pub struct NoLevel;

impl FromStr for LogLevel {
    type Err = NoLevel;

    fn from_str(text: &str) -> Result<Self, NoLevel> {
        let levels = [Self::Debug, Self::Info, Self::Warn, Self::Error];
        let found = levels
            .into_iter()
            .find(|level| text.eq_ignore_ascii_case(level.label()));
        found.ok_or(NoLevel)
    }
}

/// The started log: what can still be done to it. The default is a log that nothing goes to.
#[derive(Clone, Debug, Default)]
pub struct Handle {
    level: Option<reload::Handle<LevelFilter, Registry>>,
    queue: Option<Arc<Queue>>,
}

impl Handle {
    /// Changes the least important records to write, from the next line on.
    pub fn set_level(&self, level: LogLevel) {
        if let Some(handle) = &self.level {
            // It fails only once the process has no log any more.
            let _ = handle.reload(level.filter());
        }
    }

    /// Lines that found no place since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.queue.as_ref().map_or(0, |queue| queue.dropped())
    }

    /// Waits until every line is written, at most a second.
    pub fn flush(&self) {
        if let Some(queue) = &self.queue {
            queue.flush(LAST_LINES);
        }
    }
}

/// Starts the log of the process. A second call changes nothing of the first one's.
#[must_use]
pub fn start(log: Log) -> Handle {
    let queue = Queue::start(Box::new(io::stderr()));
    let (level, handle) = reload::Layer::new(log.level.filter());
    let lines = shape(log.format, queue.clone()).with_filter(filter_fn(is_ours));
    let started = tracing_subscriber::registry()
        .with(level)
        .with(lines)
        .try_init();
    Handle {
        level: started.is_ok().then_some(handle),
        queue: Some(queue),
    }
}

/// A library may tell more than it should: its own debug lines hold headers and names.
fn is_ours(of: &Metadata<'_>) -> bool {
    of.target().starts_with(env!("CARGO_PKG_NAME"))
}

fn shape<S>(format: LogFormat, queue: Arc<Queue>) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let layer = fmt::layer()
        .with_target(false)
        .with_ansi(false)
        .with_writer(Lines(queue));
    match format {
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
        LogFormat::StructText => layer.boxed(),
    }
}

struct Lines(Arc<Queue>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line::new(self.0.clone())
    }
}
