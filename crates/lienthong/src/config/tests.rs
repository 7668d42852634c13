#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;

const GOOD: &str = r#"
[node]
id = "VN-DEMO/GOV/G01/NUT-1"
[keys]
dir = "keys"
signing_certificate = "sign.pem"
tls_certificate = "tls.pem"
[directory]
root = "root.json"
url = "http://127.0.0.1:1/"
[store]
url = "sqlite:log.db"
[listen]
nodes = "127.0.0.1:0"
systems_plain = "127.0.0.1:0"
"#;

fn read(more: &str) -> Result<Config, Mistakes> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lienthong.toml");
    std::fs::write(&path, format!("{GOOD}{more}")).unwrap();
    Config::read(&path)
}

#[test]
fn every_mistake_is_reported_at_once() {
    let more = r#"
[limits]
call_s = 0
[[subsystem]]
code = "A"
connection = "mutual"
[[service]]
subsystem = "A"
code = "s"
url = "ftp://x"
[[grant]]
service = "A/other"
until = "tomorrow"
endpoints = [{ path = "x" }]
fields = ["a..b"]
quota_day = 0
sign_in = 4
condition = "context.hours > 7"
"#;
    let mistakes = read(more).unwrap_err().0;
    for part in [
        "call_s = 0",
        "needs [listen] systems",
        "must begin with http",
        "no [[service]]",
        "exactly one of",
        "until",
        "begins with '/'",
        "names joined by dots",
        "quota_day and rate_s",
        "sign_in: allowed",
        "condition: not a condition",
    ] {
        assert!(mistakes.iter().any(|m| m.contains(part)), "{part} in {mistakes:#?}");
    }
}

#[test]
fn an_unknown_key_is_a_mistake() {
    assert!(read("[limits]\nbody_max = 1\n").unwrap_err().to_string().contains("body_max"));
}

#[test]
fn plain_http_outside_loopback_is_a_mistake() {
    let text = GOOD.replace("systems_plain = \"127.0.0.1:0\"", "systems_plain = \"0.0.0.0:80\"");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lienthong.toml");
    std::fs::write(&path, text).unwrap();
    assert!(Config::read(&path).unwrap_err().to_string().contains("loopback"));
}

#[test]
fn defaults_are_the_documented_ones() {
    let config = read("").unwrap();
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.signing, Mode::Batch { window_us: 300 });
    assert!(config.store_url.ends_with("/log.db"));
}

#[test]
fn rights_come_from_one_registry_that_is_named_with_its_keeper() {
    let good =
        "[rights]\nregistry = \"https://so.example.vn:7490/\"\nregistry_member = \"VN-DEMO/GOV/H17\"\n";
    let config = read(good).unwrap();
    let elsewhere = config.registry_elsewhere.unwrap();
    assert_eq!((elsewhere.url.as_str(), config.stale_after_s), ("https://so.example.vn:7490", 86_400));
    for (wrong, said) in [
        ("[rights]\n", "registry is needed"),
        ("[rights]\nregistry = \"https://x\"\n", "registry_member is needed"),
        ("[rights]\nregistry_member = \"VN-DEMO/GOV/H17\"\n", "without registry"),
        (&good.replace("https:", "http:"), "https://HOST:PORT"),
        (&good.replace("7490/", "7490/api"), "https://HOST:PORT"),
        (&format!("{good}stale_after_s = 0\n"), "stale_after_s"),
        (
            &format!("{good}[registry]\nstore = \"sqlite:r.db\"\npeople = \"p\"\nplain = \"127.0.0.1:0\"\n"),
            "its own registry",
        ),
    ] {
        let mistakes = read(wrong).unwrap_err().to_string();
        assert!(mistakes.contains(said), "{wrong}: {mistakes}");
    }
}

#[test]
fn what_is_found_of_sources_has_a_store_of_its_own() {
    let section = "[sources]\nlisten = \"127.0.0.1:7491\"\n";
    assert!(read(section).unwrap().sources.unwrap().store.ends_with("/sources.db"));
    let mistakes = read(&format!("{section}store = \"sqlite:log.db\"\n")).unwrap_err().to_string();
    assert!(mistakes.contains("a store of their own"), "{mistakes}");
}

#[test]
fn procedures_are_executed_where_people_sign_in_and_in_a_store_of_their_own() {
    let registry = "[registry]\nstore = \"sqlite:r.db\"\npeople = \"p\"\nplain = \"127.0.0.1:0\"\n";
    let section = read(&format!("{registry}[process]\n")).unwrap().process.unwrap();
    assert!(section.store.ends_with("/process.db") && section.workers.is_none());
    for (wrong, said) in [
        ("[process]\n".to_owned(), "needs the section [registry]"),
        (format!("{registry}[process]\nstore = \"sqlite:r.db\"\n"), "a store of its own"),
        (format!("{registry}[process]\nstore = \"sqlite:log.db\"\n"), "a store of its own"),
        (format!("{registry}[process]\nstore = \"sqlite:./r.db\"\n"), "a store of its own"),
        (format!("{registry}[process]\nstore = \"mysql://x/y\"\n"), "[process] store: a store address is"),
        (format!("{registry}[process]\nworkers = \"khong-co.toml\"\n"), "khong-co.toml"),
        (format!("{registry}[process]\ncalendars = \"khong-co.toml\"\n"), "No such file"),
    ] {
        let mistakes = read(&wrong).unwrap_err().to_string();
        assert!(mistakes.contains(said), "{wrong}: {mistakes}");
    }
}

#[test]
fn a_store_in_a_folder_that_is_not_there_is_noticed() {
    let notices = read("").unwrap().notices;
    assert!(notices.is_empty(), "{notices:?}");
    let registry = "[registry]\nstore = \"sqlite:r.db\"\npeople = \"p\"\nplain = \"127.0.0.1:0\"\n";
    let config = read(&format!("{registry}[process]\nstore = \"sqlite:khong/co/p.db\"\n")).unwrap();
    assert!(
        matches!(&config.notices[..], [one] if one.starts_with("[process] store:") && one.ends_with("khong/co"))
    );
}

#[test]
fn a_console_for_others_asks_for_the_second_factor() {
    let registry = "[registry]\nstore = \"sqlite:r.db\"\npeople = \"p\"\nplain = \"127.0.0.1:0\"\n";
    let good = format!("{registry}password_only = true\n[registry.console]\nplain = \"127.0.0.1:0\"\n");
    assert!(read(&good).unwrap().registry.unwrap().console.is_some());
    for (wrong, said) in [
        (
            good.replace(
                "[registry.console]\nplain = \"127.0.0.1:0\"",
                "[registry.console]\nlisten = \"0.0.0.0:443\"",
            ),
            "password_only",
        ),
        (format!("{registry}listen = \"0.0.0.0:443\"\npassword_only = true\n"), "password_only"),
        (format!("{registry}[registry.console]\nplain = \"0.0.0.0:80\"\n"), "loopback"),
        (format!("{registry}[registry.console]\n"), "listen or plain is needed"),
        (good.clone() + "behind_tls = true\n", "password_only"),
        (
            format!("{registry}[registry.console]\nlisten = \"0.0.0.0:443\"\nbehind_tls = true\n"),
            "behind_tls",
        ),
        (good.replace("127.0.0.1:0", "127.0.0.1:7490"), "another port"),
    ] {
        let mistakes = read(&wrong).unwrap_err().to_string();
        assert!(mistakes.contains(said), "{wrong}: {mistakes}");
    }
}
