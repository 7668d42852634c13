//! Checks a received message against what was signed: signer, signature, commitments.

use base::{MemberId, Ts};
use crypto::certificate::Purpose;
use crypto::commitment::commit_head;
use directory::snapshot::Snapshot;
use evidence::record::SignedHead;

use crate::body::Spooled;
use crate::error::Reason;
use crate::gateway::Gateway;
use crate::standing::short;
use crate::wire::peer::Sealed;

/// Checks that `sealed` is signed by `member` with a certificate in force.
///
/// # Errors
/// Unknown or invalid certificate, another member's, or a signature that does not verify.
pub fn signature(
    gw: &Gateway,
    directory: &Snapshot,
    sealed: &Sealed,
    member: &MemberId,
    now: Ts,
) -> Result<SignedHead, Reason> {
    let mut name = [0; 32];
    hex_into(&sealed.params.keyid, &mut name).ok_or(Reason::SigningCertificate("unknown"))?;
    let (owner, certificate) =
        directory.signing_certificate(&name).ok_or(Reason::SigningCertificate("unknown"))?;
    if owner != member {
        return Err(Reason::SigningCertificate("of another member"));
    }
    // Evidence is verified without the directory, by the member that the certificate itself names.
    if certificate.subject_serial_number() != Some(member.text().as_str()) {
        return Err(Reason::SigningCertificate("its serialNumber is not the member"));
    }
    gw.standing.check(directory, certificate, Purpose::Sign, now).map_err(|error| {
        tracing::warn!(member = %member, %error, "signing certificate refused (EX-0411)");
        Reason::SigningCertificate(short(&error))
    })?;
    let key = certificate.public_key().map_err(|_| Reason::SigningCertificate("malformed"))?;
    gw.verifier.check(sealed, key)?;
    Ok(SignedHead {
        base: sealed.base.clone(),
        signature: sealed.signature.clone(),
        batch: sealed.batch.clone(),
        certificate: name,
    })
}

fn hex_into(text: &str, out: &mut [u8; 32]) -> Option<()> {
    if text.len() != 64 {
        return None;
    }
    let digit = |b: u8| if b.is_ascii_uppercase() { None } else { (b as char).to_digit(16) };
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
    }
    Some(())
}

/// Checks head and body against the commitments and the wire digest.
///
/// # Errors
/// [`Reason::Commitment`].
pub fn content(sealed: &Sealed, head: &[u8], body: Option<&Spooled>) -> Result<(), Reason> {
    let head_fits = commit_head(&sealed.salts.head, head) == sealed.commitment.head;
    let body_fits = body.map(|b| b.commitment) == sealed.commitment.body;
    let digest_fits = body.map(|b| b.sha256) == sealed.content_digest;
    if head_fits && body_fits && digest_fits { Ok(()) } else { Err(Reason::Commitment) }
}
