//! A stream that can be cut from outside, and is on the list of its generation while it is open.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::connections::Entry;

/// A stream that ends with an error once its [`Entry`] is cut.
pub(super) struct Cuttable<S> {
    stream: S,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    entry: Entry,
}

impl<S> Cuttable<S> {
    /// Wraps a stream that has just been opened.
    pub(super) fn new(stream: S, entry: Entry) -> Self {
        let cut = Box::pin(entry.cut().clone().cancelled_owned());
        Self { stream, cut, entry }
    }

    /// An error once it is cut; until then the task is woken by the cut.
    fn severed<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        self.cut.as_mut().poll(context).map(|()| Err(aborted()))
    }

    /// What the stream says, after a failure of it was noted.
    fn told<T>(&self, ended: io::Result<T>) -> io::Result<T> {
        ended.inspect_err(|error| self.entry.failed(error))
    }

    fn is_severed(&self) -> bool {
        self.entry.cut().is_cancelled()
    }
}

fn aborted() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}

impl<S: Read + Unpin> Read for Cuttable<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_severed() {
            return Poll::Ready(Err(aborted()));
        }
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(read) => Poll::Ready(self.told(read)),
            Poll::Pending => self.severed(context),
        }
    }
}

impl<S: Write + Unpin> Write for Cuttable<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_severed() {
            return Poll::Ready(Err(aborted()));
        }
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Ready(written) => Poll::Ready(self.told(written)),
            Poll::Pending => self.severed(context),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Ready(flushed) => Poll::Ready(flushed),
            Poll::Pending => self.severed(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_shutdown(context) {
            Poll::Ready(shut) => Poll::Ready(shut),
            Poll::Pending => self.severed(context),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.is_severed() {
            return Poll::Ready(Err(aborted()));
        }
        match Pin::new(&mut self.stream).poll_write_vectored(context, pieces) {
            Poll::Ready(written) => Poll::Ready(self.told(written)),
            Poll::Pending => self.severed(context),
        }
    }
}

impl<S: Connection> Connection for Cuttable<S> {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}
