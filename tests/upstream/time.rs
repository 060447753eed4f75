//! Servers that are slow (W-04, D9).

use super::*;

#[tokio::test]
async fn a_server_that_never_answers_meets_the_header_timer_w_04() {
    let setting = Setting {
        header: SHORT,
        ..PATIENT
    };
    for act in [
        || Act::Hang,
        || Act::Drip(Duration::from_millis(20), b"H".to_vec()),
    ] as [fn() -> Act; 2]
    {
        let (_raw, desk) = ask_with(setting, move |_| {
            vec![text("HTTP/1.1 200 OK\r\nX: "), act()]
        })
        .await;
        assert_eq!(desk.reply("r").failure(), "502 timeout/timeout");
    }
    let (_raw, desk) = ask_with(setting, |_| {
        vec![Act::Drip(
            Duration::from_millis(20),
            b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec(),
        )]
    })
    .await;
    assert_eq!(desk.reply("r").failure(), "502 timeout/timeout");
}

#[tokio::test]
async fn a_server_that_falls_silent_meets_the_idle_timer_w_04_d9() {
    let setting = Setting {
        idle: SHORT,
        ..PATIENT
    };
    type Make = fn(&Seen) -> Vec<Act>;
    let silent: [Make; 3] = [
        |_| {
            vec![
                text(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
                ),
                Act::Hang,
            ]
        },
        |_| vec![stream(""), text("data: {"), Act::Hang],
        |seen| vec![stream(""), event(&seen.progress(1)), Act::Hang],
    ];
    for script in silent {
        let (_raw, desk) = ask_with(setting, script).await;
        assert_eq!(desk.reply("r").failure(), "502 timeout/timeout");
    }
}

/// D9: signs of life never move the end of the call.
#[tokio::test]
async fn a_server_that_drips_meets_the_deadline_w_04_d9_w_17() {
    let setting = Setting {
        total: SHORT * 2,
        ..PATIENT
    };
    type Make = fn(&Seen) -> Vec<Act>;
    let dripping: [Make; 3] = [
        |_| {
            vec![
                stream(""),
                Act::Drip(Duration::from_millis(20), b": alive\n\n".to_vec()),
            ]
        },
        |seen| {
            let notice = format!("data: {}\n\n", seen.progress(1));
            vec![
                stream(""),
                Act::Drip(Duration::from_millis(20), notice.into_bytes()),
            ]
        },
        |_| {
            vec![
                text(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n",
                ),
                Act::Drip(Duration::from_millis(20), b" ".to_vec()),
            ]
        },
    ];
    for script in dripping {
        let (_raw, desk) = ask_with(setting, script).await;
        assert_eq!(desk.reply("r").failure(), "502 timeout/timeout");
    }
}
