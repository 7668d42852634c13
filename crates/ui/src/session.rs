//! Who visits: the cookie, the language, and the guard in front of every page.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, Uri};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Console;
use crate::api::Ask;
use crate::failure::Failure;
use crate::pages::failed;
use crate::stream;
use crate::text::Lang;
use crate::view::{Frame, Post, Section, Who, own_address, redirect, segment};

/// Cookie of the session over TLS; browsers take this name only from the host itself and never without TLS.
const SESSION_TLS: &str = "__Host-lienthong";
/// Cookie of the session on a loopback port without TLS.
const SESSION_PLAIN: &str = "lienthong";
/// Cookie of what the next page says in a banner.
const BANNER: &str = "thong-bao";
/// Seconds after which nobody is told any more: somebody may have to sign in before.
const BANNER_S: u32 = 600;
/// What somebody is told whose session ended before a form was sent.
const NOT_SAVED: &str = "note-session-ended";
/// Sent by the pages that renew themselves.
const HX_REQUEST: HeaderName = HeaderName::from_static("hx-request");
/// Cookie of the language.
const LANGUAGE: &str = "ngon-ngu";
/// Media type of our pages.
const HTML: &str = "text/html; charset=utf-8";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// One request of somebody's browser.
#[derive(Clone)]
pub struct Visit {
    console: Console,
    /// The API's session; absent before signing in.
    session: Option<String>,
    /// Who that is.
    pub who: Option<Who>,
    /// Language.
    pub lang: Lang,
    /// Whether the browser came over TLS.
    tls: bool,
    peer: Option<web::Peer>,
    /// Whether this is a page that asks by itself.
    unattended: bool,
    here: String,
    /// The key of what a banner says.
    banner: Option<String>,
}

/// What the API says about a session.
#[derive(Deserialize)]
struct Me {
    id: String,
    #[serde(default)]
    name: Option<String>,
    posts: Vec<Post>,
}

impl Visit {
    async fn find_who(&mut self) {
        if self.session.is_none() {
            return;
        }
        // A session that has ended is no session; any other failure shows itself on the page.
        if let Ok(Me { id, name, posts }) = self.get::<Me>("/me").await {
            let name = name.unwrap_or_else(|| id.clone());
            self.who = Some(Who { id, name, posts });
        }
    }

    /// The frame of a page; `title` is a key.
    pub fn frame(&self, section: Section, title: &str) -> Frame {
        self.titled(section, self.lang.t(title))
    }

    /// The frame of a page whose title is a text.
    pub fn titled(&self, section: Section, title: impl Into<String>) -> Frame {
        let banner = |family: &str| {
            let key = self.banner.as_ref().filter(|key| key.starts_with(family) && self.lang.has(key));
            key.map(|key| self.lang.t(key))
        };
        Frame {
            lang: self.lang,
            section,
            title: title.into(),
            who: self.who.clone(),
            token: self.form_token(),
            here: self.here.clone(),
            done: banner("done-"),
            note: banner("note-"),
            wrong: Vec::new(),
        }
    }

    /// Whether the banner of this page tells of the act with this key.
    pub fn has_just(&self, key: &str) -> bool {
        self.banner.as_deref().and_then(|key| key.strip_prefix("done-")) == Some(key)
    }

    /// Asks the API for something.
    ///
    /// # Errors
    /// What it refuses.
    pub async fn get<T: DeserializeOwned>(&self, path: impl Into<String>) -> Result<T, Failure> {
        self.ask(Method::GET, path).send().await
    }

