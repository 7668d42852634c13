//! `lienthong grants …`: what this node allows, and why a call would be allowed or refused.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use base::{Clock as _, PartyId, ServiceId, SystemClock, Ts};
use directory::{Content, Snapshot};
use exchange::error::Reason;
use exchange::message::{Call, Circumstances, Target};
use exchange::rights::{Endpoint, Grant, Grantee, Rights};
use hyper::Method;
use serde_json::{Value, json};

use super::directory::{Source, look};
use super::terminal::{Table, until};
use crate::EXIT_CHECK_FAILED;
use crate::config::Config;

/// Commands of `grants`.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Liệt kê quyền đã cấp / list what is granted.
    List(List),
    /// Một cuộc gọi có được phép không, vì sao; mã thoát 1 khi bị từ chối / whether a call would be allowed, and why;
    /// exit code 1 when it would be refused.
    Explain(Box<Explain>),
}

/// Arguments of `grants list`.
#[derive(clap::Args)]
pub struct List {
    /// Tệp cấu hình / configuration file.
    #[arg(long, default_value = "lienthong.toml")]
    config: PathBuf,
    /// Kết quả dạng JSON / output as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `grants explain`.
#[derive(clap::Args)]
pub struct Explain {
    /// Tệp cấu hình / configuration file.
    #[arg(long, default_value = "lienthong.toml")]
    config: PathBuf,
    /// Bên khai thác / who asks, for example `VN-DEMO/GOV/H17/MOTCUA`.
    client: PartyId,
    /// Dịch vụ của nút này / a service of this node: `SUBSYSTEM/SERVICE`, hoặc đủ năm phần / or all five parts.
    service: String,
    /// Phương thức HTTP / HTTP method.
    #[arg(long, default_value = "GET")]
    method: String,
    /// Đường dẫn sau mã dịch vụ / the path behind the service code.
    #[arg(long, default_value = "/")]
    path: String,
    /// Mục đích khai thác / the purpose.
    #[arg(long)]
    purpose: Option<String>,
    /// Hồ sơ / the dossier, `X-Road-Issue`.
    #[arg(long)]
    dossier: Option<String>,
    /// Cán bộ / the officer, `X-Road-UserId`.
    #[arg(long)]
    officer: Option<String>,
    /// Mức đăng nhập của cán bộ / how strongly the officer signed in, `Lienthong-Sign-In`.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3))]
    sign_in: Option<u8>,
    /// Kết quả dạng JSON / output as JSON.
    #[arg(long)]
    json: bool,
}

/// Shows and explains grants.
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::List(args) => list(&args),
        Command::Explain(args) => explain(&args).await,
    }
}

fn list(args: &List) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.config)?;
    let now = SystemClock.now();
    let mut grants: Vec<&Grant> = config.rights.grants().collect();
    grants.sort_by_cached_key(|grant| (grant.service.clone(), grantee(&grant.to)));
    if args.json {
        println!("{:#}", Value::from(grants.iter().map(|grant| facts(grant)).collect::<Vec<_>>()));
        return Ok(ExitCode::SUCCESS);
    }
    let columns = [
        "Dịch vụ / service",
        "Cho / to",
        "Phạm vi / part",
        "Mục đích / purposes",
        "Đến / until",
        "Căn cứ / legal basis",
    ];
    let mut table = Table::new("Quyền khai thác / grants", columns);
    for grant in grants {
        table.row([
            grant.service.to_string(),
            grantee(&grant.to),
            or_all(&grant.endpoints.iter().map(endpoint).collect::<Vec<_>>()),
            or_all(&grant.purposes),
            grant.until.map_or("-".to_owned(), |end| until(end, now)),
            grant.legal_basis.clone().unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    table.print();
    Ok(ExitCode::SUCCESS)
}

fn or_all(texts: &[String]) -> String {
    if texts.is_empty() { "tất cả / all".to_owned() } else { texts.join(", ") }
}

fn grantee(to: &Grantee) -> String {
    match to {
        Grantee::Party(party) => party.to_string(),
        Grantee::Group(group) => format!("nhóm / group {group}"),
    }
}

fn endpoint(endpoint: &Endpoint) -> String {
    format!("{} {}", endpoint.method.as_ref().map_or("*", Method::as_str), endpoint.path.as_str())
}

fn facts(grant: &Grant) -> Value {
    let (party, group) = match &grant.to {
        Grantee::Party(party) => (Some(party), None),
        Grantee::Group(group) => (None, Some(group)),
    };
    let endpoints: Vec<Value> = grant
        .endpoints
        .iter()
        .map(|endpoint| json!({ "method": endpoint.method.as_ref().map(Method::as_str), "path": endpoint.path.as_str() }))
        .collect();
    json!({
        "id": grant.id,
        "service": grant.service,
        "to": party,
        "group": group,
        "endpoints": endpoints,
        "fields": grant.fields.as_ref().map(exchange::cut::FieldSet::paths),
        "purposes": grant.purposes,
        "quota_day": grant.allowance.quota_day,
        "rate_s": grant.allowance.rate_s,
        "dossier": grant.conditions.dossier,
        "officer": grant.conditions.officer,
        "sign_in": grant.conditions.sign_in,
        "condition": grant.conditions.cedar.as_ref().map(exchange::rights::Condition::text),
        "until": grant.until.map(|until| until.to_string()),
        "legal_basis": grant.legal_basis,
    })
}

async fn explain(args: &Explain) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.config)?;
    let call = call(args, &config)?;
    let now = SystemClock.now();
    let directory = look(&config, Source::Copy).await.inspect_err(|error| {
        eprintln!("! chưa có danh bạ dùng được, không xét nhóm và bên gọi / no usable directory: groups and the client are not looked at ({error})");
    });
    let verdict = verdict(&config.rights, directory.as_deref().ok(), &call, now);
    if args.json {
        let refused = verdict.as_ref().err();
        let code = refused.map(|reason| reason.clone().at_provider().code().to_string());
        let reason = refused.map(ToString::to_string);
        let grant = verdict.as_ref().ok().map(|grant| facts(grant));
        println!(
            "{:#}",
            json!({ "allowed": verdict.is_ok(), "grant": grant, "code": code, "reason": reason })
        );
    } else {
        println!("{}", sentences(&verdict, &call));
    }
    Ok(if verdict.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_CHECK_FAILED) })
}

