//! How a section asks for its values.
//!
//! Promises: each question records its own mistake and the reading goes on, so that one start reports everything. A value is repeated in a
//! message only where the table allows it, and never when it is long or looks like a key.
//! Leaves to others: which questions to ask (the sections).

use super::given::{Given, Item, Value};
use super::mistake::{Fault, Mistake, Notice, Source};
use super::reference;
use super::sources::Sources;
use super::table::{Kind, References, Setting};

const LONGEST_ECHO: usize = 20;

/// The sources and what was found wrong so far.
pub(crate) struct Reader<'a> {
    sources: Sources<'a>,
    mistakes: Vec<Mistake>,
    notices: Vec<Notice>,
}

impl<'a> Reader<'a> {
    /// A reader that starts with what was found while the file was read.
    pub(crate) fn new(mut sources: Sources<'a>) -> Self {
        let (mistakes, notices) = sources.take_found();
        Self {
            sources,
            mistakes,
            notices,
        }
    }

    /// Everything found.
    pub(crate) fn finish(self) -> (Vec<Mistake>, Vec<Notice>) {
        (self.mistakes, self.notices)
    }

    /// Records a mistake.
    pub(crate) fn push(&mut self, mistake: Mistake) {
        self.mistakes.push(mistake);
    }

    /// Records a notice.
    pub(crate) fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }

    /// Records a fault of `setting` found in `source`.
    pub(crate) fn fault(&mut self, setting: &Setting, source: &Source, fault: Fault) {
        self.push(Mistake::new(
            setting.key,
            source.clone(),
            fault.problem,
            fault.remedy,
        ));
    }

    /// The environment and the state of the file.
    pub(crate) fn sources(&self) -> &Sources<'a> {
        &self.sources
    }

    /// The winning value, or the default; `None` if there is neither, or after a mistake.
    pub(crate) fn given(&mut self, setting: &'static Setting) -> Option<Given> {
        match self.sources.find(setting) {
            Ok(Some(given)) => Some(given),
            Ok(None) => setting.default.map(built_in),
            Err(mistake) => {
                self.push(mistake);
                None
            }
        }
    }

    /// The single text of a setting, references resolved, surrounding blanks removed.
    pub(crate) fn text(&mut self, setting: &'static Setting) -> Option<(String, Source)> {
        let given = self.given(setting)?;
        let text = match given.items.first().map(|item| &item.value) {
            Some(Value::Text(text)) => text.trim().to_owned(),
            Some(Value::Fields(_)) | None => String::new(),
        };
        if text.is_empty() && !setting.empty_ok {
            let remedy = format!("give it a value or leave it out: {}", setting.ways());
            self.fault(setting, &given.source, Fault::new("is empty", remedy));
            return None;
        }
        match self.resolve(setting, &given.source, text) {
            Ok(text) => Some((text, given.source)),
            Err(fault) => {
                self.fault(setting, &given.source, fault);
                None
            }
        }
    }

    fn resolve(&self, setting: &Setting, source: &Source, text: String) -> Result<String, Fault> {
        match (setting.kind, source) {
            (Kind::Single(References::Path), _) => reference::path(&text, self.sources.env()),
            (Kind::Single(References::InFile), Source::File { .. }) => {
                reference::text(text, self.sources.env())
            }
            _ => Ok(text),
        }
    }

    /// The single value of a setting, parsed.
    pub(crate) fn parsed<T>(
        &mut self,
        setting: &'static Setting,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        self.parsed_at(setting, parse).map(|(value, _)| value)
    }

    /// The single value of a setting, parsed, and where it stands.
    pub(crate) fn parsed_at<T>(
        &mut self,
        setting: &'static Setting,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<(T, Source)> {
        let (text, source) = self.text(setting)?;
        match parse(&text) {
            Ok(value) => Some((value, source)),
            Err(fault) => {
                let problem = format!("{} {}", shown(setting, &text), fault.problem);
                self.fault(setting, &source, Fault::new(problem, fault.remedy));
                None
            }
        }
    }

    /// Records that a required setting is missing. A file that could not be read may hold it, so then this says nothing.
    pub(crate) fn missing(&mut self, setting: &'static Setting, remedy: &str) {
        let given_wrongly = self
            .mistakes
            .iter()
            .any(|mistake| mistake.setting() == setting.key);
        if !given_wrongly && !self.sources.file_is_unreadable() {
            self.fault(setting, &Source::Absent, Fault::new("is required", remedy));
        }
    }
}

fn built_in(text: &str) -> Given {
    Given {
        source: Source::Default,
        items: vec![Item::text(Source::Default, text.to_owned())],
    }
}

/// The value in backticks if it may be repeated, else words in its place.
fn shown(setting: &Setting, text: &str) -> String {
    let harmless = text.len() <= LONGEST_ECHO
        && text.bytes().all(|b| b.is_ascii_graphic())
        && !text.starts_with("sk-");
    if setting.echo && harmless {
        format!("`{text}`")
    } else {
        "the value".to_owned()
    }
}
