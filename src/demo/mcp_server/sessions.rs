//! Sessions: opened by `initialize`, named in `Mcp-Session-Id`, ended by DELETE.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::demo::token;

/// The open sessions.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashSet<String>>);

impl Sessions {
    pub(super) fn open(&self) -> String {
        let name = format!("session-{}", token::hex());
        self.lock().insert(name.clone());
        name
    }

    pub(super) fn is_open(&self, name: &str) -> bool {
        self.lock().contains(name)
    }

    /// Whether there was one to end.
    pub(super) fn end(&self, name: &str) -> bool {
        self.lock().remove(name)
    }

    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