    /// A question to the API in the name of whoever visits.
    pub fn ask(&self, method: Method, path: impl Into<String>) -> Ask<'_> {
        self.console.api().ask(self.session.as_deref(), method, path).unattended(self.unattended)
    }

    /// What a page asks by itself from now on, which keeps no session alive.
    pub fn unattended(self) -> Self {
        Self { unattended: true, ..self }
    }

    /// Who is at the other end.
    pub fn peer(&self) -> Option<web::Peer> {
        self.peer.clone()
    }

    /// The console.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// What stands in every form of this session.
    pub fn form_token(&self) -> String {
        let session = self.session.as_deref().unwrap_or_default();
        crypto::b64::encode(&crypto::hash::hmac_sha256(&self.console.0.forms_key, &[session.as_bytes()]))
    }

    /// The cookie that carries a session, or takes it away.
    pub fn session_cookie(&self, token: Option<&str>) -> HeaderValue {
        let (name, secure) = if self.tls { (SESSION_TLS, "; Secure") } else { (SESSION_PLAIN, "") };
        let end = if token.is_some() { "" } else { "; Max-Age=0" };
        let token = token.unwrap_or_default();
        let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}{end}");
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// The cookie of what the next page says in a banner; an empty key takes it away.
pub fn banner_cookie(key: &str) -> HeaderValue {
    let seconds = if key.is_empty() { 0 } else { BANNER_S };
    let text = format!("{BANNER}={key}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// The cookie of a language.
pub fn language_cookie(lang: Lang) -> HeaderValue {
    let text = format!("{LANGUAGE}={}; Path=/; SameSite=Lax; Max-Age=31536000", lang.tag());
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

impl FromRequestParts<Console> for Visit {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Console) -> Result<Self, Failure> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Failure::signed_out)
    }
}

impl IntoResponse for Failure {
    /// The guard turns it into a page in the visitor's language.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Finds out who visits, keeps strangers on the sign-in page and foreign forms out, and turns failures into pages.
pub async fn guard(State(console): State<Console>, request: Request, next: Next) -> Response {
    let mut visit = visit(console, &request);
    visit.find_who().await;
    let open = ["/dang-nhap", "/ngon-ngu/"].iter().any(|begin| request.uri().path().starts_with(begin));
    let mut response = guarded(&visit, open, request, next).await;
    // A banner is shown once, also to who goes back to the page; the sign-in page leaves it to the page behind.
    if visit.banner.is_some() && !open && is_page(&response) {
        let headers = response.headers_mut();
        headers.append(header::SET_COOKIE, banner_cookie(""));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

async fn guarded(visit: &Visit, open: bool, mut request: Request, next: Next) -> Response {
    let form = request.method() != Method::GET;
    if form && !from_our_page(request.headers()) {
        return shown(visit, &Failure::foreign_form());
    }
    let to_sign_in = match form {
        true => after_form(&request),
        // A page that follows something cannot be led to another.
        false if stream::is_wanted(request.headers()) => stream::over(),
        false => to_sign_in(&visit.here),
    };
    if visit.who.is_none() && !open {
        return to_sign_in;
    }
    request.extensions_mut().insert(visit.clone());
    let mut response = next.run(request).await;
    // What the framework refuses before a handler sees it, such as a query that cannot be read.
    // A form that is shown again is a page of its own.
    let refused = response.status().is_client_error() && !is_page(&response);
    if refused && response.extensions().get::<Failure>().is_none() {
        let refused = Failure { status: response.status(), ..Failure::nothing() };
        response.extensions_mut().insert(refused);
    }
    let Some(failure) = response.extensions().get::<Failure>() else { return response };
    if failure.status == StatusCode::UNAUTHORIZED {
        return to_sign_in;
    }
    shown(visit, failure)
}

fn is_page(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == HTML)
}

fn to_sign_in(next: &str) -> Response {
    redirect(&format!("/dang-nhap?den={}", segment(next)))
}

/// Somebody sent a form, and the session had ended: the way leads back to the page of the form, since its own address may
/// know no other question, and says that nothing was saved.
fn after_form(request: &Request) -> Response {
    if request.uri().path() == "/dang-xuat" {
        return redirect("/dang-nhap");
    }
    let mut response = to_sign_in(&page_before(request.headers()));
    response.headers_mut().append(header::SET_COOKIE, banner_cookie(NOT_SAVED));
    response
}

/// The page from which a form of ours came: the guard has seen that it is one.
fn page_before(headers: &HeaderMap) -> String {
    let from = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let from =
        from.and_then(|from| from.parse::<Uri>().ok()).and_then(|from| from.into_parts().path_and_query);
    from.map_or_else(|| "/viec".to_owned(), |path| own_address(path.as_str()).to_owned())
}

fn shown(visit: &Visit, failure: &Failure) -> Response {
    failed::page(visit, failure).unwrap_or_else(|_| failure.status.into_response())
}

/// Browsers say where a request comes from; one that says nothing at all is a tool, and has no cookies of others.
fn from_our_page(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site == "same-origin";
    }
    let Some(origin) = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok()) else { return true };
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    origin.split_once("://").is_some_and(|(_, from)| from == host)
}

