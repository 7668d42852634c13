//! Forms of our own pages.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts as _, Request};

use crate::Console;
use crate::failure::Failure;
use crate::session::Visit;

/// Name of the member that proves that a form is ours.
const TOKEN: &str = "bieu-mau";
/// Longest form in bytes; files come another way.
pub const FORM_BYTES_MAX: usize = 256 * 1024;

/// What somebody filled in: names and values in their order, trimmed.
#[derive(Clone, Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The value with a name; empty when it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
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
        let too_large = |_| {
            Failure::field(
                "form",
                "biểu mẫu quá dài hoặc không đến đủ",
                "the form is too long or did not arrive whole",
            )
        };
        let bytes = Bytes::from_request(request, &()).await.map_err(too_large)?;
        let members: Vec<(String, String)> = serde_urlencoded::from_bytes(&bytes)
            .map_err(|_| Failure::field("form", "biểu mẫu không đọc được", "the form cannot be read"))?;
        let form = Self(members.into_iter().map(|(name, value)| (name, value.trim().to_owned())).collect());
        let right = visit.form_token();
        // The token is an HMAC under a key of this process: its comparison gives nothing away that could be used.
        if form.get(TOKEN) == right { Ok(form) } else { Err(Failure::foreign_form()) }
    }
}
