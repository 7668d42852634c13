//! Holding a definition against the service that it is about.

use http::Method;
use url::Url;

use super::definition::{Definition, Field, Operation, Soap};
use super::http::{Question, Target};
use super::wsdl::{Description, Part, Within};
use crate::check::Checked;
use crate::error::{Mistake, SourceError};

/// Reaches the service; where its WSDL is declared, compares operations and the names of elements with it.
///
/// # Errors
/// A file cannot be read, nobody answers.
pub async fn check(definition: &Definition) -> Result<Checked, SourceError> {
    let target = Target::of(definition)?;
    let url: Url = definition
        .url
        .parse()
        .map_err(|error: url::ParseError| SourceError::Address { what: error.to_string() })?;
    let mut checked = Checked::default();
    let is_near = url.host_str().is_some_and(|host| ["127.0.0.1", "localhost", "[::1]"].contains(&host));
    if url.scheme() == "http" && !is_near {
        let (vi, en) = ("đường truyền không mã hóa", "the way there is not encrypted");
        checked.warnings.push(Mistake::new("url", vi, en));
    }
    // Whatever it answers to a question that is none of its own: somebody is there.
    let asked = Question { method: Method::GET, url, headers: Vec::new(), body: Vec::new() };
    match target.ask(asked).await {
        Ok(_) | Err(SourceError::TooLarge { .. }) => {}
        Err(error) => return Err(error),
    }
    let described = definition.soap.as_ref().and_then(|soap| Some((soap, soap.wsdl.as_deref()?)));
    if let Some((soap, wsdl)) = described {
        let description = Description::read(wsdl, &target).await?;
        let comparing = Comparing { definition, soap, description: &description };
        for operation in &definition.operations {
            comparing.operation(operation, &mut checked);
        }
    } else {
        let vi = "chỉ mới thử kết nối; các trường chỉ được kiểm khi có câu hỏi";
        let en = "only the connection was tried; fields are checked when somebody asks";
        checked.warnings.push(Mistake::new("operation", vi, en));
    }
    Ok(checked)
}

struct Comparing<'a> {
    definition: &'a Definition,
    soap: &'a Soap,
    description: &'a Description,
}

impl Comparing<'_> {
    fn operation(&self, operation: &Operation, checked: &mut Checked) {
        let place = format!("operation {}", operation.at);
        let names = |path: &str| self.definition.names(path);
        let request = names(&operation.request).concat();
        let found = self.description.operations.iter().find(|one| {
            one.request == request && one.action == operation.action && one.version == self.soap.version
        });
        let Some(found) = found else {
            let known =
                self.description.operations.iter().map(|one| format!("{} ({})", one.name, one.action));
            let known = known.collect::<Vec<_>>().join(", ");
            let vi = format!("WSDL không có request và action này với SOAP này; có: {known}");
            let en = format!("the WSDL has no such request and action of this SOAP; there are: {known}");
            return checked.mistakes.push(Mistake::new(place, vi, en));
        };
        if let Some(part) = self.description.element(&found.request) {
            for send in &operation.sends {
                self.expect(part, &names(&send.to), &format!("{place}, send {}", send.to), checked);
            }
            self.needed(part, operation, &place, checked);
        }
        let answer = names(&operation.answer);
        if answer.first() != Some(&found.answer) {
            let (vi, en) =
                (format!("WSDL trả {}", found.answer), format!("the WSDL answers {}", found.answer));
            return checked.mistakes.push(Mistake::new(format!("{place}, answer"), vi, en));
        }
        let Some(part) = self.description.element(&found.answer) else { return };
        let Some(part) = self.expect(part, &answer[1..], &format!("{place}, answer"), checked) else {
            return;
        };
        self.fields(&part, &operation.fields, &place, checked);
        for list in &operation.lists {
            let place = format!("{place}, list {}", list.name);
            if let Some(part) = self.expect(&part, &names(&list.from), &place, checked) {
                self.fields(&part, &list.fields, &place, checked);
            }
        }
    }

    fn fields(&self, part: &Part, fields: &[Field], place: &str, checked: &mut Checked) {
        for field in fields {
            let place = format!("{place}, field {}", field.name);
            self.expect(part, &self.definition.names(&field.from), &place, checked);
        }
    }

    /// The part at a path; notes it when there is none.
    fn expect(&self, part: &Part, path: &[String], place: &str, checked: &mut Checked) -> Option<Part> {
        let found = self.description.at(part, path);
        if found.is_none() && self.description.unread.is_empty() {
            let name = path.join("/");
            let (vi, en) = (format!("WSDL không có {name}"), format!("the WSDL has no {name}"));
            checked.mistakes.push(Mistake::new(place, vi, en));
        } else if found.is_none() {
            let unread = self.description.unread.join(", ");
            let (vi, en) = (
                format!("chưa kiểm được, không đọc được {unread}"),
                format!("was not checked, {unread} cannot be read"),
            );
            checked.warnings.push(Mistake::new(place, vi, en));
        }
        found
    }

    /// Notes elements that the service wants and does not get.
    fn needed(&self, part: &Part, operation: &Operation, place: &str, checked: &mut Checked) {
        let Some(Within::Parts(parts)) = self.description.within(part) else { return };
        let sent: Vec<_> = operation
            .sends
            .iter()
            .filter_map(|send| self.definition.names(&send.to).into_iter().next())
            .collect();
        for part in parts.iter().filter(|part| !part.optional && !sent.contains(&part.name)) {
            let (vi, en) = (format!("WSDL cần {}", part.name), format!("the WSDL wants {}", part.name));
            checked.warnings.push(Mistake::new(place, vi, en));
        }
    }
}
