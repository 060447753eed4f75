//! Reading bodies under caps: no byte is kept past the limit, and no peer may be silent for long (W-04, W-09).

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;

use super::net::Leased;

/// Why a body could not be read.
#[derive(Debug)]
pub enum BodyError {
    /// More bytes than the cap.
    TooLarge,
    /// No byte for too long.
    Idle,
    /// The connection broke.
    Broken(hyper::Error),
}

/// A body read piece by piece. Trailers are ignored (D20).
pub struct Pieces {
    body: Leased,
    idle: Duration,
}

impl Pieces {
    /// A body whose peer may be silent for `idle` at most.
    #[must_use]
    pub fn new(body: Leased, idle: Duration) -> Self {
        Self { body, idle }
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// [`BodyError::Idle`] and [`BodyError::Broken`].
    pub async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            let frame = match tokio::time::timeout(self.idle, self.body.frame()).await {
                Err(_) => return Err(BodyError::Idle),
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => return Err(BodyError::Broken(error)),
                Ok(Some(Ok(frame))) => frame,
            };
            if let Ok(piece) = frame.into_data() {
                return Ok(Some(piece));
            }
        }
    }

    /// The whole body, at most `cap` bytes. A length announced beyond the cap is refused before a byte is read (INVARIANT 9).
    ///
    /// # Errors
    /// [`BodyError`].
    pub async fn whole(&mut self, cap: usize) -> Result<Bytes, BodyError> {
        if self.body.size_hint().lower() > cap as u64 {
            return Err(BodyError::TooLarge);
        }
        let Some(first) = self.next().await? else {
            return Ok(Bytes::new());
        };
        let mut whole = Joined::One(first);
        loop {
            if whole.len() > cap {
                return Err(BodyError::TooLarge);
            }
            match self.next().await? {
                Some(piece) => whole = whole.and(&piece),
                None => return Ok(whole.into_bytes()),
            }
        }
    }
}

/// One piece is kept as it came; more are joined.
enum Joined {
    One(Bytes),
    More(BytesMut),
}

impl Joined {
    fn len(&self) -> usize {
        match self {
            Self::One(piece) => piece.len(),
            Self::More(pieces) => pieces.len(),
        }
    }

    fn and(self, piece: &[u8]) -> Self {
        let mut pieces = match self {
            Self::One(first) => BytesMut::from(first.as_ref()),
            Self::More(pieces) => pieces,
        };
        pieces.extend_from_slice(piece);
        Self::More(pieces)
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::One(piece) => piece,
            Self::More(pieces) => pieces.freeze(),
        }
    }
}
