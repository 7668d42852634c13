//! The page that says what went wrong and how to go on.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::failure::Failure;
use crate::session::Visit;
use crate::view::{Frame, Section, page_as};

#[derive(Template)]
#[template(path = "failed.html")]
pub struct Failed {
    frame: Frame,
    /// What happened.
    what: String,
    /// How to go on.
    next: String,
    /// Stable code; empty where there is none.
    code: String,
    mistakes: Vec<String>,
    /// What was looked for was a draft: it may have become a request.
    draft: bool,
}

/// A failure as a page of its own, for those that a form cannot show.
pub fn page(visit: &Visit, failure: &Failure) -> Result<Response, Failure> {
    page_as(failure.status, &Failed::of(visit, failure))
}

impl Failed {
    fn of(visit: &Visit, failure: &Failure) -> Self {
        let kind = match (failure.status, &*failure.code) {
            (_, "form") => "form",
            (_, "draft") => "draft",
            (StatusCode::NOT_FOUND, _) => "nothing",
            (StatusCode::FORBIDDEN, _) => "forbidden",
            (StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED, _) => "conflict",
            (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, _) => "busy",
            (status, _) if status.is_client_error() => "invalid",
            _ => "ours",
        };
        let frame = visit.frame(Section::None, &format!("failed-{kind}-title"));
        let told = visit.lang.half(&failure.title);
        let what = if told.is_empty() { frame.t(&format!("failed-{kind}-what")) } else { told.to_owned() };
        let next = frame.t(&format!("failed-{kind}-next"));
        let code = failure.code.strip_prefix("EX-").map(|_| failure.code.clone()).unwrap_or_default();
        let mistakes = failure.mistakes_in(visit.lang);
        Self { frame, what, next, code, mistakes, draft: kind == "draft" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let mistakes = vec!["<script>alert(1)</script>".to_owned()];
        rendered(|frame| Failed {
            what: frame.t("failed-ours-what"),
            next: frame.t("failed-ours-next"),
            frame,
            code: "EX-2003".into(),
            mistakes: mistakes.clone(),
            draft: true,
        });
    }
}
