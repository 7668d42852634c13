//! Everything that is wrong with a definition in itself.

use std::collections::{BTreeMap, BTreeSet};

use super::{Definition, FORMAT, Field, Operation, Place, Sending, TIMEOUT_MS_MAX, placeholders};
use crate::definition::ANSWER_BYTES_MAX;
use crate::error::Mistake;
use crate::value::Kind;

/// Headers that HTTP or we set; a secret in one of them would break the request.
const HEADERS_TAKEN: [&str; 6] =
    ["host", "content-length", "content-type", "transfer-encoding", "connection", "soapaction"];

/// Mistakes as they are found.
#[derive(Default)]
struct Found(Vec<Mistake>);

impl Found {
    fn push(&mut self, place: &str, vi: impl Into<String>, en: impl Into<String>) {
        self.0.push(Mistake::new(place, vi, en));
    }

    /// Notes a mistake unless something holds.
    fn unless(&mut self, holds: bool, place: &str, vi: &str, en: &str) {
        if !holds {
            self.push(place, vi, en);
        }
    }
}

/// All of them.
pub(super) fn of(definition: &Definition) -> Vec<Mistake> {
    let mut found = Found::default();
    if definition.format != FORMAT {
        found.push("format", format!("phải là {FORMAT}"), format!("must be {FORMAT}"));
    }
    service(definition, &mut found);
    address(definition, &mut found);
    limits(definition, &mut found);
    credentials(definition, &mut found);
    namespaces(definition, &mut found);
    found.unless(!definition.operations.is_empty(), "operation", "cần ít nhất một", "wants at least one");
    let mut shapes = BTreeMap::new();
    for operation in &definition.operations {
        let place = format!("operation {}", operation.at);
        towards_consumers(definition, operation, &place, &mut found);
        parameters(operation, &place, &mut found);
        towards_service(definition, operation, &place, &mut found);
        answer(definition, operation, &place, &mut found);
        let (method, path) = operation.method_and_path();
        let known = shapes.entry(shape(path)).or_insert_with(|| (path, BTreeSet::new()));
        found.unless(
            known.0 == path && known.1.insert(method),
            &place,
            "trùng với một thao tác khác",
            "is the same as another operation",
        );
    }
    found.0
}

fn service(definition: &Definition, found: &mut Found) {
    let service = &definition.service;
    for (place, text) in [("service.subsystem", &service.subsystem), ("service.code", &service.code)] {
        let is_part = text.parse::<base::Part>().is_ok();
        found.unless(is_part, place, "không đúng dạng mã định danh", "is no part of an identifier");
    }
    found.unless(!service.title_vi.trim().is_empty(), "service.title_vi", "còn trống", "is empty");
}

fn address(definition: &Definition, found: &mut Found) {
    let url = url::Url::parse(&definition.url).ok().filter(|url| {
        ["http", "https"].contains(&url.scheme()) && url.has_host() && url.fragment().is_none()
    });
    let Some(url) = url else {
        let vi = "phải là http://MÁY-CHỦ/… hoặc https://MÁY-CHỦ/…";
        return found.push("url", vi, "must be http://HOST/… or https://HOST/…");
    };
    let bare = url.username().is_empty() && url.password().is_none();
    let vi = "tên và mật khẩu không đặt trong địa chỉ; dùng [credentials]";
    found.unless(bare, "url", vi, "name and password do not belong here: use [credentials]");
    let whole = definition.soap.is_some() || url.query().is_none();
    found.unless(
        whole,
        "url",
        "không có ?…; dùng send với query = true",
        "has no ?…: use send with query = true",
    );
}

fn limits(definition: &Definition, found: &mut Found) {
    let limits = &definition.limits;
    let within = [
        ("limits.timeout_ms", limits.timeout_ms, TIMEOUT_MS_MAX),
        ("limits.answer_bytes_max", limits.answer_bytes_max as u64, ANSWER_BYTES_MAX as u64),
        ("limits.at_once", limits.at_once as u64, 64),
    ];
    for (place, value, max) in within {
        if !(1..=max).contains(&value) {
            found.push(place, format!("từ 1 đến {max}"), format!("from 1 to {max}"));
        }
    }
}

