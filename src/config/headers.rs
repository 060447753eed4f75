//! Headers the operator adds to requests.
//!
//! Promises: names are HTTP tokens outside the reserved set, each given once; values have no control characters; no message repeats a value.
//! A literal credential is refused where others can read it: on the command line and in the file.
//! Leaves to others: sending them.

mod reserved;

use hyper::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::given::{Item, Value};
use super::mistake::{Fault, Mistake, Source};
use super::reader::Reader;
use super::secret::SecretRef;
use super::table::Setting;
pub(crate) use reserved::{CONTROL_PLANE, MCP, Reserved};

/// A header with its value.
#[derive(Clone, Debug)]
pub struct ExtraHeader {
    /// The name.
    pub name: HeaderName,
    /// The value, a valid header value.
    pub value: SecretString,
    /// Where the value stands, when it is not a literal.
    pub reference: Option<SecretRef>,
}

/// The headers a setting gives, in order.
pub(crate) fn read(
    reader: &mut Reader<'_>,
    setting: &'static Setting,
    reserved: Reserved,
) -> Vec<ExtraHeader> {
    let items = reader
        .given(setting)
        .map(|given| given.items)
        .unwrap_or_default();
    let mut headers: Vec<ExtraHeader> = Vec::new();
    for item in items {
        let added = header(&item, reader, reserved).and_then(|header| add(&mut headers, header));
        if let Err(fault) = added {
            reader.push(Mistake::new(
                setting.key,
                item.source,
                fault.problem,
                fault.remedy,
            ));
        }
    }
    headers
}

fn header(item: &Item, reader: &Reader<'_>, reserved: Reserved) -> Result<ExtraHeader, Fault> {
    let (name, text) = split(item)?;
    let name = parse_name(name, reserved)?;
    let reference = SecretRef::parse(text);
    let value = match &reference {
        Some(reference) => {
            reference
                .read(reader.sources().env())
                .map_err(|fault| about(&name, fault))?
                .value
        }
        None => literal(&name, text, &item.source)?,
    };
    check_value(&name, &value)?;
    Ok(ExtraHeader {
        name,
        value,
        reference,
    })
}

/// Name and value, trimmed.
fn split(item: &Item) -> Result<(&str, &str), Fault> {
    let parts = match &item.value {
        Value::Text(text) => text.split_once(':'),
        Value::Fields(fields) => fields
            .first()
            .map(|field| (field.name.as_str(), field.text.as_str())),
    };
    let parts = parts.map(|(name, value)| (name.trim(), value.trim()));
    match parts {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name, value)),
        Some(_) | None => Err(Fault::new(
            "has a header without a name or without a value",
            "write `Name: value`",
        )),
    }
}

fn parse_name(text: &str, reserved: Reserved) -> Result<HeaderName, Fault> {
    let name = HeaderName::from_bytes(text.as_bytes()).map_err(|_| {
        Fault::new(
            "has a header whose name is not an HTTP token",
            "correct the name",
        )
    })?;
    if reserved.holds(&name) {
        return Err(Fault::new(
            format!("sets the header `{name}`, which the agent sets itself"),
            "remove it",
        ));
    }
    Ok(name)
}

fn literal(name: &HeaderName, text: &str, source: &Source) -> Result<SecretString, Fault> {
    let exposed = matches!(source, Source::Flag(_) | Source::File { .. });
    if exposed && reserved::is_credential(name) {
        return Err(Fault::new(
            format!("gives the value of `{name}` literally, where others can read it"),
            format!("write `{name}: env:NAME` or `{name}: file:/path`"),
        ));
    }
    Ok(SecretString::from(text))
}

fn check_value(name: &HeaderName, value: &SecretString) -> Result<(), Fault> {
    HeaderValue::from_str(value.expose_secret())
        .map(|_| ())
        .map_err(|_| {
            let problem = format!("gives `{name}` a value with a character a header cannot carry");
            Fault::new(problem, "use visible ASCII characters and blanks only")
        })
}

fn about(name: &HeaderName, fault: Fault) -> Fault {
    Fault::new(
        format!("has the header `{name}`, whose value {}", fault.problem),
        fault.remedy,
    )
}

/// The same header twice is fine if the values agree; else nobody can tell which was meant.
fn add(headers: &mut Vec<ExtraHeader>, new: ExtraHeader) -> Result<(), Fault> {
    match headers.iter().find(|old| old.name == new.name) {
        Some(old) if old.value.expose_secret() == new.value.expose_secret() => Ok(()),
        Some(_) => {
            let problem = format!(
                "gives the header `{}` twice with different values",
                new.name
            );
            Err(Fault::new(problem, "keep one of them"))
        }
        None => {
            headers.push(new);
            Ok(())
        }
    }
}
