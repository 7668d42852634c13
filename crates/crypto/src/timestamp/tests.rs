#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use base::{Clock, SystemClock};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Limits, TimestampError, request, verify};
use crate::certificate::Certificate;
use crate::certificate::sample::{NOW, altered, ca, openssl};
use crate::hash::{Digest, sha256};

const CONFIG: &str = "\
[tsa]
default_tsa = one
[one]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
ess_cert_id_alg = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
";

/// An authority of OpenSSL's in a directory: a root and a signer for time-stamping below it.
fn authority(usage: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    fs::write(path.join("tsa.cnf"), CONFIG).unwrap();
    fs::write(path.join("serial"), "01\n").unwrap();
    fs::write(path.join("ext"), format!("keyUsage=critical,digitalSignature\n{usage}\n")).unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(
        path,
        &format!(
            "req -x509 {key} -keyout root.key -out root.pem -days 2 -subj /CN=TSA-root -addext keyUsage=critical,keyCertSign"
        ),
    );
    openssl(path, &format!("req -new {key} -keyout tsa.key -out tsa.csr -subj /CN=TSA"));
    openssl(
        path,
        "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -days 1 -sha256 -extfile ext -out tsa.pem",
    );
    dir
}

fn good_authority() -> TempDir {
    authority("extendedKeyUsage=critical,timeStamping")
}

fn certificate(dir: &Path, name: &str) -> Certificate {
    Certificate::from_pem(&fs::read_to_string(dir.join(name)).unwrap()).unwrap()
}

fn token(dir: &Path, digest: &Digest) -> Vec<u8> {
    openssl(dir, &format!("ts -query -digest {} -sha256 -cert -out query", hex::encode(digest)));
    openssl(dir, "ts -reply -config tsa.cnf -queryfile query -token_out -out token");
    fs::read(dir.join("token")).unwrap()
}

#[test]
fn a_token_of_openssl_proves_digest_and_moment() {
    let dir = good_authority();
    let digest = sha256(&[b"checkpoint"]);
    let before = SystemClock.now().secs();
    let token = token(dir.path(), &digest);
    let stamped =
        verify(&token, &digest, &[ca("A").certificate(), certificate(dir.path(), "root.pem")]).unwrap();
    assert_eq!(stamped.authority, "CN=TSA-root");
    assert!((before..=SystemClock.now().secs()).contains(&stamped.at.secs()), "{}", stamped.at);
}

#[test]
fn a_token_over_another_digest_is_refused() {
    let dir = good_authority();
    let token = token(dir.path(), &sha256(&[b"a"]));
    let refusal = verify(&token, &sha256(&[b"b"]), &[certificate(dir.path(), "root.pem")]).unwrap_err();
    assert!(matches!(refusal, TimestampError::WrongDigest), "{refusal:?}");
}

#[test]
fn a_token_of_an_unknown_authority_is_refused_even_under_the_same_name() {
    let (dir, other) = (good_authority(), good_authority());
    let digest = sha256(&[b"a"]);
    let token = token(dir.path(), &digest);
    for roots in [vec![], vec![ca("A").certificate()], vec![certificate(other.path(), "root.pem")]] {
        let refusal = verify(&token, &digest, &roots).unwrap_err();
        assert!(matches!(refusal, TimestampError::UnknownAuthority(_)), "{refusal:?}");
    }
}

/// A token that OpenSSL's `ts` would not make: signed with whatever certificate there is.
fn token_signed_by(dir: &Path, digest: &Digest, extensions: &str) -> Vec<u8> {
    token(dir, digest);
    openssl(dir, "cms -verify -noverify -binary -inform DER -in token -out content");
    fs::write(dir.join("ext"), extensions).unwrap();
    openssl(
        dir,
        "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -days 1 -sha256 -extfile ext -out any.pem",
    );
    openssl(
        dir,
        "cms -sign -binary -nodetach -econtent_type 1.2.840.113549.1.9.16.1.4 -in content -signer any.pem \
         -inkey tsa.key -md sha256 -outform DER -out token",
    );
    fs::read(dir.join("token")).unwrap()
}

#[test]
fn a_signer_that_is_not_for_time_stamping_is_refused() {
    let dir = good_authority();
    let digest = sha256(&[b"a"]);
    let roots = [certificate(dir.path(), "root.pem")];
    let check = |extensions| verify(&token_signed_by(dir.path(), &digest, extensions), &digest, &roots);
    for wrong in
        ["extendedKeyUsage=critical,serverAuth", "extendedKeyUsage=timeStamping", "keyUsage=digitalSignature"]
    {
        let refusal = check(wrong).unwrap_err();
        assert!(matches!(refusal, TimestampError::BadSignature(_)), "{wrong}: {refusal:?}");
    }
    // The time-stamp was made a moment before this certificate, so at best it is too early for it.
    let right = check("extendedKeyUsage=critical,timeStamping");
    let too_early = |reason: &str| reason.contains("validity");
    assert!(matches!(&right, Ok(_) | Err(TimestampError::BadSignature(_))), "{right:?}");
    if let Err(TimestampError::BadSignature(reason)) = right {
        assert!(too_early(&reason), "{reason}");
    }
}

