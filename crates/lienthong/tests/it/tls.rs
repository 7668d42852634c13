//! Who may speak to a node: information systems by their registered certificates, other nodes by TLS 1.3.

use std::path::PathBuf;
use std::process::Command;

use crate::harness::{Answer, Options, Sandbox, curl, wait};
use crate::raw::{CLIENT, HTTPS, PROVIDER};

/// Makes a key and a certificate for it with OpenSSL, as an information system's administrator would.
fn certificate(sandbox: &Sandbox, name: &str) -> [PathBuf; 2] {
    let file = |end: &str| sandbox.node_dir("consumer").join(format!("{name}.{end}"));
    let (key, pem) = (file("key"), file("pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args([
            "-subj",
            &format!("/CN={name}"),
            "-keyout",
            key.to_str().unwrap(),
            "-out",
            pem.to_str().unwrap(),
        ])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    [key, pem]
}

/// Calls the granted service over HTTPS; the client checks the node's host name with the authority's certificate.
fn ask(sandbox: &Sandbox, identity: Option<&[PathBuf; 2]>, more: &[&str]) -> Result<Answer, String> {
    let url = format!("https://127.0.0.1:{}{PROVIDER}/thu/049", sandbox.port(HTTPS));
    let authority = sandbox.dir.path().join("data/centre/ca/ca.pem");
    let mut args = vec!["--cacert", authority.to_str().unwrap(), &*url, "-H", CLIENT];
    if let Some([key, pem]) = identity {
        args.extend(["--key", key.to_str().unwrap(), "--cert", pem.to_str().unwrap()]);
    }
    curl(&[&args[..], more].concat(), None)
}

#[track_caller]
fn refused(answer: Result<Answer, String>, part: &str) {
    let answer = answer.unwrap();
    assert_eq!(
        (answer.status, answer.header("x-road-error")),
        (500, Some("server.clientproxy.ssl_authentication_failed")),
        "{answer:?}"
    );
    assert_eq!(answer.header("lienthong-error"), Some("EX-0202"));
    assert!(answer.text().contains(part), "{part}: {answer:?}");
}

/// The consumer's first subsystem proves itself in this way from now on, and is the only one.
fn connection(sandbox: &Sandbox, lines: &str) {
    sandbox.edit_config("consumer", |text| {
        let keep = text.find("connection = ").unwrap();
        format!("{}{lines}\n", &text[..keep])
    });
}

#[test]
fn an_information_system_proves_itself_in_the_way_that_is_registered() {
    let mut sandbox = Sandbox::prepare(&Options::default());
    let [first, second, other] = ["mot", "hai", "khac"].map(|name| certificate(&sandbox, name));
    let port = sandbox.port(HTTPS);
    sandbox.edit_config("consumer", |text| {
        text.replace("[listen]\n", &format!("[listen]\nsystems = \"127.0.0.1:{port}\"\n"))
    });
    connection(&sandbox, "connection = \"mutual\"\ncertificates = [\"mot.pem\", \"hai.pem\"]");
    sandbox.start_provider();
    sandbox.start_consumer();

    for registered in [&first, &second] {
        for version in [&["--tls-max", "1.2"], &["--tlsv1.3", "-s"]] {
            assert_eq!(ask(&sandbox, Some(registered), version).unwrap().status, 200, "{version:?}");
        }
    }
    refused(ask(&sandbox, Some(&other), &[]), "not registered");
    refused(ask(&sandbox, Some(&other), &["--tls-max", "1.2"]), "not registered");
    refused(ask(&sandbox, None, &[]), "no client certificate");
    refused(Ok(sandbox.ask("/049", &[])), "HTTPS is required");
    // A certificate alone is nothing without its key.
    assert!(ask(&sandbox, Some(&[other[0].clone(), first[1].clone()]), &[]).is_err());
    assert!(
        ask(&sandbox, None, &["--tlsv1.1", "--tls-max", "1.1", "--ciphers", "DEFAULT:@SECLEVEL=0"]).is_err()
    );

    // A certificate that is taken off the list counts no more, without a restart.
    connection(&sandbox, "connection = \"mutual\"\ncertificates = [\"hai.pem\"]");
    wait(|| ask(&sandbox, Some(&first), &[]).unwrap().status == 500);
    assert_eq!(ask(&sandbox, Some(&second), &[]).unwrap().status, 200);

    connection(&sandbox, "connection = \"tls\"");
    wait(|| ask(&sandbox, None, &[]).unwrap().status == 200);
    assert_eq!(ask(&sandbox, Some(&other), &[]).unwrap().status, 200);
    refused(Ok(sandbox.ask("/049", &[])), "HTTPS is required");

    connection(&sandbox, "connection = \"plain\"");
    wait(|| sandbox.ask("/049", &[]).status == 200);
    assert_eq!(ask(&sandbox, None, &[]).unwrap().status, 200);
    assert_eq!(sandbox.audit("provider")["open"], 0);
}

#[test]
fn other_nodes_are_taken_by_tls_1_3_and_a_certificate_of_the_directory() {
    let sandbox = Sandbox::start(&Options::default());
    let peer = sandbox.fact("provider_peer");
    let url = format!("https://{peer}{PROVIDER}/thu/049");
    let stranger = certificate(&sandbox, "la");
    let [key, pem] = stranger.each_ref().map(|path| path.to_str().unwrap());
    let refusals = || sandbox.log("provider").matches("EX-0415").count();
    for (count, more) in [
        (1, &["--tls-max", "1.2"][..]),
        (2, &[]),
        (3, &["--key", key, "--cert", pem]),
        (4, &["--key", key, "--cert", pem, "--tls-max", "1.2"]),
    ] {
        let answer = curl(&[&["-k", &*url, "-H", CLIENT], more].concat(), None);
        assert!(answer.is_err(), "{more:?}: {answer:?}");
        wait(|| refusals() == count);
    }
    let openssl = Command::new("openssl")
        .args(["s_client", "-tls1_2", "-connect", peer])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&openssl.stderr);
    assert!(said.contains("alert protocol version"), "{said}");
    wait(|| refusals() == 5);
    sandbox.assert_alive("strangers at the port for nodes");
}
