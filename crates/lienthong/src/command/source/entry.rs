//! What a registry is told of a service that is made from a source, and telling it.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use hyper::{Method, StatusCode, header};
use jiff::civil::Date;
use registry::agency::AgencyCode;
use serde_json::{Value, json};
use sources::Offer;
use sources::meaning::Personal;

use crate::command::demo::office::{Answer, Body, Office};
use crate::command::file;
use crate::config::Config;

/// Where the token of a session may stand instead of a file.
const TOKEN_VARIABLE: &str = "LIENTHONG_TOKEN";

/// Arguments of `source publish` that are for the registry.
#[derive(clap::Args)]
pub struct Entry {
    /// Cơ quan chủ quản, ghi vào sổ đăng ký / the data owner, for the registry: `000.00.00.G01`.
    #[arg(long, value_name = "AGENCY", requires = "legal_basis")]
    owner: Option<AgencyCode>,
    /// Căn cứ pháp lý của việc chia sẻ / legal basis of sharing.
    #[arg(long, value_name = "TEXT", requires = "owner")]
    legal_basis: Option<String>,
    /// Loại chia sẻ / kind of sharing: `mandatory`, `on_request`, `special`.
    #[arg(long, value_name = "CODE", default_value = "on_request")]
    sharing: String,
    /// Ngày cuối của phiên bản đang công bố, khi đưa ra phiên bản mới / last day of the version on offer, for a new version:
    /// `2026-12-31`.
    #[arg(long, value_name = "DATE", requires = "owner")]
    previous_until: Option<Date>,
    /// Ghi mục đăng ký ra tệp JSON, để nộp ở sổ đăng ký máy khác / write the entry as JSON, for a registry elsewhere.
    #[arg(long = "entry", value_name = "FILE", requires = "owner")]
    written_to: Option<PathBuf>,
    /// Tệp chứa thẻ phiên của sổ đăng ký, hoặc biến môi trường `LIENTHONG_TOKEN` / file with a session's token of the registry.
    #[arg(long, value_name = "FILE", requires = "owner")]
    token_file: Option<PathBuf>,
}

/// The entry of a service, as `PUT /services/{id}` takes it. Its class is that of its most sensitive field.
pub fn document(definition: &Offer, id: &str, owner: &str, terms: (&str, &str)) -> Value {
    let (service, (basis, sharing)) = (definition.about(), terms);
    let class = if service.personal.iter().any(|(_, class)| *class == Personal::Sensitive) {
        "personal_sensitive"
    } else if service.personal.is_empty() {
        "internal"
    } else {
        "personal_basic"
    };
    let personal: Vec<&String> = service.personal.iter().map(|(name, _)| name).collect();
    let en = if service.title_en.is_empty() { service.title_vi } else { service.title_en };
    json!({
        "id": id, "owner": owner, "title": { "vi": service.title_vi, "en": en }, "data_class": class,
        "sharing": sharing, "legal_basis": basis, "personal": personal,
        "response_ms": service.answer_ms, "openapi": definition.openapi(),
    })
}

impl Entry {
    /// Enters the service into the registry of this node, or writes the entry for one elsewhere; says what is left to do.
    pub async fn make(&self, config: &Config, definition: &Offer, id: &str) -> anyhow::Result<()> {
        let (Some(owner), Some(basis)) = (&self.owner, &self.legal_basis) else {
            println!(
                "Ghi vào sổ đăng ký để người khác tìm và xin quyền: chạy lại với --owner, --legal-basis và thẻ phiên / to enter it into the registry, where others find it and ask for it, run again with --owner, --legal-basis and a session's token"
            );
            return Ok(());
        };
        let entry = document(definition, id, &owner.to_string(), (basis, &self.sharing));
        if let Some(path) = &self.written_to {
            file::replace(path, serde_json::to_string_pretty(&entry)?.as_bytes(), file::PUBLIC)?;
            println!("Mục đăng ký / the entry: {0}: PUT /api/v1/services/{id}", path.display());
        }
        let Some(token) = self.token()? else {
            if self.written_to.is_none() {
                bail!(
                    "thiếu thẻ phiên: --token-file hoặc {TOKEN_VARIABLE} (hoặc --entry để ghi ra tệp) / a session's token is missing: --token-file or {TOKEN_VARIABLE} (or --entry to write a file)"
                );
            }
            return Ok(());
        };
        let plain = config.registry.as_ref().and_then(|section| section.plain).context(
            "sổ đăng ký của nút này không có cổng plain; dùng --entry / the registry of this node has no plain address: use --entry",
        )?;
        let api = format!("http://{plain}{}", registry::api::ROOT);
        let entered = enter(&Office::new(api), &token, &entry, self.previous_until).await.context(
            "đã đưa vào nút, nhưng chưa ghi được vào sổ đăng ký / installed in the node, but not entered in the registry",
        )?;
        println!("{}: {id}", entered.told());
        Ok(())
    }

