//! The yearly report on cybersecurity of an agency and those below it.

use axum::extract::State as Held;
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::form::{Form, Formed};
use super::request::{Asked, At};
use super::{Api, Caller};
use crate::Deed;
use crate::agency::{AgencyCode, Standing};
use crate::people::Act;
use crate::print::PdfError;
use crate::security_report::{SecurityReport, security_report};

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(report))
}

/// In which form.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// `json`, `html`, `pdf` or `csv` (the systems); else what `Accept` names first, JSON unless it does.
    #[param(inline)]
    format: Option<Form>,
}

impl Formed for SecurityReport {
    fn html(&self) -> String {
        self.html()
    }

    fn pdf(&self) -> Result<Vec<u8>, PdfError> {
        self.pdf()
    }

    fn csv(&self) -> Option<(String, Vec<u8>)> {
        Some((format!("he-thong-{}-{}.csv", self.agency, self.window.year), self.csv()))
    }
}

/// Makes the yearly report (Nghị định 331/2026/NĐ-CP, Điều 35, 36): systems with level and measures, connections,
/// incidents with their clocks, minutes, what ends soon.
#[utoipa::path(get, path = "/security-reports/{agency}/{year}", tag = "security reports",
    params(("agency" = String, Path), ("year" = i16, Path), Wanted),
    responses((status = 200, content((Object = "application/json"), (String = "text/html"), (Vec<u8> = "application/pdf"),
        (String = "text/csv"))), (status = 422, description = "EX-2002: no such report")))]
async fn report(
    Held(api): Held<Api>,
    Caller(person): Caller,
    headers: HeaderMap,
    At((agency, year)): At<(AgencyCode, i16)>,
    Asked(Wanted { format }): Asked<Wanted>,
) -> Result<Response, Problem> {
    let (registry, now) = (api.registry(), api.now());
    let known = registry.read(|state| match state.agencies.on(&agency, api.today()) {
        Standing::Valid(found) | Standing::Closed { last: found, .. } => found.code.clone(),
        _ => agency.clone(),
    });
    // It tells where an agency is weak: that somebody asked without the right to is written down. Nothing else is.
    let subject = format!("security-report/{known}/{year}");
    let deed = Deed { act: Act::SecurityReport, agency: Some(&known), subject: &subject, key: None };
    registry.act_once(&person, &deed, |_, _| Ok(Vec::new())).await?;
    let report = registry.read(|state| security_report(state, registry.rules(), (&known, year), now))?;
    Form::wanted(format, &headers).give(report).await
}
