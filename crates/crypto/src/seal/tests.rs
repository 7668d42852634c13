#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::process::Command;

use super::*;

/// Made by Python's `cryptography` (Scrypt, AESGCM) with the salt 00…0f and the nonce 64…6f.
const FOREIGN: &str = "lienthong-sealed/1
context: source-password VN-DEMO/GOV/G01/NUT-1
scrypt: 14 8 1
salt: AAECAwQFBgcICQoLDA0ODw==
sealed: ZGVmZ2hpamtsbW5v1Gjqg0yu0h1vSk4rfc3UeR/qneNDHqvb0jeQmIaA0f9xMDxMPrPAAj0G
";
const CONTEXT: &str = "source-password VN-DEMO/GOV/G01/NUT-1";
const PASSPHRASE: &str = "một cụm mật khẩu";
const SECRET: &str = "mật khẩu của nguồn";

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned()).unwrap()
}

#[test]
fn what_another_implementation_sealed_opens() {
    let opened = open(FOREIGN, &passphrase(PASSPHRASE), CONTEXT).unwrap();
    assert_eq!(opened.as_slice(), SECRET.as_bytes());
}

#[test]
fn another_implementation_opens_what_we_seal() {
    let python = std::env::var("LIENTHONG_TEST_PYTHON")
        .expect("LIENTHONG_TEST_PYTHON is not set: run cargo xtask test");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("sealed");
    std::fs::write(&file, seal(SECRET.as_bytes(), &passphrase(PASSPHRASE), CONTEXT).unwrap()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/foreign/open_sealed.py");
    let output = Command::new(python).arg(script).arg(&file).arg(PASSPHRASE).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), SECRET);
}

#[test]
fn each_way_not_to_open_is_told_apart() {
    let sealed = seal(b"x", &passphrase("p"), "here").unwrap();
    assert!(is_sealed(&sealed) && !is_sealed("password\n"));
    let check = |text: &str, word: &str, context: &str| open(text, &passphrase(word), context).unwrap_err();
    assert_eq!(check(&sealed, "q", "here"), SealError::Refused);
    let elsewhere = SealError::Context { found: "here".into(), wanted: "there".into() };
    assert_eq!(check(&sealed, "p", "there"), elsewhere);
    let moved = sealed.replace("context: here", "context: there");
    assert_eq!(check(&moved, "p", "there"), SealError::Refused, "the context is bound");
    assert_eq!(check(&sealed.replace("scrypt: 15", "scrypt: 14"), "p", "here"), SealError::Refused);
    for damaged in ["scrypt: 40 8 1", "scrypt: 15 8", "scrypt: 15 900000 1", "scrypt: x", "salt: AA=="] {
        let text = sealed.replace("scrypt: 15 8 1", damaged);
        assert!(matches!(check(&text, "p", "here"), SealError::Malformed(_)), "{damaged}");
    }
    for cut in [0, 10, 30, 60, sealed.len() - 4] {
        assert!(open(&sealed[..cut], &passphrase("p"), "here").is_err(), "{cut}");
    }
}

#[test]
fn a_secret_is_not_in_its_sealed_text_and_no_two_texts_are_the_same() {
    let (one, two) = (seal(b"bi-mat", &passphrase("p"), "c"), seal(b"bi-mat", &passphrase("p"), "c"));
    assert_ne!(one, two);
    assert!(!one.unwrap().contains("bi-mat"));
    assert_eq!(seal(b"x", &passphrase("p"), "two\nlines"), Err(SealError::Unfit));
}

#[test]
fn a_small_value_opens_with_its_key_and_its_context_only() {
    let key = SealingKey::new(&[1; 32]);
    let sealed = key.seal(b"049090000001", b"row");
    assert_eq!(key.open(&sealed, b"row").unwrap().as_slice(), b"049090000001");
    assert!(key.open(&sealed, b"other").is_none());
    assert!(SealingKey::new(&[2; 32]).open(&sealed, b"row").is_none());
    for at in 0..sealed.len() {
        let mut damaged = sealed.clone();
        damaged[at] ^= 1;
        assert!(key.open(&damaged, b"row").is_none(), "{at}");
        assert!(key.open(&sealed[..at], b"row").is_none(), "{at}");
    }
}

#[test]
fn no_text_makes_opening_panic() {
    bolero::check!().with_type::<Vec<u8>>().for_each(|bytes: &Vec<u8>| {
        let tail = String::from_utf8_lossy(bytes);
        let _ = open(&tail, &passphrase("p"), "c");
        let _ = open(&format!("{FORMAT}\ncontext: c\nscrypt: {tail}\nsealed: {tail}"), &passphrase("p"), "c");
    });
}
