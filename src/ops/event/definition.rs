//! What can happen to the definitions a server tells of itself, where the policy pins them.

/// What can happen to definitions.
#[derive(Clone, Copy, Debug)]
pub enum DefinitionEvent<'a> {
    /// The agent listed a server's tools before a pinned call.
    Listed {
        /// How many pages there were.
        pages: u64,
    },
    /// It could not: the call was refused and may be tried again.
    ListingFailed {
        /// The stable word.
        reason: &'static str,
    },
    /// What is pinned is something else now: that tool is not called, those instructions do not cross.
    Changed(&'a Changed<'a>),
    /// It is as pinned again.
    Restored {
        /// The tool; empty for the instructions.
        tool: &'a str,
    },
}

/// A pinned definition that is another now.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'a> {
    /// The tool, by its name in the policy; empty for the server's instructions.
    pub tool: &'a str,
    /// The pin in the policy.
    pub pinned: &'a str,
    /// The pin of what the server tells now, ready to paste; empty if it is not there, or there twice.
    pub found: &'a str,
    /// The line that pins it.
    pub line: u32,
}
