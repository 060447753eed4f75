//! The pass: every rule of JSON and every cap, over each byte once.
//!
//! Open containers are a stack on the heap, so nesting costs no call depth (A16). What a member name means is
//! asked of a [`Watch`], and only inside objects at a reserved level.
//!
//! The steps are always inlined into the one loop: left to itself the compiler keeps some of them apart, and
//! the pass takes half as long again.

use super::keys::{Keys, Mark};
use super::levels::Level;
use super::watch::{Keep, Plan, Watch};
use super::{Caps, Fault, GateError, Span, numbers, strings, tokens};

/// Judges `text`, which must be exactly one object; the place of that object.
pub(super) fn run<W: Watch>(text: &[u8], caps: &Caps, watch: &mut W) -> Result<Span, GateError> {
    let start = tokens::object_start(text)?;
    let mut pass = Pass {
        text,
        caps,
        watch,
        nodes: 0,
        inner: Container::OUTSIDE,
        outer: Vec::with_capacity(16),
        keys: Keys::new(),
    };
    let mut at = pass.value(start, Plan::ENVELOPE)?;
    while !pass.outer.is_empty() {
        at = pass.step(at)?;
    }
    tokens::expect_end(text, at)?;
    Ok(Span::new(start, at))
}

/// The state of a pass. The position is no part of it: each method takes it and returns the next one, so that
/// it stays in a register, which is half the speed of the pass.
struct Pass<'a, W> {
    text: &'a [u8],
    caps: &'a Caps,
    watch: &'a mut W,
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
    /// Takes one item of the innermost container, or closes it.
    #[inline(always)]
    fn step(&mut self, at: usize) -> Result<usize, GateError> {
        let mut at = self.space_end(at);
        if self.peek(at) == Some(self.inner.closer) {
            return self.close(at);
        }
        if self.inner.items > 0 {
            at = self.space_end(self.expect(at, b',')?);
        }
        self.inner.items += 1;
        let (at, plan) = match self.inner.closer {
            b'}' => self.member(at)?,
            _ => (at, Plan::FREE),
        };
        self.value(at, plan)
    }

    /// Takes a member name and its colon; what to do with the value.
    #[inline(always)]
    fn member(&mut self, start: usize) -> Result<(usize, Plan), GateError> {
        if self.inner.items > self.caps.members {
            return Err(Fault::Members.at(start));
        }
        let first = self.expect(start, b'"')?;
        let key = strings::judge(self.text, first)?;
        if key.end - first > self.caps.key_bytes {
            return Err(Fault::KeyTooLong.at(start));
        }
        let raw = Span::new(first, key.end);
        let plan = self
            .named(raw, key.escaped)
            .map_err(|fault| fault.at(start))?;
        let colon = self.space_end(key.end + 1);
        Ok((self.space_end(self.expect(colon, b':')?), plan))
    }

    #[inline(always)]
    fn named(&mut self, raw: Span, escaped: bool) -> Result<Plan, Fault> {
        self.keys.push(self.text, raw, escaped, self.inner.keys)?;
        let level = self.inner.plan.level;
        if level == Level::Free {
            return Ok(Plan::FREE);
        }
        self.watch.member(level, self.keys.last(self.text))
    }

    /// Takes one value; a container is only opened.
    #[inline(always)]
    fn value(&mut self, start: usize, plan: Plan) -> Result<usize, GateError> {
        self.nodes += 1;
        if self.nodes > self.caps.nodes {
            return Err(Fault::Nodes.at(start));
        }
        let end = match self.peek(start) {
            _ if matches!(plan.keep, Keep::Opaque) => tokens::value_end(self.text, start)?,
            Some(b'{') => return self.open(start, b'}', plan),
            Some(b'[') => return self.open(start, b']', plan),
            _ => self.scalar(start)?,
        };
        self.kept(plan.keep, start, end);
        Ok(end)
    }

    #[inline(always)]
    fn scalar(&self, at: usize) -> Result<usize, GateError> {
        match self.peek(at) {
            Some(b'"') => self.string(at),
            Some(b'-' | b'0'..=b'9') => numbers::judge(self.text, at, self.caps.number_bytes),
            Some(b't') => self.word(at, b"true"),
            Some(b'f') => self.word(at, b"false"),
            Some(b'n') => self.word(at, b"null"),
            Some(_) => Err(Fault::Syntax.at(at)),
            None => Err(Fault::Truncated.at(at)),
        }
    }

    #[inline(always)]
    fn string(&self, at: usize) -> Result<usize, GateError> {
        let end = strings::judge(self.text, at + 1)?.end;
        if end - at > self.caps.string_bytes.saturating_add(1) {
            return Err(Fault::StringTooLong.at(at));
        }
        Ok(end + 1)
    }

    fn word(&self, at: usize, word: &[u8]) -> Result<usize, GateError> {
        let rest = self.text.get(at..).unwrap_or_default();
        if rest.starts_with(word) {
            return Ok(at + word.len());
        }
        let is_cut_off = word.starts_with(rest);
        let fault = if is_cut_off {
            Fault::Truncated
        } else {
            Fault::Syntax
        };
        Err(fault.at(at))
    }

    /// INVARIANT: 9, the depth is checked before the stack grows.
    fn open(&mut self, at: usize, closer: u8, plan: Plan) -> Result<usize, GateError> {
        if self.outer.len() >= self.caps.depth {
            return Err(Fault::Depth.at(at));
        }
        let opened = Container {
            closer,
            plan,
            start: at,
            items: 0,
            keys: self.keys.mark(),
        };
        self.outer.push(std::mem::replace(&mut self.inner, opened));
        Ok(at + 1)
    }

    fn close(&mut self, at: usize) -> Result<usize, GateError> {
        let closed = self.inner;
        if closed.closer == b'}' {
            let repeated = self.keys.close(self.text, closed.keys);
            repeated.map_err(|fault| fault.at(closed.start))?;
        }
        self.kept(closed.plan.keep, closed.start, at + 1);
        self.inner = self.outer.pop().unwrap_or(Container::OUTSIDE);
        Ok(at + 1)
    }

    #[inline(always)]
    fn kept(&mut self, keep: Keep, start: usize, end: usize) {
        if !matches!(keep, Keep::No) {
            self.watch.found(keep, Span::new(start, end));
        }
    }

    #[inline(always)]
    fn expect(&self, at: usize, byte: u8) -> Result<usize, GateError> {
        tokens::expect(self.text, at, byte)
    }

    #[inline(always)]
    fn space_end(&self, at: usize) -> usize {
        tokens::space_end(self.text, at)
    }

    #[inline(always)]
    fn peek(&self, at: usize) -> Option<u8> {
        self.text.get(at).copied()
    }
}
