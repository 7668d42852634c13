//! Reads JSON as RFC 8259 has it and nothing more, without building anything.

use std::borrow::Cow;

use super::Uncuttable;

/// What a value begins with.
pub(super) enum Token {
    /// `{` was read.
    Object,
    /// `[` was read.
    List,
    /// A string, number or word was read whole.
    Simple,
}

/// A place in a text.
pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What was read since `start`, a place where something began.
    pub(super) fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    pub(super) fn want(&mut self, byte: u8) -> Result<(), Uncuttable> {
        if self.eat(byte) { Ok(()) } else { Err(Uncuttable::NotJson) }
    }

    pub(super) fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Reads what a value begins with, or the whole of a simple one.
    pub(super) fn token(&mut self) -> Result<Token, Uncuttable> {
        match self.peek().ok_or(Uncuttable::NotJson)? {
            b'{' => {
                self.at += 1;
                return Ok(Token::Object);
            }
            b'[' => {
                self.at += 1;
                return Ok(Token::List);
            }
            b'"' => drop(self.string()?),
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            _ => self.number()?,
        }
        Ok(Token::Simple)
    }

    /// A member's name, unescaped.
    pub(super) fn name(&mut self) -> Result<Cow<'t, str>, Uncuttable> {
        let (inner, escaped) = self.string()?;
        if escaped { unescaped(inner).map(Cow::Owned) } else { Ok(Cow::Borrowed(inner)) }
    }

    /// What is between the quotes, and whether there are escapes in it.
    fn string(&mut self) -> Result<(&'t str, bool), Uncuttable> {
        self.want(b'"')?;
        let (start, mut escaped) = (self.at, false);
        loop {
            match self.peek().ok_or(Uncuttable::NotJson)? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += 1;
                    self.escape()?;
                }
                0..=0x1f => return Err(Uncuttable::NotJson),
                _ => self.at += 1,
            }
        }
        let inner = self.since(start);
        self.at += 1;
        Ok((inner, escaped))
    }

    fn escape(&mut self) -> Result<(), Uncuttable> {
        let digits = match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 0,
            Some(b'u') => 4,
            _ => return Err(Uncuttable::NotJson),
        };
        self.at += 1;
        for _ in 0..digits {
            if !self.peek().is_some_and(|b| b.is_ascii_hexdigit()) {
                return Err(Uncuttable::NotJson);
            }
            self.at += 1;
        }
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Uncuttable> {
        word.bytes().try_for_each(|byte| self.want(byte))
    }

    fn number(&mut self) -> Result<(), Uncuttable> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Uncuttable> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Uncuttable::NotJson) }
    }
}

/// A name whose escapes are known to be well formed.
fn unescaped(inner: &str) -> Result<String, Uncuttable> {
    let mut name = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            name.push(c);
            continue;
        }
        match rest.next() {
            Some('b') => name.push('\u{8}'),
            Some('f') => name.push('\u{c}'),
            Some('n') => name.push('\n'),
            Some('r') => name.push('\r'),
            Some('t') => name.push('\t'),
            Some('u') => {
                let first = unit(&mut rest)?;
                // Outside of the basic plane two units are one character.
                let pair = (0xd800..0xdc00).contains(&first);
                let second = if pair && rest.as_str().starts_with("\\u") {
                    rest.nth(1);
                    Some(unit(&mut rest)?)
                } else {
                    None
                };
                let units = [first, second.unwrap_or(0)];
                let decoded = char::decode_utf16(units.into_iter().take(1 + usize::from(second.is_some())));
                for character in decoded {
                    // Half of a pair: every reader makes something else of it.
                    name.push(character.map_err(|_| Uncuttable::NotJson)?);
                }
            }
            Some(same) => name.push(same),
            None => return Err(Uncuttable::NotJson),
        }
    }
    Ok(name)
}

fn unit(rest: &mut std::str::Chars<'_>) -> Result<u16, Uncuttable> {
    let digits = rest.as_str().get(..4).ok_or(Uncuttable::NotJson)?;
    let unit = u16::from_str_radix(digits, 16).map_err(|_| Uncuttable::NotJson)?;
    rest.nth(3);
    Ok(unit)
}
