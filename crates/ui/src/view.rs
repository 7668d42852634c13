//! What all pages share: their frame, how they are answered, how addresses are written.

use std::fmt::Write as _;

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::header::{self, HeaderName, HeaderValue};
use http::{StatusCode, Uri};

use crate::assets::Assets;
use crate::failure::Failure;
use crate::session::banner_cookie;
use crate::text::Lang;
use crate::time;
use base::Ts;

/// What browsers may do with pages: our own files, nothing inline, nobody around us.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

/// Tasks by which people find their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What is asked of me.
    Work,
    /// What there is.
    Services,
    /// My data, my services.
    Sharing,
    /// What I ask for.
    Requests,
    /// What flows and what does not.
    Watch,
    /// What proves it.
    Evidence,
    /// Who and what there is.
    Admin,
    /// Signing in, errors.
    None,
}

impl Section {
    /// In the order of the menu.
    const MENU: [(Self, &'static str, &'static str); 7] = [
        (Self::Work, "nav-work", "/viec"),
        (Self::Services, "nav-services", "/dich-vu"),
        (Self::Sharing, "nav-sharing", "/chia-se"),
        (Self::Requests, "nav-requests", "/ket-noi"),
        (Self::Watch, "nav-watch", "/giam-sat"),
        (Self::Evidence, "nav-evidence", "/chung-cu"),
        (Self::Admin, "nav-admin", "/quan-tri"),
    ];
}

/// Somebody who is signed in, as pages show them.
#[derive(Clone, Debug, Default)]
pub struct Who {
    /// Sign-in name.
    pub id: String,
    /// Name to show.
    pub name: String,
    /// Roles and where they hold.
    pub posts: Vec<Post>,
}

/// A role at an agency.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Post {
    /// `data_owner` and so on.
    pub role: String,
    /// The agency; the whole platform without.
    #[serde(default)]
    pub agency: Option<String>,
}

impl Who {
    /// Whether the person reads what concerns the whole platform, such as the journal; for what to show.
    pub fn reads_all(&self) -> bool {
        self.posts.iter().any(|post| post.agency.is_none() || post.role == "auditor")
    }

    /// Whether one of the roles is among the person's; for what to show, never for what to allow.
    pub fn is(&self, role: &str) -> bool {
        self.posts.iter().any(|post| post.role == role)
    }
}

/// What stands around every page.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Language.
    pub lang: Lang,
    /// Which entry of the menu this is.
    pub section: Section,
    /// Title, in the language of the page.
    pub title: String,
    /// Who is signed in.
    pub who: Option<Who>,
    /// Proves that a form is ours.
    pub token: String,
    /// Address of this page, to come back to it in the other language.
    pub here: String,
    /// What was just done, for a banner.
    pub done: Option<String>,
    /// What did not come about, for a banner.
    pub note: Option<String>,
    /// What is wrong in which field of the form: the identifier of the field, and the words.
    pub wrong: Vec<(String, String)>,
}

/// An entry of the menu.
pub struct MenuItem {
    /// Words.
    pub words: String,
    /// Address.
    pub href: &'static str,
    /// The page is below it.
    pub current: bool,
}

impl Frame {
    /// With the mistakes of a form at their fields; `fields` tells which field of the page holds what place of the API.
    pub fn marked(mut self, failure: Option<&Failure>, fields: &[(&str, &str)]) -> Self {
        let Some(failure) = failure.filter(|failure| !failure.mistakes.is_empty()) else { return self };
        for (mistake, words) in failure.mistakes.iter().zip(failure.lines(self.lang)) {
            let field = fields.iter().find(|(place, id)| *place == mistake.place || *id == mistake.place);
            self.wrong.extend(field.map(|(_, id)| ((*id).to_owned(), words)));
        }
        self
    }

    /// What is wrong in a field.
    pub fn wrong_at(&self, field: &str) -> Option<&str> {
        self.wrong.iter().find(|(id, _)| *id == field).map(|(_, words)| &**words)
    }

    /// The field that an error is about.
    pub fn field_of(&self, words: &str) -> Option<&str> {
        self.wrong.iter().find(|(_, said)| said == words).map(|(id, _)| &**id)
    }

    /// The words for a key.
    pub fn t(&self, key: &str) -> String {
        self.lang.t(key)
    }

    /// The words for a key with a number in it, called `count`.
    pub fn tn(&self, key: &str, count: &(impl TryInto<i64> + Copy)) -> String {
        let count = (*count).try_into().unwrap_or(i64::MAX);
        self.lang.ta(key, &[("count", crate::text::num(count))])
    }

    /// The words for a key with a text in it, called `name`.
    pub fn tw(&self, key: &str, name: impl Into<String>) -> String {
        self.lang.ta(key, &[("name", crate::text::word(name))])
    }

    /// The words for a value of a closed list.
    pub fn of(&self, family: &str, value: &str) -> String {
        self.lang.of_family(family, value)
    }

    /// A whole number.
    pub fn int(&self, number: &(impl TryInto<i64> + Copy)) -> String {
        self.lang.int((*number).try_into().unwrap_or(i64::MAX))
    }

    /// A whole number of milliseconds, in seconds where it is a whole number of those too.
    pub fn span(&self, ms: &(impl TryInto<i64> + Copy)) -> String {
        let ms = (*ms).try_into().unwrap_or(i64::MAX);
        if ms % 1000 == 0 { self.tn("catalogue-seconds", &(ms / 1000)) } else { self.tn("catalogue-ms", &ms) }
    }

