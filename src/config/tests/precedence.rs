//! Proves, for every setting of the table, that its names work in every source and that the sources rank as promised.

use std::fmt::Write as _;

use super::super::given::Value;
use super::super::table::{self, Kind, Setting};
use super::*;

/// Flags and variables.
type Given<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)]);

/// The value as a setting of this kind is written on the command line.
fn as_word(setting: &Setting, value: &str) -> String {
    match setting.kind {
        Kind::Headers => format!("x-{value}: {value}"),
        Kind::Single(_) | Kind::List | Kind::Bindings => value.to_owned(),
    }
}

/// A file that gives one setting one value.
fn as_file(setting: &Setting, value: &str) -> String {
    let mut text = String::new();
    let mut indent = String::new();
    for part in setting.key.split('.') {
        write!(text, "\n{indent}{part}:").unwrap();
        indent.push_str("  ");
    }
    match setting.kind {
        Kind::Single(_) => write!(text, " \"{value}\""),
        Kind::List => write!(text, "\n{indent}- \"{value}\""),
        Kind::Headers => write!(text, "\n{indent}x-{value}: \"{value}\""),
        Kind::Bindings => write!(text, "\n{indent}- url: \"{value}\""),
    }
    .unwrap();
    text + "\n"
}

fn winner(
    setting: &'static Setting,
    args: &[String],
    env: &[(&str, &str)],
) -> Option<(Source, String)> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let (matches, env) = (matches(&words), Environment::fixed(env.iter().copied()));
    let given = Sources::open(&matches, &env).find(setting).unwrap()?;
    let text = match &given.items[0].value {
        Value::Text(text) => text.rsplit(' ').next().unwrap().to_owned(),
        Value::Fields(fields) => fields[0].text.clone(),
    };
    Some((given.source, text))
}

#[test]
fn flag_beats_environment_beats_file_beats_default() {
    for setting in table::all() {
        let file = TestFile::new(as_file(setting, "three"));
        let (flag, config) = (
            format!("--{}={}", setting.flag, as_word(setting, "one")),
            file.flag(),
        );
        let env = [(setting.env, &*as_word(setting, "two"))];
        let source_in = |args: &[&String], env: &[(&str, &str)]| {
            let args: Vec<String> = args.iter().map(|word| (*word).clone()).collect();
            winner(setting, &args, env).map(|(source, text)| (source.to_string(), text))
        };
        let flagged = (format!("flag --{}", setting.flag), "one".to_owned());
        let varied = (
            format!("environment variable {}", setting.env),
            "two".to_owned(),
        );
        assert_eq!(
            source_in(&[&flag, &config], &env),
            Some(flagged.clone()),
            "{}",
            setting.key
        );
        assert_eq!(
            source_in(&[&flag, &config], &[]),
            Some(flagged),
            "{}",
            setting.key
        );
        assert_eq!(source_in(&[&config], &env), Some(varied), "{}", setting.key);
        let filed = source_in(&[&config], &[]).unwrap();
        assert!(
            filed.0.starts_with(file.path()) && filed.1 == "three",
            "{} {filed:?}",
            setting.key
        );
        assert_eq!(source_in(&[], &[]), None, "{}", setting.key);
    }
}

#[test]
fn without_a_source_the_default_is_used() {
    for setting in table::all() {
        let (matches, env) = (matches(&[]), Environment::fixed([("", "")]));
        let mut reader = Reader::new(Sources::open(&matches, &env));
        let given = reader.given(setting);
        assert_eq!(
            given.is_some(),
            setting.default.is_some(),
            "{}",
            setting.key
        );
        assert!(
            given.is_none_or(|given| given.source == Source::Default),
            "{}",
            setting.key
        );
    }
}

/// Also proves that each setting is looked at by its section: a value nobody reads could not be wrong. The canary stands for a secret in a
/// wrong place.
#[test]
fn a_wrong_value_is_reported_from_every_source_without_repeating_it() {
    const WRONG: &str = "CANARY\u{7f} =x";
    for setting in table::all() {
        let word = match setting.kind {
            Kind::Headers => format!("x-a: {WRONG}"),
            Kind::Single(_) | Kind::List | Kind::Bindings => WRONG.to_owned(),
        };
        let file =
            TestFile::new(as_file(setting, "CANARY\\x7f =x").replace("x-CANARY\\x7f =x", "x-a"));
        let flag = format!("--{}={word}", setting.flag);
        let sources: [Given<'_>; 3] = [
            (&[&flag], &[]),
            (&[], &[(setting.env, &word)]),
            (&[&file.flag()], &[]),
        ];
        for (args, env) in sources {
            let error = load_bare(args, env).expect_err(setting.key);
            assert!(!error.to_string().contains("CANARY"), "{error}");
            let found = error
                .mistakes
                .iter()
                .find(|mistake| mistake.setting() == setting.key);
            let found = found.unwrap_or_else(|| panic!("{} is not reported: {error}", setting.key));
            assert!(*found.source() != Source::Absent, "{found}");
            assert!(!found.remedy().is_empty() && !found.problem().is_empty());
        }
    }
}

/// The reference client lets an empty variable hide the file; the matrix of every setting shows that here it never does.
#[test]
fn an_empty_variable_is_a_mistake_unless_a_flag_wins() {
    for setting in table::all() {
        for empty in ["", "  "] {
            let error = load(&[], &[(setting.env, empty)]);
            if setting.flag == "control-plane.tunnel-id" || setting.flag == "mcp.server-url" {
                assert!(error.is_ok(), "{}: the flag wins", setting.key);
                continue;
            }
            let error = if setting.env == KEY_ENV.0 {
                load_bare(&[ID_FLAG, URL_FLAG], &[(setting.env, empty)])
            } else {
                error
            };
            let found = only(error);
            assert_eq!(
                (found.setting(), found.problem()),
                (setting.key, "is set but empty")
            );
        }
    }
}

#[test]
fn the_dotted_flag_beats_the_older_spelling() {
    for setting in table::all() {
        let Some(alias) = setting.alias else { continue };
        let (old, new) = (
            format!("--{alias}={}", as_word(setting, "old")),
            format!("--{}={}", setting.flag, as_word(setting, "new")),
        );
        let alone = winner(setting, std::slice::from_ref(&old), &[]).unwrap();
        assert_eq!(
            (alone.0.to_string(), alone.1),
            (format!("flag --{alias}"), "old".to_owned())
        );
        assert_eq!(winner(setting, &[new, old], &[]).unwrap().1, "new");
    }
}

#[test]
fn a_single_setting_given_twice_is_refused() {
    let found = mistake(&["--log.level=info", "--log.level=debug"], &[]);
    assert_eq!(
        (found.setting(), found.problem()),
        ("log.level", "is given more than once")
    );
}

#[test]
fn names_are_unique_over_all_tables() {
    let mut flags = std::collections::BTreeSet::new();
    let mut variables = std::collections::BTreeSet::new();
    for setting in table::all() {
        assert!(
            flags.insert(setting.flag) && variables.insert(setting.env),
            "{}",
            setting.key
        );
        assert!(setting.alias.is_none_or(|alias| flags.insert(alias)));
    }
    for retired in retired::ALL {
        assert!(
            retired.flags.iter().all(|flag| flags.insert(flag)),
            "{}",
            retired.key
        );
        assert!(
            retired.env.is_empty() || variables.insert(retired.env),
            "{}",
            retired.key
        );
    }
}
