//! SOAP: questions as envelopes, answers from them.

use std::collections::BTreeMap;

use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};

use super::definition::{Definition, Operation, Soap, SoapVersion};
use super::tree::{ATTRIBUTES_MAX, NAMESPACES_MAX, NoTree, PARTS_MAX, Tree};
use crate::error::SourceError;

/// Longest code of a fault that is told.
const CODE_CHARS_MAX: usize = 100;

impl SoapVersion {
    /// Namespace of envelopes.
    pub(super) const fn namespace(self) -> &'static str {
        match self {
            Self::V1_1 => "http://schemas.xmlsoap.org/soap/envelope/",
            Self::V1_2 => "http://www.w3.org/2003/05/soap-envelope",
        }
    }

    /// Media type of a question. SOAP 1.2 has its action in it.
    pub(super) fn content_type(self, action: &str) -> String {
        match self {
            Self::V1_1 => "text/xml; charset=utf-8".into(),
            Self::V1_2 if action.is_empty() => "application/soap+xml; charset=utf-8".into(),
            Self::V1_2 => format!("application/soap+xml; charset=utf-8; action=\"{action}\""),
        }
    }
}

/// What a service said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The parts of the body.
    Body(Tree),
    /// The code of a fault and its sub-codes, without prefixes. Its text may name a person and is not kept.
    Fault(Vec<String>),
}

/// An element that is being written.
#[derive(Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// Puts a text at a path; parts of the same path come together, in the order of the definition.
    fn put(&mut self, path: &str, text: String) {
        let (name, rest) = path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
        match (name.strip_prefix('@'), rest) {
            (Some(attribute), _) => self.attributes.push((attribute.to_owned(), text)),
            (None, None) => self.child(name).text = text,
            (None, Some(rest)) => self.child(name).put(rest, text),
        }
    }

    fn child(&mut self, name: &str) -> &mut Self {
        let at = self.children.iter().position(|child| child.name == name).unwrap_or_else(|| {
            self.children.push(Self { name: name.to_owned(), ..Self::default() });
            self.children.len() - 1
        });
        &mut self.children[at]
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>) -> std::io::Result<()> {
        let mut start = BytesStart::new(&self.name);
        start.extend_attributes(self.attributes.iter().map(|(name, value)| (&**name, &**value)));
        writer.write_event(Event::Start(start))?;
        writer.write_event(Event::Text(BytesText::new(&self.text)))?;
        for child in &self.children {
            child.write(writer)?;
        }
        writer.write_event(Event::End(BytesEnd::new(&self.name)))
    }
}

/// The envelope of a question. Values become text of elements and attributes, escaped: never markup.
pub(super) fn envelope(soap: &Soap, operation: &Operation, values: &BTreeMap<String, String>) -> Vec<u8> {
    let mut asked = Element { name: operation.request.clone(), ..Element::default() };
    let namespaces = soap.namespaces.iter().map(|(prefix, uri)| (format!("xmlns:{prefix}"), uri.clone()));
    asked.attributes.extend(namespaces);
    for send in &operation.sends {
        let value = send.parameter.as_ref().map_or(send.constant.as_ref(), |name| values.get(name));
        if let Some(value) = value {
            asked.put(&send.to, value.clone());
        }
    }
    let body = Element { name: "soap:Body".into(), children: vec![asked], ..Element::default() };
    let attributes = vec![("xmlns:soap".to_owned(), soap.version.namespace().to_owned())];
    let envelope =
        Element { name: "soap:Envelope".into(), attributes, children: vec![body], ..Element::default() };
    let mut writer = Writer::new(Vec::new());
    let written = writer
        .write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))
        .and_then(|()| envelope.write(&mut writer));
    written.expect("a vector takes everything");
    writer.into_inner()
}

/// Reads an envelope.
///
/// # Errors
/// It is no XML, has a document type, or is no envelope of this version.
pub(super) fn read(definition: &Definition, soap: &Soap, text: &str) -> Result<Said, SourceError> {
    let namespace = soap.version.namespace();
    let document = parse(text).map_err(|error| error.in_notation("XML"))?;
    let root = document.root_element();
    let is_body = |node: &roxmltree::Node<'_, '_>| node.has_tag_name((namespace, "Body"));
    let body = root.children().find(is_body).filter(|_| root.has_tag_name((namespace, "Envelope")));
    let body = body.ok_or_else(|| {
        let version = if soap.version == SoapVersion::V1_1 { "1.1" } else { "1.2" };
        let what = format!("{}: không phải phong bì / no envelope of SOAP {version}", definition.url);
        SourceError::Changed { what }
    })?;
    if let Some(fault) = body.children().find(|node| node.has_tag_name((namespace, "Fault"))) {
        return Ok(Said::Fault(codes(fault, namespace)));
    }
    Tree::element(body).map(Said::Body).map_err(|error| error.in_notation("XML"))
}

