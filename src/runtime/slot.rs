//! One value that many read and one replaces, whole.
//!
//! Promises: a reader gets a value of its own to hold and never keeps the writer waiting; whoever reads after [`Slot::publish`] returned sees
//! the new value (INVARIANT: 5, only a finished value gets in).

use std::sync::Arc;

use tokio::sync::watch;

/// See the module.
#[derive(Debug)]
pub struct Slot<T>(watch::Sender<Arc<T>>);

impl<T> Slot<T> {
    /// A slot with its first value.
    #[must_use]
    pub fn new(first: T) -> Self {
        Self(watch::Sender::new(Arc::new(first)))
    }

    /// The value in use now. Do not keep it: the next use asks again.
    #[must_use]
    pub fn current(&self) -> Arc<T> {
        Arc::clone(&self.0.borrow())
    }

    /// Tells when another value is published; the one in use now counts as news.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<Arc<T>> {
        let mut changes = self.0.subscribe();
        changes.mark_changed();
        changes
    }

    /// Puts `next` in the place of the value in use, which is returned.
    pub fn publish(&self, next: impl Into<Arc<T>>) -> Arc<T> {
        self.0.send_replace(next.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_keeps_what_it_has_and_the_next_one_gets_the_new_value() {
        let slot = Slot::new(1);
        let held = slot.current();
        assert_eq!(*slot.publish(2), 1);
        assert_eq!((*held, *slot.current()), (1, 2));
    }

    #[test]
    fn the_value_that_was_replaced_ends_with_its_last_holder() {
        let slot = Slot::new(vec![1]);
        let held = Arc::downgrade(&slot.current());
        drop(slot.publish(vec![2]));
        assert!(held.upgrade().is_none());
    }
}
