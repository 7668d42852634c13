//! Forms of our own pages.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts as _, Request};
use axum::routing::MethodRouter;
use http::StatusCode;

use crate::Console;
use crate::failure::Failure;
use crate::session::Visit;

/// Name of the member that proves that a form is ours.
const TOKEN: &str = "bieu-mau";
/// Longest form in bytes; files come another way.
pub const FORM_BYTES_MAX: usize = 256 * 1024;
/// How long a form may take to arrive: who is slower holds a place that others need.
const ARRIVES: Duration = Duration::from_secs(30);
/// Largest file of a form in bytes (20 MiB), as the API takes it.
const FILE_BYTES_MAX: usize = 20 << 20;
/// Name of the member that is the file; where there are several, names begin with it.
const FILE: &str = "tep";

/// What somebody filled in: names and values in their order, trimmed.
#[derive(Clone, Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The value with a name; empty when it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// Whether there is a member with this name, be it empty.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| found == name)
    }

    /// All values with a name that are not empty.
    pub fn all(&self, name: &str) -> Vec<String> {
        let of = |(found, value): &&(String, String)| found == name && !value.is_empty();
        self.0.iter().filter(of).map(|(_, value)| value.clone()).collect()
    }

    /// The version of what is changed, as the page showed it.
    pub fn version(&self) -> Option<i64> {
        self.get("phien-ban").parse().ok()
    }

    /// The key by which the form counts once.
    pub fn key(&self) -> &str {
        self.get("khoa")
    }

    /// A form that was filled in here.
    pub fn from(members: Vec<(String, String)>) -> Self {
        Self(members)
    }

    /// A form with these members.
    #[cfg(test)]
    pub fn of(members: &[(&str, &str)]) -> Self {
        Self(members.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }
}

/// A new key for a form.
pub fn new_key() -> String {
    crypto::b64::encode(&crypto::hash::random::<16>())
}

impl FromRequest<Console> for Form {
    type Rejection = Failure;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, console).await?;
        let request = Request::from_parts(parts, body);
        let too_large = || {
            Failure::field(
                "form",
                "biểu mẫu quá dài hoặc không đến đủ",
                "the form is too long or did not arrive whole",
            )
        };
        let bytes = tokio::time::timeout(ARRIVES, Bytes::from_request(request, &())).await;
        let bytes = bytes.ok().and_then(Result::ok).ok_or_else(too_large)?;
        let members: Vec<(String, String)> = serde_urlencoded::from_bytes(&bytes)
            .map_err(|_| Failure::field("form", "biểu mẫu không đọc được", "the form cannot be read"))?;
        let form = Self(members.into_iter().map(|(name, value)| (name, value.trim().to_owned())).collect());
        form.ours(&visit)
    }
}

impl Form {
    /// The form, if it comes from a page of this session.
    fn ours(self, visit: &Visit) -> Result<Self, Failure> {
        // The token is an HMAC under a key of this process: its comparison gives nothing away that could be used.
        if self.get(TOKEN) == visit.form_token() { Ok(self) } else { Err(Failure::foreign_form()) }
    }
}

/// A form with a file, which stands last in it: what stands before is read even when the file is too large.
pub struct FileForm {
    /// What somebody filled in.
    pub form: Form,
    /// The file; none when nobody chose one.
    pub file: Result<Option<File>, Failure>,
}

/// A form with files, each behind what is said of it. Together they are no larger than one alone may be.
pub struct FilesForm {
    /// What somebody filled in.
    pub form: Form,
    /// The files that somebody chose.
    pub files: Result<Vec<File>, Failure>,
}

/// A file that somebody chose.
pub struct File {
    /// Name of the member.
    pub field: String,
    /// Its name, without a path.
    pub name: String,
    /// What it is, by the end of its name: browsers guess by that, too.
    pub media_type: &'static str,
    /// Its content.
    pub bytes: Bytes,
}

/// A route whose forms carry a file.
pub fn with_file(route: MethodRouter<Console>) -> MethodRouter<Console> {
    route.layer(DefaultBodyLimit::max(FILE_BYTES_MAX + FORM_BYTES_MAX))
}

impl FromRequest<Console> for FileForm {
    type Rejection = Failure;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Failure> {
        let FilesForm { form, files } = FilesForm::from_request(request, console).await?;
        Ok(Self { form, file: files.map(|files| files.into_iter().next()) })
    }
}

impl FromRequest<Console> for FilesForm {
    type Rejection = Failure;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, console).await?;
        let request = Request::from_parts(parts, body);
        let mut members = Multipart::from_request(request, &()).await.map_err(|_| Failure::foreign_form())?;
        let (mut form, mut files) = (Form::default(), Vec::new());
        let files = read(&mut members, &mut form, &mut files).await.map(|()| files);
        Ok(Self { form: form.ours(&visit)?, files })
    }
}

async fn read(members: &mut Multipart, form: &mut Form, files: &mut Vec<File>) -> Result<(), Failure> {
    let unread = |error: MultipartError| unread(FILE, &error);
    while let Some(member) = members.next_field().await.map_err(unread)? {
        let field = member.name().unwrap_or_default().to_owned();
        if field.split('-').next() != Some(FILE) {
            let text = member.text().await.map_err(unread)?;
            form.0.push((field, text.trim().to_owned()));
            continue;
        }
        let called = member.file_name().unwrap_or_default();
        let name = called.rsplit(['/', '\\']).next().unwrap_or_default().trim().to_owned();
        let bytes = member.bytes().await.map_err(|error| self::unread(&field, &error))?;
        if bytes.len() > FILE_BYTES_MAX {
            return Err(too_large(&field));
        }
        if !name.is_empty() && !bytes.is_empty() {
            files.push(File { field, media_type: media_type(&name), name, bytes });
        }
    }
    Ok(())
}

fn unread(field: &str, error: &MultipartError) -> Failure {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large(field);
    }
    Failure::field(field, "Tệp không đến đủ. Hãy gửi lại.", "The file did not arrive whole. Send it again.")
}

fn too_large(field: &str) -> Failure {
    let vi =
        "Tệp, hoặc các tệp gửi cùng một lần, lớn hơn 20 MB. Hãy giảm dung lượng, tách tệp hoặc gửi từng tệp.";
    let en = "The file, or all that were sent at once, are larger than 20 MB. Make them smaller, split them, or send one at a time.";
    Failure { status: StatusCode::PAYLOAD_TOO_LARGE, ..Failure::field(field, vi, en) }
}

fn media_type(name: &str) -> &'static str {
    let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
    match end.as_str() {
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "tif" | "tiff" => "image/tiff",
        "txt" => "text/plain",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "application/octet-stream",
    }
}