/// The call that is asked about.
fn call(args: &Explain, config: &Config) -> anyhow::Result<Call> {
    let short = args.service.split('/').count() == 2;
    let full = if short { format!("{}/{}", config.node.owner, args.service) } else { args.service.clone() };
    let service: ServiceId = full.parse().with_context(|| format!("dịch vụ / service {}", args.service))?;
    let method = args.method.to_ascii_uppercase();
    let method: Method = method.parse().with_context(|| format!("phương thức / method {}", args.method))?;
    let slash = if args.path.starts_with('/') { "" } else { "/" };
    let start = format!("/r1/{}", service.encoded());
    let target = Target { path_start: start.len(), raw: format!("{start}{slash}{}", args.path), service };
    Ok(Call {
        method,
        target,
        client: args.client.clone(),
        id: String::new(),
        request_id: String::new(),
        wanted_node: None,
        circumstances: Circumstances {
            purpose: args.purpose.clone(),
            issue: args.dossier.clone(),
            user_id: args.officer.clone(),
            sign_in: args.sign_in,
            ..Circumstances::default()
        },
        headers: Vec::new(),
    })
}

/// The provider's checks in its order; without a directory nobody is in a group. What was used up is not known here.
fn verdict<'a>(
    rights: &'a Rights,
    directory: Option<&Snapshot>,
    call: &Call,
    now: Ts,
) -> Result<&'a Grant, Reason> {
    if directory.is_some_and(|directory| !directory.party_exists(&call.client)) {
        return Err(Reason::ClientUnknown);
    }
    let nobody = Snapshot::from_content(Content::empty(call.client.member.instance.clone(), now), now);
    let directory = directory.unwrap_or(&nobody);
    rights.service(&call.target.service)?;
    rights.explain(directory, call, now)
}

/// One sentence in each language.
fn sentences(verdict: &Result<&Grant, Reason>, call: &Call) -> String {
    let what = format!("{} {}{}", call.method, call.target.service, call.target.path());
    let client = &call.client;
    match verdict {
        Ok(grant) => {
            let (vi_to, en_to) = match &grant.to {
                Grantee::Party(_) => (String::new(), String::new()),
                Grantee::Group(group) => (format!(" cho nhóm {group}"), format!(" to the group {group}")),
            };
            let (vi_basis, en_basis) = match &grant.legal_basis {
                Some(basis) => (format!(", căn cứ {basis}"), format!(", legal basis {basis}")),
                None => (", không ghi căn cứ".to_owned(), ", no legal basis given".to_owned()),
            };
            let (vi_fields, en_fields) = match grant.fields.as_ref().map(|fields| fields.paths().join(", ")) {
                Some(fields) => (format!(", chỉ gồm {fields}"), format!(", only {fields}")),
                None => (String::new(), String::new()),
            };
            let (vi_quota, en_quota) = match grant.allowance.quota_day {
                Some(quota) => (format!(", {quota} cuộc gọi mỗi ngày"), format!(", {quota} calls a day")),
                None => (String::new(), String::new()),
            };
            let (vi_until, en_until) = match grant.until {
                Some(end) => (format!(", đến {end}"), format!(", until {end}")),
                None => (", không thời hạn".to_owned(), ", without an end".to_owned()),
            };
            format!(
                "✓ Được phép: {client} được gọi {what} theo quyền đã cấp{vi_to}{vi_basis}{vi_fields}{vi_quota}{vi_until}.\n\
                 ✓ Allowed: {client} may call {what} by the grant{en_to}{en_basis}{en_fields}{en_quota}{en_until}."
            )
        }
        Err(reason) => {
            let code = reason.clone().at_provider().code();
            let text = reason.to_string();
            let (vi, en) = halves(&text);
            format!(
                "✗ Bị từ chối: {client} không được gọi {what} ({code}): {vi}.\n\
                 ✗ Refused: {client} may not call {what} ({code}): {en}."
            )
        }
    }
}

/// Both languages of a reason's text. A notice in it may itself be in two languages, and stands in each half.
fn halves(text: &str) -> (&str, &str) {
    let places: Vec<usize> = text.match_indices(" / ").map(|(at, _)| at).collect();
    let middle = places.get(places.len() / 2).and_then(|at| text.split_at_checked(*at));
    middle.map_or((text, text), |(vi, en)| (vi, en.trim_start_matches(" / ")))
}

#[cfg(test)]
mod tests;