fn credentials(definition: &Definition, found: &mut Found) {
    let Some(credentials) = &definition.credentials else { return };
    let fits = match (&credentials.user, &credentials.header) {
        (Some(user), None) => !user.contains(':') && !user.chars().any(char::is_control),
        (None, Some(header)) => {
            let name = header.to_ascii_lowercase();
            http::HeaderName::try_from(&name).is_ok() && !HEADERS_TAKEN.contains(&&*name)
        }
        _ => false,
    };
    let vi = "nêu user (HTTP Basic, không có dấu hai chấm) hoặc header (tên tiêu đề), một trong hai";
    let en = "name user (HTTP basic, without a colon) or header (its name), one of them";
    found.unless(fits, "credentials", vi, en);
}

fn namespaces(definition: &Definition, found: &mut Found) {
    for (prefix, uri) in definition.soap.iter().flat_map(|soap| &soap.namespaces) {
        let fits = is_element(prefix) && prefix != "soap" && !prefix.to_ascii_lowercase().starts_with("xml");
        let place = format!("soap.namespaces.{prefix}");
        found.unless(fits, &place, "tiền tố không dùng được", "cannot be a prefix");
        found.unless(!uri.trim().is_empty(), &place, "còn trống", "is empty");
    }
}

/// A path without the names of its parameters: two of the same shape cannot be told apart.
fn shape(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
}

fn towards_consumers(definition: &Definition, operation: &Operation, place: &str, found: &mut Found) {
    let (method, path) = operation.method_and_path();
    let segments: Vec<_> = path.strip_prefix('/').unwrap_or("").split('/').collect();
    let fits = |segment: &&str| match segment.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}').is_some_and(is_name),
        None => segment.starts_with(|c: char| c.is_ascii_alphanumeric()) && segment.chars().all(is_plain),
    };
    let path_fits = path == "/" || path.starts_with('/') && segments.iter().all(fits);
    let vi = "at phải như \"GET /{maHoSo}\" hay \"POST /\": GET hoặc POST, đoạn là chữ và số hoặc {tham số}";
    let en = "at must be like \"GET /{maHoSo}\" or \"POST /\": GET or POST; a segment is letters and digits, or {parameter}";
    found.unless(["GET", "POST"].contains(&method) && path_fits, place, vi, en);
    let in_path: Vec<_> = placeholders(path).collect();
    let declared = operation.parameters.iter().filter(|parameter| parameter.place == Place::Path);
    let declared: BTreeSet<_> = declared.map(|parameter| &*parameter.name).collect();
    let same = declared.len() == in_path.len() && in_path.iter().all(|name| declared.contains(name));
    let vi = "tham số trong đường dẫn phải đúng là các parameter có in = \"path\"";
    found.unless(same, place, vi, "parameters of the path must be those with in = \"path\"");
    let body = operation.parameters.iter().any(|parameter| parameter.place == Place::Body);
    found.unless(method == "POST" || !body, place, "GET không có thân", "GET has no body");
    if definition.service.about_person {
        let named = segments.first().is_none_or(|first| first.is_empty() || first.starts_with('{'));
        let vi = "about_person: đoạn đầu của đường dẫn phải là tham số nêu người đó";
        found.unless(
            named,
            place,
            vi,
            "about_person: the first segment must be the parameter that names the person",
        );
    }
}

fn parameters(operation: &Operation, place: &str, found: &mut Found) {
    let mut names = BTreeSet::new();
    for parameter in &operation.parameters {
        let place = format!("{place}, parameter {}", parameter.name);
        let vi = "tên gồm chữ, số, gạch dưới, bắt đầu bằng chữ";
        found.unless(
            is_name(&parameter.name),
            &place,
            vi,
            "a name has letters, digits and _, and begins with a letter",
        );
        found.unless(names.insert(&parameter.name), &place, "trùng tên", "the name is there twice");
        kind(parameter.kind, parameter.format.as_deref(), &place, found);
        let all_fit = parameter.values.iter().all(|value| parameter.kind.fits(value));
        found.unless(all_fit, &place, "values có giá trị sai kiểu", "values has one of another type");
        let used = operation.sends.iter().any(|send| send.parameter.as_ref() == Some(&parameter.name))
            || placeholders(&operation.request).any(|name| name == parameter.name);
        let vi = "không được gửi đi đâu; thêm [[operation.send]] hoặc bỏ";
        found.unless(used, &place, vi, "is sent nowhere: add [[operation.send]] or delete it");
    }
}

