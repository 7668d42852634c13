//! Time-stamps of an outside authority (RFC 3161): asking for one, and checking one.
//!
//! A thin wrapper of `tsp-ltv`, which brings the encodings and the cryptography; the network is ours (see [`Limits`]).

mod outline;
#[cfg(test)]
mod tests;

use base::Ts;
use tsp_ltv::crypto::algorithm::DigestAlgorithm;
use tsp_ltv::error::TspError;
use tsp_ltv::trust::TrustStore;
use tsp_ltv::tsp::{
    TstInfo, build_timestamp_request, extract_tst_info, generate_nonce, parse_timestamp_response,
    validate_timestamp_response, verify_timestamp_token,
};

use crate::certificate::Certificate;
use crate::hash::Digest;
use crate::post::post;

pub use crate::post::{Limits, PostError};

/// Largest token that is read, in bytes. Real ones have 2 to 8 KiB.
pub const TOKEN_BYTES_MAX: usize = 64 * 1024;

/// A time-stamp that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// The moment before which the stamped digest existed.
    pub at: Ts,
    /// Subject of the trusted certificate that the time-stamp was checked against.
    pub authority: String,
}

/// Why there is no time-stamp, or why it proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum TimestampError {
    /// The authority could not be asked.
    #[error(transparent)]
    Post(#[from] PostError),
    /// The authority answered that it makes no time-stamp, or gave one for another question.
    #[error("the time-stamping authority gave no usable time-stamp: {0}")]
    Refused(String),
    /// The bytes are not a time-stamp token.
    #[error("malformed time-stamp: {0}")]
    Malformed(String),
    /// It stamps something else.
    #[error("the time-stamp is over another digest")]
    WrongDigest,
    /// The signature does not fit, or its certificate is not one for time-stamping or not valid at that time.
    #[error("the time-stamp's signature is not good: {0}")]
    BadSignature(String),
    /// Well signed, but by nobody that is trusted here.
    #[error("the time-stamp is not from a trusted authority: {0}")]
    UnknownAuthority(String),
}

/// Asks the authority at `url` to stamp `digest`; gives the DER of the token.
///
/// The token answers this question (nonce and digest) and is well signed. Whether its signer is trusted is for
/// [`verify`] to say.
///
/// # Errors
/// No answer within `limits`, a refusal, or an answer to something else.
pub async fn request(url: &str, digest: &Digest, limits: Limits) -> Result<Vec<u8>, TimestampError> {
    let refused = |error: TspError| TimestampError::Refused(error.to_string());
    let nonce = generate_nonce().map_err(|error| TimestampError::Refused(error.to_string()))?;
    let question =
        build_timestamp_request(DigestAlgorithm::Sha256, digest, None, Some(nonce), true).map_err(refused)?;
    let answer = post(url, "application/timestamp-query", question, limits).await?;
    let answer = parse_timestamp_response(&answer).map_err(refused)?;
    validate_timestamp_response(&answer, digest, Some(nonce), DigestAlgorithm::Sha256, &[]).map_err(refused)
}

/// The token stamps `digest` and comes from one of `tsa_roots`.
///
/// A root is the certificate of an authority that issued the token's signer, directly or through certificates inside
/// the token; or the signer itself when it is self-signed. Certificates are judged at the moment of the time-stamp.
/// Tokens with fractions of a second are refused by the library underneath.
///
/// # Errors
/// Malformed, over another digest, badly signed, or signed by nobody of `tsa_roots`.
pub fn verify(token: &[u8], digest: &Digest, tsa_roots: &[Certificate]) -> Result<Stamped, TimestampError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(TimestampError::Malformed(format!("more than {TOKEN_BYTES_MAX} bytes")));
    }
    let claim = extract_tst_info(token).map_err(|error| TimestampError::Malformed(error.to_string()))?;
    if claim.hash_algorithm != DigestAlgorithm::Sha256 || claim.message_hash != digest {
        return Err(TimestampError::WrongDigest);
    }
    check(token, digest, None).map_err(|error| TimestampError::BadSignature(error.to_string()))?;
    outline::is_regular(token).ok_or_else(|| TimestampError::Malformed("irregular SignedData".into()))?;
    let mut reason = "none is configured".to_owned();
    for root in tsa_roots {
        let mut store = TrustStore::new();
        if let Err(error) = store.add_der_certificate(root.der()) {
            reason = error.to_string();
            continue;
        }
        match check(token, digest, Some(&store)) {
            Ok(info) => return Ok(Stamped { at: moment(&info)?, authority: root.subject().to_owned() }),
            Err(error) => reason = error.to_string(),
        }
    }
    Err(TimestampError::UnknownAuthority(reason))
}

fn check(token: &[u8], digest: &Digest, store: Option<&TrustStore>) -> Result<TstInfo, TspError> {
    verify_timestamp_token(token, digest, DigestAlgorithm::Sha256, None, store, None, &[])
}

/// `genTime` is `YYYYMMDDhhmmssZ`; the library has already refused every other form of `GeneralizedTime`.
fn moment(info: &TstInfo) -> Result<Ts, TimestampError> {
    let malformed = || TimestampError::Malformed("genTime".into());
    let text = std::str::from_utf8(&info.gen_time_der).map_err(|_| malformed())?;
    let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%SZ", text).map_err(|_| malformed())?;
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| malformed())?;
    Ok(Ts(zoned.timestamp().as_microsecond()))
}
