//! Asks authorities whether certificates are still good (OCSP), away from the path of calls.

use std::sync::Arc;
use std::time::Duration;

use base::Clock;
use crypto::certificate::Certificate;
use crypto::ocsp::{self, OcspStatus};
use directory::snapshot::Snapshot;

use crate::standing::{OcspAnswer, Standing};
use crate::tls::DirectoryWatch;

/// Certificates asked about in one round; a larger directory is covered by revocation lists.
const ROUND_MAX: usize = 2000;

/// Asks about every certificate of the directory whose authority has a responder, each `every`, forever.
pub async fn run(
    mut directory: DirectoryWatch,
    standing: Arc<Standing>,
    clock: Arc<dyn Clock>,
    every: Duration,
) {
    loop {
        let snapshot = directory.borrow_and_update().clone();
        if let Some(snapshot) = snapshot {
            round(&snapshot, &standing, &*clock).await;
        }
        // A new directory may name new certificates: ask at once.
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            changed = directory.changed() => if changed.is_err() { return },
        }
    }
}

async fn round(snapshot: &Snapshot, standing: &Standing, clock: &dyn Clock) {
    for (certificate, issuer, url) in questions(snapshot) {
        let now = clock.now();
        let revoked = match ocsp::check(&certificate, &issuer, &url, now).await {
            Ok(OcspStatus::Good { .. } | OcspStatus::Unknown) => None,
            Ok(OcspStatus::Revoked { since }) => {
                tracing::warn!(certificate = ?certificate, %since, "revoked according to its authority (EX-0411)");
                Some(since)
            }
            Err(error) => {
                // Revocation lists still count; an authority that is away must not stop the exchange.
                tracing::warn!(certificate = ?certificate, %error, "no OCSP answer");
                continue;
            }
        };
        standing.ocsp_says(&certificate, OcspAnswer { revoked, at: now });
    }
}

fn questions(snapshot: &Snapshot) -> Vec<(Certificate, Certificate, String)> {
    let content = snapshot.content();
    let signing = content.members.iter().flat_map(|m| &m.signing_certificates);
    let tls = content.nodes.iter().flat_map(|n| &n.tls_certificates);
    let issuers: Vec<(&Certificate, &String)> = content
        .authorities
        .iter()
        .filter_map(|a| Some((a, a.ocsp_url.as_ref()?)))
        .flat_map(|(a, url)| std::iter::once(&a.certificate).chain(&a.intermediates).map(move |c| (c, url)))
        .collect();
    let with_issuer = signing.chain(tls).filter_map(|certificate| {
        let (issuer, url) = issuers.iter().find(|(issuer, _)| issuer.subject() == certificate.issuer())?;
        Some((certificate.clone(), (*issuer).clone(), (*url).clone()))
    });
    with_issuer.take(ROUND_MAX).collect()
}
