//! Which rule a value broke.

/// Which rule of a policy an argument breaks. The labels are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentFault {
    /// `arguments` is not an object.
    Shape,
    /// The policy does not name the argument; what is not named is refused.
    Unlisted,
    /// A required argument is missing.
    Missing,
    /// The value is of another type.
    Type,
    /// The value is none of `one_of`.
    OneOf,
    /// The value is not what `equals` says.
    Equals,
    /// The text does not begin with `prefix`.
    Prefix,
    /// The text does not end with `suffix`.
    Suffix,
    /// The text is no plain path at or below `path_under`.
    PathUnder,
    /// The text is no plain URL of a host in `host_in`.
    HostIn,
    /// The number is below `min`.
    Min,
    /// The number is above `max`.
    Max,
    /// The text is shorter than `min_bytes`.
    MinBytes,
    /// The text is longer than `max_bytes`.
    MaxBytes,
    /// The array is longer than `max_items`.
    MaxItems,
    /// The text has a character outside `charset`.
    Charset,
    /// The text is not of the `format`.
    Format,
    /// The text as a whole does not match `pattern`.
    Pattern,
}

impl ArgumentFault {
    /// The stable word for logs, records and tests.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Shape => "argument.shape",
            Self::Unlisted => "argument.unlisted",
            Self::Missing => "argument.missing",
            Self::Type => "argument.type",
            Self::OneOf => "argument.one_of",
            Self::Equals => "argument.equals",
            Self::Prefix => "argument.prefix",
            Self::Suffix => "argument.suffix",
            Self::PathUnder => "argument.path_under",
            Self::HostIn => "argument.host_in",
            Self::Min => "argument.min",
            Self::Max => "argument.max",
            Self::MinBytes => "argument.min_bytes",
            Self::MaxBytes => "argument.max_bytes",
            Self::MaxItems => "argument.max_items",
            Self::Charset => "argument.charset",
            Self::Format => "argument.format",
            Self::Pattern => "argument.pattern",
        }
    }

    /// This fault unless the rule is kept.
    pub(super) const fn unless(self, kept: bool) -> Result<(), Self> {
        if kept { Ok(()) } else { Err(self) }
    }
}
