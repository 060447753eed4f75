//! Bounded numbers and times.

use std::time::Duration;

use super::duration;
use super::mistake::Fault;

/// A whole number from 1 to `most`.
pub(crate) fn count(text: &str, most: u16) -> Result<u16, Fault> {
    let remedy = || format!("write a whole number from 1 to {most}");
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits {
        return Err(Fault::new("is not a whole number", remedy()));
    }
    match text.parse::<u16>() {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        Ok(_) | Err(_) => Err(Fault::new("is out of range", remedy())),
    }
}

/// A duration longer than zero and at most `longest`, which is spelled out in `name`.
pub(crate) fn time(text: &str, longest: Duration, name: &str) -> Result<Duration, Fault> {
    let value = duration::parse(text)?;
    if value.is_zero() {
        return Err(Fault::new(
            "is zero",
            format!("write a duration longer than 0 and at most {name}"),
        ));
    }
    if value > longest {
        return Err(Fault::new(
            "is too long",
            format!("write a duration of at most {name}"),
        ));
    }
    Ok(value)
}
