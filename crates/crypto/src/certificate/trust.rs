//! Whom we believe, and the check of a certificate against it.

use std::cmp::Reverse;
use std::time::Duration;

use base::Ts;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{
    ALL_VERIFICATION_ALGS, CertRevocationList, EndEntityCert, Error, ExpirationPolicy,
    ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage, RevocationOptions, RevocationOptionsBuilder,
    UnknownStatusPolicy, VerifiedPath, anchor_from_trusted_cert,
};

use super::{Certificate, CertificateError, Crl, Purpose};

/// Authorities that are believed, and what is needed to check what they issued.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Where every chain must end.
    pub authorities: Vec<Certificate>,
    /// Certificates that authorities issued to other issuers.
    pub intermediates: Vec<Certificate>,
    /// Revocation lists of any of them. A certificate whose issuer has none here is not checked for revocation.
    pub crls: Vec<Crl>,
}

impl Trust {
    /// The certificate chains to an authority, every certificate of the chain is valid at `at`, none was revoked by
    /// then, and it was issued for `purpose`.
    ///
    /// A revocation that came after `at` does not count, so that what was signed before it stays provable. Of several
    /// revocation lists of one issuer the newest is used.
    ///
    /// # Errors
    /// One for each of these, and [`CertificateError::CrlExpired`] when the issuer's newest list ended before `at`.
    pub fn check(&self, certificate: &Certificate, purpose: Purpose, at: Ts) -> Result<(), CertificateError> {
        certificate.check_period(at)?;
        certificate.check_usage(purpose)?;
        let anchors = self.anchors()?;
        let crls = self.lists_that_count(certificate, at);
        let crls: Vec<&CertRevocationList<'_>> = crls.iter().map(|crl| crl.entries()).collect();
        let intermediates: Vec<CertificateDer<'_>> =
            self.intermediates.iter().map(|issuer| CertificateDer::from(issuer.der())).collect();
        let der = CertificateDer::from(certificate.der());
        let leaf = EndEntityCert::try_from(&der).map_err(|error| self.reason(&error, certificate))?;
        let path = leaf
            .verify_for_usage(
                ALL_VERIFICATION_ALGS,
                &anchors,
                &intermediates,
                unix_time(at),
                Extended(purpose),
                revocation(&crls),
                None,
            )
            .map_err(|error| self.reason(&error, certificate))?;
        self.check_authority_period(&path, &anchors, at)
    }

    fn anchors(&self) -> Result<Vec<TrustAnchor<'static>>, CertificateError> {
        self.authorities
            .iter()
            .map(|authority| {
                anchor_from_trusted_cert(&CertificateDer::from(authority.der()))
                    .map(|anchor| anchor.to_owned())
                    .map_err(|error| {
                        CertificateError::Other(format!("authority {}: {error}", authority.subject()))
                    })
            })
            .collect()
    }

    /// The newest list of each issuer and scope, without those whose only word about the chain is too late to count.
    fn lists_that_count(&self, certificate: &Certificate, at: Ts) -> Vec<&Crl> {
        let scope = |crl: &Crl| {
            (crl.entries().issuer().to_vec(), crl.entries().issuing_distribution_point().map(<[u8]>::to_vec))
        };
        let chain = self.chain_of(certificate);
        let mut newest: Vec<&Crl> = self.crls.iter().collect();
        newest.sort_by_cached_key(|crl| (scope(crl), Reverse(crl.this_update())));
        newest.dedup_by_key(|crl| scope(crl));
        newest.retain(|crl| {
            let mut revoked = chain.iter().filter_map(|member| crl.revokes(member)).peekable();
            revoked.peek().is_none() || revoked.any(|since| since <= at)
        });
        newest
    }

    /// Everything that may stand in the chain below the authority, by the names of issuers.
    fn chain_of<'a>(&'a self, certificate: &'a Certificate) -> Vec<&'a Certificate> {
        let mut chain = vec![certificate];
        let mut reached = 0;
        while let Some(member) = chain.get(reached).copied() {
            for issuer in &self.intermediates {
                if issuer.0.subject_name == member.0.issuer_name && !chain.contains(&issuer) {
                    chain.push(issuer);
                }
            }
            reached += 1;
        }
        chain
    }

    /// rustls-webpki takes an authority as a name and a key, so its own period is checked here.
    fn check_authority_period(
        &self,
        path: &VerifiedPath<'_>,
        anchors: &[TrustAnchor<'_>],
        at: Ts,
    ) -> Result<(), CertificateError> {
        let mut outcome = Err(CertificateError::UnknownAuthority);
        for (authority, anchor) in self.authorities.iter().zip(anchors) {
            if anchor == path.anchor() {
                outcome = authority.check_period(at);
                // An authority may have renewed its certificate with the same key: one valid is enough.
                if outcome.is_ok() {
                    break;
                }
            }
        }
        outcome
    }

    fn reason(&self, error: &Error, certificate: &Certificate) -> CertificateError {
        match error {
            Error::CertNotValidYet { not_before, .. } => {
                CertificateError::NotYetValid { from: moment(*not_before) }
            }
            Error::CertExpired { not_after, .. } => CertificateError::Expired { since: moment(*not_after) },
            Error::CertRevoked => CertificateError::Revoked { since: self.revoked_since(certificate) },
            Error::CrlExpired { next_update, .. } => {
                CertificateError::CrlExpired { since: moment(*next_update) }
            }
            Error::UnknownIssuer => CertificateError::UnknownAuthority,
            Error::InvalidSignatureForPublicKey | Error::SignatureAlgorithmMismatch => {
                CertificateError::BadSignature
            }
            Error::RequiredEkuNotFoundContext(_)
            | Error::EmptyEkuExtension
            | Error::CaUsedAsEndEntity
            | Error::EndEntityUsedAsCa => CertificateError::WrongPurpose,
            Error::BadDer | Error::BadDerTime | Error::TrailingData(_) => {
                CertificateError::Malformed(error.to_string())
            }
            Error::InvalidCrlSignatureForPublicKey => {
                CertificateError::Other("the issuer's key did not sign its revocation list".into())
            }
            other => CertificateError::Other(other.to_string()),
        }
    }

    fn revoked_since(&self, certificate: &Certificate) -> Ts {
        let chain = self.chain_of(certificate);
        let words = self.crls.iter().flat_map(|crl| chain.iter().filter_map(|member| crl.revokes(member)));
        // The check that said "revoked" read the same lists; the end of validity only stands in for the impossible.
        words.min().unwrap_or(certificate.not_after())
    }
}

fn revocation<'a>(crls: &'a [&'a CertRevocationList<'a>]) -> Option<RevocationOptions<'a>> {
    let options = RevocationOptionsBuilder::new(crls).ok()?;
    Some(
        options
            .with_status_policy(UnknownStatusPolicy::Allow)
            .with_expiration_policy(ExpirationPolicy::Enforce)
            .build(),
    )
}

/// The extended key usages that a chain must allow; issuers need not name any.
struct Extended(Purpose);

impl ExtendedKeyUsageValidator for Extended {
    fn validate(&self, usages: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        match self.0 {
            // Decided from the certificate itself: authorities name signing in many ways.
            Purpose::Sign => Ok(()),
            Purpose::TlsServer => KeyUsage::server_auth().validate(usages),
            Purpose::TlsClient => KeyUsage::client_auth().validate(usages),
        }
    }
}

fn unix_time(at: Ts) -> UnixTime {
    // Nothing of ours lies before 1970.
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(at.secs()).unwrap_or(0)))
}

pub(super) fn moment(time: UnixTime) -> Ts {
    Ts::from_secs(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}
