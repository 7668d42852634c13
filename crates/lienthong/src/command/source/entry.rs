//! What a registry is told of a service that is made from a source, and telling it.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use hyper::{Method, StatusCode, header};
use registry::agency::AgencyCode;
use serde_json::{Value, json};
use sources::Definition;
use sources::meaning::Personal;
use sources::openapi::openapi;

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
    /// Ghi mục đăng ký ra tệp JSON, để nộp ở sổ đăng ký máy khác / write the entry as JSON, for a registry elsewhere.
    #[arg(long = "entry", value_name = "FILE", requires = "owner")]
    written_to: Option<PathBuf>,
    /// Tệp chứa thẻ phiên của sổ đăng ký, hoặc biến môi trường `LIENTHONG_TOKEN` / file with a session's token of the registry.
    #[arg(long, value_name = "FILE", requires = "owner")]
    token_file: Option<PathBuf>,
}

/// The entry of a service, as `PUT /services/{id}` takes it. Its class is that of its most sensitive field.
pub fn document(definition: &Definition, id: &str, owner: &str, terms: (&str, &str)) -> Value {
    let (service, (basis, sharing)) = (&definition.service, terms);
    let all = || definition.fields.iter().chain(definition.lists.iter().flat_map(|list| &list.fields));
    let class = if all().any(|field| field.personal == Some(Personal::Sensitive)) {
        "personal_sensitive"
    } else if all().any(|field| field.personal.is_some()) {
        "personal_basic"
    } else {
        "internal"
    };
    let of_entity = definition.fields.iter().filter(|field| field.personal.is_some());
    let mut personal: Vec<String> = of_entity.map(|field| field.name.clone()).collect();
    for list in &definition.lists {
        let fields = list.fields.iter().filter(|field| field.personal.is_some());
        personal.extend(fields.map(|field| format!("{}.{}", list.name, field.name)));
    }
    let en = if service.title_en.is_empty() { &service.title_vi } else { &service.title_en };
    json!({
        "id": id, "owner": owner, "title": { "vi": service.title_vi, "en": en }, "data_class": class,
        "sharing": sharing, "legal_basis": basis, "personal": personal,
        "response_ms": definition.limits.statement_ms, "openapi": openapi(definition),
    })
}

impl Entry {
    /// Enters the service into the registry of this node, or writes the entry for one elsewhere; says what is left to do.
    pub async fn make(&self, config: &Config, definition: &Definition, id: &str) -> anyhow::Result<()> {
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
        enter(&Office::new(api), &token, id, &entry).await?;
        println!("Đã ghi và công bố trong sổ đăng ký / entered and published in the registry: {id}");
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

/// Puts the entry where it belongs and publishes it.
async fn enter(office: &Office, token: &str, id: &str, entry: &Value) -> anyhow::Result<()> {
    let thing = office.url(&format!("/services/{id}"));
    let bearer = (header::AUTHORIZATION.as_str(), format!("Bearer {token}"));
    let seen = office.send(Method::GET, &thing, std::slice::from_ref(&bearer), Body::Nothing).await?;
    let version = |answer: &Answer| answer.etag.clone().map(|etag| (header::IF_MATCH.as_str(), etag));
    let headers =
        |seen: &Answer| [Some(bearer.clone()), version(seen)].into_iter().flatten().collect::<Vec<_>>();
    let mut before = headers(&seen);
    if seen.status == StatusCode::NOT_FOUND {
        before.truncate(1);
    }
    let put = done(office.send(Method::PUT, &thing, &before, Body::Json(entry)).await?)?;
    let publish = json!({ "version": entry["openapi"]["info"]["version"] });
    done(
        office.send(Method::POST, &format!("{thing}/publish"), &headers(&put), Body::Json(&publish)).await?,
    )?;
    Ok(())
}

fn done(answer: Answer) -> anyhow::Result<Answer> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    let errors = answer.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let errors: Vec<_> = errors
        .iter()
        .map(|error| format!("\n  {}: {} / {}", text(error, "place"), text(error, "vi"), text(error, "en")))
        .collect();
    bail!(
        "sổ đăng ký từ chối / the registry refuses ({}): {}{}",
        answer.status,
        answer.title(),
        errors.concat()
    )
}
