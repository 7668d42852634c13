//! `lienthong call`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use base::{PartyId, ServiceId};
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::EXIT_CHECK_FAILED;
use crate::config::Config;

/// Arguments of `call`.
#[derive(clap::Args)]
pub struct Args {
    /// Dịch vụ rồi đường dẫn / service and path: MÔI-TRƯỜNG/LOẠI/THÀNH-VIÊN/HỆ-THỐNG/DỊCH-VỤ/đường/dẫn?truy=vấn.
    target: String,
    /// Tệp cấu hình của nút mình / your node's configuration file.
    #[arg(long, default_value = "lienthong.toml")]
    config: PathBuf,
    /// Bên khai thác; mặc định là hệ thống duy nhất trong cấu hình / the client; default: the only subsystem configured.
    #[arg(long)]
    client: Option<PartyId>,
    /// Phương thức HTTP / method.
    #[arg(short = 'X', long, default_value = "GET")]
    method: Method,
    /// Nội dung gửi đi, hoặc @TỆP / body, or @FILE.
    #[arg(short, long)]
    data: Option<String>,
    /// Tiêu đề «Tên: giá trị», nhiều lần được / header "Name: value", repeatable.
    #[arg(short = 'H', long)]
    header: Vec<String>,
    /// X-Road-Id.
    #[arg(long)]
    id: Option<String>,
    /// Mục đích khai thác / purpose.
    #[arg(long)]
    purpose: Option<String>,
    /// In cả tiêu đề trả lời / print the answer's headers too.
    #[arg(short, long)]
    include: bool,
}

/// Asks through the node's plain listener; exit code 1 when the answer is an error.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.config)?;
    let address = config.listen.systems_plain.with_context(|| {
        "`call` dùng cổng HTTP nội bộ; thêm systems_plain vào [listen] / `call` uses the plain listener: add systems_plain to [listen]"
    })?;
    let request = request(&args, &config, &format!("http://{address}"))?;
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<bytes::Bytes>>();
    let response = client.request(request).await.with_context(|| format!("nút không trả lời tại {address}; nó có đang chạy không? / the node does not answer at {address}; is it running?"))?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    if args.include {
        println!("{} {}", parts.status.as_u16(), parts.status.canonical_reason().unwrap_or(""));
        parts
            .headers
            .iter()
            .for_each(|(name, value)| println!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
        println!();
    }
    std::io::Write::write_all(&mut std::io::stdout(), &body)?;
    println!();
    Ok(if parts.status.is_success() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_CHECK_FAILED) })
}

fn request(args: &Args, config: &Config, base: &str) -> anyhow::Result<Request<Full<bytes::Bytes>>> {
    let target = args.target.trim_start_matches('/');
    let path = target.strip_prefix("r1/").unwrap_or(target);
    let service: String =
        path.split(['?']).next().unwrap_or(path).splitn(6, '/').take(5).collect::<Vec<_>>().join("/");
    ServiceId::decode(&service).with_context(|| format!("dịch vụ / service {service:?}"))?;
    let client = match &args.client {
        Some(client) => client.clone(),
        None => only_party(config)?,
    };
    let body = match args.data.as_deref() {
        None => bytes::Bytes::new(),
        Some(data) => match data.strip_prefix('@') {
            Some(file) => {
                std::fs::read(file).with_context(|| format!("không đọc được / cannot read {file}"))?.into()
            }
            None => data.to_owned().into(),
        },
    };
    let mut request = Request::builder()
        .method(args.method.clone())
        .uri(format!("{base}/r1/{path}"))
        .header("X-Road-Client", client.encoded());
    for (name, value) in [("X-Road-Id", &args.id), ("Lienthong-Purpose", &args.purpose)] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    for header in &args.header {
        let (name, value) = header
            .split_once(':')
            .with_context(|| format!("-H {header:?}: cần dạng «Tên: giá trị» / expected \"Name: value\""))?;
        request = request.header(name.trim(), value.trim());
    }
    request.body(Full::new(body)).with_context(|| "yêu cầu không hợp lệ / not a valid request")
}

fn only_party(config: &Config) -> anyhow::Result<PartyId> {
    let parties: Vec<&PartyId> = config.rights.parties().collect();
    match parties[..] {
        [one] => Ok(one.clone()),
        _ => bail!(
            "cấu hình có {0} hệ thống; chọn bằng --client / the configuration has {0} subsystems; choose with --client",
            parties.len()
        ),
    }
}
