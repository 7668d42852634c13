//! Style sheets, fonts and scripts, embedded in the binary; `cargo xtask assets` makes them.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::OnceLock;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;

use crate::Console;

/// What `cargo xtask assets` made; nothing when it did not run.
#[derive(RustEmbed)]
#[folder = "assets/dist"]
#[allow_missing = true]
pub struct Assets;

/// A file as it is sent.
struct Kept {
    media_type: &'static str,
    plain: Bytes,
    packed: Option<Bytes>,
}

impl Assets {
    /// Address of a file, which changes when the file does.
    pub fn address(name: &str) -> String {
        let digest = Self::get(name).map(|file| file.metadata.sha256_hash()).unwrap_or_default();
        format!("/tep/{name}?v={:08x}", u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
    }
}

/// The routes of files.
pub fn routes() -> Router<Console> {
    Router::new().route("/tep/{name}", get(file))
}

async fn file(State(_): State<Console>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(kept) = all().get(name.as_str()) else { return StatusCode::NOT_FOUND.into_response() };
    let takes_packed = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let packed = kept.packed.as_ref().filter(|_| takes_packed.is_some_and(|takes| takes.contains("gzip")));
    let mut response = packed.unwrap_or(&kept.plain).clone().into_response();
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(kept.media_type));
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if packed.is_some() {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn all() -> &'static HashMap<String, Kept> {
    static ALL: OnceLock<HashMap<String, Kept>> = OnceLock::new();
    ALL.get_or_init(|| {
        Assets::iter().filter_map(|name| keep(&name).map(|kept| (name.into_owned(), kept))).collect()
    })
}

fn keep(name: &str) -> Option<Kept> {
    let plain = Bytes::from(Assets::get(name)?.data.into_owned());
    let media_type = match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "woff2" => "font/woff2",
        _ => return None,
    };
    let packed = (media_type != "font/woff2").then(|| pack(&plain)).flatten();
    Some(Kept { media_type, plain, packed })
}

/// The same, as gzip.
pub fn pack(plain: &[u8]) -> Option<Bytes> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(plain).ok()?;
    packer.finish().ok().map(Bytes::from)
}
