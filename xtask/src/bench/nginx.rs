//! The peer: what a user would put between two networks instead. Two nginx with mutual TLS 1.3 between them,
//! connections kept everywhere, no signatures, no log.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};
use rustix::process::Signal;

use super::http::{self, Url};
use crate::children::{RunAs, Running};
use crate::ports;

/// How long nginx may take to start.
const START_SECONDS_MAX: u64 = 10;

/// Both nginx, each with two workers.
pub struct Nginx {
    pub consumer_side: Running,
    pub provider_side: Running,
    pub url: Url,
}

impl Nginx {
    /// Makes keys and certificates in `folder` and starts both sides before `backend`.
    pub fn start(folder: &Path, backend: &Url) -> Result<Self> {
        fs::create_dir_all(folder)?;
        make_certificates(folder)?;
        let (inner, outer) = (ports::free()?, ports::free()?);
        let provider_side = start(folder, "provider", &provider_server(inner, backend))?;
        let mut consumer_side = start(folder, "consumer", &consumer_server(outer, inner))?;
        let url = Url::parse(&format!("http://127.0.0.1:{outer}/"))?;
        consumer_side.wait_until(START_SECONDS_MAX, || matches!(http::get(&url), Ok((200, _))))?;
        Ok(Self { consumer_side, provider_side, url })
    }
}

fn start(folder: &Path, side: &str, server: &str) -> Result<Running> {
    fs::create_dir_all(folder.join(side))?; // For its temporary files.
    // Beside the certificates, because nginx takes their names from where this file is.
    let configuration = folder.join(format!("{side}.conf"));
    fs::write(&configuration, configuration_text(side, server))?;
    let mut command = RunAs::Myself.command(Path::new("nginx"));
    command.arg("-p").arg(folder).arg("-c").arg(&configuration);
    command.args(["-e", "error.log"]).stdout(Stdio::null());
    Running::start(&format!("nginx ({side} side)"), command, Signal::TERM)
}

fn configuration_text(side: &str, server: &str) -> String {
    // Root may have started us: the workers then need a user who may write the temporary files.
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    format!(
        "{user}
daemon off;
worker_processes 2;
pid {side}/nginx.pid;
error_log error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 100000000;
    client_max_body_size 0;
    client_body_temp_path {side}/body;
    proxy_temp_path {side}/proxy;
    fastcgi_temp_path {side}/fastcgi;
    uwsgi_temp_path {side}/uwsgi;
    scgi_temp_path {side}/scgi;
    proxy_http_version 1.1;
    proxy_set_header Connection \"\";
{server}}}
"
    )
}

fn provider_server(port: u16, backend: &Url) -> String {
    format!(
        "    upstream service {{ server {}; keepalive 64; keepalive_requests 100000000; }}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_protocols TLSv1.3;
        ssl_certificate provider.pem;
        ssl_certificate_key provider.key;
        ssl_client_certificate ca.pem;
        ssl_verify_client on;
        location / {{ proxy_pass http://service; }}
    }}
",
        backend.address
    )
}

fn consumer_server(port: u16, provider_port: u16) -> String {
    format!(
        "    upstream peer {{ server 127.0.0.1:{provider_port}; keepalive 64; keepalive_requests 100000000; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass https://peer;
            proxy_ssl_protocols TLSv1.3;
            proxy_ssl_certificate consumer.pem;
            proxy_ssl_certificate_key consumer.key;
            proxy_ssl_trusted_certificate ca.pem;
            proxy_ssl_verify on;
            proxy_ssl_name provider;
            proxy_ssl_session_reuse on;
        }}
    }}
"
    )
}

/// An authority and a certificate for each side, P-256 as the nodes have.
fn make_certificates(folder: &Path) -> Result<()> {
    let new_key = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl(
        folder,
        &new_key,
        &["-x509", "-days", "2", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem"],
    )?;
    for side in ["consumer", "provider"] {
        let (key, request, certificate) =
            (format!("{side}.key"), format!("{side}.csr"), format!("{side}.pem"));
        let (subject, names) = (format!("/CN={side}"), format!("subjectAltName=DNS:{side}"));
        openssl(
            folder,
            &new_key,
            &["-subj", &subject, "-addext", &names, "-keyout", &key, "-out", &request],
        )?;
        let authority =
            ["x509", "-req", "-days", "2", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
        openssl(folder, &authority, &["-copy_extensions", "copy", "-in", &request, "-out", &certificate])?;
    }
    Ok(())
}

fn openssl(folder: &Path, arguments: &[&str], more: &[&str]) -> Result<()> {
    let output = Command::new("openssl").args(arguments).args(more).current_dir(folder).output()?;
    ensure!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
