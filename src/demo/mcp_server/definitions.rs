//! What the server tells of itself: its tools, page by page, and its instructions.

use serde_json::{Value, json};

use super::tools;

/// What the server tells of itself.
#[derive(Clone, Debug)]
pub struct Definitions {
    /// The pages of `tools/list`.
    pub pages: Vec<Vec<Value>>,
    /// Instructions for whoever opens a session; none if empty.
    pub instructions: String,
}

impl Default for Definitions {
    /// The server's own tools on one page.
    fn default() -> Self {
        Self {
            pages: vec![tools::described()],
            instructions: String::new(),
        }
    }
}

impl Definitions {
    /// One page of these tools.
    #[must_use]
    pub fn of(tools: Vec<Value>) -> Self {
        Self {
            pages: vec![tools],
            ..Self::default()
        }
    }

    /// The page behind a cursor, which is the page's number.
    pub(super) fn page(&self, params: &Value) -> Value {
        let cursor = params.get("cursor").and_then(Value::as_str);
        let number: usize = cursor.and_then(|text| text.parse().ok()).unwrap_or(0);
        let tools = self.pages.get(number).cloned().unwrap_or_default();
        if number + 1 < self.pages.len() {
            json!({"tools": tools, "nextCursor": (number + 1).to_string()})
        } else {
            json!({"tools": tools})
        }
    }
}
