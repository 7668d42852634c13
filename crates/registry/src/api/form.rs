//! The forms in which a report is given.

use axum::Json;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Problem;

use super::request::file;
use crate::RegistryError;
use crate::print::PdfError;

/// A form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Form {
    /// For machines.
    Json,
    /// A page.
    Html,
    /// A file to sign.
    Pdf,
    /// A table for spreadsheets.
    Csv,
}

/// A report in all forms that it has.
pub(super) trait Formed: Serialize + Send + 'static {
    /// The report as a page.
    fn html(&self) -> String;

    /// The report as a file to sign.
    fn pdf(&self) -> Result<Vec<u8>, PdfError>;

    /// Its table with the name of the file; `None` when it has none.
    fn csv(&self) -> Option<(String, Vec<u8>)> {
        None
    }
}

impl Form {
    /// What was asked for, else the first form that `Accept` names, else JSON; browsers name HTML first.
    pub(super) fn wanted(asked: Option<Self>, headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut accepted = accept.split(',').filter_map(|range| match range.split(';').next()?.trim() {
            "application/json" => Some(Self::Json),
            "text/html" => Some(Self::Html),
            "application/pdf" => Some(Self::Pdf),
            "text/csv" => Some(Self::Csv),
            _ => None,
        });
        asked.or_else(|| accepted.next()).unwrap_or(Self::Json)
    }

    /// The report in this form.
    pub(super) async fn give(self, report: impl Formed) -> Result<Response, Problem> {
        match self {
            Self::Json => Ok(Json(report).into_response()),
            Self::Html => Ok(Html(report.html()).into_response()),
            Self::Csv => {
                let none = || {
                    let vi = "báo cáo này không có dạng CSV; chọn json, html hoặc pdf";
                    RegistryError::invalid("format", vi, "this report has no CSV: choose json, html or pdf")
                };
                let (name, bytes) = report.csv().ok_or_else(none)?;
                Ok(file(&name, "text/csv; charset=utf-8", bytes))
            }
            Self::Pdf => {
                // Setting type takes its time: not on the threads that serve others.
                let made = tokio::task::spawn_blocking(move || report.pdf()).await;
                let pdf =
                    made.map_err(|error| error.to_string()).and_then(|made| made.map_err(|e| e.to_string()));
                let pdf = pdf.map_err(|what| RegistryError::Store(store::StoreError::Other { what }))?;
                Ok(([(header::CONTENT_TYPE, "application/pdf")], pdf).into_response())
            }
        }
    }
}
