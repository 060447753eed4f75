//! The long poll (wire sheet 5.1).

use hyper::{Response, StatusCode};
use tokio::{pin, sync::watch, time};

use super::{Fault, Plane, agent, desk::Queued, fault::torn, refusal::Refusal};
use crate::demo::net::{Body, Cut, body};

/// The most commands one poll may ask for, and what it gets if it does not say.
const LIMIT: std::ops::RangeInclusive<usize> = 1..=25;
const LIMIT_UNLESS_SAID: usize = 1;
/// How long a poll is held if it does not say, and at most.
const HOLD_UNLESS_SAID: time::Duration = time::Duration::from_secs(30);
const HOLD_MOST: time::Duration = time::Duration::from_secs(600);

/// What a poll asks for.
#[derive(Debug, PartialEq, Eq)]
struct Ask {
    limit: usize,
    hold: time::Duration,
    channels: Vec<String>,
}

impl Plane {
    /// Answers one poll whose headers were checked.
    pub(super) async fn poll(&self, query: &str) -> Result<Result<Response<Body>, Cut>, Refusal> {
        let ask = Ask::parse(query).map_err(Refusal::breach)?;
        self.polls.send_modify(|polls| *polls += 1);
        let fault = self.desk.lock().poll_fault();
        Ok(match fault {
            None => Ok(answer(&self.wait(&ask).await)),
            Some(Fault::Answer(answer)) => Ok(answer.response()),
            Some(Fault::CutBeforeHeaders) => Err(Cut),
            Some(Fault::DoneThenCut) => {
                self.wait(&ask).await;
                Err(Cut)
            }
            Some(Fault::CutInsideBody) => {
                let list = list(&self.wait(&ask).await);
                Ok(body::typed(
                    torn(StatusCode::OK, &list.into()),
                    "application/json",
                ))
            }
            Some(Fault::Hold) => {
                self.hold().await;
                Err(Cut)
            }
        })
    }

    /// Commands as soon as there are some, or none when the time is over or polls are to be closed.
    async fn wait(&self, ask: &Ask) -> Vec<Queued> {
        let mut closing = self.closing.subscribe();
        let over = time::sleep(ask.hold);
        pin!(over);
        loop {
            let arrival = self.arrivals.notified();
            pin!(arrival);
            // Listening begins before the look at the queue, so that nothing queued in between is missed.
            arrival.as_mut().enable();
            let taken = self.desk.lock().take(ask.limit, &ask.channels);
            if !taken.is_empty() {
                return taken;
            }
            let _held = Held::count(&self.held);
            tokio::select! {
                () = arrival => {}
                _ = closing.wait_for(|closed| *closed) => return Vec::new(),
                () = &mut over => return Vec::new(),
            }
        }
    }

    /// Returns when polls are closed.
    pub(super) async fn hold(&self) {
        // The sender lives as long as `self`.
        let _ = self.closing.subscribe().wait_for(|closed| *closed).await;
    }
}

/// One poll that is held, counted until it is dropped.
struct Held<'a>(&'a watch::Sender<usize>);

impl<'a> Held<'a> {
    fn count(held: &'a watch::Sender<usize>) -> Self {
        held.send_modify(|held| *held += 1);
        Self(held)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|held| *held -= 1);
    }
}

fn answer(taken: &[Queued]) -> Response<Body> {
    if taken.is_empty() {
        return body::empty(StatusCode::NO_CONTENT);
    }
    body::typed(body::bytes(StatusCode::OK, list(taken)), "application/json")
}

/// The elements go in as they are: a hostile one must arrive as it was made.
fn list(taken: &[Queued]) -> Vec<u8> {
    let elements: Vec<_> = taken
        .iter()
        .map(|queued| queued.element.as_slice())
        .collect();
    [&br#"{"commands":["#[..], &elements.join(&b','), b"]}"].concat()
}

impl Ask {
    /// Reads a query: `channel` may be repeated, nothing else may, and nothing else may stand there.
    fn parse(query: &str) -> Result<Self, String> {
        let (mut limit, mut hold, mut channels) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "limit" if limit.is_none() => limit = Some(number(name, value)?),
                "timeout_ms" if hold.is_none() => hold = Some(number(name, value)?),
                "channel" if agent::is_channel(value) => channels.push(value.to_owned()),
                _ => {
                    return Err(format!(
                        "the poll parameter `{name}` is unknown, repeated or malformed"
                    ));
                }
            }
        }
        let limit = limit
            .map_or(Ok(LIMIT_UNLESS_SAID), usize::try_from)
            .unwrap_or(usize::MAX);
        if !LIMIT.contains(&limit) {
            return Err("the poll parameter `limit` must be 1 to 25".to_owned());
        }
        let hold = hold.map_or(HOLD_UNLESS_SAID, time::Duration::from_millis);
        if hold.is_zero() {
            return Err("the poll parameter `timeout_ms` must be at least 1".to_owned());
        }
        Ok(Self {
            limit,
            hold: hold.min(HOLD_MOST),
            channels,
        })
    }
}

fn number(name: &str, value: &str) -> Result<u64, String> {
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let number = digits.then(|| value.parse().ok()).flatten();
    number.ok_or_else(|| format!("the poll parameter `{name}` is no number"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_poll_says_how_many_how_long_and_for_which_channels_cp_008_009() {
        let ask = Ask::parse("channel=harpoon&channel=main&limit=25&timeout_ms=1").unwrap();
        let channels = vec!["harpoon".to_owned(), "main".to_owned()];
        let hold = time::Duration::from_millis(1);
        assert_eq!(
            ask,
            Ask {
                limit: 25,
                hold,
                channels
            }
        );
        assert_eq!(Ask::parse("").unwrap().limit, 1);
    }

    #[test]
    fn each_breach_is_named() {
        let bad = [
            ("limit=0", "1 to 25"),
            ("limit=26", "1 to 25"),
            ("limit=99999999999999999999", "no number"),
            ("limit=-1", "no number"),
            ("limit=", "no number"),
            ("limit=1&limit=1", "`limit` is unknown, repeated"),
            ("timeout_ms=0", "at least 1"),
            ("timeout_ms=1s", "no number"),
            ("channel=Main", "`channel`"),
            ("cursor=1", "`cursor`"),
        ];
        for (query, part) in bad {
            let breach = Ask::parse(query).unwrap_err();
            assert!(breach.contains(part), "{query}: {breach}");
        }
    }
}
