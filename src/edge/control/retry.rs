//! Which statuses of a post are worth another attempt (wire sheet 12.3).

use portcullis_policy::permit::ReplyKind;

/// Attempts in all.
pub(super) const ATTEMPTS: usize = 3;

/// What a status means for a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Taken.
    Accepted,
    /// Nobody waits for it any more.
    Closed,
    /// Try again.
    Again,
    /// Never.
    Refused,
}

/// The table. A notification is only repeated when the service says it did not take it: two of the same would be one too many.
pub(super) fn meaning(kind: ReplyKind, status: u16) -> Meaning {
    match (status, kind) {
        (200, _) => Meaning::Accepted,
        (404, _) => Meaning::Closed,
        (429, _) => Meaning::Again,
        (408 | 502 | 503 | 504, ReplyKind::Response | ReplyKind::Ack | ReplyKind::Termination) => {
            Meaning::Again
        }
        _ => Meaning::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_as_the_reference_rt_011_013_018_019_025() {
        for status in [408, 429, 502, 503, 504] {
            assert_eq!(
                meaning(ReplyKind::Response, status),
                Meaning::Again,
                "{status}"
            );
        }
        for status in [201, 202, 204, 301, 400, 401, 403, 409, 410, 413, 500] {
            assert_eq!(
                meaning(ReplyKind::Response, status),
                Meaning::Refused,
                "{status}"
            );
        }
        assert_eq!(meaning(ReplyKind::Response, 200), Meaning::Accepted);
        assert_eq!(meaning(ReplyKind::Response, 404), Meaning::Closed);
        assert_eq!(meaning(ReplyKind::Notify, 503), Meaning::Refused);
        assert_eq!(meaning(ReplyKind::Notify, 429), Meaning::Again);
    }
}
