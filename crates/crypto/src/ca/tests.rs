#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::os::unix::fs::PermissionsExt;

use super::{CaError, Profile, SmallCa};
use crate::certificate::sample::{NOW, ca, days, issued, openssl, request};
use crate::certificate::{Certificate, CertificateError, Purpose, Trust};
use crate::sign::{Algorithm, KeyError, Passphrase};

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned()).unwrap()
}

#[test]
fn an_authority_is_the_same_after_saving_and_loading() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("ca");
    let mut first = ca("A");
    let before = issued(&first, Profile::Signing);
    first.save(&home, &passphrase("p")).unwrap();
    first.revoke(&before.serial_hex(), NOW).unwrap();
    first.save(&home, &passphrase("p")).unwrap();
    let second = SmallCa::load(&home, &passphrase("p")).unwrap();
    assert_eq!(second.certificate(), first.certificate());
    let crl = second.crl(NOW, days(1)).unwrap();
    assert_eq!(crl.revoked(&before.serial_hex()), Some(NOW));
    let after = issued(&second, Profile::Signing);
    let trust = Trust { authorities: vec![first.certificate()], intermediates: Vec::new(), crls: vec![crl] };
    assert_eq!(trust.check(&after, Purpose::Sign, NOW), Ok(()));
    assert_eq!(trust.check(&before, Purpose::Sign, NOW), Err(CertificateError::Revoked { since: NOW }));
}

#[test]
fn the_key_on_disk_is_encrypted_and_closed_to_others() {
    let dir = tempfile::tempdir().unwrap();
    ca("A").save(dir.path(), &passphrase("p")).unwrap();
    let file = dir.path().join("ca.key");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    assert!(openssl(dir.path(), "pkey -in ca.key -passin pass:p -noout -text").contains("Private-Key"));
    let refusal = SmallCa::load(dir.path(), &passphrase("q")).unwrap_err();
    assert!(matches!(refusal, CaError::Key(KeyError::WrongPassphrase { .. })), "{refusal:?}");
}

#[test]
fn the_directory_of_another_authority_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let (ours, other) = (ca("A"), ca("A"));
    ours.save(dir.path(), &passphrase("p")).unwrap();
    assert!(matches!(other.save(dir.path(), &passphrase("p")), Err(CaError::Other(_))));
    assert_eq!(SmallCa::load(dir.path(), &passphrase("p")).unwrap().certificate(), ours.certificate());
    std::fs::write(dir.path().join("ca.pem"), other.certificate().pem()).unwrap();
    assert!(matches!(SmallCa::load(dir.path(), &passphrase("p")), Err(CaError::Other(_))));
}

#[test]
fn a_damaged_list_of_revoked_numbers_is_not_read_as_an_empty_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut ca = ca("A");
    ca.revoke("0a", NOW).unwrap();
    ca.save(dir.path(), &passphrase("p")).unwrap();
    let file = dir.path().join("revoked.txt");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}half")).unwrap();
    let refusal = SmallCa::load(dir.path(), &passphrase("p")).unwrap_err();
    assert!(matches!(refusal, CaError::RevokedFile { line: 2, .. }), "{refusal:?}");
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(SmallCa::load(dir.path(), &passphrase("p")), Err(CaError::Io { .. })));
}

#[test]
fn an_altered_request_gives_nobody_else_a_certificate() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("csr"), request(Algorithm::EcdsaP256Sha256)).unwrap();
    openssl(dir.path(), "req -in csr -outform DER -out csr.der");
    let der = std::fs::read(dir.path().join("csr.der")).unwrap();
    let ca = ca("A");
    let csr = std::fs::read_to_string(dir.path().join("csr")).unwrap();
    let good = ca.issue(&csr, Profile::Signing, (NOW, days(1))).unwrap();
    for index in 0..der.len() {
        let mut der = der.clone();
        der[index] ^= 1 << (index % 8);
        let pem = format!(
            "-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n",
            crate::b64::encode(&der)
        );
        // The place between content and signature is not signed, and says nothing about the holder.
        if let Ok(certificate) = ca.issue(&pem, Profile::Signing, (NOW, days(1))) {
            assert_eq!(certificate.subject(), good.subject(), "byte {index}");
            assert_eq!(certificate.public_key(), good.public_key(), "byte {index}");
        }
    }
}

#[test]
fn a_request_does_not_decide_what_its_holder_may_do() {
    let dir = tempfile::tempdir().unwrap();
    openssl(
        dir.path(),
        "req -new -newkey rsa:2048 -nodes -keyout key -out csr -subj /O=X -addext basicConstraints=critical,CA:TRUE \
         -addext keyUsage=keyCertSign -addext subjectAltName=DNS:bank.example",
    );
    let csr = std::fs::read_to_string(dir.path().join("csr")).unwrap();
    let ca = ca("A");
    let certificate = ca.issue(&csr, Profile::Node, (NOW, days(1))).unwrap();
    std::fs::write(dir.path().join("node"), certificate.pem()).unwrap();
    let text = openssl(dir.path(), "x509 -in node -noout -text");
    assert!(!certificate.is_ca());
    assert!(!text.contains("Certificate Sign") && !text.contains("bank.example"), "{text}");
    assert!(text.contains("TLS Web Server Authentication, TLS Web Client Authentication"), "{text}");
}

#[test]
fn a_key_that_signs_no_messages_is_not_certified() {
    let dir = tempfile::tempdir().unwrap();
    openssl(
        dir.path(),
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:secp384r1 -nodes -keyout key -out csr -subj /O=X",
    );
    let csr = std::fs::read_to_string(dir.path().join("csr")).unwrap();
    let refusal = ca("A").issue(&csr, Profile::Signing, (NOW, days(1))).unwrap_err();
    assert!(matches!(refusal, CaError::Certificate(CertificateError::UnsupportedKey)), "{refusal:?}");
}

#[test]
fn moments_that_x509_cannot_write_are_refused() {
    let csr = request(Algorithm::Ed25519);
    let ca = ca("A");
    let far = base::Ts::from_secs(i64::MAX / 1_000_000);
    for validity in [(base::Ts(-1), NOW), (NOW, far)] {
        assert!(matches!(ca.issue(&csr, Profile::Signing, validity), Err(CaError::Moment(_))));
    }
    assert!(matches!(SmallCa::create("A", Algorithm::Ed25519, far), Err(CaError::Moment(_))));
    assert!(ca.crl(NOW, NOW).is_err(), "a list must end after it begins");
}

#[test]
fn only_serial_numbers_can_be_revoked() {
    let mut ca = ca("A");
    for wrong in ["", "0", "xy", "00112233445566778899aabbccddeeff0011223344"] {
        assert!(matches!(ca.revoke(wrong, NOW), Err(CaError::Serial(_))), "{wrong}");
    }
    ca.revoke("FF01", NOW).unwrap();
    ca.revoke("ff01", days(5)).unwrap();
    assert_eq!(ca.crl(NOW, days(1)).unwrap().revoked("ff01"), Some(NOW), "the first revocation stays");
}

#[test]
fn two_certificates_for_one_key_have_different_serial_numbers() {
    let ca = ca("A");
    let csr = request(Algorithm::Ed25519);
    let issue = || ca.issue(&csr, Profile::Signing, (NOW, days(1))).unwrap();
    let (first, second): (Certificate, Certificate) = (issue(), issue());
    assert_ne!(first.serial_hex(), second.serial_hex());
    assert_eq!(first.public_key().unwrap(), second.public_key().unwrap());
}
