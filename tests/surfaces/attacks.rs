//! What somebody on the same machine can try: talking slowly, and moving the gate from many sides at once.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::agent::{Agent, Home, until};
use crate::stub::Stub;

/// More than either listener takes at once.
const CROWD: usize = 48;
/// Longer than a listener waits for the head of a request.
const DRIP_FOR: Duration = Duration::from_secs(8);

/// Sends a head that never ends, a byte at a time, until it is told to go or the time is over; whether it was told to go.
fn drip(mut stream: impl Read + Write) -> bool {
    let began = Instant::now();
    let mut head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
        .iter()
        .chain(std::iter::repeat(&b'a'));
    while began.elapsed() < DRIP_FOR {
        if stream.write_all(&[*head.next().unwrap()]).is_err() {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    matches!(stream.read(&mut [0; 64]), Ok(0) | Err(_))
}

#[test]
fn slow_heads_on_both_listeners_are_sent_away_and_shut_nobody_out() {
    let (home, control, server) = (Home::new(), Stub::start(204), Stub::start(200));
    let agent = Agent::start(&home, &control, &server);
    until("ready", || agent.get("/readyz").0 == 200);
    let address = agent.url().strip_prefix("http://").unwrap().to_owned();
    let (before, polls) = (agent.open_files(), control.asked());
    let socket = home.state("admin.sock");
    let crowd: Vec<_> = (0..CROWD)
        .map(|_| {
            let (tcp, unix) = (
                TcpStream::connect(&address).unwrap(),
                UnixStream::connect(&socket).unwrap(),
            );
            let patience = Some(Duration::from_secs(10));
            tcp.set_read_timeout(patience).unwrap();
            unix.set_read_timeout(patience).unwrap();
            [thread::spawn(|| drip(tcp)), thread::spawn(|| drip(unix))]
        })
        .collect();
    // Those who came before have to be sent away first.
    assert_eq!(agent.get("/healthz"), (200, "live".to_owned()));
    let (exit, said) = agent.command(&["status"]);
    assert_eq!(exit, 0, "{said}");
    for slow in crowd.into_iter().flatten() {
        assert!(slow.join().unwrap(), "a slow head was waited for");
    }
    until("the files to be closed", || {
        agent.open_files() <= before + 2
    });
    assert!(control.asked() > polls, "the work went on");
}

#[test]
fn drops_and_raises_from_many_sides_end_as_the_last_one_said_and_each_is_on_record() {
    let (home, control, server) = (Home::new(), Stub::start(204), Stub::start(200));
    let agent = Agent::start(&home, &control, &server);
    until("ready", || agent.get("/readyz").0 == 200);
    thread::scope(|scope| {
        for side in 0..4 {
            let agent = &agent;
            scope.spawn(move || {
                for _ in 0..5 {
                    let reason = format!("side {side}");
                    let (exit, said) = agent.command(&["drop", "--reason", &reason]);
                    assert_eq!(exit, 0, "{said}");
                    let (exit, said) = agent.command(&["raise"]);
                    assert_eq!(exit, 0, "{said}");
                }
            });
        }
    });
    until("ready again", || agent.get("/readyz").0 == 200);
    let polls = control.asked();
    until("polls", || control.asked() > polls);
    let (exit, _) = agent.command(&["drop", "--reason", "the last word"]);
    assert_eq!(exit, 0);
    assert_eq!(agent.codes(), ["gate_lowered"]);
    agent.stop();
    let records = home.records();
    for side in 0..4 {
        let reason = format!("\"reason\":\"side {side}\"");
        let lowered = records.lines().filter(|line| line.contains(&reason));
        assert_eq!(lowered.count(), 5, "{side}");
    }
    assert_eq!(records.matches("\"the last word\"").count(), 1);
    let agent = Agent::start(&home, &control, &server);
    until("the cause", || {
        agent.codes().contains(&"gate_lowered".to_owned())
    });
    agent.stop();
}
