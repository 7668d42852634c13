//! From bytes to elements: encodings, limits, lines.

use std::borrow::Cow;

use roxmltree::{Document, Node, ParsingOptions};

use super::fault::{Code, Fault};

/// Namespace of BPMN 2.0.
pub(super) const BPMN: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
/// Namespace of our extension attributes.
pub(super) const OWN: &str = "urn:lienthong:bpmn:1";
/// How our namespaces begin, those too that other releases may know.
pub(super) const OWN_ALL: &str = "urn:lienthong:";
/// Namespaces of drawing.
pub(super) const DRAWING: [&str; 3] = [
    "http://www.omg.org/spec/BPMN/20100524/DI",
    "http://www.omg.org/spec/DD/20100524/DC",
    "http://www.omg.org/spec/DD/20100524/DI",
];

/// Largest file: thousands of elements with their drawing are a few MiB.
const BYTES_MAX: usize = 8 << 20;
/// Most parts of a file, drawing and text included: each costs some memory, however short it is.
const PARTS_MAX: u32 = 500_000;
/// Deepest nesting of elements: what reads them calls itself.
const DEPTH_MAX: usize = 64;
/// Most attributes of one element and most namespaces around it: the parser compares each with all others.
const ATTRIBUTES_MAX: usize = 256;
const NAMESPACES_MAX: usize = 64;

/// The text of a file in UTF-8, UTF-16 or ISO-8859-1.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Fault> {
    if bytes.len() > BYTES_MAX {
        return Err(Fault::new(Code::TooLarge, 1, &[&BYTES_MAX.to_string()]));
    }
    let encoding = || Fault::new(Code::Encoding, 1, &[]);
    match bytes {
        [0xEF, 0xBB, 0xBF, text @ ..] => Ok(Cow::Borrowed(str::from_utf8(text).map_err(|_| encoding())?)),
        [0xFF, 0xFE, text @ ..] | text @ [b'<', 0, ..] => {
            utf16(text, u16::from_le_bytes).map(Cow::Owned).ok_or_else(encoding)
        }
        [0xFE, 0xFF, text @ ..] | text @ [0, b'<', ..] => {
            utf16(text, u16::from_be_bytes).map(Cow::Owned).ok_or_else(encoding)
        }
        _ if declares_latin_1(bytes) => Ok(Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect())),
        _ => Ok(Cow::Borrowed(str::from_utf8(bytes).map_err(|_| encoding())?)),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    char::decode_utf16(units.iter().map(|bytes| unit(*bytes))).collect::<Result<_, _>>().ok()
}

/// Whether the XML declaration says so.
fn declares_latin_1(bytes: &[u8]) -> bool {
    let Some(declaration) = bytes.strip_prefix(b"<?xml") else { return false };
    let declaration = declaration.split(|byte| *byte == b'>').next().unwrap_or_default();
    String::from_utf8_lossy(declaration).to_ascii_lowercase().contains("iso-8859-1")
}

/// The elements of a text.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, Fault> {
    within_limits(text)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: PARTS_MAX, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| {
        let line = error.pos().row;
        match error {
            roxmltree::Error::DtdDetected
            | roxmltree::Error::UnknownEntityReference(..)
            | roxmltree::Error::EntityReferenceLoop(_) => Fault::new(Code::Dtd, line, &[]),
            roxmltree::Error::NodesLimitReached => {
                Fault::new(Code::TooManyElements, line, &[&PARTS_MAX.to_string()])
            }
            error => Fault::new(Code::Malformed, line, &[&error.to_string()]),
        }
    })
}

