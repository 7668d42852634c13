//! Time-stamps, made by the `openssl` command as an authority.

use std::path::Path;
use std::process::Command;

use crate::fixture::{WORLD, good};
use crypto::certificate::Certificate;
use evidence::checkpoint::imprint;
use evidence::verify::{Claim, Outcome};
use evidence::{Container, verify};

const CONFIG: &str = "
[tsa]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
[signer]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
[req]
distinguished_name = dn
[dn]
";

fn openssl(dir: &Path, arguments: &str) {
    let made = Command::new("openssl").current_dir(dir).args(arguments.split_whitespace()).output().unwrap();
    assert!(made.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&made.stderr));
}

/// An authority of its own, and its token over `digest`.
fn stamp(digest: &[u8; 32]) -> (Certificate, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    std::fs::write(dir.join("tsa.cnf"), CONFIG).unwrap();
    std::fs::write(dir.join("serial"), "01\n").unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config tsa.cnf";
    openssl(
        dir,
        &format!(
            "req -x509 {key} -extensions root -days 30 -subj /CN=TSA-Root -keyout root.key -out root.pem"
        ),
    );
    openssl(dir, &format!("req -new {key} -subj /CN=TSA -keyout tsa.key -out tsa.csr"));
    openssl(
        dir,
        "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -set_serial 7 -days 29 -extfile tsa.cnf -extensions signer -out tsa.pem",
    );
    let digest = hex::encode(digest);
    openssl(dir, &format!("ts -query -digest {digest} -sha256 -cert -out query.tsq"));
    openssl(
        dir,
        "ts -reply -config tsa.cnf -section tsa -queryfile query.tsq -inkey tsa.key -signer tsa.pem -chain root.pem -token_out -out token.der",
    );
    let root = Certificate::from_pem(&std::fs::read_to_string(dir.join("root.pem")).unwrap()).unwrap();
    (root, std::fs::read(dir.join("token.der")).unwrap())
}

fn stamped() -> Container {
    let mut container = good(true);
    let (root, token) = stamp(&imprint(&container.checkpoint.text, &container.checkpoint.signature));
    container.checkpoint.timestamp = Some(token);
    container.timestamp_authorities = vec![root];
    container
}

#[test]
fn a_time_stamp_over_the_checkpoint_is_believed_when_its_authority_is() {
    let container = stamped();
    let file = container.encode();
    std::fs::write(format!("{}/stamped.evidence.json", env!("CARGO_TARGET_TMPDIR")), &file).unwrap();
    let both = [WORLD.ca.certificate(), container.timestamp_authorities[0].clone()];
    let report = verify(file.as_bytes(), Some(&both));
    assert!(report.ok(), "{report:#?}");
    assert_eq!(report.result(Claim::Timestamp), Some(Outcome::Passed));
    assert_eq!(verify(file.as_bytes(), Some(&both[..1])).result(Claim::Anchor), Some(Outcome::Failed));
}

#[test]
fn a_time_stamp_over_something_else_or_by_somebody_else_fails() {
    let good_one = stamped();
    let check = |change: fn(&mut Container)| {
        let mut container = good_one.clone();
        change(&mut container);
        verify(container.encode().as_bytes(), None).result(Claim::Timestamp)
    };
    assert_eq!(check(|_| ()), Some(Outcome::Passed));
    assert_eq!(check(|file| file.timestamp_authorities.clear()), Some(Outcome::Failed));
    assert_eq!(
        check(|file| file.timestamp_authorities = vec![WORLD.ca.certificate()]),
        Some(Outcome::Failed)
    );
    assert_eq!(check(|file| file.checkpoint.timestamp = Some(vec![0x30, 0])), Some(Outcome::Failed));
    assert_eq!(check(|file| file.checkpoint.timestamp = Some(stamp(&[7; 32]).1)), Some(Outcome::Failed));
    // The stamp covers the signature: a new signature under the same text was not there then.
    assert_eq!(check(|file| file.checkpoint.signature[9] ^= 1), Some(Outcome::Failed));
    assert_eq!(check(|file| file.checkpoint.timestamp = None), Some(Outcome::NotPresent));
}
