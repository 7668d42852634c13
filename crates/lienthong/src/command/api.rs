//! A person's session at a node's API: signed in once, kept in a file between two commands as a browser keeps its cookie.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, StatusCode, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::file;
use crate::EXIT_CHECK_FAILED;

/// Longest wait for an answer.
const ANSWER_WAIT: Duration = Duration::from_mins(1);
/// Where most Linux systems keep the authorities that they trust.
const SYSTEM_CA: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Which session.
#[derive(clap::Args, Clone)]
pub struct SessionFile {
    /// Tệp giữ phiên đăng nhập, do `lienthong sign-in` tạo / file with the session, made by `lienthong sign-in`.
    #[arg(long, value_name = "FILE", default_value = "lienthong-session.json")]
    session: PathBuf,
}

/// Arguments of `sign-in`.
#[derive(clap::Args)]
pub struct SignIn {
    /// Tên đăng nhập / sign-in name.
    person: String,
    /// Địa chỉ API của nút / the API of the node: `https://HOST:PORT`, hoặc `http://127.0.0.1:PORT` trên máy của nút / on its own
    /// machine.
    #[arg(long)]
    api: String,
    /// Chứng thư gốc tin cậy cho https, PEM / authorities to trust for https, PEM.
    #[arg(long, value_name = "FILE", default_value = SYSTEM_CA)]
    ca: PathBuf,
    /// Tệp chứa mật khẩu; không có thì hỏi, không hiện chữ / file with the password; else it is asked for, unseen.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Sáu số của yếu tố thứ hai / six digits of the second factor.
    #[arg(long, default_value = "")]
    code: String,
    #[command(flatten)]
    kept: SessionFile,
}

/// A session as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    api: String,
    ca: PathBuf,
    person: String,
    token: String,
}

/// Signs somebody in and keeps the session.
///
/// # Errors
/// The node does not answer, or refuses.
pub async fn sign_in(args: SignIn) -> anyhow::Result<ExitCode> {
    let api = args.api.trim_end_matches('/');
    let api = api.strip_suffix(registry::api::ROOT).unwrap_or(api).to_owned();
    let ca = std::path::absolute(&args.ca)?;
    let caller = Caller::new(&api, &ca, None)?;
    let proof = json!({"id": args.person, "password": &*password(&args)?, "code": args.code});
    let answer = match caller.send(Method::POST, "/sessions", Content::Json(&proof), None).await? {
        Ok(answer) => answer,
        Err(refused) => return Ok(refused.print()),
    };
    let token = answer.json()?["token"].as_str().context("a session has a token")?.to_owned();
    let kept = Kept { api, ca, person: args.person, token };
    file::replace(&args.kept.session, &serde_json::to_vec_pretty(&kept)?, file::PRIVATE)?;
    println!(
        "{0} đã đăng nhập tại {1}; phiên hết sau 30 phút không dùng / is signed in at {1}; the session ends after 30 minutes without use",
        kept.person, kept.api
    );
    Ok(ExitCode::SUCCESS)
}

fn password(args: &SignIn) -> anyhow::Result<Zeroizing<String>> {
    let text = match &args.password_file {
        Some(path) => Zeroizing::new(
            std::fs::read_to_string(path)
                .with_context(|| format!("không đọc được / cannot read {}", path.display()))?,
        ),
        None => Zeroizing::new(rpassword::prompt_password(format!(
            "Mật khẩu của / password of {}: ",
            args.person
        ))?),
    };
    Ok(Zeroizing::new(text.trim_end_matches(['\n', '\r']).to_owned()))
}

/// Ends a session, at the node and here.
///
/// # Errors
/// There is none.
pub async fn sign_out(kept: SessionFile) -> anyhow::Result<ExitCode> {
    let caller = kept.open()?;
    let ended = caller.send(Method::DELETE, "/sessions", Content::Nothing, None).await;
    // Here it ends in any case.
    std::fs::remove_file(&kept.session)
        .with_context(|| format!("không xóa được / cannot remove {}", kept.session.display()))?;
    if let Err(refused) = ended? {
        return Ok(refused.print());
    }
    println!("đã đăng xuất / signed out");
    Ok(ExitCode::SUCCESS)
}

