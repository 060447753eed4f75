use super::*;

#[test]
fn names_are_exact_a14_b1() {
    assert!(caller("tools/call").is_some());
    for near in [
        "",
        " tools/call",
        "tools/call ",
        "Tools/Call",
        "tools/call\n",
        "tools/cal",
        "tools\\/call",
        "rpc.discover",
        "ui/initialize",
    ] {
        assert!(caller(near).is_none(), "{near:?}");
    }
}

#[test]
fn no_name_stands_twice() {
    for (i, method) in CALLER.iter().enumerate() {
        assert!(
            CALLER
                .iter()
                .skip(i + 1)
                .all(|other| other.name != method.name),
            "{}",
            method.name
        );
    }
}

#[test]
fn tool_names_fit_the_ascii_grammar_b1_b2() {
    for good in ["echo", "a", "A-b_c.d/e", "0"] {
        assert!(is_tool_name(good), "{good:?}");
    }
    let long = "x".repeat(129);
    for bad in [
        "",
        "echo ",
        "echo\n",
        "echo\u{0}",
        "e\u{441}ho",
        "\u{ff45}cho",
        "ec\u{200b}ho",
        long.as_str(),
    ] {
        assert!(!is_tool_name(bad), "{bad:?}");
    }
}

#[test]
fn what_a_server_may_be_allowed_to_send_is_what_the_table_says() {
    let mut listable: Vec<&str> = of_servers()
        .filter(|method| method.class == Sent::Listable)
        .map(|method| method.name)
        .collect();
    listable.sort_unstable();
    assert_eq!(listable, SERVER_MAY_SEND);
}
