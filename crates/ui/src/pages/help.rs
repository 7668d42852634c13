//! The page of an error code, as it stands in `docs/errors`.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use pulldown_cmark::{Event, Options, Parser, Tag, html};
use rust_embed::RustEmbed;

use crate::Console;
use crate::failure::Failure;
use crate::session::Visit;
use crate::text::Lang;
use crate::view::{Frame, Section, page};

/// The pages of the codes.
#[derive(RustEmbed)]
#[folder = "../../docs/errors"]
struct Pages;

#[derive(Template)]
#[template(path = "help.html")]
pub struct Help {
    frame: Frame,
    /// HTML of our own text.
    text: Arc<str>,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/tro-giup/{code}", get(show))
}

async fn show(visit: Visit, Path(code): Path<String>) -> Result<Response, Failure> {
    let file = Pages::get(&format!("{code}.md")).filter(|_| code != "README").ok_or_else(Failure::nothing)?;
    let text = String::from_utf8_lossy(&file.data).into_owned();
    let text = in_language(visit.lang, &text).into();
    let title = visit.lang.ta("help-title", &[("name", crate::text::word(code))]);
    page(&Help { frame: visit.titled(Section::None, title), text })
}

/// The part of a page in a language, as HTML. Links are left out: they lead to other files.
fn in_language(lang: Lang, text: &str) -> String {
    let (vi, en) = text.split_once("\n## English\n").unwrap_or((text, ""));
    let vi = vi.split_once("\n## Tiếng Việt\n").map_or(vi, |(_, part)| part);
    let part = if lang == Lang::En { en } else { vi };
    let kept = Parser::new_ext(part, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Start(Tag::Link { .. }) | Event::End(pulldown_cmark::TagEnd::Link) => None,
        Event::Html(raw) | Event::InlineHtml(raw) => Some(Event::Text(raw)),
        other => Some(other),
    });
    let mut shown = String::new();
    html::push_html(&mut shown, kept);
    shown
        .replace("<p>", "<p class=\"govuk-body\">")
        .replace("<ul>", "<ul class=\"govuk-list govuk-list--bullet\">")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn every_code_has_a_page_in_both_languages() {
        let mut count = 0;
        for name in Pages::iter().filter(|name| name.starts_with("EX-")) {
            let text =
                String::from_utf8(Pages::get(&name).expect("listed").data.into_owned()).expect("UTF-8");
            for lang in Lang::ALL {
                assert!(in_language(lang, &text).contains("<p class"), "{name} in {lang:?}");
            }
            let code = name.trim_end_matches(".md");
            if code.starts_with("EX-0") {
                // Codes of calls stand in lists as well, with words before them.
                assert!(Lang::ALL.into_iter().all(|lang| lang.has(&format!("code-{code}"))), "{code}");
            }
            rendered(|frame| Help { text: in_language(frame.lang, &text).into(), frame });
            count += 1;
        }
        assert!(count > 50);
    }

    #[test]
    fn markup_in_a_page_stays_text() {
        let shown = in_language(Lang::Vi, "## Tiếng Việt\n\n<script>alert(1)</script> [a](b)\n");
        assert!(!shown.contains("<script>") && !shown.contains("href"), "{shown}");
    }
}
