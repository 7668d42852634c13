#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use rustls::SignatureScheme;
use tempfile::TempDir;

use super::*;

const MESSAGE: &[u8] = b"\"@method\": GET\n\"@signature-params\": ()";
const PASSPHRASE: &str = "correct horse";

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned()).unwrap()
}

fn new_store() -> (TempDir, FileKeyStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = FileKeyStore::open(&dir.path().join("keys"), &passphrase(PASSPHRASE)).unwrap();
    (dir, store)
}

fn reopen(dir: &TempDir, text: &str) -> Result<FileKeyStore, KeyError> {
    FileKeyStore::open(&dir.path().join("keys"), &passphrase(text))
}

/// Runs OpenSSL's command line in `dir` and gives what it printed.
fn openssl(dir: &Path, command: &str) -> String {
    let out = Command::new("openssl").args(command.split(' ')).current_dir(dir).output();
    let out = out.expect("these tests need the openssl command: install the package openssl");
    assert!(out.status.success(), "openssl {command}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// One key of each algorithm, made by OpenSSL so that RSA is quick, as unencrypted PEM.
fn foreign_key(dir: &Path, algorithm: Algorithm) -> String {
    let options = match algorithm {
        Algorithm::EcdsaP256Sha256 => "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        Algorithm::Ed25519 => "-algorithm ED25519",
        Algorithm::RsaPssSha512 => "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
    };
    openssl(dir, &format!("genpkey {options}"))
}

/// OpenSSL's options to sign or verify as the algorithm does.
fn dgst(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::EcdsaP256Sha256 => "dgst -sha256",
        Algorithm::Ed25519 => "pkeyutl -rawin",
        Algorithm::RsaPssSha512 => "dgst -sha512 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:64",
    }
}

const ALL: [Algorithm; 3] = [Algorithm::EcdsaP256Sha256, Algorithm::Ed25519, Algorithm::RsaPssSha512];

#[test]
fn openssl_accepts_our_signatures() {
    for algorithm in ALL {
        let (dir, mut store) = new_store();
        let public = store.import_pem("k", &foreign_key(dir.path(), algorithm), None).unwrap();
        assert_eq!(public.algorithm(), algorithm);
        let mut signature = store.sign("k", MESSAGE).unwrap();
        assert_eq!(public.verify(MESSAGE, &signature), Ok(()));
        if algorithm == Algorithm::EcdsaP256Sha256 {
            signature = ecdsa_der(&signature);
        }
        fs::write(dir.path().join("message"), MESSAGE).unwrap();
        fs::write(dir.path().join("signature"), &signature).unwrap();
        fs::write(dir.path().join("public.pem"), public.pem()).unwrap();
        let command = dgst(algorithm);
        let rest = match algorithm {
            Algorithm::Ed25519 => "-verify -pubin -inkey public.pem -sigfile signature -in message",
            _ => "-verify public.pem -signature signature message",
        };
        openssl(dir.path(), &format!("{command} {rest}"));
    }
}

#[test]
fn we_accept_openssls_signatures() {
    for algorithm in ALL {
        let dir = tempfile::tempdir().unwrap();
        let pem = foreign_key(dir.path(), algorithm);
        fs::write(dir.path().join("key.pem"), &pem).unwrap();
        fs::write(dir.path().join("message"), MESSAGE).unwrap();
        let command = dgst(algorithm);
        let rest = match algorithm {
            Algorithm::Ed25519 => "-sign -inkey key.pem -out signature -in message",
            _ => "-sign key.pem -out signature message",
        };
        openssl(dir.path(), &format!("{command} {rest}"));
        let mut signature = fs::read(dir.path().join("signature")).unwrap();
        if algorithm == Algorithm::EcdsaP256Sha256 {
            signature = ecdsa_raw(&signature).unwrap();
        }
        let key = PrivateKey::from_pem(&pem, None).unwrap();
        assert_eq!(key.public_key().verify(MESSAGE, &signature), Ok(()), "{algorithm}");
    }
}

#[test]
fn a_signature_fits_one_message_and_one_key_only() {
    for algorithm in [Algorithm::EcdsaP256Sha256, Algorithm::Ed25519] {
        let key = PrivateKey::generate(algorithm).unwrap();
        let other = PrivateKey::generate(algorithm).unwrap();
        let signature = key.sign(MESSAGE).unwrap();
        assert_eq!(signature.len(), 64);
        assert_eq!(other.public_key().verify(MESSAGE, &signature), Err(BadSignature));
        assert_eq!(key.public_key().verify(&MESSAGE[1..], &signature), Err(BadSignature));
        for length in [0, 63, 65] {
            let mut wrong = signature.clone();
            wrong.resize(length, 0);
            assert_eq!(key.public_key().verify(MESSAGE, &wrong), Err(BadSignature));
        }
        for byte in 0..64 {
            let mut wrong = signature.clone();
            wrong[byte] ^= 1;
            assert_eq!(key.public_key().verify(MESSAGE, &wrong), Err(BadSignature));
        }
    }
}

#[test]
fn openssl_reads_our_key_files() {
    let (dir, mut store) = new_store();
    for algorithm in ALL {
        let public = store.generate(algorithm.as_str(), algorithm).unwrap();
        let file = format!("keys/{algorithm}.key");
        fs::write(dir.path().join("pass"), PASSPHRASE).unwrap();
        let read = openssl(dir.path(), &format!("pkey -in {file} -passin file:pass -pubout"));
        assert_eq!(read, public.pem());
        openssl(dir.path(), &format!("pkey -in {file} -passin file:pass -check -noout"));
        assert!(
            fs::read_to_string(dir.path().join(file))
                .unwrap()
                .starts_with("-----BEGIN ENCRYPTED PRIVATE KEY")
        );
    }
}

#[test]
fn openssls_encrypted_key_is_imported() {
    let (dir, mut store) = new_store();
    let pem = foreign_key(dir.path(), Algorithm::EcdsaP256Sha256);
    fs::write(dir.path().join("plain.pem"), &pem).unwrap();
    let encrypted = openssl(dir.path(), "pkcs8 -topk8 -in plain.pem -passout pass:theirs");
    let refused = store.import_pem("k", &encrypted, Some(&passphrase("wrong")));
    assert!(matches!(refused, Err(KeyError::WrongPassphrase { .. })), "{refused:?}");
    assert!(matches!(store.import_pem("k", &encrypted, None), Err(KeyError::ImportPassphrase)));
    let public = store.import_pem("k", &encrypted, Some(&passphrase("theirs"))).unwrap();
    assert_eq!(&public, PrivateKey::from_pem(&pem, None).unwrap().public_key());
    // From now on it is under our own passphrase.
    assert_eq!(reopen(&dir, PASSPHRASE).unwrap().public_key("k").unwrap(), public);
}

#[test]
fn a_key_that_cannot_be_used_is_refused_with_the_remedy() {
    let (dir, mut store) = new_store();
    let old_form = openssl(dir.path(), "ecparam -genkey -noout -name prime256v1");
    let error = store.import_pem("k", &old_form, None).unwrap_err().to_string();
    assert!(error.contains("openssl pkcs8 -topk8"), "{error}");
    let p384 = openssl(dir.path(), "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384");
    assert!(matches!(store.import_pem("k", &p384, None), Err(KeyError::Unsupported(_))));
    fs::write(dir.path().join("p384.pem"), &p384).unwrap();
    openssl(dir.path(), "pkey -in p384.pem -pubout -outform DER -out p384.der");
    let spki = fs::read(dir.path().join("p384.der")).unwrap();
    assert!(matches!(PublicKey::from_spki_der(&spki), Err(KeyError::Unsupported(_))));
    let weak = openssl(dir.path(), "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024");
    assert!(matches!(store.import_pem("k", &weak, None), Err(KeyError::Unsupported(_))));
    assert!(matches!(store.import_pem("k", "no key", None), Err(KeyError::Malformed { .. })));
    assert_eq!(store.labels(), [""; 0]);
}

#[test]
fn a_short_rsa_key_verifies_nothing() {
    let dir = tempfile::tempdir().unwrap();
    openssl(dir.path(), "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1536 -out key.pem");
    openssl(dir.path(), "pkey -in key.pem -pubout -outform DER -out key.der");
    fs::write(dir.path().join("message"), MESSAGE).unwrap();
    let command =
        "dgst -sha512 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:64 -sign key.pem -out s message";
    openssl(dir.path(), command);
    let signature = fs::read(dir.path().join("s")).unwrap();
    let accepted = PublicKey::from_spki_der(&fs::read(dir.path().join("key.der")).unwrap())
        .is_ok_and(|key| key.verify(MESSAGE, &signature).is_ok());
    assert!(!accepted);
}

#[test]
fn keys_and_secrets_survive_a_restart() {
    let (dir, mut store) = new_store();
    let public = store.generate("b", Algorithm::Ed25519).unwrap();
    store.generate("a", Algorithm::EcdsaP256Sha256).unwrap();
    store.generate_secret("pseudonym").unwrap();
    fs::write(dir.path().join("keys/b.crt"), "a certificate may lie beside its key").unwrap();
    let again = reopen(&dir, PASSPHRASE).unwrap();
    assert_eq!(again.labels(), ["a", "b"]);
    assert_eq!(again.public_key("b").unwrap(), public);
    assert_eq!(public.verify(MESSAGE, &again.sign("b", MESSAGE).unwrap()), Ok(()));
    assert_eq!(again.secret("pseudonym").unwrap(), store.secret("pseudonym").unwrap());
    assert_eq!(again.secret("pseudonym").unwrap().len(), 32);
    let stored = fs::read_to_string(dir.path().join("keys/pseudonym.secret")).unwrap();
    assert!(!stored.contains(&crate::b64::encode(&again.secret("pseudonym").unwrap())));
}

#[test]
fn nothing_is_overwritten() {
    let (dir, mut store) = new_store();
    let first = store.generate("k", Algorithm::Ed25519).unwrap();
    store.generate_secret("s").unwrap();
    let secret = store.secret("s").unwrap();
    assert!(matches!(store.generate("k", Algorithm::Ed25519), Err(KeyError::Exists { .. })));
    let pem = foreign_key(dir.path(), Algorithm::Ed25519);
    assert!(matches!(store.import_pem("k", &pem, None), Err(KeyError::Exists { .. })));
    assert!(matches!(store.generate_secret("s"), Err(KeyError::Exists { .. })));
    for store in [store, reopen(&dir, PASSPHRASE).unwrap()] {
        assert_eq!(store.public_key("k").unwrap(), first);
        assert_eq!(store.secret("s").unwrap(), secret);
    }
}

#[test]
fn the_wrong_passphrase_is_named_with_the_remedy() {
    for only_a_secret in [false, true] {
        let (dir, mut store) = new_store();
        if only_a_secret {
            store.generate_secret("k").unwrap();
        } else {
            store.generate("k", Algorithm::Ed25519).unwrap();
        }
        let error = reopen(&dir, "wrong").unwrap_err();
        assert!(matches!(error, KeyError::WrongPassphrase { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("keys/k.") && text.contains("give the passphrase it was made with"), "{text}");
    }
}

#[test]
fn only_the_owner_may_read_a_key() {
    let (dir, mut store) = new_store();
    store.generate("k", Algorithm::Ed25519).unwrap();
    store.generate_secret("s").unwrap();
    let keys = dir.path().join("keys");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&keys), 0o700);
    assert_eq!(mode(&keys.join("k.key")), 0o600);
    assert_eq!(mode(&keys.join("s.secret")), 0o600);

    fs::set_permissions(keys.join("k.key"), fs::Permissions::from_mode(0o640)).unwrap();
    let error = reopen(&dir, PASSPHRASE).unwrap_err().to_string();
    assert!(error.contains("mode 640") && error.contains("chmod 600"), "{error}");
    fs::set_permissions(keys.join("k.key"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o777)).unwrap();
    let error = reopen(&dir, PASSPHRASE).unwrap_err().to_string();
    assert!(error.contains("chmod 700"), "{error}");
}

#[test]
fn a_damaged_or_foreign_file_is_refused_by_name() {
    let (dir, mut store) = new_store();
    store.generate("k", Algorithm::Ed25519).unwrap();
    let path = dir.path().join("keys/k.key");
    let good = fs::read_to_string(&path).unwrap();
    let plain = foreign_key(dir.path(), Algorithm::Ed25519);
    for content in ["", "text", &good[..good.len() / 2], plain.as_str()] {
        fs::write(&path, content).unwrap();
        let error = reopen(&dir, PASSPHRASE).unwrap_err();
        assert!(matches!(&error, KeyError::Malformed { what, .. } if what.ends_with("k.key")), "{error:?}");
    }
}

#[test]
fn a_label_is_a_plain_file_name() {
    let (dir, mut store) = new_store();
    for label in ["", ".", "..", "../k", "a/b", ".k", "-k", "K", "ký", "a b", &"k".repeat(65)] {
        assert!(matches!(store.generate(label, Algorithm::Ed25519), Err(KeyError::BadLabel(_))), "{label:?}");
        assert!(matches!(store.generate_secret(label), Err(KeyError::BadLabel(_))), "{label:?}");
    }
    assert_eq!(fs::read_dir(dir.path().join("keys")).unwrap().count(), 0);
    let longest = "0.k-_".repeat(12) + "last";
    store.generate(&longest, Algorithm::Ed25519).unwrap();
    assert_eq!(reopen(&dir, PASSPHRASE).unwrap().labels(), [longest]);
}

#[test]
fn an_unknown_label_is_named() {
    let (_dir, store) = new_store();
    for error in [store.sign("k", MESSAGE).unwrap_err(), store.secret("k").unwrap_err()] {
        assert!(matches!(&error, KeyError::Unknown { label, .. } if label == "k"), "{error:?}");
    }
}

#[test]
fn openssl_accepts_a_certificate_request() {
    let subject = CsrSubject {
        organization: "Bộ Công an".to_owned(),
        identifier: "VN-DEMO/GOV/G01".to_owned(),
        common_name: String::new(),
        hosts: vec!["nut.danang.example".to_owned(), "192.0.2.7".to_owned()],
    };
    for algorithm in ALL {
        let (dir, mut store) = new_store();
        store.import_pem("k", &foreign_key(dir.path(), algorithm), None).unwrap();
        fs::write(dir.path().join("csr.pem"), store.csr("k", &subject).unwrap()).unwrap();
        let shown =
            openssl(dir.path(), "req -in csr.pem -verify -noout -subject -nameopt RFC2253,utf8,-esc_msb");
        assert_eq!(shown.trim(), "subject=serialNumber=VN-DEMO/GOV/G01,O=Bộ Công an");
        let text = openssl(dir.path(), "req -in csr.pem -noout -text");
        assert!(text.contains("DNS:nut.danang.example, IP Address:192.0.2.7"), "{text}");
    }
}

#[test]
fn an_identifier_that_x509_forbids_is_refused() {
    let (_dir, mut store) = new_store();
    store.generate("k", Algorithm::Ed25519).unwrap();
    let subject = CsrSubject { identifier: "VN_DEMO".to_owned(), ..CsrSubject::default() };
    assert!(matches!(store.csr("k", &subject), Err(KeyError::Csr(_))));
}

#[test]
fn a_key_serves_tls() {
    for (algorithm, scheme) in [
        (Algorithm::EcdsaP256Sha256, SignatureScheme::ECDSA_NISTP256_SHA256),
        (Algorithm::Ed25519, SignatureScheme::ED25519),
        (Algorithm::RsaPssSha512, SignatureScheme::RSA_PSS_SHA512),
    ] {
        let (dir, mut store) = new_store();
        let public = store.import_pem("k", &foreign_key(dir.path(), algorithm), None).unwrap();
        let mut signature =
            store.tls_key("k").unwrap().choose_scheme(&[scheme]).unwrap().sign(MESSAGE).unwrap();
        if algorithm == Algorithm::EcdsaP256Sha256 {
            signature = ecdsa_raw(&signature).unwrap();
        }
        assert_eq!(public.verify(MESSAGE, &signature), Ok(()));
    }
}

#[test]
fn no_bytes_make_reading_a_key_panic() {
    bolero::check!().with_type::<Vec<u8>>().for_each(|bytes: &Vec<u8>| {
        let _ = PublicKey::from_spki_der(bytes);
        let _ = PrivateKey::from_pkcs8(bytes.clone().into());
        let _ = PrivateKey::from_pem(&String::from_utf8_lossy(bytes), None);
    });
    let good = PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
    let spki = good.public_key().spki_der();
    for length in 0..spki.len() {
        assert!(PublicKey::from_spki_der(&spki[..length]).is_err());
    }
    assert!(PublicKey::from_spki_der(&[spki, &[0]].concat()).is_err(), "bytes after the key");
    // A key without its frame is another format.
    assert!(PublicKey::from_spki_der(&spki[spki.len() - 65..]).is_err());
}

#[test]
fn private_keys_are_not_shown() {
    let (_dir, mut store) = new_store();
    store.generate("k", Algorithm::Ed25519).unwrap();
    let key = store.key("k").unwrap();
    let shown = format!("{store:?} {key:?}");
    // The private part are the last 32 bytes of a version 1 PKCS#8 file of Ed25519.
    let private = &key.pkcs8_der()[key.pkcs8_der().len() - 32..];
    assert!(!shown.contains(&hex::encode(private)) && !shown.contains(&format!("{private:?}")), "{shown}");
    assert!(!shown.contains(PASSPHRASE));
}
