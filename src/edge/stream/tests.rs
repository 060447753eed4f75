use std::sync::Arc;

use rustls::AlertDescription;

use super::*;
use crate::edge::connections::Connections;
use crate::edge::tls::Reason;

/// A connection that was reset. An alert, where there is one, is seen only by the second who looks.
struct Reset {
    has_alert: bool,
    looked: bool,
}

impl Read for Reset {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        _: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.has_alert {
            return Poll::Pending;
        }
        if !std::mem::replace(&mut self.looked, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let alert = rustls::Error::AlertReceived(AlertDescription::UnknownCA);
        Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, alert)))
    }
}

impl Write for Reset {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Writes to a connection that was reset, cuts it a moment later if it is to be cut, and gives the error.
async fn written(connections: &Arc<Connections>, has_alert: bool, is_cut: bool) -> io::ErrorKind {
    let entry = connections.enter(Arc::new([]));
    let cut = entry.cut().clone();
    let reset = Reset {
        has_alert,
        looked: false,
    };
    let mut stream = Cuttable::new(reset, entry);
    let writing = tokio::spawn(async move {
        std::future::poll_fn(|context| Pin::new(&mut stream).poll_write(context, b"hello")).await
    });
    tokio::task::yield_now().await;
    if is_cut {
        cut.cancel();
    }
    writing.await.unwrap().unwrap_err().kind()
}

#[tokio::test]
async fn the_alert_of_a_peer_that_hung_up_is_read_before_the_write_fails() {
    let connections = Arc::new(Connections::default());
    let error = written(&connections, true, false).await;
    assert_eq!(error, io::ErrorKind::BrokenPipe);
    let alert = Reason::Alert(AlertDescription::UnknownCA);
    assert_eq!(connections.alert(), Some(alert));
}

#[tokio::test]
async fn a_cut_does_not_wait_for_last_words() {
    let connections = Arc::new(Connections::default());
    let error = written(&connections, false, true).await;
    assert_eq!(error, io::ErrorKind::ConnectionAborted);
}
