//! `lienthong source status`: how the data sources of a running node are, and the load on them.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::StatusCode;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::config::Config;
use crate::sources_role::status::{ServiceStatus, State};

/// Arguments of `source status`.
#[derive(clap::Args)]
pub struct Status {
    /// Tệp cấu hình của nút có mục [sources] / configuration of the node with the section [sources].
    #[arg(long, default_value = "lienthong.toml")]
    config: PathBuf,
    /// Kết quả dạng JSON / output as JSON.
    #[arg(long)]
    json: bool,
}

/// Carries the command out.
pub async fn run(args: &Status) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.config)?;
    let section = config.sources.as_ref().with_context(|| {
        format!("{}: thiếu mục [sources] / the section [sources] is missing", args.config.display())
    })?;
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.get(format!("http://{}/_status", section.listen).parse()?).await;
    let answer = answer.with_context(|| {
        format!("{}: nút chưa chạy / the node does not run: lienthong run", section.listen)
    })?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    if status != StatusCode::OK {
        bail!("{}: {status}", section.listen);
    }
    let services: Vec<ServiceStatus> = serde_json::from_slice(&body)?;
    if args.json {
        println!("{:#}", serde_json::to_value(&services)?);
    } else {
        print!("{}", table(&services));
    }
    Ok(ExitCode::SUCCESS)
}

/// A block for each service, Vietnamese first.
fn table(services: &[ServiceStatus]) -> String {
    if services.is_empty() {
        return "Chưa có nguồn nào / there is no source yet\n".into();
    }
    services.iter().map(block).collect::<Vec<_>>().join("\n")
}

fn block(status: &ServiceStatus) -> String {
    let counts = &status.counts;
    let state = match (status.state, status.rests_s) {
        (State::Works, _) => "hoạt động / works".to_owned(),
        (State::Rests, seconds) => format!("tạm nghỉ {0} s / rests {0} s", seconds.unwrap_or_default()),
        (State::Changed, _) => "nguồn đã đổi cấu trúc / the source has changed".to_owned(),
        (State::Behind, _) => {
            "bản sao cũ trả lời, tệp chưa đọc được / an earlier copy answers, the file is not read".to_owned()
        }
        (State::NotOpened, _) => "chưa mở được / not opened".to_owned(),
        (State::Opening, _) => "đang mở / is being opened".to_owned(),
    };
    let code = status.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
    let mut lines = vec![format!("{}   {state}{code}", status.service)];
    let Some(address) = &status.address else { return lines.remove(0) + "\n" };
    let mean = counts.ms_sum.checked_div(counts.questions).unwrap_or_default();
    lines.push(format!("  nguồn / source                 {address}"));
    lines.push(format!(
        "  câu hỏi, dòng / asked, rows    {} / {} ({} KiB)",
        counts.questions,
        counts.rows,
        counts.bytes.div_ceil(1024)
    ));
    lines.push(format!("  ms trung bình, lớn nhất / mean, max   {mean} / {}", counts.ms_max));
    lines.push(format!(
        "  đang hỏi, giới hạn / in flight, limit {} / {}   xuất / exports {}",
        counts.in_flight, status.at_once, counts.exports
    ));
    lines.push(format!(
        "  từ chối: bận, nghỉ / refused: busy, resting {} / {}   quá giờ / timed out {}   lỗi / failed {}   dùng lại / from cache {}",
        counts.busy, counts.resting, counts.timeouts, counts.failures, counts.cache_hits
    ));
    if let (Some(code), Some(ago)) = (&counts.last_failure, counts.last_failure_s) {
        lines.push(format!("  lỗi gần nhất / last failure    {code}, {ago} s trước / ago"));
    }
    if let Some(ago) = status.compared_s {
        lines.push(format!("  so sánh lần cuối / compared    {ago} s trước / ago"));
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use sources::load::Counts;

    #[test]
    fn the_table_says_how_each_source_is_in_both_languages() {
        let counts = Counts {
            questions: 4,
            ms_sum: 100,
            ms_max: 70,
            last_failure: Some("EX-3005".into()),
            last_failure_s: Some(9),
            ..Counts::default()
        };
        let works = ServiceStatus {
            service: "HOTICH/khai-sinh".into(),
            address: Some("postgres://doc@may/hotich".into()),
            state: State::Works,
            code: None,
            rests_s: None,
            at_once: 4,
            compared_at: Some(1),
            compared_s: Some(60),
            counts,
        };
        let closed = ServiceStatus {
            state: State::NotOpened,
            code: Some("EX-3017".into()),
            address: None,
            ..works.clone()
        };
        let text = table(&[works, closed]);
        for part in ["hoạt động / works", "25 / 70", "0 / 4", "EX-3005, 9 s", "60 s", "(EX-3017)"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