    fn token(&self) -> anyhow::Result<Option<String>> {
        let text = match &self.token_file {
            Some(path) => Some(file::read(path)?),
            None => std::env::var(TOKEN_VARIABLE).ok(),
        };
        Ok(text.map(|text| text.trim().to_owned()))
    }
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    /// It was there, published, with nothing to change.
    Unchanged,
    /// Its terms were changed; the version was on offer before.
    Changed,
    /// The version is on offer from now on.
    Published,
}

impl Entered {
    /// For people.
    pub fn told(self) -> &'static str {
        match self {
            Self::Unchanged => "Sổ đăng ký đã có, không đổi / the registry has it already, unchanged",
            Self::Changed => "Đã sửa trong sổ đăng ký / changed in the registry",
            Self::Published => "Đã ghi và công bố trong sổ đăng ký / entered and published in the registry",
        }
    }
}

/// Puts the entry where it belongs and publishes its version, unless that was done before. The version on offer until now
/// ends on the day `previous_until`, which is not asked for where there is none.
pub async fn enter(
    office: &Office,
    token: &str,
    entry: &Value,
    previous_until: Option<Date>,
) -> anyhow::Result<Entered> {
    let thing = office.url(&format!("/services/{}", entry["id"].as_str().unwrap_or_default()));
    let bearer = (header::AUTHORIZATION.as_str(), format!("Bearer {token}"));
    let seen = office.send(Method::GET, &thing, std::slice::from_ref(&bearer), Body::Nothing).await?;
    let is_new = seen.status == StatusCode::NOT_FOUND;
    let seen = if is_new { seen } else { done(seen)? };
    let headers = |etag: Option<&String>| {
        let version = etag.map(|etag| (header::IF_MATCH.as_str(), etag.clone()));
        [Some(bearer.clone()), version].into_iter().flatten().collect::<Vec<_>>()
    };
    let before = if is_new { None } else { seen.etag.as_ref() };
    let put = done(office.send(Method::PUT, &thing, &headers(before), Body::Json(entry)).await?)?;
    let now = put.etag.as_ref().or(before);
    let version = &entry["openapi"]["info"]["version"];
    let versions = seen.body["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_published = |of: &&Value| of["stage"] == "published";
    if versions.iter().filter(is_published).any(|of| of["version"] == *version) {
        return Ok(if now == before { Entered::Unchanged } else { Entered::Changed });
    }
    let mut publish = json!({ "version": version });
    if versions.iter().any(|of| is_published(&of)) {
        publish["previous_until"] = json!(previous_until);
    }
    let path = format!("{thing}/publish");
    done(office.send(Method::POST, &path, &headers(now), Body::Json(&publish)).await?)?;
    Ok(Entered::Published)
}

fn done(answer: Answer) -> anyhow::Result<Answer> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    let errors = answer.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let errors: Vec<_> = errors
        .iter()
        .map(|error| {
            let place = text(error, "place");
            let place = if place == "previous_until" { "--previous-until" } else { &place };
            format!("\n  {place}: {} / {}", text(error, "vi"), text(error, "en"))
        })
        .collect();
    bail!(
        "sổ đăng ký từ chối / the registry refuses ({}): {}{}",
        answer.status,
        answer.title(),
        errors.concat()
    )
}
