//! Whose the certificates are, and whether they could be believed at that moment.

use base::MemberId;
use crypto::certificate::{Certificate, Purpose, Trust};
use crypto::timestamp;

use super::case::{Case, Named};
use super::report::{Detail, Finding, not_present, passed, say};
use crate::checkpoint;
use crate::record::HeadKind;

/// The certificate carries the identifier of this member.
pub fn belongs_to(certificate: &Certificate, expected: &MemberId) -> Result<(), Detail> {
    let holder = certificate.subject_serial_number();
    if holder == Some(&expected.to_string()) {
        return Ok(());
    }
    let found = holder.unwrap_or("?");
    Err(say!(
        "chứng thư của {found}, trong khi thông điệp nêu {expected}",
        "the certificate is of {found}, the message names {expected}"
    ))
}

/// Every message was signed by the member that it names.
pub fn holders(case: &Case<'_>) -> Finding {
    let mut count = 0;
    for kind in [HeadKind::Request, HeadKind::Response] {
        for (index, head) in case.heads(kind) {
            let unreadable =
                || say!("bản ghi {index} không nêu rõ các bên", "record {index} does not name the parties");
            let named = Named::of(head).ok_or_else(unreadable)?;
            belongs_to(case.certificate(&head.certificate)?, named.signer(kind))?;
            count += 1;
        }
    }
    if count == 0 {
        return not_present(say!("không có thông điệp nào được ký", "no message was signed"));
    }
    passed(say!("{count} chữ ký của đúng thành viên", "{count} signatures, each by the member it names"))
}

/// Every certificate that signed something, once.
fn signing_certificates<'a>(case: &Case<'a>) -> Result<Vec<&'a Certificate>, Detail> {
    let mut certificates = vec![case.certificate(&case.container.checkpoint.certificate)?];
    for kind in [HeadKind::Request, HeadKind::Response] {
        for (_, head) in case.heads(kind) {
            let certificate = case.certificate(&head.certificate)?;
            if !certificates.contains(&certificate) {
                certificates.push(certificate);
            }
        }
    }
    Ok(certificates)
}

/// What the file brings for checking chains that must end in one of `authorities`.
fn trust_in(case: &Case<'_>, authorities: &[Certificate]) -> Trust {
    let brought = case.container.certificates.iter().chain(&case.container.authorities);
    Trust {
        authorities: authorities.to_vec(),
        intermediates: brought.filter(|certificate| certificate.is_ca()).cloned().collect(),
        crls: case.container.crls.clone(),
    }
}

/// Every certificate chains to an authority of the file, was valid and not revoked at the proven moment, and was
/// already valid when it signed.
pub fn certificates(case: &Case<'_>) -> Finding {
    let trust = trust_in(case, &case.container.authorities);
    let certificates = signing_certificates(case)?;
    for certificate in &certificates {
        trust.check(certificate, Purpose::Sign, case.moment).map_err(|error| about(certificate, &error))?;
    }
    for kind in [HeadKind::Request, HeadKind::Response] {
        for (index, head) in case.heads(kind) {
            let certificate = case.certificate(&head.certificate)?;
            let created =
                head.parts().map_err(|error| say!("không đọc được: {error}", "{error}"))?.params.created;
            if created < certificate.not_before().secs() {
                let subject = certificate.subject();
                return Err(say!(
                    "bản ghi {index}: {subject} chưa có hiệu lực khi ký",
                    "record {index}: {subject} was not valid yet when it signed"
                ));
            }
        }
    }
    let (count, at) = (certificates.len(), case.moment);
    passed(say!("{count} chứng thư hợp lệ vào lúc {at}", "{count} certificates, good at {at}"))
}

fn about(certificate: &Certificate, error: &dyn std::fmt::Display) -> Detail {
    let subject = certificate.subject();
    say!("{subject}: {error}", "{subject}: {error}")
}

/// Each issuer's revocation list is in the file; otherwise revocation was not looked at.
pub fn revocation(case: &Case<'_>) -> Finding {
    let mut lists = Vec::new();
    for certificate in signing_certificates(case)? {
        let list = case.container.crls.iter().find(|list| list.issuer() == certificate.issuer());
        let Some(list) = list else {
            let issuer = certificate.issuer();
            return not_present(say!(
                "không có danh sách thu hồi của {issuer}: chưa xét việc thu hồi",
                "no revocation list of {issuer}: revocation was not looked at"
            ));
        };
        let made = format!("{} ({})", list.issuer(), list.this_update());
        if !lists.contains(&made) {
            lists.push(made);
        }
    }
    let lists = lists.join("; ");
    passed(say!("{lists}", "{lists}"))
}

/// The chains, and the time-stamp's, end in authorities that the verifier trusts.
pub fn anchor(case: &Case<'_>, trust: Option<&[Certificate]>) -> Finding {
    let Some(trusted) = trust else {
        let stamping = case.container.timestamp_authorities.iter();
        let brought = case.container.authorities.iter().chain(stamping);
        let list: Vec<String> =
            brought.map(|one| format!("{} sha256:{}", one.subject(), one.fingerprint_hex())).collect();
        let list = list.join("; ");
        return not_present(say!(
            "hãy tự đối chiếu vân tay: {list}",
            "compare these fingerprints yourself: {list}"
        ));
    };
    let anchors = trust_in(case, trusted);
    for certificate in signing_certificates(case)? {
        anchors.check(certificate, Purpose::Sign, case.moment).map_err(|error| about(certificate, &error))?;
    }
    let signed = &case.container.checkpoint;
    if let Some(token) = &signed.timestamp {
        timestamp::verify(token, &checkpoint::imprint(&signed.text, &signed.signature), trusted)
            .map_err(|error| say!("dấu thời gian: {error}", "time-stamp: {error}"))?;
    }
    let count = trusted.len();
    passed(say!("thuộc {count} chứng thư được tin cậy", "among the {count} certificates that are trusted"))
}