/// A type, and the form in which the service writes it.
fn kind(kind: Kind, format: Option<&str>, place: &str, found: &mut Found) {
    found.unless(
        kind != Kind::Json,
        place,
        "type json không dùng ở đây",
        "the type json cannot be used here",
    );
    let Some(format) = format else { return };
    let epoch = jiff::civil::date(2000, 1, 2).at(3, 4, 5, 0);
    let written = jiff::fmt::strtime::format(format, epoch).ok();
    let read_back = written.is_some_and(|text| match kind {
        Kind::Date => jiff::civil::Date::strptime(format, &text).is_ok_and(|day| day == epoch.date()),
        Kind::LocalMoment => jiff::civil::DateTime::strptime(format, &text).is_ok(),
        _ => false,
    });
    let vi = "format chỉ dùng cho date và local_moment, như %d/%m/%Y";
    found.unless(read_back, place, vi, "format is for date and local_moment, such as %d/%m/%Y");
}

fn towards_service(definition: &Definition, operation: &Operation, place: &str, found: &mut Found) {
    let is_soap = definition.soap.is_some();
    let mut takes_body = true;
    if is_soap {
        let fits = !operation.request.contains(['/', '@']) && is_path(definition, &operation.request);
        let vi = "request phải là một phần tử với tiền tố đã khai ở soap.namespaces, như ht:traCuu";
        found.unless(
            fits,
            place,
            vi,
            "request must be one element, its prefix in soap.namespaces: ht:traCuu",
        );
        let plain = operation.action.chars().all(|c| c.is_ascii_graphic() && c != '"' && c != '\\');
        found.unless(
            plain,
            place,
            "action có ký tự không dùng được",
            "action has characters that cannot be sent",
        );
    } else {
        let (method, path) = operation.request.split_once(' ').unwrap_or_default();
        takes_body = method != "GET";
        let segment = |part: &str| match part.strip_prefix('{') {
            Some(rest) => rest.strip_suffix('}').is_some(),
            None => part.chars().all(is_plain) && ![".", ".."].contains(&part),
        };
        let fits = path.starts_with('/') && path.split('/').all(segment);
        let vi = "request phải như \"GET /ho-so/{maHoSo}\": GET, POST hoặc PUT; tham số là cả một đoạn";
        let en =
            "request must be like \"GET /ho-so/{maHoSo}\": GET, POST or PUT; a parameter is a whole segment";
        found.unless(fits && ["GET", "POST", "PUT"].contains(&method), place, vi, en);
        found.unless(operation.action.is_empty(), place, "action chỉ dùng với SOAP", "action is for SOAP");
        for name in placeholders(path) {
            let of_path = operation.parameters.iter().find(|parameter| parameter.name == name);
            let needed =
                of_path.is_some_and(|parameter| parameter.required || parameter.place == Place::Path);
            let vi = format!("request: {name} phải là parameter bắt buộc");
            found.unless(
                needed,
                place,
                &vi,
                &format!("request: {name} must be a parameter that is required"),
            );
        }
    }
    let mut targets = BTreeSet::new();
    for send in &operation.sends {
        let place = format!("{place}, send {}", send.to);
        found.unless(targets.insert((&send.to, send.query)), &place, "trùng", "is there twice");
        sending(definition, operation, send, &place, found);
        let vi = "GET không có thân: dùng query = true";
        found.unless(send.query || takes_body, &place, vi, "GET has no body: use query = true");
        found.unless(!send.query || !is_soap, &place, "SOAP không dùng query", "SOAP has no query");
    }
}

