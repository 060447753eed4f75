//! What a server said on one call so far, as far as the next message depends on it.

use crate::gate::{Kind, Node};

/// The most messages that do not belong on a subscription before it is ended (B14).
const PATIENCE: u32 = 8;

/// What was heard.
#[derive(Default)]
pub(super) struct Heard {
    progress: Option<f64>,
    is_acknowledged: bool,
    strays: u32,
}

impl Heard {
    /// Takes a value of progress; whether it is one, and no lower than the last (B13).
    pub(super) fn progresses(&mut self, value: Option<Node<'_>>) -> bool {
        let number = value
            .filter(|node| node.kind() == Kind::Number)
            .and_then(|node| std::str::from_utf8(node.raw()).ok()?.parse().ok());
        let Some(number) = number else {
            return false;
        };
        let rises = self.progress.is_none_or(|last| number >= last);
        if rises {
            self.progress = Some(number);
        }
        rises
    }

    /// Takes the acknowledgement of a subscription; whether it is the first.
    pub(super) fn acknowledge(&mut self) -> bool {
        !std::mem::replace(&mut self.is_acknowledged, true)
    }

    /// Whether the subscription was acknowledged.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.is_acknowledged
    }

    /// Takes a message that does not belong on a subscription; whether it is one too many.
    pub(super) fn strays(&mut self) -> bool {
        self.strays = self.strays.saturating_add(1);
        self.strays > PATIENCE
    }
}
