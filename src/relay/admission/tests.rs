#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::*;
use std::time::Duration;

const BOUNDS: Bounds = Bounds {
    running: 1,
    waiting: 2,
    bytes: 64 << 20,
};
/// The most bytes of one command.
const COMMAND: usize = 2 << 20;

fn other() -> Channel {
    Channel::parse("other").unwrap()
}

async fn turn(admission: &Admission, channel: &Channel) -> Result<Place, Full> {
    Ok(admission.queue(channel)?.turn().await)
}

async fn waits<T>(work: impl Future<Output = T>) -> bool {
    tokio::time::timeout(Duration::from_secs(1), work)
        .await
        .is_err()
}

#[tokio::test(start_paused = true)]
async fn a_poll_asks_for_what_there_is_room_for_pl_001_003_004() {
    for (waiting, expected) in [(2, 2), (20, 20), (100, 25)] {
        let bounds = Bounds { waiting, ..BOUNDS };
        let admission = Admission::new(bounds, [Channel::main()]);
        assert_eq!(admission.room(COMMAND).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_poll_asks_for_no_more_bytes_than_there_is_room_for_e8() {
    let bounds = Bounds {
        waiting: 100,
        bytes: 10 << 20,
        ..BOUNDS
    };
    let admission = Admission::new(bounds, [Channel::main()]);
    assert_eq!(admission.room(COMMAND).await, 5);
    let large = admission.enter(9 << 20).await;
    assert!(
        waits(admission.room(COMMAND)).await,
        "less than one command is left"
    );
    drop(large);
    assert_eq!(admission.room(COMMAND).await, 5);
}

#[tokio::test(start_paused = true)]
async fn a_command_larger_than_all_there_is_room_for_is_taken_alone() {
    let bounds = Bounds { bytes: 1, ..BOUNDS };
    let admission = Admission::new(bounds, [Channel::main()]);
    assert_eq!(admission.room(COMMAND).await, 1);
    let _all = admission.enter(usize::MAX).await;
    assert!(waits(admission.room(COMMAND)).await);
}

/// W-01: the places of a server that hangs are its own, and what finds none hears of it at once.
#[tokio::test(start_paused = true)]
async fn a_busy_channel_keeps_nobody_else_waiting_w_01() {
    let admission = Admission::new(BOUNDS, [Channel::main(), other()]);
    let main = Channel::main();
    let running = turn(&admission, &main).await.unwrap();
    assert!(waits(turn(&admission, &main)).await);
    let first = turn(&admission, &main);
    let second = turn(&admission, &main);
    tokio::pin!(first, second);
    assert!(waits(&mut first).await && waits(&mut second).await);
    assert_eq!(turn(&admission, &main).await.unwrap_err(), Full);
    assert!(turn(&admission, &other()).await.is_ok());
    assert_eq!(
        admission.room(COMMAND).await,
        2,
        "the other channel has room"
    );
    drop(running);
    assert!(first.await.is_ok(), "in the order they came");
}

#[tokio::test(start_paused = true)]
async fn a_full_house_waits_for_a_place_pl_001() {
    let admission = Admission::new(BOUNDS, [Channel::main()]);
    let main = Channel::main();
    let running = turn(&admission, &main).await.unwrap();
    let (first, second) = (turn(&admission, &main), turn(&admission, &main));
    tokio::pin!(first, second);
    assert!(waits(&mut first).await && waits(&mut second).await);
    assert!(waits(admission.room(COMMAND)).await);
    drop(running);
    let _first = first.await;
    assert_eq!(admission.room(COMMAND).await, 1);
}

/// B12: a cancellation finds a place of its own however many calls there are.
#[tokio::test(start_paused = true)]
async fn what_expects_no_answer_waits_for_nobody() {
    let admission = Admission::new(BOUNDS, [Channel::main()]);
    let main = Channel::main();
    let _running = turn(&admission, &main).await.unwrap();
    let first = admission.beside(&main).unwrap();
    let _second = admission.beside(&main).unwrap();
    assert_eq!(admission.beside(&main).unwrap_err(), Full);
    drop(first);
    assert!(admission.beside(&main).is_ok());
}

#[tokio::test(start_paused = true)]
async fn every_place_comes_back() {
    let admission = Admission::new(BOUNDS, [Channel::main()]);
    let main = Channel::main();
    let mut entry = admission.enter(5000).await;
    entry.arrived();
    let running = turn(&admission, &main).await.unwrap();
    let beside = admission.beside(&main).unwrap();
    let waiting = turn(&admission, &main);
    assert!(waits(waiting).await, "given up while it waits");
    let expected = Occupancy {
        running: 1,
        waiting: 0,
        beside: 1,
    };
    assert_eq!(admission.occupancy(&main), expected);
    assert_eq!((admission.taken(), admission.taken_kib()), (1, 5));
    drop((entry, running, beside));
    assert_eq!(admission.occupancy(&main), Occupancy::default());
    assert_eq!((admission.taken(), admission.taken_kib()), (0, 0));
}

/// What a poll brought counts before it stands in its queue, so that two polls in a row do not ask for the same places.
#[tokio::test(start_paused = true)]
async fn who_is_on_the_way_has_a_place_already() {
    let admission = Admission::new(BOUNDS, [Channel::main()]);
    let mut first = admission.enter(1).await;
    let _second = admission.enter(1).await;
    assert!(admission.is_full(COMMAND) && waits(admission.room(COMMAND)).await);
    first.arrived();
    assert_eq!(admission.room(COMMAND).await, 1);
}