fn sending(definition: &Definition, operation: &Operation, send: &Sending, place: &str, found: &mut Found) {
    let from = match (&send.parameter, &send.constant) {
        (Some(name), None) => operation.parameters.iter().any(|parameter| parameter.name == *name),
        (None, Some(text)) => super::super::serve::is_sendable(text),
        _ => false,
    };
    let vi = "nêu parameter đã khai, hoặc constant, một trong hai";
    found.unless(from, place, vi, "name a declared parameter or a constant, one of them");
    let fits = if send.query { !send.to.is_empty() } else { is_path(definition, &send.to) };
    found.unless(fits, place, "to không phải đường dẫn dùng được", "to is no path that can be used");
}

fn answer(definition: &Definition, operation: &Operation, place: &str, found: &mut Found) {
    let is_top = operation.answer.is_empty() && definition.soap.is_none();
    let fits = is_top || is_path(definition, &operation.answer);
    found.unless(fits, place, "answer không phải đường dẫn dùng được", "answer is no path that can be used");
    let some = !operation.fields.is_empty() || !operation.lists.is_empty();
    found.unless(some, place, "cần ít nhất một field hoặc list", "wants a field or a list");
    let mut names = BTreeSet::new();
    fields(definition, &operation.fields, &mut names, place, found);
    for list in &operation.lists {
        let place = format!("{place}, list {}", list.name);
        let fits = list.from == "[]" || is_path(definition, &list.from);
        found.unless(
            is_name(&list.name) && fits,
            &place,
            "name hoặc from không dùng được",
            "name or from cannot be used",
        );
        found.unless(names.insert(&list.name), &place, "trùng tên", "the name is there twice");
        found.unless(!list.fields.is_empty(), &place, "cần ít nhất một field", "wants a field");
        fields(definition, &list.fields, &mut BTreeSet::new(), &place, found);
    }
    if let Some(none) = &operation.not_found {
        let fits = none.from.as_deref().is_none_or(|from| is_path(definition, from))
            && (none.value.is_none() || none.from.is_some())
            && (none.fault.is_none() || definition.soap.is_some())
            && (none.from.is_some() || none.fault.is_some() || !none.status.is_empty());
        let vi = "not_found: nêu from (kèm value nếu cần), fault (SOAP) hoặc status";
        found.unless(
            fits,
            place,
            vi,
            "not_found: name from (with value where needed), fault (SOAP) or status",
        );
    }
}

fn fields<'a>(
    definition: &Definition,
    fields: &'a [Field],
    names: &mut BTreeSet<&'a String>,
    place: &str,
    found: &mut Found,
) {
    for field in fields {
        let place = format!("{place}, field {}", field.name);
        let vi = "tên gồm chữ, số, gạch dưới, chấm giữa các cấp";
        found.unless(
            field.name.split('.').all(is_name),
            &place,
            vi,
            "a name has letters, digits, _, and dots between levels",
        );
        found.unless(names.insert(&field.name), &place, "trùng tên", "the name is there twice");
        let below = format!("{}.", field.name);
        let both = fields.iter().any(|other| other.name.starts_with(&below));
        found.unless(!both, &place, "vừa là giá trị vừa là đối tượng", "is a value and an object");
        let fits = field.from == "." || is_path(definition, &field.from);
        found.unless(fits, &place, "from không dùng được", "from cannot be used");
        kind(field.kind, field.format.as_deref(), &place, found);
    }
}

/// Letters, digits and `_`, beginning with a letter.
fn is_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A character of a path that never needs an escape.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.~".contains(c)
}

/// A name of an element or attribute without prefix: of the letters of XML 1.0 those that services use.
fn is_element(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
}

/// Whether each name of a path can stand where it stands, its prefix declared.
fn is_path(definition: &Definition, path: &str) -> bool {
    let Some(soap) = &definition.soap else {
        return !path.is_empty() && path.split('/').all(|name| !name.is_empty());
    };
    let last = path.split('/').count();
    !path.is_empty()
        && path.split('/').enumerate().all(|(at, name)| {
            let name = if at + 1 == last { name.strip_prefix('@').unwrap_or(name) } else { name };
            match name.split_once(':') {
                Some((prefix, local)) => soap.namespaces.contains_key(prefix) && is_element(local),
                None => is_element(name),
            }
        })
}
