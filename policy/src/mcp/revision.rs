//! The protocol revisions of MCP.

/// A released revision of the protocol, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Revision {
    /// 2024-11-05
    V2024_11,
    /// 2025-03-26
    V2025_03,
    /// 2025-06-18
    V2025_06,
    /// 2025-11-25
    V2025_11,
    /// 2026-07-28, the first without sessions.
    V2026_07,
}

impl Revision {
    /// Every revision and its name on the wire.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::V2024_11, "2024-11-05"),
        (Self::V2025_03, "2025-03-26"),
        (Self::V2025_06, "2025-06-18"),
        (Self::V2025_11, "2025-11-25"),
        (Self::V2026_07, "2026-07-28"),
    ];

    /// What a message speaks that does not say (MCP 2025-06-18 and later, Streamable HTTP).
    pub(crate) const ASSUMED: Self = Self::V2025_03;

    /// The revision with exactly this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, n)| *n == name)
            .map(|(revision, _)| *revision)
    }

    /// Whether each request describes itself: routing headers and `_meta` are required (MCP 2026-07-28, Streamable HTTP).
    #[must_use]
    pub fn is_modern(self) -> bool {
        self >= Self::V2026_07
    }
}
