#![allow(clippy::unwrap_used, reason = "a test may panic")]

use base::Ts;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyUsagePurpose};

use super::sample::{NOW, altered, ca, days, issued, openssl, request, try_openssl};
use super::{Certificate, CertificateError, Crl, Purpose, Trust};
use crate::ca::{Profile, SmallCa};
use crate::sign::{Algorithm, PrivateKey};

fn trust(ca: &SmallCa) -> Trust {
    let crls = vec![ca.crl(days(-1), days(1)).unwrap()];
    Trust { authorities: vec![ca.certificate()], intermediates: Vec::new(), crls }
}

#[test]
fn a_good_certificate_is_believed_for_its_purpose_only() {
    let ca = ca("A");
    let trust = trust(&ca);
    let (sign, node) = (issued(&ca, Profile::Signing), issued(&ca, Profile::Node));
    for (certificate, purpose, expected) in [
        (&sign, Purpose::Sign, Ok(())),
        (&sign, Purpose::TlsServer, Err(CertificateError::WrongPurpose)),
        (&sign, Purpose::TlsClient, Err(CertificateError::WrongPurpose)),
        (&node, Purpose::Sign, Err(CertificateError::WrongPurpose)),
        (&node, Purpose::TlsServer, Ok(())),
        (&node, Purpose::TlsClient, Ok(())),
        (&ca.certificate(), Purpose::Sign, Err(CertificateError::WrongPurpose)),
    ] {
        assert_eq!(trust.check(certificate, purpose, NOW), expected, "{certificate:?} {purpose:?}");
    }
}

#[test]
fn every_key_algorithm_can_be_certified_by_every_authority() {
    let algorithms = [Algorithm::EcdsaP256Sha256, Algorithm::Ed25519, Algorithm::RsaPssSha512];
    let requests = algorithms.map(|algorithm| (algorithm, request(algorithm)));
    for authority in algorithms {
        let ca = SmallCa::create("A", authority, days(-1)).unwrap();
        for (algorithm, csr) in &requests {
            let certificate = ca.issue(csr, Profile::Signing, (days(-1), days(1))).unwrap();
            assert_eq!(certificate.public_key().unwrap().algorithm(), *algorithm);
            assert_eq!(trust(&ca).check(&certificate, Purpose::Sign, NOW), Ok(()), "{authority} {algorithm}");
        }
    }
}

#[test]
fn a_certificate_counts_only_within_its_period() {
    let ca = ca("A");
    let certificate = issued(&ca, Profile::Signing);
    let trust = Trust { crls: Vec::new(), ..trust(&ca) };
    let at = |moment| trust.check(&certificate, Purpose::Sign, moment);
    assert_eq!(at(days(-11)), Err(CertificateError::NotYetValid { from: days(-10) }));
    assert_eq!(at(Ts(days(-10).0 - 1)), Err(CertificateError::NotYetValid { from: days(-10) }));
    assert_eq!(at(days(-10)), Ok(()));
    assert_eq!(at(days(10)), Ok(()));
    assert_eq!(at(days(10).plus_secs(1)), Err(CertificateError::Expired { since: days(10) }));
}

#[test]
fn an_authority_counts_only_within_its_period() {
    let ca = ca("A");
    let csr = request(Algorithm::EcdsaP256Sha256);
    let certificate = ca.issue(&csr, Profile::Signing, (days(-200), days(9000))).unwrap();
    let trust = Trust { crls: Vec::new(), ..trust(&ca) };
    let authority = ca.certificate();
    assert_eq!(trust.check(&certificate, Purpose::Sign, NOW), Ok(()));
    assert_eq!(
        trust.check(&certificate, Purpose::Sign, days(8999)),
        Err(CertificateError::Expired { since: authority.not_after() })
    );
    assert_eq!(
        trust.check(&certificate, Purpose::Sign, days(-199)),
        Err(CertificateError::NotYetValid { from: authority.not_before() })
    );
}

#[test]
fn another_authority_is_not_believed_even_under_the_same_name() {
    let (ours, namesake, stranger) = (ca("A"), ca("A"), ca("B"));
    let certificate = issued(&ours, Profile::Signing);
    let check = |trust: Trust| trust.check(&certificate, Purpose::Sign, NOW).unwrap_err();
    assert_eq!(check(trust(&stranger)), CertificateError::UnknownAuthority);
    assert_eq!(check(Trust::default()), CertificateError::UnknownAuthority);
    let refusal = check(trust(&namesake));
    assert!(
        matches!(refusal, CertificateError::BadSignature | CertificateError::UnknownAuthority),
        "{refusal:?}"
    );
}

