//! Numbers within bounds.

use super::ArgumentFault;

/// What a number must be. Both ends are inside.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bounds<T> {
    pub(crate) min: Option<T>,
    pub(crate) max: Option<T>,
    /// One of these, if there are any.
    pub(crate) one_of: Option<Vec<T>>,
}

impl<T: PartialOrd + Copy> Bounds<T> {
    /// Whether a number is within bounds.
    pub(super) fn judge(&self, value: T) -> Result<(), ArgumentFault> {
        let listed = self
            .one_of
            .as_ref()
            .is_none_or(|list| list.contains(&value));
        ArgumentFault::OneOf.unless(listed)?;
        ArgumentFault::Min.unless(self.min.is_none_or(|min| value >= min))?;
        ArgumentFault::Max.unless(self.max.is_none_or(|max| value <= max))
    }
}