fn visit(console: Console, request: &Request) -> Visit {
    let headers = request.headers();
    let mut peer = request.extensions().get::<web::Peer>().cloned();
    if let (true, Some(peer), Some(browser)) = (console.0.behind_tls, &mut peer, forwarded(headers)) {
        peer.address.set_ip(browser);
    }
    let tls = console.0.behind_tls || peer.as_ref().is_some_and(|peer| peer.tls);
    let session = cookie(headers, if tls { SESSION_TLS } else { SESSION_PLAIN }).map(str::to_owned);
    let lang = cookie(headers, LANGUAGE).and_then(Lang::of).unwrap_or_default();
    let here = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let banner = cookie(headers, BANNER).filter(|_| !headers.contains_key(HX_REQUEST)).map(str::to_owned);
    let here = here.to_owned();
    Visit { console, session, who: None, lang, tls, peer, unattended: false, here, banner }
}

/// The address that the proxy before us wrote; what stands before it, the browser may have made up.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_what_the_proxy_wrote_is_an_address() {
        let name = HeaderName::from_static("x-forwarded-for");
        let mut given = headers(&[(name.clone(), "203.0.113.1, 198.51.100.7")]);
        assert_eq!(forwarded(&given), Some([198, 51, 100, 7].into()));
        given.append(&name, HeaderValue::from_static("2001:db8::9"));
        assert_eq!(forwarded(&given), "2001:db8::9".parse().ok());
        assert_eq!(forwarded(&headers(&[(name, "198.51.100.7, unknown")])), None);
    }

    #[test]
    fn forms_of_other_sites_are_told_from_ours() {
        let host = (header::HOST, "127.0.0.1:7489");
        assert!(from_our_page(&headers(&[(SEC_FETCH_SITE, "same-origin")])));
        assert!(!from_our_page(&headers(&[(SEC_FETCH_SITE, "same-site")])));
        assert!(!from_our_page(&headers(&[(SEC_FETCH_SITE, "cross-site"), host.clone()])));
        assert!(from_our_page(&headers(&[(header::ORIGIN, "http://127.0.0.1:7489"), host.clone()])));
        assert!(!from_our_page(&headers(&[(header::ORIGIN, "http://127.0.0.1:7480"), host.clone()])));
        assert!(!from_our_page(&headers(&[(header::ORIGIN, "null"), host])));
    }

    #[test]
    fn a_form_whose_session_ended_leads_back_to_its_page() {
        for (referer, page) in [
            ("http://127.0.0.1:7489/ket-noi/YC-1/duyet?a=1", "/ket-noi/YC-1/duyet?a=1"),
            ("http://127.0.0.1:7489//evil.example", "/"),
            ("gì đó", "/viec"),
        ] {
            let from = HeaderValue::from_bytes(referer.as_bytes()).expect("a header");
            let headers = HeaderMap::from_iter([(header::REFERER, from)]);
            assert_eq!(page_before(&headers), page, "{referer}");
        }
        assert_eq!(page_before(&HeaderMap::new()), "/viec");
    }

    #[test]
    fn cookies_are_found_among_others() {
        let cookies = headers(&[(header::COOKIE, "a=1; lienthong=x; b=2")]);
        assert_eq!(cookie(&cookies, "lienthong"), Some("x"));
        assert_eq!(cookie(&cookies, "ong"), None);
    }
}
