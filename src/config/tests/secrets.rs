//! The API key: where it may stand, and that it is never printed (INVARIANT 6).

use secrecy::ExposeSecret;

use super::*;

fn keyed(key_flag: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    load_bare(
        &[
            ID_FLAG,
            URL_FLAG,
            &format!("--control-plane.api-key={key_flag}"),
        ],
        env,
    )
}

fn value(config: &Config) -> &str {
    config.control_plane.api_key.value.expose_secret()
}

/// CF-001..003.
#[test]
fn letters_digits_dash_and_underscore_make_a_key() {
    for key in ["abcXYZ", "0123456789", "sk-proj_A-b_1"] {
        let config = load_bare(&[ID_FLAG, URL_FLAG], &[("CONTROL_PLANE_API_KEY", key)]).unwrap();
        assert_eq!(value(&config), key);
    }
}

/// CF-004..012.
#[test]
fn anything_else_is_malformed_and_not_repeated() {
    for key in [
        " CANARY",
        "CANARY ",
        "CAN ARY",
        "CANARY\t",
        "CANARY\n",
        "CANARY\u{a0}",
        "CANARY!",
        "\"CANARY\"",
        "CANARY\\",
        "CANARY.",
    ] {
        let found = only(load_bare(
            &[ID_FLAG, URL_FLAG],
            &[("CONTROL_PLANE_API_KEY", key)],
        ));
        assert!(found.problem().contains("malformed"), "{found}");
        assert!(!found.to_string().contains("CANARY") && !found.to_string().contains("CAN ARY"));
    }
}

/// CF-050.
#[test]
fn a_reference_leads_to_the_key() {
    let file = TestFile::new("sk-from-file\n");
    let config = keyed(&format!("file:{}", file.path()), &[]).unwrap();
    assert_eq!(value(&config), "sk-from-file");
    assert_eq!(
        config.control_plane.api_key.reference,
        SecretRef::File(file.path.clone())
    );
    let config = keyed("env:MY_KEY", &[("MY_KEY", "sk-mine"), KEY_ENV]).unwrap();
    assert_eq!(value(&config), "sk-mine");
    let again = config
        .control_plane
        .api_key
        .reference
        .read(&Environment::fixed([("MY_KEY", "sk-next")]))
        .unwrap();
    assert_eq!(again.value.expose_secret(), "sk-next");
    let config = load_bare(&[ID_FLAG, URL_FLAG], &[KEY_ENV]).unwrap();
    assert_eq!(
        config.control_plane.api_key.reference,
        SecretRef::Env("CONTROL_PLANE_API_KEY".into())
    );
}

/// CF-050: what a reference may lead to instead.
#[test]
fn a_reference_that_leads_nowhere_says_why() {
    let (empty, two_lines) = (TestFile::new("\n"), TestFile::new("CANARY\n\n"));
    let (large, open) = (
        TestFile::new("a".repeat(64 * 1024 + 1)),
        TestFile::with_mode("CANARY", 0o644),
    );
    for (reference, told) in [
        (
            "env:NOT_THERE".to_owned(),
            "the environment variable NOT_THERE, which is not set",
        ),
        ("env:EMPTY".to_owned(), "which is empty"),
        ("env:sk-proj-CANARY".to_owned(), "not followed by the name"),
        ("env:".to_owned(), "not followed by the name"),
        ("file:".to_owned(), "names no path"),
        (
            "file:/does/not/exist".to_owned(),
            "the file `/does/not/exist` does not exist",
        ),
        (
            "file:sk-proj-CANARY".to_owned(),
            "the file it names does not exist",
        ),
        ("file:/dev/zero".to_owned(), "is not a regular file"),
        (format!("file:{}", empty.path()), "is empty"),
        (format!("file:{}", two_lines.path()), "malformed"),
        (format!("file:{}", large.path()), "larger than 65536 bytes"),
        (
            format!("file:{}", open.path()),
            "open to every user of this machine (mode 0644)",
        ),
        ("CANARY".to_owned(), "literal key"),
        ("".to_owned(), "is empty"),
    ] {
        let found = only(keyed(&reference, &[("EMPTY", ""), KEY_ENV]));
        assert_eq!(found.setting(), "control_plane.api_key");
        assert!(found.problem().contains(told), "{reference}: {found}");
        assert!(!found.to_string().contains("CANARY"), "{found}");
    }
}

#[test]
fn a_literal_key_in_the_file_is_refused() {
    let file = TestFile::new("control_plane:\n  api_key: sk-CANARY\n");
    let found = only(load_bare(&[ID_FLAG, URL_FLAG, &file.flag()], &[]));
    assert!(
        found.problem().contains("literal key") && !found.to_string().contains("CANARY"),
        "{found}"
    );
    let file = TestFile::new("control_plane:\n  api_key: env:MY_KEY\n");
    assert!(load_bare(&[ID_FLAG, URL_FLAG, &file.flag()], &[("MY_KEY", "sk-1")]).is_ok());
}

#[test]
fn the_variable_holds_the_key_and_no_reference() {
    let found = only(load_bare(
        &[ID_FLAG, URL_FLAG],
        &[("CONTROL_PLANE_API_KEY", "file:/run/key")],
    ));
    assert!(found.problem().contains("holds a reference"), "{found}");
}

/// CF-050: a key meant for something else is not picked up.
#[test]
fn openai_api_key_is_not_read() {
    let found = only(load_bare(
        &[ID_FLAG, URL_FLAG],
        &[("OPENAI_API_KEY", "sk-CANARY")],
    ));
    assert_eq!(
        (found.setting(), found.problem()),
        ("control_plane.api_key", "is required")
    );
}

#[test]
fn a_loaded_configuration_shows_no_secret() {
    let env = [
        ("CONTROL_PLANE_API_KEY", "sk-CANARY"),
        ("MCP_EXTRA_HEADERS", "Authorization: Bearer CANARY"),
    ];
    let config = load_bare(&[ID_FLAG, URL_FLAG], &env).unwrap();
    assert!(!format!("{config:?} {config:#?}").contains("CANARY"));
}
