//! A stream that can be cut from outside, and is on the list of its generation while it is open.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::connections::Entry;

/// How many pieces of what a peer still had to say are read after a write failed.
const LAST_READS: usize = 16;

/// A stream that ends with an error once its [`Entry`] is cut.
pub(super) struct Cuttable<S> {
    stream: S,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    entry: Entry,
    /// Why the last write failed, while the peer's last words are awaited.
    lost: Option<io::Error>,
}

impl<S> Cuttable<S> {
    /// Wraps a stream that has just been opened.
    pub(super) fn new(stream: S, entry: Entry) -> Self {
        let cut = Box::pin(entry.cut().clone().cancelled_owned());
        Self {
            stream,
            cut,
            entry,
            lost: None,
        }
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

impl<S: Read + Unpin> Cuttable<S> {
    /// A peer that refuses us says why and closes at once: our next write meets a reset while its alert still waits to be read. Nobody reads
    /// after an error, so it is read here, before the error is told.
    fn wrote<T>(
        &mut self,
        context: &mut Context<'_>,
        written: io::Result<T>,
    ) -> Poll<io::Result<T>> {
        let Err(error) = written else {
            return Poll::Ready(written);
        };
        self.entry.failed(&error);
        if self.hear_last_words(context).is_pending() && is_reset(&error) {
            self.lost = Some(error);
            return self.severed(context);
        }
        Poll::Ready(Err(error))
    }

    fn hear_last_words(&mut self, context: &mut Context<'_>) -> Poll<()> {
        for _ in 0..LAST_READS {
            let mut room = [0; 256];
            let mut buffer = ReadBuf::new(&mut room);
            match ready!(Pin::new(&mut self.stream).poll_read(context, buffer.unfilled())) {
                Ok(()) if !buffer.filled().is_empty() => {}
                ended => {
                    // A clean end says nothing.
                    let _ = self.told(ended);
                    break;
                }
            }
        }
        Poll::Ready(())
    }

    /// An error once the stream can take no more bytes.
    fn closed<T>(&mut self, context: &mut Context<'_>) -> Option<Poll<io::Result<T>>> {
        if self.is_severed() {
            return Some(Poll::Ready(Err(aborted())));
        }
        let lost = self.lost.take()?;
        Some(self.wrote(context, Err(lost)))
    }
}

/// After a reset every read ends at once; the runtime may only not have noticed yet.
fn is_reset(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
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

impl<S: Read + Write + Unpin> Write for Cuttable<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(closed) = self.closed(context) {
            return closed;
        }
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Ready(written) => self.wrote(context, written),
            Poll::Pending => self.severed(context),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(closed) = self.closed(context) {
            return closed;
        }
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Ready(flushed) => self.wrote(context, flushed),
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
        if let Some(closed) = self.closed(context) {
            return closed;
        }
        match Pin::new(&mut self.stream).poll_write_vectored(context, pieces) {
            Poll::Ready(written) => self.wrote(context, written),
            Poll::Pending => self.severed(context),
        }
    }
}

impl<S: Connection> Connection for Cuttable<S> {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}

#[cfg(test)]
mod tests;
