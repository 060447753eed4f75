//! What a value must be: the typed matchers of a policy.
//!
//! Each is a total function over a gated value: it matches, or it says which rule the value broke. There is no third outcome and no
//! matcher that lets through what it cannot read (PF10). Nothing is allocated but the value of a string that is written with escapes.
//!
//! Left to others: reading matchers from a policy file (`document`), and what a mismatch means for a call (`decide`).

mod fault;
mod fields;
mod narrow;
mod number;
mod pattern;
mod place;
mod text;
mod word;

pub use fault::ArgumentFault;
pub(crate) use fields::{Fields, Rule};
pub(crate) use number::Bounds;
pub(crate) use pattern::Pattern;
pub(crate) use place::{Hosts, PathRoot, is_at_or_below, is_plain_path};
pub(crate) use text::{Text, is_invisible};
pub(crate) use word::{Charset, Format};

use crate::gate::{Kind, Node};

/// What one value must be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Matcher {
    /// A string that keeps these rules.
    Text(Box<Text>),
    /// A number written as an integer, within 64 bits.
    Integer(Bounds<i64>),
    /// Any number.
    Number(Bounds<f64>),
    /// `true` or `false`, or the one of them.
    Boolean(Option<bool>),
    /// `null`.
    Null,
    /// An array of at most so many elements, each of which matches.
    Array {
        /// At most so many.
        most: Option<usize>,
        /// What each must be; anything if there is none.
        each: Option<Box<Matcher>>,
    },
    /// An object: exactly these members, or any.
    Object(Option<Fields>),
}

impl Matcher {
    /// Whether a value matches; else which rule it breaks first.
    pub(crate) fn judge(&self, node: Node<'_>) -> Result<(), ArgumentFault> {
        match self {
            Self::Text(text) => text.judge(&node.text().ok_or(ArgumentFault::Type)?),
            Self::Integer(bounds) => bounds.judge(node.integer().ok_or(ArgumentFault::Type)?),
            Self::Number(bounds) => bounds.judge(number(node).ok_or(ArgumentFault::Type)?),
            Self::Boolean(one) => {
                let value = node.boolean().ok_or(ArgumentFault::Type)?;
                ArgumentFault::Equals.unless(one.is_none_or(|one| one == value))
            }
            Self::Null => ArgumentFault::Type.unless(node.kind() == Kind::Null),
            Self::Array { most, each } => array(node, *most, each.as_deref()),
            Self::Object(fields) => match (node.kind(), fields) {
                (Kind::Object, Some(fields)) => fields.judge(node).map_err(|broken| broken.fault),
                (Kind::Object, None) => Ok(()),
                (_, _) => Err(ArgumentFault::Type),
            },
        }
    }
}

fn array(node: Node<'_>, most: Option<usize>, each: Option<&Matcher>) -> Result<(), ArgumentFault> {
    if node.kind() != Kind::Array {
        return Err(ArgumentFault::Type);
    }
    for (index, element) in node.elements().enumerate() {
        if most.is_some_and(|most| index >= most) {
            return Err(ArgumentFault::MaxItems);
        }
        if let Some(each) = each {
            each.judge(element)?;
        }
    }
    Ok(())
}

/// The value of any number; the gate has made sure that it is finite.
fn number(node: Node<'_>) -> Option<f64> {
    if node.kind() != Kind::Number {
        return None;
    }
    let value: f64 = std::str::from_utf8(node.raw()).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}