#[test]
fn a_revoked_certificate_is_refused_from_then_on_and_not_before() {
    let mut ca = ca("A");
    let (revoked, other) = (issued(&ca, Profile::Signing), issued(&ca, Profile::Signing));
    ca.revoke(&revoked.serial_hex(), days(-1)).unwrap();
    let crl = ca.crl(NOW, days(1)).unwrap();
    assert_eq!(crl.revoked(&revoked.serial_hex()), Some(days(-1)));
    assert_eq!(crl.revoked(&other.serial_hex()), None);
    assert_eq!(crl.revoked("no number"), None);
    let trust = Trust { crls: vec![crl], ..trust(&ca) };
    assert_eq!(trust.check(&other, Purpose::Sign, NOW), Ok(()));
    let refusal = Err(CertificateError::Revoked { since: days(-1) });
    assert_eq!(trust.check(&revoked, Purpose::Sign, NOW), refusal);
    assert_eq!(trust.check(&revoked, Purpose::Sign, days(-1)), refusal);
    assert_eq!(trust.check(&revoked, Purpose::Sign, days(-2)), Ok(()));
}

#[test]
fn the_newest_list_of_an_issuer_counts_in_any_order() {
    let mut ca = ca("A");
    let certificate = issued(&ca, Profile::Signing);
    let old = ca.crl(days(-5), days(-1)).unwrap();
    ca.revoke(&certificate.serial_hex(), days(-4)).unwrap();
    let new = ca.crl(days(-3), days(1)).unwrap();
    for crls in [vec![old.clone(), new.clone()], vec![new, old]] {
        let trust = Trust { crls, ..trust(&ca) };
        let refusal = Err(CertificateError::Revoked { since: days(-4) });
        assert_eq!(trust.check(&certificate, Purpose::Sign, NOW), refusal);
    }
}

#[test]
fn a_list_that_is_out_of_date_is_an_error_of_its_own() {
    let (ca, other) = (ca("A"), ca("B"));
    let certificate = issued(&ca, Profile::Signing);
    let expired = |ca: &SmallCa| ca.crl(days(-3), days(-1)).unwrap();
    let with = |crls| Trust { crls, ..trust(&ca) }.check(&certificate, Purpose::Sign, NOW);
    assert_eq!(with(vec![expired(&ca)]), Err(CertificateError::CrlExpired { since: days(-1) }));
    assert_eq!(with(vec![expired(&other)]), Ok(()), "the list of another issuer does not matter");
}

#[test]
fn a_list_that_another_key_signed_is_refused() {
    let (ca, namesake) = (ca("A"), ca("A"));
    let certificate = issued(&ca, Profile::Signing);
    let forged = namesake.crl(NOW, days(1)).unwrap();
    let trust = Trust { crls: vec![forged.clone()], ..trust(&ca) };
    let refusal = trust.check(&certificate, Purpose::Sign, NOW).unwrap_err();
    assert!(matches!(refusal, CertificateError::Other(_)), "{refusal:?}");
    assert_eq!(forged.verify(&namesake.certificate()), Ok(()));
    assert_eq!(forged.verify(&ca.certificate()), Err(CertificateError::BadSignature));
    assert_eq!(forged.verify(&super::sample::ca("B").certificate()), Err(CertificateError::UnknownAuthority));
}

