//! Asking an issuer whether a certificate is still good (OCSP, RFC 6960).
//!
//! A thin wrapper of `tsp-ltv`, with a stricter reading of the answer: it speaks of exactly the one certificate, it is
//! not from the future, and nobody but the issuer's own key, or a responder that this key appointed, has signed it.

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use base::Ts;
use tsp_ltv::crypto::verify::SignaturePolicy;
use tsp_ltv::error::LtvError;
use tsp_ltv::ltv::{
    CertStatus, OcspFreshness, ParsedBasicOcspResponse, ValidationStatus, build_ocsp_request_with_nonce,
    ocsp_check_revocation_detailed, parse_ocsp_response,
};
use tsp_ltv::trust::TrustStore;

use crate::certificate::Certificate;
use crate::post::{Limits, PostError, post};

/// How far the responder's clock may be ahead of ours.
const CLOCK_SKEW_SECS: i64 = 300;

/// 9999-12-31T23:59:59Z, the last moment that an answer can write.
const LAST_SECOND: u64 = 253_402_300_799;

/// What the issuer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcspStatus {
    /// Not revoked.
    Good {
        /// When there will be news; absent when the responder always knows the newest.
        next_update: Option<Ts>,
    },
    /// Revoked.
    Revoked {
        /// From when on it must not be believed.
        since: Ts,
    },
    /// The responder does not know the certificate.
    Unknown,
}

/// Why there is no status.
#[derive(Debug, thiserror::Error)]
pub enum OcspError {
    /// The responder could not be asked.
    #[error(transparent)]
    Post(#[from] PostError),
    /// One of the two certificates cannot be asked about.
    #[error("cannot ask about this certificate: {0}")]
    Certificate(String),
    /// The responder gives no status now.
    #[error("the OCSP responder gave no status: {0}")]
    Refused(String),
    /// The answer is not signed by the issuer or its responder, or is too old, or not about this certificate.
    #[error("the OCSP answer cannot be believed: {0}")]
    Unbelievable(String),
}

/// Asks the responder at `url` about `certificate`, which `issuer` issued.
///
/// A responder's certificate without `id-pkix-ocsp-nocheck` is refused: nobody could say whether it was revoked. Use
/// the issuer's revocation list then.
///
/// # Errors
/// No answer within the default [`Limits`], or one that cannot be believed at `now`.
pub async fn check(
    certificate: &Certificate,
    issuer: &Certificate,
    url: &str,
    now: Ts,
) -> Result<OcspStatus, OcspError> {
    let pair = Pair::new(certificate, issuer)?;
    let (question, nonce) = pair.question()?;
    let answer = post(url, "application/ocsp-request", question, Limits::default()).await?;
    pair.read(&answer, Some(&nonce), now)
}

/// Certificate and issuer in the form of `tsp-ltv`, whose trust store is the way to make that form from DER.
struct Pair {
    certificate: TrustStore,
    issuer: TrustStore,
}

/// Gives the certificate inside a store of one.
macro_rules! only {
    ($store:expr) => {
        $store.certificates().next().ok_or_else(|| OcspError::Certificate("not read".into()))?
    };
}

impl Pair {
    fn new(certificate: &Certificate, issuer: &Certificate) -> Result<Self, OcspError> {
        Ok(Self { certificate: store_of(certificate.der())?, issuer: store_of(issuer.der())? })
    }

    fn question(&self) -> Result<(Vec<u8>, Vec<u8>), OcspError> {
        build_ocsp_request_with_nonce(only!(self.certificate), only!(self.issuer))
            .map_err(|error| OcspError::Certificate(error.to_string()))
    }

    fn read(&self, answer: &[u8], nonce: Option<&[u8]>, now: Ts) -> Result<OcspStatus, OcspError> {
        let unbelievable = |reason: &str| OcspError::Unbelievable(reason.to_owned());
        let parsed = parse_ocsp_response(answer).map_err(|error| reason(&error))?;
        self.refuse_namesakes(&parsed)?;
        let [single] = parsed.responses.as_slice() else {
            return Err(unbelievable("it does not speak of exactly one certificate"));
        };
        let time = SystemTime::UNIX_EPOCH
            + Duration::from_secs(u64::try_from(now.secs()).unwrap_or(0).min(LAST_SECOND));
        if Ts::from_secs(single.this_update.timestamp()) > now.plus_secs(CLOCK_SKEW_SECS) {
            return Err(unbelievable("it is from the future"));
        }
        let outcome = ocsp_check_revocation_detailed(
            answer,
            only!(self.certificate),
            only!(self.issuer),
            nonce,
            Some(time.into()),
            &SignaturePolicy::default(),
            &OcspFreshness::default(),
        )
        .map_err(|error| reason(&error))?;
        if outcome.delegated_responder.is_some() {
            return Err(unbelievable("whether the responder's own certificate was revoked cannot be known"));
        }
        // The detailed check says that answer and question agree; the status itself is in the one entry.
        match (&outcome.status, &single.cert_status) {
            (ValidationStatus::Unknown { .. }, CertStatus::Unknown) => Ok(OcspStatus::Unknown),
            (ValidationStatus::Valid { .. }, CertStatus::Good) => {
                let next_update = single.next_update.map(|time| Ts::from_secs(time.timestamp()));
                Ok(OcspStatus::Good { next_update })
            }
            (
                ValidationStatus::Valid { .. } | ValidationStatus::Revoked { .. },
                CertStatus::Revoked { revocation_time, .. },
            ) => Ok(OcspStatus::Revoked { since: Ts::from_secs(revocation_time.timestamp()) }),
            _ => Err(unbelievable("it is about another certificate")),
        }
    }

    /// `tsp-ltv` takes a signer for the issuer when the names are equal. A stranger can put a certificate with the
    /// issuer's name and his own key into the answer, so such a one is refused here.
    fn refuse_namesakes(&self, parsed: &ParsedBasicOcspResponse) -> Result<(), OcspError> {
        let issuer = &only!(self.issuer).tbs_certificate;
        for der in &parsed.embedded_certs_der {
            let store = store_of(der)
                .map_err(|_| OcspError::Unbelievable("it holds a malformed certificate".into()))?;
            let embedded = &only!(store).tbs_certificate;
            if embedded.subject == issuer.subject
                && embedded.subject_public_key_info != issuer.subject_public_key_info
            {
                return Err(OcspError::Unbelievable("it holds another key under the issuer's name".into()));
            }
        }
        Ok(())
    }
}

fn store_of(der: &[u8]) -> Result<TrustStore, OcspError> {
    let mut store = TrustStore::new();
    store.add_der_certificate(der).map_err(|error| OcspError::Certificate(error.to_string()))?;
    Ok(store)
}

fn reason(error: &LtvError) -> OcspError {
    match error {
        LtvError::OcspResponderStatus(status) => OcspError::Refused(status.clone()),
        other => OcspError::Unbelievable(other.to_string()),
    }
}
