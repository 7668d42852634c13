//! Reading the headers, in canonical form only.

use super::{COMPONENTS_MAX, DIGEST_KEY, HEADER_BYTES_MAX, HttpSignatureError, Params, TEXT_BYTES_MAX};
use crate::b64;
use crate::hash::Digest;

/// Most digits of an integer in RFC 9651.
const DIGITS_MAX: usize = 15;

/// Reads a `Signature-Input` header of one member named `label`.
///
/// Gives the covered components' identifiers as serialized, the parameters, and the member's value, which is just what
/// [`super::input_value`] makes of the two. Which components must be covered, for how long, by which key: that is the
/// caller's to check.
///
/// # Errors
/// Anything outside the profile; see the module.
pub fn parse_input<'a>(
    header: &'a str,
    label: &str,
) -> Result<(Vec<&'a str>, Params, &'a str), HttpSignatureError> {
    let mut reader = Reader::new(header)?;
    reader.label(label)?;
    let value = reader.rest();
    reader.literal("(", "'('")?;
    let mut ids: Vec<&str> = Vec::with_capacity(16);
    while !reader.skip(")") {
        if !ids.is_empty() {
            reader.literal(" ", "one space or ')'")?;
        }
        let id = reader.component()?;
        if ids.contains(&id) {
            return Err(HttpSignatureError::Duplicate(id.to_owned()));
        }
        if ids.len() == COMPONENTS_MAX {
            return Err(HttpSignatureError::TooManyComponents);
        }
        ids.push(id);
    }
    let params = Params {
        created: reader.number(";created=", "the parameter created")?,
        expires: reader.number(";expires=", "the parameter expires")?,
        nonce: reader.text(";nonce=\"", "the parameter nonce")?,
        keyid: reader.text(";keyid=\"", "the parameter keyid")?,
        alg: reader.text(";alg=\"", "the parameter alg")?,
        tag: reader.text(";tag=\"", "the parameter tag")?,
    };
    reader.end()?;
    Ok((ids, params, value))
}

/// Reads a `Signature` header of one member named `label`: `label=:base64:`.
///
/// # Errors
/// Anything else, other members included.
pub fn parse_signature(header: &str, label: &str) -> Result<Vec<u8>, HttpSignatureError> {
    let mut reader = Reader::new(header)?;
    reader.label(label)?;
    reader.bytes()
}

/// Reads a `Content-Digest` header of one SHA-256 digest.
///
/// # Errors
/// Anything else, other algorithms included.
pub fn parse_content_digest(header: &str) -> Result<Digest, HttpSignatureError> {
    let mut reader = Reader::new(header)?;
    reader.label(DIGEST_KEY)?;
    let bytes = reader.bytes()?;
    bytes.as_slice().try_into().map_err(|_| HttpSignatureError::DigestLength(bytes.len()))
}

/// A place in a header value.
struct Reader<'a> {
    header: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn new(header: &'a str) -> Result<Self, HttpSignatureError> {
        if header.len() > HEADER_BYTES_MAX {
            return Err(HttpSignatureError::TooLong(header.len()));
        }
        Ok(Self { header, at: 0 })
    }

    /// What is still to be read. `at` only moves over whole characters.
    fn rest(&self) -> &'a str {
        &self.header[self.at..]
    }

    fn unexpected(&self, expected: &'static str) -> HttpSignatureError {
        HttpSignatureError::Unexpected { expected, at: self.at }
    }

    fn skip(&mut self, literal: &str) -> bool {
        let found = self.rest().starts_with(literal);
        if found {
            self.at += literal.len();
        }
        found
    }

    fn literal(&mut self, literal: &str, expected: &'static str) -> Result<(), HttpSignatureError> {
        if self.skip(literal) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    /// The longest run of characters that fit; all of them are ASCII.
    fn run(&mut self, fits: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().position(|byte| !fits(byte)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn label(&mut self, label: &str) -> Result<(), HttpSignatureError> {
        if self.skip(label) && self.skip("=") {
            return Ok(());
        }
        Err(HttpSignatureError::NoSuchLabel(label.to_owned()))
    }

    fn end(&self) -> Result<(), HttpSignatureError> {
        if self.rest().is_empty() { Ok(()) } else { Err(self.unexpected("the end")) }
    }

    /// `"name"`, then `;req` for a component of the request that a response answers, then `;key="member"`.
    fn component(&mut self) -> Result<&'a str, HttpSignatureError> {
        let start = self.at;
        self.literal("\"", "a component identifier")?;
        let derived = self.skip("@");
        let name =
            self.run(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte));
        // RFC 9421 section 2.5: the parameters are not among the components.
        if name.is_empty() || (derived && name == "signature-params") {
            return Err(self.unexpected("a component name in lower case"));
        }
        self.literal("\"", "'\"' after a component name")?;
        self.skip(";req");
        if self.skip(";key=\"") {
            self.visible_text()?;
        }
        Ok(&self.header[start..self.at])
    }

    fn number(&mut self, name: &str, expected: &'static str) -> Result<i64, HttpSignatureError> {
        self.literal(name, expected)?;
        let start = self.at;
        let digits = self.run(|byte| byte.is_ascii_digit());
        let canonical = digits.len() <= DIGITS_MAX && (digits == "0" || !digits.starts_with('0'));
        match digits.parse() {
            Ok(number) if canonical => Ok(number),
            _ => Err(HttpSignatureError::Unexpected { expected: "an integer of 1 to 15 digits", at: start }),
        }
    }

    fn text(&mut self, name: &str, expected: &'static str) -> Result<String, HttpSignatureError> {
        self.literal(name, expected)?;
        self.visible_text().map(str::to_owned)
    }

    /// Visible characters up to and including the closing quote. None needs an escape.
    fn visible_text(&mut self) -> Result<&'a str, HttpSignatureError> {
        let start = self.at;
        let text = self.run(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
        if text.is_empty() || text.len() > TEXT_BYTES_MAX {
            return Err(HttpSignatureError::Unexpected {
                expected: "a text of 1 to 128 characters",
                at: start,
            });
        }
        self.literal("\"", "'\"' after a text of visible characters")?;
        Ok(text)
    }

    /// `:base64:` up to the end.
    fn bytes(&mut self) -> Result<Vec<u8>, HttpSignatureError> {
        self.literal(":", "':' before base64")?;
        let text = self.run(|byte| byte != b':' && byte.is_ascii());
        self.literal(":", "':' after base64")?;
        self.end()?;
        Ok(b64::decode(text)?)
    }
}
