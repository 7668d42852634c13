//! Errors of an API as problem details (RFC 9457), in Vietnamese and English.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// Media type of a problem.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A refused or failed request, as its sender reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Which kind of problem: `urn:lienthong:EX-2003`; the page `docs/errors/EX-2003.md` explains it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status, again.
    pub status: u16,
    /// The stable code, such as `EX-2003`.
    pub code: String,
    /// What happened: Vietnamese, then English.
    pub title: String,
    /// Each thing that is wrong, when there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemError>,
    /// Seconds after which trying again makes sense.
    #[serde(skip)]
    pub retry_after_s: Option<u64>,
}

/// One of several things that are wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProblemError {
    /// Where: a field, or a row and column.
    pub place: String,
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Problem {
    /// A problem with a code and a text.
    pub fn new(status: StatusCode, code: &impl ToString, title: impl Into<String>) -> Self {
        let code = code.to_string();
        Self {
            kind: format!("urn:lienthong:{code}"),
            status: status.as_u16(),
            code,
            title: title.into(),
            errors: Vec::new(),
            retry_after_s: None,
        }
    }

    /// The same with a list of what is wrong.
    #[must_use]
    pub fn with_errors(self, errors: Vec<ProblemError>) -> Self {
        Self { errors, ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after_s.map(HeaderValue::from);
        let mut response = (status, axum::Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, PROBLEM_JSON);
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_answered_with_its_status_and_media_type() {
        let mut problem = Problem::new(StatusCode::CONFLICT, &"EX-2003", "vi / en");
        problem.retry_after_s = Some(3);
        let response = problem.into_response();
        assert_eq!(response.status(), StatusCode::CONFLICT);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(response.headers()[header::RETRY_AFTER], "3");
    }
}
