#![allow(clippy::unwrap_used, reason = "a test may panic")]

use base::{Clock as _, SystemClock};
use crypto::ca::SmallCa;

use super::*;
use crate::config::Config;

const NODE: &str = "VN-DEMO/GOV/G01/NUT-1";

fn read(text: &str) -> Config {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lienthong.toml");
    std::fs::write(&path, text).unwrap();
    let ca = SmallCa::create("x", Algorithm::Ed25519, SystemClock.now()).unwrap();
    for name in ["motcua.pem", "ho-so.pem"] {
        std::fs::write(dir.path().join(name), ca.certificate().pem()).unwrap();
    }
    std::fs::write(dir.path().join("ho-so.openapi.json"), "{}").unwrap();
    Config::read(&path).unwrap()
}

fn template(origin: &Origin) -> String {
    configuration(&NODE.parse().unwrap(), URL_UNKNOWN, origin, Path::new("/node"))
}

fn uncommented(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => rest.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

#[test]
fn the_configuration_of_a_new_node_is_correct() {
    let config = read(&template(&Origin::Variable));
    assert_eq!(config.node.to_string(), NODE);
    assert_eq!(config.keys.passphrase_file, None);
}

#[test]
fn a_made_passphrase_file_is_named_relative_to_the_configuration() {
    let config = read(&template(&Origin::Made("/node/passphrase".into())));
    assert!(config.keys.passphrase_file.unwrap().ends_with("passphrase"));
    let text = template(&Origin::File("/elsewhere/\"p\"".into()));
    assert_eq!(read(&text).keys.passphrase_file.unwrap(), Path::new("/elsewhere/\"p\""));
}

#[test]
fn every_commented_default_is_the_default_and_every_example_is_accepted() {
    let text = template(&Origin::Variable);
    let (defaults, all) = (read(&text), read(&uncommented(&text)));
    assert_eq!(all.limits, defaults.limits);
    assert_eq!(all.signing, defaults.signing);
    assert_eq!(all.directory.refresh_s, defaults.directory.refresh_s);
    assert_eq!(all.listen.connections_max, defaults.listen.connections_max);
    assert_eq!(all.listen.drain_s, defaults.listen.drain_s);
    assert_eq!(all.listen.head_s, defaults.listen.head_s);
    assert_eq!(all.data_dir.file_name(), defaults.data_dir.file_name());
    let labels = |config: &Config| {
        let keys = &config.keys;
        [keys.signing.clone(), keys.tls.clone(), keys.pseudonyms.clone()]
    };
    assert_eq!(labels(&all), labels(&defaults));
    let evidence = |config: &Config| {
        let evidence = &config.evidence;
        (evidence.checkpoint_ms, evidence.timestamp_s, evidence.ocsp_s)
    };
    assert_eq!(evidence(&all), evidence(&defaults));
    assert_eq!((all.rights.services().count(), all.rights.grants().count()), (1, 1));
}

#[test]
fn a_quote_in_the_url_does_not_end_its_string() {
    let text =
        configuration(&NODE.parse().unwrap(), "http://x/\"\nid = 1", &Origin::Variable, Path::new("/node"));
    assert_eq!(read(&text).directory.url, "http://x/\"\nid = 1");
}