#[test]
fn one_flipped_bit_in_a_token_is_noticed() {
    let dir = good_authority();
    let digest = sha256(&[b"a"]);
    let good = token(dir.path(), &digest);
    let roots = [certificate(dir.path(), "root.pem")];
    assert!(verify(&good, &digest, &roots).is_ok());
    for (index, bit) in (0..good.len()).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
        let mut bad = good.clone();
        bad[index] ^= 1 << bit;
        assert!(verify(&bad, &digest, &roots).is_err(), "bit {bit} of byte {index} of {}", good.len());
    }
    assert!(verify(&[good.as_slice(), &[0]].concat(), &digest, &roots).is_err());
}

/// A server that lets OpenSSL answer every query with the authority in `dir`, after `alter` has seen the answer.
async fn serve(dir: &Path, alter: fn(Vec<u8>) -> Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/tsa", listener.local_addr().unwrap());
    let dir = dir.to_owned();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; 4096];
        let mut length = 0;
        let body = loop {
            length += stream.read(&mut bytes[length..]).await.unwrap();
            let head = bytes[..length].windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4);
            let text = String::from_utf8_lossy(&bytes[..head.unwrap_or(0)]).to_lowercase();
            let announced = text
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.lines().next()?.parse::<usize>().ok());
            if let Some((start, announced)) =
                head.zip(announced).filter(|(start, announced)| start + announced == length)
            {
                assert!(text.contains("content-type: application/timestamp-query"), "{text}");
                assert_eq!(start + announced, length);
                break &bytes[start..length];
            }
        };
        fs::write(dir.join("query"), body).unwrap();
        openssl(&dir, "ts -reply -config tsa.cnf -queryfile query -out reply");
        let reply = alter(fs::read(dir.join("reply")).unwrap());
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", reply.len());
        stream.write_all(&[head.as_bytes(), &reply].concat()).await.unwrap();
    });
    url
}

#[tokio::test]
async fn an_authority_can_be_asked_over_http() {
    let dir = good_authority();
    let digest = sha256(&[b"checkpoint"]);
    let url = serve(dir.path(), |reply| reply).await;
    let token = request(&url, &digest, Limits::default()).await.unwrap();
    assert!(verify(&token, &digest, &[certificate(dir.path(), "root.pem")]).is_ok());
}

#[tokio::test]
async fn an_answer_to_another_question_is_refused() {
    let dir = good_authority();
    let digest = sha256(&[b"a"]);
    // An old answer to the same digest has another nonce.
    openssl(dir.path(), &format!("ts -query -digest {} -sha256 -cert -out old.query", hex::encode(digest)));
    openssl(dir.path(), "ts -reply -config tsa.cnf -queryfile old.query -out reply.old");
    let old = fs::read(dir.path().join("reply.old")).unwrap();
    OLD.set(old).unwrap();
    let url = serve(dir.path(), |_| OLD.get().unwrap().clone()).await;
    let refusal = request(&url, &digest, Limits::default()).await.unwrap_err();
    assert!(matches!(&refusal, TimestampError::Refused(reason) if reason.contains("nonce")), "{refusal:?}");
}

static OLD: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();

#[tokio::test]
async fn a_refusal_and_garbage_are_named() {
    let dir = good_authority();
    for alter in [|_| vec![0x30, 5, 0x30, 3, 2, 1, 2], |_| b"<html>".to_vec(), |_| Vec::new()] {
        let url = serve(dir.path(), alter).await;
        let refusal = request(&url, &sha256(&[]), Limits::default()).await.unwrap_err();
        assert!(matches!(refusal, TimestampError::Refused(_)), "{refusal:?}");
    }
}

#[test]
fn no_bytes_make_the_check_of_a_token_panic() {
    let dir = good_authority();
    let digest = sha256(&[b"a"]);
    let good = token(dir.path(), &digest);
    let roots = [certificate(dir.path(), "root.pem")];
    let expected = verify(&good, &digest, &roots).unwrap();
    assert!(expected.at > NOW);
    bolero::check!().with_type::<Vec<u8>>().for_each(|bytes| {
        assert!(verify(bytes, &digest, &roots).is_err());
    });
    bolero::check!().with_type::<(Vec<(u16, u8)>, Option<u16>)>().for_each(|(changes, length)| {
        let bytes = altered(&good, changes, *length);
        if let Ok(stamped) = verify(&bytes, &digest, &roots) {
            assert_eq!(stamped, expected);
        }
    });
}
