//! What passes under each generation of an endpoint, as the endpoint itself counts it.

use std::fmt;
use std::sync::{Mutex, PoisonError};

/// What one generation carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Its number.
    pub generation: u64,
    /// Its open connections.
    pub connections: usize,
    /// Requests sent under it.
    pub requests: u64,
}

type Count = Box<dyn Fn() -> Vec<Traffic> + Send + Sync>;

/// Whom to ask, by endpoint.
#[derive(Default)]
pub struct Counted(Mutex<Vec<(String, Count)>>);

impl Counted {
    /// Has `count` asked for the endpoint `name` from now on.
    pub fn add(&self, name: &str, count: impl Fn() -> Vec<Traffic> + Send + Sync + 'static) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.push((name.to_owned(), Box::new(count)));
    }

    /// What every endpoint carries now.
    #[must_use]
    pub fn read(&self) -> Vec<(String, Vec<Traffic>)> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let endpoints = counted.iter();
        endpoints
            .map(|(name, count)| (name.clone(), count()))
            .collect()
    }
}

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counted").field(&self.read()).finish()
    }
}