/// A document without document type, of not too many parts.
pub(super) fn parse(text: &str) -> Result<roxmltree::Document<'_>, NoTree> {
    within_limits(text)?;
    let options =
        roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: PARTS_MAX, ..Default::default() };
    roxmltree::Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::NodesLimitReached => NoTree::TooMuch,
        _ => NoTree::Malformed,
    })
}

/// Counts attributes and namespaces before the document is read: the parser compares each with all others of its element,
/// so that a single element with many of them would keep a thread for seconds.
fn within_limits(text: &str) -> Result<(), NoTree> {
    let mut reader = Reader::from_str(text);
    // Namespaces that each open element declares.
    let (mut open, mut in_scope) = (Vec::new(), 0);
    loop {
        match reader.read_event().map_err(|_| NoTree::Malformed)? {
            Event::Start(tag) => {
                let declared = declared(&tag)?;
                in_scope += declared;
                open.push(declared);
            }
            Event::Empty(tag) if in_scope + declared(&tag)? > NAMESPACES_MAX => return Err(NoTree::TooMuch),
            Event::End(_) => in_scope -= open.pop().unwrap_or(0),
            Event::Eof => return Ok(()),
            _ => {}
        }
        if in_scope > NAMESPACES_MAX {
            return Err(NoTree::TooMuch);
        }
    }
}

/// How many namespaces an element declares; it has not too many attributes.
fn declared(tag: &BytesStart<'_>) -> Result<usize, NoTree> {
    let (mut attributes, mut namespaces) = (0, 0);
    // Whether one stands twice is the parser's to say, when it is known that there are few.
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| NoTree::Malformed)?;
        attributes += 1;
        namespaces += usize::from(attribute.key.as_namespace_binding().is_some());
        if attributes > ATTRIBUTES_MAX {
            return Err(NoTree::TooMuch);
        }
    }
    Ok(namespaces)
}

/// The codes of a fault: of SOAP 1.1 `faultcode`, of SOAP 1.2 each `Value`.
fn codes(fault: roxmltree::Node<'_, '_>, namespace: &str) -> Vec<String> {
    let is_code = |node: &roxmltree::Node<'_, '_>| {
        node.has_tag_name("faultcode")
            || node.has_tag_name((namespace, "Value"))
                && node.parent().is_some_and(|parent| {
                    parent.has_tag_name((namespace, "Code")) || parent.has_tag_name((namespace, "Subcode"))
                })
    };
    let codes = fault.descendants().filter(is_code).filter_map(|node| node.text());
    codes
        .map(|code| {
            let code = code.trim().rsplit(':').next().unwrap_or_default();
            code.chars().filter(|c| !c.is_control()).take(CODE_CHARS_MAX).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_with_more_attributes_or_namespaces_than_its_parser_bears_is_refused_before_it_is_parsed() {
        #[track_caller]
        fn check(text: &str, expected: Option<NoTree>) {
            assert_eq!(parse(text).err(), expected);
        }
        let attributes =
            |count: usize| (0..count).map(|at| format!(" a{at}=''")).collect::<Vec<_>>().concat();
        let namespaces =
            |count: usize| (0..count).map(|at| format!(" xmlns:n{at}='u'")).collect::<Vec<_>>().concat();
        check(&format!("<a{}/>", attributes(ATTRIBUTES_MAX)), None);
        check(&format!("<a{}/>", attributes(100_000)), Some(NoTree::TooMuch));
        check(&format!("<a{}></a>", namespaces(NAMESPACES_MAX)), None);
        check(&format!("<a{}><b xmlns:x='u'/></a>", namespaces(NAMESPACES_MAX)), Some(NoTree::TooMuch));
        check(&format!("<a{}/>", namespaces(60_000)), Some(NoTree::TooMuch));
        let items = "<b xmlns:x='u'><c xmlns='v'/></b>".repeat(1_000);
        check(&format!("<a>{items}</a>"), None);
        check("<a b='1' b='2'/>", Some(NoTree::Malformed));
    }
}
