//! A panic as a value.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

/// Work that panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panicked;

/// Runs `work` to its end, or to its panic. What the work was about is given up with it, so nothing half-done is seen again.
/// Not an `async fn`: that would keep room for `work` twice.
///
/// # Errors
/// [`Panicked`] when it panicked.
pub fn caught<F: Future>(work: F) -> impl Future<Output = Result<F::Output, Panicked>> {
    let caught = AssertUnwindSafe(work).catch_unwind();
    caught.map(|ended| ended.map_err(|_: Box<dyn Any + Send>| Panicked))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_value() {
        assert_eq!(caught(async { 7 }).await, Ok(7));
        let panics = async {
            tokio::task::yield_now().await;
            panic!("work that panics")
        };
        assert_eq!(caught(panics).await, Err::<(), _>(Panicked));
    }
}
