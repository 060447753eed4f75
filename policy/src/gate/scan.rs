//! The pass: every rule of JSON and every cap, over each byte once.
//!
//! Open containers are a stack on the heap, so nesting costs no call depth (A16). What a member name means is
//! asked of a [`Watch`], and only inside objects at a reserved level.

use super::keys::{Keys, Mark};
use super::levels::{Level, Slot};
use super::{Caps, Fault, GateError, Span, numbers, strings, tokens};

/// What wants to know of members at reserved levels.
pub(super) trait Watch {
    /// What to do with the value of member `key` (unescaped) of an object at `level`.
    fn member(&mut self, level: Level, key: &[u8]) -> Result<Plan, Fault>;

    /// The place of a value whose plan said to keep it.
    fn found(&mut self, keep: Keep, span: Span);
}

/// Where to keep the place of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keep {
    /// Nowhere.
    No,
    /// In a slot.
    Slot(Slot),
    /// As the value that is not judged here, only skipped.
    Opaque,
}

/// What to do with a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) keep: Keep,
    /// The level of the value, if it is an object.
    pub(super) level: Level,
}

impl Plan {
    /// A value without a meaning for us.
    pub(super) const FREE: Self = Self {
        keep: Keep::No,
        level: Level::Free,
    };
}

/// Judges `text`, which must be exactly one object; the place of that object.
pub(super) fn run<W: Watch>(text: &[u8], caps: &Caps, watch: &mut W) -> Result<Span, GateError> {
    let start = tokens::object_start(text)?;
    let mut pass = Pass {
        text,
        caps,
        watch,
        at: start,
        nodes: 0,
        inner: Container::OUTSIDE,
        outer: Vec::with_capacity(16),
        keys: Keys::new(),
    };
    let root = Plan {
        keep: Keep::No,
        level: Level::Envelope,
    };
    pass.value(root)?;
    while pass.step()? {}
    tokens::expect_end(text, pass.at)?;
    Ok(Span::new(start, pass.at))
}

struct Pass<'a, W> {
    text: &'a [u8],
    caps: &'a Caps,
    watch: &'a mut W,
    at: usize,
    nodes: usize,
    /// The innermost open container, and the ones around it.
    inner: Container,
    outer: Vec<Container>,
    keys: Keys,
}

#[derive(Clone, Copy)]
struct Container {
    closer: u8,
    plan: Plan,
    start: usize,
    items: usize,
    keys: Mark,
}

impl Container {
    /// What is around the whole text. It is never stepped into.
    const OUTSIDE: Self = Self {
        closer: 0,
        plan: Plan::FREE,
        start: 0,
        items: 0,
        keys: Mark::START,
    };
}

impl<W: Watch> Pass<'_, W> {
    /// Takes one item of the innermost container, or closes it. False once the text's object has closed.
    #[inline]
    fn step(&mut self) -> Result<bool, GateError> {
        self.skip_space();
        if self.peek() == Some(self.inner.closer) {
            return self.close();
        }
        if self.inner.items > 0 {
            self.expect(b',')?;
            self.skip_space();
        }
        self.inner.items += 1;
        let plan = match self.inner.closer {
            b'}' => self.member()?,
            _ => Plan::FREE,
        };
        self.value(plan)?;
        Ok(true)
    }

    /// Takes a member name and its colon; what to do with the value.
    #[inline]
    fn member(&mut self) -> Result<Plan, GateError> {
        let start = self.at;
        if self.inner.items > self.caps.members {
            return Err(Fault::Members.at(start));
        }
        self.expect(b'"')?;
        let key = strings::judge(self.text, self.at)?;
        let raw = Span::new(self.at, key.end);
        if key.end - self.at > self.caps.key_bytes {
            return Err(Fault::KeyTooLong.at(start));
        }
        let pushed = self.keys.push(self.text, raw, key.escaped, self.inner.keys);
        pushed.map_err(|fault| fault.at(start))?;
        let plan = self.plan().map_err(|fault| fault.at(start))?;
        self.at = key.end + 1;
        self.skip_space();
        self.expect(b':')?;
        self.skip_space();
        Ok(plan)
    }

    #[inline]
    fn plan(&mut self) -> Result<Plan, Fault> {
        let level = self.inner.plan.level;
        if level == Level::Free {
            return Ok(Plan::FREE);
        }
        self.watch.member(level, self.keys.last(self.text))
    }

    /// Takes one value; a container is only opened.
    #[inline]
    fn value(&mut self, plan: Plan) -> Result<(), GateError> {
        let start = self.at;
        self.nodes += 1;
        if self.nodes > self.caps.nodes {
            return Err(Fault::Nodes.at(start));
        }
        if let Keep::Opaque = plan.keep {
            self.at = tokens::value_end(self.text, start)?;
        } else {
            match self.peek() {
                Some(b'{') => return self.open(b'}', plan),
                Some(b'[') => return self.open(b']', plan),
                _ => self.scalar()?,
            }
        }
        self.kept(plan.keep, start);
        Ok(())
    }

    #[inline]
    fn scalar(&mut self) -> Result<(), GateError> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => {
                self.at = numbers::judge(self.text, self.at, self.caps.number_bytes)?;
                Ok(())
            }
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(_) => Err(Fault::Syntax.at(self.at)),
            None => Err(Fault::Truncated.at(self.at)),
        }
    }

    #[inline]
    fn string(&mut self) -> Result<(), GateError> {
        let start = self.at + 1;
        let end = strings::judge(self.text, start)?.end;
        if end - start > self.caps.string_bytes {
            return Err(Fault::StringTooLong.at(self.at));
        }
        self.at = end + 1;
        Ok(())
    }

    fn word(&mut self, word: &[u8]) -> Result<(), GateError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if rest.starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        let fault = if word.starts_with(rest) {
            Fault::Truncated
        } else {
            Fault::Syntax
        };
        Err(fault.at(self.at))
    }

    /// INVARIANT: 9, the depth is checked before the stack grows.
    fn open(&mut self, closer: u8, plan: Plan) -> Result<(), GateError> {
        if self.outer.len() >= self.caps.depth {
            return Err(Fault::Depth.at(self.at));
        }
        let opened = Container {
            closer,
            plan,
            start: self.at,
            items: 0,
            keys: self.keys.mark(),
        };
        self.outer.push(std::mem::replace(&mut self.inner, opened));
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) -> Result<bool, GateError> {
        let closed = self.inner;
        if closed.closer == b'}' {
            let repeated = self.keys.close(self.text, closed.keys);
            repeated.map_err(|fault| fault.at(closed.start))?;
        }
        self.at += 1;
        self.kept(closed.plan.keep, closed.start);
        self.inner = self.outer.pop().unwrap_or(Container::OUTSIDE);
        Ok(!self.outer.is_empty())
    }

    #[inline]
    fn kept(&mut self, keep: Keep, start: usize) {
        if !matches!(keep, Keep::No) {
            self.watch.found(keep, Span::new(start, self.at));
        }
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), GateError> {
        self.at = tokens::expect(self.text, self.at, byte)?;
        Ok(())
    }

    #[inline]
    fn skip_space(&mut self) {
        self.at = tokens::space_end(self.text, self.at);
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}
