//! The member names with a meaning for us, and the objects in which they have it.
//!
//! Readers differ in whether `Name` means `name`: some compare without case, and some fold letters outside
//! ASCII as well (CVE-2026-27896). In these objects a name that is reserved but for its case is refused (A3);
//! one that is reserved exactly has its value's place recorded, so that it is found again without a search.

use std::cmp::Ordering;

use super::Fault;

/// Declares [`Slot`], [`Level`] and the table between them: each level with where it is, and its names.
macro_rules! levels {
    ($( $level:ident at $path:literal { $( $slot:ident = $name:literal, )* } )*) => {
        /// A value with a meaning for us, by its place in the message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Slot {
            $( $( #[doc = concat!("`", $path, $name, "`")] $slot, )* )*
        }

        /// An object by its place in the message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Level {
            $( $level, )*
            /// Any other object: its names are the sender's own.
            Free,
        }

        impl Slot {
            /// Every slot, in order of declaration.
            pub const ALL: &[Self] = &[ $( $( Self::$slot, )* )* ];

            /// Where the value is, as a dotted path from the message.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self { $( $( Self::$slot => concat!($path, $name), )* )* }
            }
        }

        impl Level {
            const fn names(self) -> &'static [(&'static str, Slot)] {
                match self {
                    $( Self::$level => &[ $( ($name, Slot::$slot), )* ], )*
                    Self::Free => &[],
                }
            }
        }
    };
}

levels! {
    Envelope at "" {
        Jsonrpc = "jsonrpc",
        Id = "id",
        Method = "method",
        Params = "params",
        Result = "result",
        Error = "error",
    }
    Params at "params." {
        ParamsName = "name",
        ParamsUri = "uri",
        ParamsArguments = "arguments",
        ParamsCursor = "cursor",
        ParamsMeta = "_meta",
        ParamsRequestId = "requestId",
        ParamsProgressToken = "progressToken",
        ParamsRef = "ref",
        ParamsTask = "task",
        ParamsTaskId = "taskId",
        ParamsInputResponses = "inputResponses",
        ParamsRequestState = "requestState",
        ParamsProtocolVersion = "protocolVersion",
        ParamsCapabilities = "capabilities",
        ParamsClientInfo = "clientInfo",
        ParamsLevel = "level",
        ParamsArgument = "argument",
        ParamsContext = "context",
        ParamsNotifications = "notifications",
        ParamsReason = "reason",
        ParamsProgress = "progress",
        ParamsTotal = "total",
        ParamsMessage = "message",
        ParamsData = "data",
        ParamsLogger = "logger",
    }
    ParamsMeta at "params._meta." {
        ParamsMetaProgressToken = "progressToken",
        ParamsMetaProtocolVersion = "io.modelcontextprotocol/protocolVersion",
        ParamsMetaClientCapabilities = "io.modelcontextprotocol/clientCapabilities",
        ParamsMetaClientInfo = "io.modelcontextprotocol/clientInfo",
        ParamsMetaLogLevel = "io.modelcontextprotocol/logLevel",
        ParamsMetaSubscriptionId = "io.modelcontextprotocol/subscriptionId",
        ParamsMetaRelatedTask = "io.modelcontextprotocol/related-task",
    }
    Ref at "params.ref." {
        RefType = "type",
        RefName = "name",
        RefUri = "uri",
    }
    Result at "result." {
        ResultTools = "tools",
        ResultResources = "resources",
        ResultResourceTemplates = "resourceTemplates",
        ResultPrompts = "prompts",
        ResultNextCursor = "nextCursor",
        ResultType = "resultType",
        ResultMeta = "_meta",
        ResultInputRequests = "inputRequests",
        ResultRequestState = "requestState",
        ResultProtocolVersion = "protocolVersion",
        ResultCapabilities = "capabilities",
        ResultServerInfo = "serverInfo",
        ResultInstructions = "instructions",
        ResultContent = "content",
        ResultStructuredContent = "structuredContent",
        ResultIsError = "isError",
        ResultTask = "task",
        ResultTaskId = "taskId",
        ResultContents = "contents",
        ResultMessages = "messages",
        ResultCompletion = "completion",
        ResultTtlMs = "ttlMs",
        ResultCacheScope = "cacheScope",
    }
    ResultMeta at "result._meta." {
        ResultMetaProgressToken = "progressToken",
        ResultMetaProtocolVersion = "io.modelcontextprotocol/protocolVersion",
        ResultMetaClientCapabilities = "io.modelcontextprotocol/clientCapabilities",
        ResultMetaClientInfo = "io.modelcontextprotocol/clientInfo",
        ResultMetaLogLevel = "io.modelcontextprotocol/logLevel",
        ResultMetaSubscriptionId = "io.modelcontextprotocol/subscriptionId",
        ResultMetaRelatedTask = "io.modelcontextprotocol/related-task",
    }
    Error at "error." {
        ErrorCode = "code",
        ErrorMessage = "message",
        ErrorData = "data",
    }
}

impl Slot {
    /// How many there are.
    pub(super) const COUNT: usize = Self::ALL.len();

    /// The level of an object that is the value of this slot.
    pub(super) fn opens(self) -> Level {
        const OPENING: [(Slot, Level); 6] = [
            (Slot::Params, Level::Params),
            (Slot::ParamsMeta, Level::ParamsMeta),
            (Slot::ParamsRef, Level::Ref),
            (Slot::Result, Level::Result),
            (Slot::ResultMeta, Level::ResultMeta),
            (Slot::Error, Level::Error),
        ];
        let mut opening = OPENING.iter();
        opening
            .find(|(slot, _)| *slot == self)
            .map_or(Level::Free, |(_, level)| *level)
    }
}

impl Level {
    /// The slot of member `key` (unescaped), refused if it is a reserved name but for its case.
    pub(super) fn slot(self, key: &[u8]) -> Result<Option<Slot>, Fault> {
        let mut names = self.names().iter();
        if key.is_ascii() {
            let alike = names.find(|(name, _)| key.eq_ignore_ascii_case(name.as_bytes()));
            return match alike {
                Some((name, slot)) if name.as_bytes() == key => Ok(Some(*slot)),
                Some(_) => Err(Fault::ReservedFold),
                None => Ok(None),
            };
        }
        let key = std::str::from_utf8(key).map_err(|_| Fault::Utf8)?;
        match names.any(|(name, _)| folds_alike(key, name)) {
            true => Err(Fault::ReservedFold),
            false => Ok(None),
        }
    }
}

/// Whether a reader that ignores case may take `key` for `name`, which is ASCII. Each letter that folds from
/// outside ASCII makes a key longer than the name, so that lengths settle most pairs.
#[must_use]
pub fn folds_alike(key: &str, name: &str) -> bool {
    match key.len().cmp(&name.len()) {
        Ordering::Less => false,
        Ordering::Equal => key.eq_ignore_ascii_case(name),
        Ordering::Greater => key.chars().map(fold).eq(name.chars().map(fold)),
    }
}

/// ASCII letters to lower case, and the four letters outside ASCII that common readers fold to one:
/// U+017F and U+212A (Unicode simple folding), U+0130 and U+0131 (upper, then lower case per letter).
fn fold(letter: char) -> char {
    match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        '\u{130}' | '\u{131}' => 'i',
        other => other.to_ascii_lowercase(),
    }
}