/// Counts levels, attributes and namespaces before the text is parsed. What is not well-formed is the parser's to say.
fn within_limits(text: &str) -> Result<(), Fault> {
    let line = |rest: &str| line_at(text, text.len() - rest.len());
    // Namespaces that each open element declares.
    let mut open: Vec<usize> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let end = match rest.as_bytes() {
            [b'<', b'!', b'-', b'-', ..] => "-->",
            [b'<', b'!', b'[', ..] => "]]>",
            [b'<', b'?' | b'!', ..] => ">",
            [b'<', b'/', ..] => {
                open.pop();
                ">"
            }
            _ => {
                let tag = &rest[..tag_length(rest)];
                let attributes = tag.matches('=').count();
                let namespaces = tag.matches("xmlns").count();
                // An equals sign or the word may stand in a value, too, so that the limits are generous.
                if attributes > ATTRIBUTES_MAX || open.iter().sum::<usize>() + namespaces > NAMESPACES_MAX {
                    let limits = [ATTRIBUTES_MAX.to_string(), NAMESPACES_MAX.to_string()];
                    return Err(Fault::new(Code::TooManyAttributes, line(rest), &[&limits[0], &limits[1]]));
                }
                if open.len() >= DEPTH_MAX {
                    return Err(Fault::new(Code::TooDeep, line(rest), &[&DEPTH_MAX.to_string()]));
                }
                if !tag.ends_with("/>") {
                    open.push(namespaces);
                }
                rest = &rest[tag.len()..];
                continue;
            }
        };
        let Some(at) = rest.find(end) else { return Ok(()) };
        rest = &rest[at + end.len()..];
    }
    Ok(())
}

/// Length of the start tag that a text begins with.
fn tag_length(text: &str) -> usize {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, quote) {
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, Some(open)) if byte == open => quote = None,
            (b'>', None) => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn line_at(text: &str, at: usize) -> u32 {
    let lines = text[..at].matches('\n').count();
    u32::try_from(lines + 1).unwrap_or(u32::MAX)
}

/// Where the lines of a text begin.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn new(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    pub(super) fn of(&self, tag: Tag<'_>) -> u32 {
        let at = tag.0.range().start;
        u32::try_from(self.0.partition_point(|end| *end < at) + 1).unwrap_or(u32::MAX)
    }
}

/// An element of the BPMN namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag<'a>(Node<'a, 'a>);

impl<'a> Tag<'a> {
    /// The node as an element of BPMN.
    pub(super) fn new(node: Node<'a, 'a>) -> Option<Self> {
        (node.is_element() && node.tag_name().namespace() == Some(BPMN)).then_some(Self(node))
    }

    pub(super) fn node(self) -> Node<'a, 'a> {
        self.0
    }

    /// Its local name.
    pub(super) fn kind(self) -> &'a str {
        self.0.tag_name().name()
    }

    /// An attribute without namespace that is not empty.
    pub(super) fn get(self, attribute: &str) -> Option<&'a str> {
        self.0.attribute(attribute).map(str::trim).filter(|value| !value.is_empty())
    }

    pub(super) fn id(self) -> Option<&'a str> {
        self.get("id")
    }

    /// Its name, or nothing.
    pub(super) fn name(self) -> &'a str {
        self.get("name").unwrap_or_default()
    }

    /// Extension attributes of our namespace.
    pub(super) fn extensions(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let own = self.0.attributes().filter(|attribute| attribute.namespace() == Some(OWN));
        own.map(|attribute| (attribute.name(), attribute.value().trim()))
    }

    /// An extension attribute of our namespace that is not empty.
    pub(super) fn extension(self, name: &str) -> Option<&'a str> {
        self.extensions().find(|(own, value)| *own == name && !value.is_empty()).map(|(_, value)| value)
    }

    pub(super) fn parent(self) -> Option<Self> {
        self.0.parent_element().and_then(Self::new)
    }

    /// The elements of BPMN that are directly inside.
    pub(super) fn children(self) -> impl Iterator<Item = Self> {
        self.0.children().filter_map(Self::new)
    }

    pub(super) fn all(self, kind: &str) -> impl Iterator<Item = Self> {
        self.children().filter(move |child| child.kind() == kind)
    }

    pub(super) fn first(self, kind: &str) -> Option<Self> {
        self.children().find(|child| child.kind() == kind)
    }

    /// Its characters, without those of elements inside.
    pub(super) fn text(self) -> String {
        let text: String = self.0.children().filter(Node::is_text).filter_map(|node| node.text()).collect();
        text.trim().to_owned()
    }
}