impl SessionFile {
    /// Somebody who is signed in.
    ///
    /// # Errors
    /// Nobody is, or the file is none of ours.
    pub fn open(&self) -> anyhow::Result<Caller> {
        let path = self.session.display();
        let bytes = std::fs::read(&self.session).with_context(|| {
            format!("{path}: chưa đăng nhập; dùng `lienthong sign-in` / nobody is signed in: use `lienthong sign-in`")
        })?;
        let kept: Kept = serde_json::from_slice(&bytes).with_context(|| {
            format!("{path}: không phải tệp phiên; dùng `lienthong sign-in` / not a session: use `lienthong sign-in`")
        })?;
        Caller::new(&kept.api, &kept.ca, Some(kept.token))
    }
}

/// Somebody who asks a node's API.
pub struct Caller {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    api: String,
    token: Option<String>,
}

/// What is sent.
pub enum Content<'a> {
    Nothing,
    Json(&'a Value),
    /// Bytes of a media type.
    Bytes(&'static str, Vec<u8>),
}

/// What a node answered.
pub struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
}

impl Answer {
    /// The answer as JSON.
    ///
    /// # Errors
    /// It is none: something else than a node answered.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| {
            "trả lời không phải JSON; địa chỉ có phải API của nút không? / the answer is not JSON: is this a node's API?"
        })
    }
}

/// A node refused, with a code and everything that is wrong.
pub struct Refused(Answer);

impl Refused {
    /// Says it, Vietnamese and English; gives the exit code.
    pub fn print(&self) -> ExitCode {
        let Refused(Answer { status, body }) = self;
        match serde_json::from_slice::<Value>(body) {
            Ok(problem) if problem["title"].is_string() => {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                eprintln!("{} {}", text(&problem["code"]), text(&problem["title"]));
                for error in problem["errors"].as_array().into_iter().flatten() {
                    let (place, vi, en) = (text(&error["place"]), text(&error["vi"]), text(&error["en"]));
                    eprintln!("  {place}: {vi} / {en}");
                }
            }
            _ => eprintln!("{status} {}", String::from_utf8_lossy(body)),
        }
        if *status == StatusCode::UNAUTHORIZED {
            eprintln!("`lienthong sign-in` bắt đầu phiên mới / begins a new session");
        }
        EXIT_CHECK_FAILED.into()
    }
}

impl Caller {
    /// Somebody with or without a session. `ca` is read for `https` only.
    ///
    /// # Errors
    /// The address is none, or the authorities cannot be read.
    pub fn new(api: &str, ca: &Path, token: Option<String>) -> anyhow::Result<Self> {
        let secure = api.starts_with("https://");
        ensure!(
            secure || api.starts_with("http://"),
            "{api}: cần dạng https://HOST:PORT / an address is https://HOST:PORT"
        );
        let mut roots = RootCertStore::empty();
        if secure {
            let read =
                || format!("không đọc được chứng thư gốc / cannot read authorities from {}", ca.display());
            for certificate in CertificateDer::pem_file_iter(ca).with_context(read)? {
                roots.add(certificate.with_context(read)?).with_context(read)?;
            }
        }
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, api: format!("{api}{}", registry::api::ROOT), token })
    }

    /// Asks for something; `key` makes asking twice the same as asking once.
    ///
    /// # Errors
    /// No node answers there.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        content: Content<'_>,
        key: Option<&str>,
    ) -> anyhow::Result<Result<Answer, Refused>> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.api));
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let (kind, bytes) = match content {
            Content::Nothing => (None, Vec::new()),
            Content::Json(value) => (Some("application/json"), serde_json::to_vec(value)?),
            Content::Bytes(kind, bytes) => (Some(kind), bytes),
        };
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let request = request.body(Full::new(bytes.into())).with_context(|| {
            "địa chỉ hoặc khóa có ký tự không hợp lệ / the address or key has characters that cannot be sent"
        })?;
        let asked = async {
            let response = self.client.request(request).await?;
            let status = response.status();
            let body = response.into_body().collect().await?.to_bytes();
            anyhow::Ok(Answer { status, body })
        };
        let answer = match tokio::time::timeout(ANSWER_WAIT, asked).await {
            Ok(answer) => answer.with_context(|| {
                format!("{}: nút không trả lời; nó có đang chạy không? / the node does not answer: is it running?", self.api)
            })?,
            Err(_) => bail!("{}: quá 60 giây không trả lời / no answer within 60 seconds", self.api),
        };
        Ok(if answer.status.is_success() { Ok(answer) } else { Err(Refused(answer)) })
    }
}
