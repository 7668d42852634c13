#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base::{Clock, SystemClock, Ts};
use tempfile::TempDir;

use super::{OcspError, OcspStatus, Pair, check};
use crate::ca::{Profile, SmallCa};
use crate::certificate::Certificate;
use crate::certificate::sample::{DAY_SECS, openssl, request};
use crate::post::PostError;
use crate::sign::{Algorithm, Passphrase};

const PASSPHRASE: &str = "p";

/// An authority with two certificates, saved so that OpenSSL can use it, at the real time because OpenSSL lives there.
struct Setting {
    dir: TempDir,
    ca: SmallCa,
    good: Certificate,
    revoked: Certificate,
    unknown: Certificate,
    now: Ts,
}

impl Setting {
    fn new() -> Self {
        let now = SystemClock.now();
        let ca = SmallCa::create("A", Algorithm::EcdsaP256Sha256, now.plus_secs(-DAY_SECS)).unwrap();
        let validity = (now.plus_secs(-DAY_SECS), now.plus_secs(30 * DAY_SECS));
        let issue = || ca.issue(&request(Algorithm::EcdsaP256Sha256), Profile::Node, validity).unwrap();
        let dir = tempfile::tempdir().unwrap();
        ca.save(dir.path(), &Passphrase::new(PASSPHRASE.to_owned()).unwrap()).unwrap();
        let (good, revoked, unknown) = (issue(), issue(), issue());
        let index = format!(
            "V\t400101000000Z\t\t{}\tunknown\t/O=good\nR\t400101000000Z\t260102030405Z\t{}\tunknown\t/O=revoked\n",
            good.serial_hex().to_uppercase(),
            revoked.serial_hex().to_uppercase(),
        );
        fs::write(dir.path().join("index.txt"), index).unwrap();
        Self { dir, ca, good, revoked, unknown, now }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn own_responder(&self) -> Responder {
        Responder::start(self.path(), "-rsigner ca.pem -rkey ca.key -passin pass:p")
    }

    /// A responder whose certificate the authority issued.
    fn delegated(&self, extensions: &str) -> Responder {
        fs::write(self.path().join("ext"), extensions).unwrap();
        openssl(self.path(), &format!("req -new {NEW_KEY} -keyout r.key -out r.csr -subj /CN=R"));
        openssl(
            self.path(),
            "x509 -req -in r.csr -CA ca.pem -CAkey ca.key -passin pass:p -CAcreateserial -days 1 -extfile ext -out r.pem",
        );
        Responder::start(self.path(), "-rsigner r.pem -rkey r.key")
    }

    async fn ask(&self, certificate: &Certificate, responder: &Responder) -> Result<OcspStatus, OcspError> {
        check(certificate, &self.ca.certificate(), &responder.url, SystemClock.now()).await
    }
}

const NEW_KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

/// OpenSSL's responder, which ends with the test.
struct Responder {
    child: Child,
    url: String,
}

impl Responder {
    fn start(dir: &Path, signer: &str) -> Self {
        let line = format!("ocsp -port 0 -index index.txt -CA ca.pem -ndays 1 {signer}");
        let mut child = Command::new("openssl")
            .args(line.split(' '))
            .current_dir(dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It says "ACCEPT [::]:PORT PID=…" when it listens.
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let port = said.split_whitespace().nth(1).and_then(|address| address.rsplit(':').next()).unwrap();
        let url = format!("http://127.0.0.1:{port}/");
        Self { child, url }
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn assert_unbelievable(outcome: &Result<OcspStatus, OcspError>, part: &str) {
    assert!(matches!(outcome, Err(OcspError::Unbelievable(reason)) if reason.contains(part)), "{outcome:?}");
}

#[tokio::test]
async fn a_responder_of_openssl_says_good_revoked_and_unknown() {
    let setting = Setting::new();
    let responder = setting.own_responder();
    let good = setting.ask(&setting.good, &responder).await.unwrap();
    let OcspStatus::Good { next_update: Some(next) } = good else { panic!("{good:?}") };
    assert!(
        (setting.now.plus_secs(DAY_SECS - 60)..setting.now.plus_secs(DAY_SECS + 60)).contains(&next),
        "{next}"
    );
    let since = Ts::parse("2026-01-02T03:04:05Z").unwrap();
    assert_eq!(setting.ask(&setting.revoked, &responder).await.unwrap(), OcspStatus::Revoked { since });
    assert_eq!(setting.ask(&setting.unknown, &responder).await.unwrap(), OcspStatus::Unknown);
}

#[tokio::test]
async fn an_answer_counts_only_in_its_time() {
    let setting = Setting::new();
    let responder = setting.own_responder();
    let at = async |now| check(&setting.good, &setting.ca.certificate(), &responder.url, now).await;
    assert_unbelievable(&at(setting.now.plus_secs(2 * DAY_SECS)).await, "stale");
    assert_unbelievable(&at(setting.now.plus_secs(-3600)).await, "future");
    assert!(at(Ts(i64::MAX)).await.is_err() && at(Ts(i64::MIN)).await.is_err());
}

#[tokio::test]
async fn a_responder_of_the_authority_may_answer_when_it_needs_no_check_itself() {
    let setting = Setting::new();
    let responder = setting.delegated("extendedKeyUsage=OCSPSigning\nnoCheck=ignored\n");
    let status = setting.ask(&setting.good, &responder).await;
    assert!(matches!(status, Ok(OcspStatus::Good { .. })), "{status:?}");
    drop(responder);
    let unchecked = setting.delegated("extendedKeyUsage=OCSPSigning\n");
    assert_unbelievable(&setting.ask(&setting.good, &unchecked).await, "responder's own certificate");
    drop(unchecked);
    let no_responder = setting.delegated("extendedKeyUsage=serverAuth\n");
    assert_unbelievable(&setting.ask(&setting.good, &no_responder).await, "OCSPSigning");
}

#[tokio::test]
async fn a_stranger_cannot_answer_even_under_the_issuers_name() {
    let setting = Setting::new();
    for name in ["/CN=A", "/CN=B"] {
        openssl(
            setting.path(),
            &format!("req -x509 {NEW_KEY} -keyout x.key -out x.pem -days 2 -subj {name} -utf8"),
        );
        let responder = Responder::start(setting.path(), "-rsigner x.pem -rkey x.key");
        let outcome = setting.ask(&setting.good, &responder).await;
        assert!(matches!(outcome, Err(OcspError::Unbelievable(_))), "{name}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_question_about_another_issuer_has_no_answer() {
    let setting = Setting::new();
    let responder = setting.own_responder();
    let other = SmallCa::create("B", Algorithm::Ed25519, setting.now).unwrap();
    let outcome = check(&setting.good, &other.certificate(), &responder.url, setting.now).await;
    assert!(outcome.is_err(), "{outcome:?}");
}

#[tokio::test]
async fn a_responder_that_is_gone_is_no_status() {
    let setting = Setting::new();
    let responder = setting.own_responder();
    let url = responder.url.clone();
    drop(responder);
    let outcome = check(&setting.good, &setting.ca.certificate(), &url, setting.now).await;
    assert!(matches!(outcome, Err(OcspError::Post(PostError::Connect { .. }))), "{outcome:?}");
}

/// OpenSSL's answer to a question about the good certificate, without a network.
fn answer(setting: &Setting) -> Vec<u8> {
    let pair = Pair::new(&setting.good, &setting.ca.certificate()).unwrap();
    fs::write(setting.path().join("question"), pair.question().unwrap().0).unwrap();
    openssl(
        setting.path(),
        "ocsp -index index.txt -CA ca.pem -rsigner ca.pem -rkey ca.key -passin pass:p -reqin question -respout answer \
         -ndays 1",
    );
    fs::read(setting.path().join("answer")).unwrap()
}

#[test]
fn an_answer_to_another_question_is_refused() {
    let setting = Setting::new();
    let answer = answer(&setting);
    let pair = Pair::new(&setting.good, &setting.ca.certificate()).unwrap();
    assert!(pair.read(&answer, None, setting.now).is_ok());
    assert_unbelievable(&pair.read(&answer, Some(b"other nonce"), setting.now), "nonce");
    let other = Pair::new(&setting.revoked, &setting.ca.certificate()).unwrap();
    assert_unbelievable(&other.read(&answer, None, setting.now), "another certificate");
}

#[test]
fn a_responder_that_is_busy_is_told_from_one_that_lies() {
    let setting = Setting::new();
    let pair = Pair::new(&setting.good, &setting.ca.certificate()).unwrap();
    let outcome = pair.read(&[0x30, 3, 0x0a, 1, 3], None, setting.now);
    assert!(
        matches!(&outcome, Err(OcspError::Refused(reason)) if reason.contains("tryLater")),
        "{outcome:?}"
    );
}

#[test]
fn one_flipped_bit_in_an_answer_never_gives_another_status() {
    let setting = Setting::new();
    let good = answer(&setting);
    let pair = Pair::new(&setting.good, &setting.ca.certificate()).unwrap();
    let expected = pair.read(&good, None, setting.now).unwrap();
    for index in 0..good.len() {
        let mut bad = good.clone();
        bad[index] ^= 1 << (index % 8);
        if let Ok(status) = pair.read(&bad, None, setting.now) {
            assert_eq!(status, expected, "byte {index}");
        }
    }
}

#[test]
fn no_bytes_make_reading_an_answer_panic() {
    let setting = Setting::new();
    let good = answer(&setting);
    let read = |bytes: &[u8]| {
        let pair = Pair::new(&setting.good, &setting.ca.certificate()).unwrap();
        pair.read(bytes, Some(b"nonce"), setting.now).is_ok()
    };
    proptest::proptest!(|(bytes: Vec<u8>)| assert!(!read(&bytes)));
    proptest::proptest!(|(changes: Vec<(u16, u8)>, length: Option<u16>)| {
        read(&crate::certificate::sample::altered(&good, &changes, length));
    });
}