    /// A moment.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]
    #[expect(clippy::unused_self, reason = "templates have a frame, not this module")]
    pub fn moment(&self, ts: &Ts) -> String {
        time::moment(*ts)
    }

    /// The moment at which something ends; the end of a day is told as that day.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]
    pub fn until(&self, ts: &Ts) -> String {
        time::last_day(*ts).map_or_else(|| time::moment(*ts), |day| self.tw("end-of-day", day))
    }

    /// A day of the API.
    #[expect(clippy::unused_self, reason = "templates have a frame, not this module")]
    pub fn day(&self, text: &str) -> String {
        time::day(text)
    }

    /// The half of a bilingual text.
    pub fn half<'a>(&self, text: &'a str) -> &'a str {
        self.lang.half(text)
    }

    /// Whether whoever looks reads what concerns the whole platform.
    pub fn reads_all(&self) -> bool {
        self.who.as_ref().is_some_and(Who::reads_all)
    }

    /// Whether one of the roles is that of whoever looks; for what to show, never for what to allow.
    pub fn is(&self, role: &str) -> bool {
        self.who.as_ref().is_some_and(|who| who.is(role))
    }

    /// The menu.
    pub fn menu(&self) -> Vec<MenuItem> {
        let item = |&(section, key, href): &(Section, &str, &'static str)| MenuItem {
            words: self.t(key),
            href,
            current: section == self.section,
        };
        Section::MENU.iter().map(item).collect()
    }

    /// Address of an embedded file, with its digest so that browsers may keep it.
    #[expect(clippy::unused_self, reason = "templates have a frame, not this module")]
    pub fn file(&self, name: &str) -> String {
        Assets::address(name)
    }

    /// Address of this page in the other language.
    pub fn other(&self) -> String {
        let tag = if self.lang == Lang::Vi { "en" } else { "vi" };
        format!("/ngon-ngu/{tag}?den={}", segment(&self.here))
    }
}

/// A rendered page.
pub fn page(page: &impl Template) -> Result<Response, Failure> {
    page_as(StatusCode::OK, page)
}

/// A rendered page with a status.
pub fn page_as(status: StatusCode, page: &impl Template) -> Result<Response, Failure> {
    Ok((status, Html(drawn(page)?)).into_response())
}

/// The HTML of a page or of a piece of one.
pub fn drawn(page: &impl Template) -> Result<String, Failure> {
    page.render().map_err(|error| Failure::odd("template", &error))
}

/// After a form: to a page, with what was done in its banner. A cookie carries it, and the page that shows it takes it
/// away: an address would say it again to whoever comes back later.
pub fn to(address: &str, done: &str) -> Response {
    let mut response = redirect(address);
    if !done.is_empty() {
        response.headers_mut().append(header::SET_COOKIE, banner_cookie(&format!("done-{done}")));
    }
    response
}

/// A file of the API, passed on as it is.
pub fn passed_on(from: Response) -> Response {
    let (parts, body) = from.into_parts();
    let mut response = Response::new(body);
    for name in [header::CONTENT_TYPE, header::CONTENT_DISPOSITION, header::CONTENT_LENGTH] {
        if let Some(value) = parts.headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    // What people handed in is saved, never shown as a page of ours.
    let saved = HeaderValue::from_static("attachment");
    response.headers_mut().entry(header::CONTENT_DISPOSITION).or_insert(saved);
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// To another page of ours.
pub fn redirect(address: &str) -> Response {
    let location = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// Headers of every page.
pub async fn careful(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(PERMISSIONS, HeaderValue::from_static("camera=(), microphone=(), geolocation=()"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// A text as one segment of an address, or as the value of a query.
pub fn segment(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            written.push(char::from(byte));
        } else {
            let _ = write!(written, "%{byte:02X}"); // Writing to a string cannot fail.
        }
    }
    written
}

/// Identifiers with `/` between their parts, as segments.
pub fn segments(text: &str) -> String {
    text.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// A query of those members that have a value, with its question mark.
pub fn query(members: &[(&str, &str)]) -> String {
    let full = members.iter().filter(|(_, value)| !value.is_empty());
    let written: Vec<_> = full.map(|(name, value)| format!("{name}={}", segment(value))).collect();
    if written.is_empty() { String::new() } else { format!("?{}", written.join("&")) }
}

/// An address of ours that a form brought back; anything else leads to the first page.
pub fn own_address(text: &str) -> &str {
    let own = text.starts_with('/') && !text.starts_with("//") && !text.contains(['\\', '\n', '\r']);
    if own && text.parse::<Uri>().is_ok() { text } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_ours_are_returned_to() {
        assert_eq!(own_address("/dich-vu?q=a"), "/dich-vu?q=a");
        for foreign in
            ["//evil.example", "https://evil.example", "/\\evil.example", "", "javascript:alert(1)", "/a\nb"]
        {
            assert_eq!(own_address(foreign), "/", "{foreign}");
        }
    }

    #[test]
    fn what_people_typed_is_written_as_data() {
        assert_eq!(query(&[("q", "hộ tịch&x=1"), ("after", "")]), "?q=h%E1%BB%99%20t%E1%BB%8Bch%26x%3D1");
        assert_eq!(segments("VN/GOV/a b"), "VN/GOV/a%20b");
    }
}
