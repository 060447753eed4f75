//! Edits with a program in the place of an editor, and prepared answers.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::*;
use crate::cli::policy::arguments;

const GOOD: &str = "schema = 1\n[[server]]\nchannel = \"main\"\ntools = [\"a\"]\n";

/// A policy, and an editor that runs this line of a shell with the draft as `$1`.
struct Desk {
    folder: tempfile::TempDir,
    editor: PathBuf,
}

impl Desk {
    fn new(line: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Self {
            editor: folder.path().join("editor"),
            folder,
        };
        fs::write(desk.policy(), GOOD).unwrap();
        desk.types(line);
        desk
    }

    fn types(&self, line: &str) {
        fs::write(&self.editor, line).unwrap();
    }

    fn policy(&self) -> PathBuf {
        self.folder.path().join("policy.toml")
    }

    fn draft(&self) -> PathBuf {
        self.folder.path().join(".draft.policy.toml")
    }

    fn said(&self) -> String {
        fs::read_to_string(self.policy()).unwrap()
    }

    /// Edits with these answers: the exit code, and all that was printed.
    fn edit(&self, answers: &str) -> (u8, String) {
        let words = ["policy", "edit", &self.policy().display().to_string()].map(str::to_owned);
        let matches = arguments::command().get_matches_from(&words[..]);
        let matches = matches.subcommand_matches("edit");
        let editor = format!("sh {}", self.editor.display());
        let env = Environment::fixed([("VISUAL", " "), ("EDITOR", &editor)]);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let streams: Streams<'_> = (&mut out, &mut err);
        let code = run(matches.unwrap(), &env, (&mut answers.as_bytes(), streams));
        out.extend(err);
        (code, String::from_utf8(out).unwrap())
    }
}

#[test]
fn what_loads_is_put_in_place_after_its_changes_were_shown() {
    let desk = Desk::new(
        "echo 'name = \"n\"' >$1.next; sed 's/\"a\"/\"a\", \"b\"/' $1 >>$1.next; mv $1.next $1",
    );
    fs::set_permissions(desk.policy(), fs::Permissions::from_mode(0o640)).unwrap();
    let (code, told) = desk.edit("y\n");
    assert_eq!(code, SUCCESS, "{told}");
    assert!(
        told.contains("looser   main: tool `b`") && told.contains("together: looser"),
        "{told}"
    );
    assert!(desk.said().starts_with("name") && desk.said().contains("\"b\""));
    let mode = fs::metadata(desk.policy()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert!(!desk.draft().exists());
}

#[test]
fn a_mistake_is_shown_and_never_put_in_place() {
    let desk = Desk::new("sed -i s/tools/toolz/ $1");
    let (code, told) = desk.edit("y\ne\nq\n");
    assert_eq!(code, NO, "{told}");
    assert_eq!(told.matches("unknown field `toolz`").count(), 2, "{told}");
    assert!(!told.contains("[y/e/q]"), "{told}");
    assert_eq!(desk.said(), GOOD);
    assert!(!desk.draft().exists(), "who quits is done with it");
}

/// A terminal that is cut, or an editor that fails, leaves the text for the next edit.
#[test]
fn what_was_typed_is_kept_and_can_be_gone_on_with() {
    let desk = Desk::new("echo '# typed' >>$1");
    let (code, told) = desk.edit("");
    assert!(code == NO && told.contains("the text is kept in"), "{told}");
    assert_eq!(desk.said(), GOOD);
    let mode = fs::metadata(desk.draft()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    desk.types("exit 3");
    let (code, told) = desk.edit("y\n");
    assert!(code == FAILURE && told.contains("exit status: 3"), "{told}");
    assert_eq!(desk.edit("q\n").0, NO);
    desk.types("true");
    assert_eq!(desk.edit("y\ny\n").0, SUCCESS);
    assert_eq!(desk.said(), format!("{GOOD}# typed\n"));
}

#[test]
fn an_unfinished_edit_can_be_thrown_away() {
    let desk = Desk::new("echo '# typed' >>$1");
    desk.edit("");
    desk.types("true");
    let (code, told) = desk.edit("n\n");
    assert!(
        code == SUCCESS && told.contains("nothing was changed"),
        "{told}"
    );
    assert!(desk.said() == GOOD && !desk.draft().exists());
}

#[test]
fn what_somebody_else_saved_meanwhile_is_not_overwritten() {
    let desk = Desk::new("");
    let other = format!("{GOOD}# other\n");
    let line = format!(
        "echo '# mine' >>$1; printf '%s' '{other}' >{}",
        desk.policy().display()
    );
    desk.types(&line);
    let (code, told) = desk.edit("y\n");
    assert!(
        code == FAILURE && told.contains("was changed by somebody else"),
        "{told}"
    );
    assert_eq!(desk.said(), other);
    assert!(fs::read_to_string(desk.draft()).unwrap().contains("# mine"));
}

#[test]
fn one_operator_edits_at_a_time() {
    let desk = Desk::new("true");
    let held = Draft::open(&desk.policy()).unwrap();
    let (code, told) = desk.edit("");
    assert!(
        code == FAILURE && told.contains("somebody else edits"),
        "{told}"
    );
    drop(held);
}

#[test]
fn an_editor_that_is_not_there_is_told_with_the_remedy() {
    let desk = Desk::new("true");
    let (draft, _) = Draft::open(&desk.policy()).unwrap();
    let why = draft.edit(&["no-such-editor".to_owned()]).unwrap_err();
    assert!(why.contains("VISUAL or EDITOR"), "{why}");
}