/// An issuer between an authority and its certificates, made with rcgen alone.
fn intermediate(serial: u64) -> (Certificate, Certificate, Certificate, PrivateKey, CertificateParams) {
    let params = |name: &str, serial: u64| {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.serial_number = Some(serial.into());
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let key = || PrivateKey::generate(Algorithm::Ed25519).unwrap();
    let read = |made: rcgen::Certificate| Certificate::from_der(made.der().to_vec()).unwrap();
    let (root_key, middle_key, leaf_key) = (key(), key(), key());
    let root_params = params("Root", 1);
    let root = read(root_params.self_signed(&root_key).unwrap());
    let middle_params = params("Middle", serial);
    let middle = middle_params.signed_by(&middle_key, &Issuer::from_params(&root_params, &root_key)).unwrap();
    let mut leaf = params("Leaf", 3);
    leaf.is_ca = IsCa::ExplicitNoCa;
    leaf.key_usages = vec![KeyUsagePurpose::ContentCommitment];
    let leaf = leaf.signed_by(&leaf_key, &Issuer::from_params(&middle_params, &middle_key)).unwrap();
    (root, read(middle), read(leaf), root_key, root_params)
}

fn root_crl(serial: u64, at: Ts, key: &PrivateKey, params: &CertificateParams) -> Crl {
    let moment =
        |at: Ts| rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(at.secs().unsigned_abs());
    let revoked = rcgen::RevokedCertParams {
        serial_number: serial.into(),
        revocation_time: moment(at),
        reason_code: None,
        invalidity_date: None,
    };
    let list = rcgen::CertificateRevocationListParams {
        this_update: moment(NOW),
        next_update: moment(days(1)),
        crl_number: 1.into(),
        issuing_distribution_point: None,
        revoked_certs: vec![revoked],
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    };
    Crl::from_der(list.signed_by(&Issuer::from_params(params, key)).unwrap().der().to_vec()).unwrap()
}

#[test]
fn a_chain_may_have_an_issuer_between_and_it_may_be_revoked() {
    let (root, middle, leaf, key, params) = intermediate(2);
    let mut trust = Trust { authorities: vec![root], intermediates: vec![middle], crls: Vec::new() };
    assert_eq!(trust.check(&leaf, Purpose::Sign, NOW), Ok(()));
    trust.crls = vec![root_crl(2, days(-1), &key, &params)];
    assert_eq!(trust.check(&leaf, Purpose::Sign, NOW), Err(CertificateError::Revoked { since: days(-1) }));
    assert_eq!(trust.check(&leaf, Purpose::Sign, days(-2)), Ok(()));
    trust.intermediates.clear();
    trust.crls.clear();
    assert_eq!(trust.check(&leaf, Purpose::Sign, NOW), Err(CertificateError::UnknownAuthority));
}

#[test]
fn one_flipped_bit_in_a_certificate_is_noticed() {
    let ca = ca("A");
    let trust = trust(&ca);
    let good = issued(&ca, Profile::Signing);
    for index in 0..good.der().len() {
        let mut der = good.der().to_vec();
        der[index] ^= 1 << (index % 8);
        let outcome = Certificate::from_der(der).and_then(|bad| trust.check(&bad, Purpose::Sign, NOW));
        assert!(outcome.is_err(), "byte {index}");
    }
}

#[test]
fn one_flipped_bit_in_a_revocation_list_is_noticed() {
    let mut ca = ca("A");
    ca.revoke("0123", days(-1)).unwrap();
    let good = ca.crl(NOW, days(1)).unwrap();
    assert_eq!(good.verify(&ca.certificate()), Ok(()));
    for index in 0..good.der().len() {
        let mut der = good.der().to_vec();
        der[index] ^= 1 << (index % 8);
        assert!(Crl::from_der(der).and_then(|bad| bad.verify(&ca.certificate())).is_err(), "byte {index}");
    }
}

#[test]
fn a_certificate_says_who_holds_it() {
    let ca = ca("Cơ quan chứng thực");
    let certificate = issued(&ca, Profile::Signing);
    assert_eq!(certificate.subject_serial_number(), Some("VN-DEMO/GOV/G01"));
    assert!(certificate.subject().contains("Bộ Công an"), "{}", certificate.subject());
    assert_eq!(certificate.issuer(), "CN=Cơ quan chứng thực");
    assert_eq!(ca.certificate().subject(), certificate.issuer());
    assert_eq!((certificate.not_before(), certificate.not_after()), (days(-10), days(10)));
    assert!(ca.certificate().is_ca() && !certificate.is_ca());
    let shown = format!("{certificate:?}");
    assert!(shown.contains(&certificate.fingerprint_hex()) && shown.contains("Bộ Công an"), "{shown}");
}

#[test]
fn control_characters_in_a_name_are_not_shown() {
    let ca = ca("two\nlines\u{1b}[31m");
    assert_eq!(ca.certificate().subject(), "CN=two\u{fffd}lines\u{fffd}[31m");
}

#[test]
fn both_texts_keep_the_bytes() {
    let ca = ca("A");
    let (certificate, crl) = (ca.certificate(), ca.crl(NOW, days(1)).unwrap());
    assert_eq!(Certificate::from_pem(&certificate.pem()), Ok(certificate.clone()));
    assert_eq!(Crl::from_pem(&crl.pem()), Ok(crl.clone()));
    let json = serde_json::to_string(&(&certificate, &crl)).unwrap();
    assert_eq!(serde_json::from_str::<(Certificate, Crl)>(&json).unwrap(), (certificate, crl));
    assert!(serde_json::from_str::<Certificate>("\"AAAA\"").is_err());
    assert!(serde_json::from_str::<Certificate>("\"-\"").is_err());
}

#[test]
fn a_text_with_none_or_two_certificates_is_refused() {
    let pem = ca("A").certificate().pem();
    for text in [
        String::new(),
        "hello".into(),
        pem.repeat(2),
        pem.replace("CERTIFICATE", "X509 CRL"),
        pem[..200].into(),
    ] {
        assert!(matches!(Certificate::from_pem(&text), Err(CertificateError::Malformed(_))), "{text}");
    }
}

#[test]
fn bytes_after_a_certificate_or_a_list_are_refused() {
    let ca = ca("A");
    let with_more = |der: &[u8]| [der, &[0]].concat();
    assert!(Certificate::from_der(with_more(ca.certificate().der())).is_err());
    assert!(Crl::from_der(with_more(ca.crl(NOW, days(1)).unwrap().der())).is_err());
    assert!(Certificate::from_der(vec![0x30; super::CERTIFICATE_BYTES_MAX + 1]).is_err());
}

#[test]
fn openssl_reads_and_believes_certificates_and_lists() {
    let dir = tempfile::tempdir().unwrap();
    let mut ca = ca("A");
    let (good, revoked) = (issued(&ca, Profile::Signing), issued(&ca, Profile::Node));
    ca.revoke(&revoked.serial_hex(), days(-1)).unwrap();
    let crl = ca.crl(days(-1), days(1)).unwrap();
    for (name, text) in
        [("ca", ca.certificate().pem()), ("good", good.pem()), ("revoked", revoked.pem()), ("crl", crl.pem())]
    {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let verify = format!("verify -x509_strict -attime {} -crl_check -CAfile ca -CRLfile crl", NOW.secs());
    assert!(openssl(dir.path(), &format!("{verify} good")).contains("good: OK"));
    let (ok, text) = try_openssl(dir.path(), &format!("{verify} revoked"));
    assert!(!ok && text.contains("certificate revoked"), "{text}");
    let shown = openssl(dir.path(), "x509 -in good -noout -serial -fingerprint -sha256").to_lowercase();
    assert!(shown.contains(&format!("serial={}", good.serial_hex())), "{shown}");
    assert!(shown.replace(':', "").contains(&good.fingerprint_hex()), "{shown}");
}

#[test]
fn a_certificate_from_openssl_with_another_curve_is_believed_but_signs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    openssl(
        dir.path(),
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp384r1 -nodes -keyout key -out ca -days 2 -subj /CN=P384 \
         -addext keyUsage=critical,keyCertSign,cRLSign",
    );
    let ca = Certificate::from_pem(&std::fs::read_to_string(dir.path().join("ca")).unwrap()).unwrap();
    assert_eq!(ca.public_key().unwrap_err(), CertificateError::UnsupportedKey);
    assert!(ca.is_ca());
    std::fs::write(dir.path().join("csr"), request(Algorithm::RsaPssSha512)).unwrap();
    std::fs::write(dir.path().join("ext"), "keyUsage=critical,nonRepudiation\nextendedKeyUsage=clientAuth\n")
        .unwrap();
    openssl(
        dir.path(),
        "x509 -req -in csr -CA ca -CAkey key -days 1 -sha384 -extfile ext -out leaf -CAcreateserial",
    );
    let leaf = Certificate::from_pem(&std::fs::read_to_string(dir.path().join("leaf")).unwrap()).unwrap();
    let at = leaf.not_before();
    let trust = Trust { authorities: vec![ca], ..Trust::default() };
    assert_eq!(trust.check(&leaf, Purpose::Sign, at), Ok(()));
    assert_eq!(trust.check(&leaf, Purpose::TlsClient, at), Err(CertificateError::WrongPurpose));
}

#[test]
fn no_bytes_make_reading_a_certificate_or_list_panic() {
    let mut ca = ca("A");
    ca.revoke("0123", days(-1)).unwrap();
    let (certificate, crl) = (issued(&ca, Profile::Signing), ca.crl(NOW, days(1)).unwrap());
    let trust = trust(&ca);
    let read = |der: Vec<u8>| {
        if let Ok(certificate) = Certificate::from_der(der.clone()) {
            let _ = trust.check(&certificate, Purpose::Sign, NOW);
            let _ = Certificate::from_pem(&certificate.pem());
            assert_eq!(certificate.der(), der);
        }
        if let Ok(crl) = Crl::from_der(der) {
            let _ = crl.verify(&ca.certificate());
            let _ = Trust { crls: vec![crl], ..trust.clone() }.check(&certificate, Purpose::Sign, NOW);
        }
    };
    bolero::check!().with_type::<Vec<u8>>().for_each(|bytes| read(bytes.clone()));
    bolero::check!().with_type::<(Vec<(u16, u8)>, Option<u16>)>().for_each(|(changes, length)| {
        read(altered(certificate.der(), changes, *length));
        read(altered(crl.der(), changes, *length));
    });
    bolero::check!().with_type::<String>().for_each(|text| {
        let _ = Certificate::from_pem(text);
        let _ = Crl::from_pem(&format!("-----BEGIN X509 CRL-----\n{text}\n-----END X509 CRL-----\n"));
    });
}
