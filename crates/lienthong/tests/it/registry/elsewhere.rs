//! A gateway that takes its rights from the registry of another machine: a third process, of the consumer's member.

use std::path::PathBuf;
use std::time::Instant;

use super::*;
use crate::harness::{Process, curl, run};
use crate::rig::sql;

/// The provider follows the registry; consumer, provider and registry run.
struct Three {
    sandbox: Sandbox,
    office: Office,
    registry: Option<Process>,
}

impl Three {
    fn start() -> Self {
        let sandbox = Sandbox::prepare(&Options::default());
        let dir = make_registry(&sandbox);
        let mut three = Self {
            office: Office::open(&format!("sqlite:{}", dir.join("registry.db").display())),
            sandbox,
            registry: None,
        };
        three.start_registry();
        let (echo, api) = (three.sandbox.port(7), three.sandbox.port(8));
        three.sandbox.edit_config("provider", |text| {
            format!("{text}\n[[service]]\nsubsystem = \"DANCU\"\ncode = \"soi\"\nurl = \"http://127.0.0.1:{echo}/soi\"\n\n[rights]\nregistry = \"https://127.0.0.1:{api}\"\nregistry_member = \"VN-DEMO/GOV/H17\"\nstale_after_s = 86400\n")
        });
        three.sandbox.start_provider();
        three.sandbox.start_consumer();
        three
    }

    fn dir(&self) -> PathBuf {
        registry_dir(&self.sandbox)
    }

    fn start_registry(&mut self) {
        let config = self.dir().join("lienthong.toml");
        let log = self.sandbox.dir.path().join("registry.log");
        let process = Process::start(&["run", "--config", config.to_str().unwrap()], &log);
        self.registry = Some(process);
        let ready = format!("http://127.0.0.1:{}/readyz", self.sandbox.port(9));
        wait(|| self.sandbox.get(&ready, &[]).is_ok_and(|answer| answer.status == 200));
    }

    fn kill_registry(&mut self) {
        self.registry.take().unwrap().kill_9();
    }

    /// The provider starts anew with another section `[rights]`, ready or not.
    fn restart_provider(&mut self, from: &str, to: &str) {
        self.sandbox.provider.take().unwrap().terminate();
        self.sandbox.edit_config("provider", |text| {
            assert!(text.contains(from));
            text.replace(from, to)
        });
        self.sandbox.provider = Some(self.sandbox.spawn("provider"));
    }

    fn ready(&self) -> Answer {
        let ready = format!("{}/readyz", self.sandbox.fact("provider_ops"));
        self.sandbox.get(&ready, &[]).unwrap_or_else(|_| Answer {
            first_line: String::new(),
            status: 0,
            headers: Vec::new(),
            body: Vec::new(),
        })
    }

    /// Asks the registry for the provider's rights with a node's certificate.
    fn fetched_by(&self, role: &str) -> Answer {
        let dir = self.sandbox.node_dir(role);
        let passphrase = std::fs::read_to_string(dir.join("../passphrase")).unwrap();
        let (certificate, key) = (dir.join("tls.pem"), dir.join("keys/tls.key"));
        let mine = [
            "--cert",
            certificate.to_str().unwrap(),
            "--key",
            key.to_str().unwrap(),
            "--pass",
            passphrase.trim(),
        ];
        self.fetched(&mine)
    }

    fn fetched(&self, more: &[&str]) -> Answer {
        let url = format!("https://127.0.0.1:{}/api/v1/rights/VN-DEMO/GOV/G01", self.sandbox.port(8));
        curl(&[&["-k", &*url], more].concat(), None).unwrap()
    }

    fn suspend(&self, id: &GrantId) {
        let pause = json!({ "id": id, "reason": "Rà soát" });
        self.office.does(DATA_OWNER, Act::GrantChange, |state, moment, _| {
            grant::suspend(state, moment, &serde_json::from_value(pause.clone()).unwrap())
        });
    }

    fn resume(&self, id: &GrantId) {
        let go = json!({ "id": id, "reason": "Xong" });
        self.office.does(DATA_OWNER, Act::GrantChange, |state, moment, _| {
            grant::resume(state, moment, &serde_json::from_value(go.clone()).unwrap())
        });
    }

    /// A request that went all its way.
    fn grant(&self) -> GrantId {
        self.office.prepare();
        let request = self.office.asks(&terms(&["method", "target"], 100_000));
        self.office.reaches_the_owner(&request);
        self.office.goes_live(&request)
    }

    fn is_refused(&self, code: &str) -> bool {
        ask(&self.sandbox, "hoi").header("lienthong-error") == Some(code)
    }
}

fn registry_dir(sandbox: &Sandbox) -> PathBuf {
    sandbox.node_dir("consumer").with_file_name("registry")
}

/// A node of the consumer's member that only keeps the registry: the consumer's identity on ports of its own.
fn make_registry(sandbox: &Sandbox) -> PathBuf {
    let (from, dir) = (sandbox.node_dir("consumer"), registry_dir(sandbox));
    std::fs::create_dir_all(dir.join("keys")).unwrap();
    std::fs::set_permissions(dir.join("keys"), std::fs::Permissions::from_mode(0o700)).unwrap();
    for file in ["sign.pem", "tls.pem", "keys/sign.key", "keys/tls.key", "keys/pseudonyms.secret"] {
        std::fs::copy(from.join(file), dir.join(file)).unwrap();
    }
    let text = std::fs::read_to_string(from.join("lienthong.toml")).unwrap();
    let (text, _) = text.split_once("[[subsystem]]").unwrap();
    let port = |offset| format!("127.0.0.1:{}", sandbox.port(offset));
    let text = text
        .replace(&format!("systems_plain = \"{}\"\n", port(0)), "")
        .replace(&port(1), "127.0.0.1:0")
        .replace(&port(2), &port(9));
    let role = format!(
        "[registry]\nstore = \"sqlite:registry.db\"\npeople = \"people.toml\"\nlisten = \"{}\"\n",
        port(8)
    );
    std::fs::write(dir.join("lienthong.toml"), text + role.as_str()).unwrap();
    write_people(&dir);
    dir
}

#[test]
fn a_gateway_follows_the_registry_of_another_machine_and_goes_on_without_it() {
    let mut three = Three::start();
    assert!(three.is_refused("EX-0301"), "{:?}", ask(&three.sandbox, "chua"));
    let grant = three.grant();
    wait(|| ask(&three.sandbox, "duoc").status == 200);
    let since = Instant::now();
    three.suspend(&grant);
    wait(|| three.is_refused("EX-0306"));
    assert!(since.elapsed().as_secs() < 5, "{:?}", since.elapsed());
    three.resume(&grant);
    wait(|| ask(&three.sandbox, "lai-duoc").status == 200);

    // The registry is away: what is known goes on, also in a node that starts now.
    three.kill_registry();
    assert_eq!(ask(&three.sandbox, "di-vang").status, 200);
    three.sandbox.provider.take().unwrap().terminate();
    three.sandbox.start_provider();
    wait(|| ask(&three.sandbox, "chay-lai").status == 200);
    assert_eq!(three.ready().json()["checks"]["rights"], "ok");

    // What was decided while it was away counts when it is back.
    three.suspend(&grant);
    three.start_registry();
    wait(|| three.is_refused("EX-0306"));
    assert!(three.sandbox.log("provider").contains("the registry is followed again"));
}

#[test]
fn rights_that_nobody_confirms_for_too_long_refuse_every_call() {
    let mut three = Three::start();
    three.grant();
    wait(|| ask(&three.sandbox, "duoc").status == 200);
    three.restart_provider("stale_after_s = 86400", "stale_after_s = 4");
    wait(|| three.ready().status == 200 && ask(&three.sandbox, "con-moi").status == 200);
    three.kill_registry();
    wait(|| three.is_refused("EX-0313"));
    let ready = three.ready();
    let text = ready.json()["checks"]["rights"].as_str().unwrap().to_owned();
    assert!(ready.status == 503 && text.contains("EX-0313"), "{ready:?}");
    let metrics = format!("{}/metrics", three.sandbox.fact("provider_ops"));
    wait(|| three.sandbox.get(&metrics, &[]).unwrap().text().contains("lienthong_rights_age_seconds"));
    // A new start makes nothing younger.
    three.restart_provider("stale_after_s = 4", "stale_after_s = 3");
    wait(|| three.is_refused("EX-0313"));
    three.restart_provider("stale_after_s = 3", "stale_after_s = 86400");
    wait(|| ask(&three.sandbox, "han-dai-hon").status == 200);
}

#[test]
fn a_registry_that_was_set_back_or_is_anothers_is_not_followed() {
    let mut three = Three::start();
    let (db, backup) = (three.dir().join("registry.db"), three.dir().join("backup.db"));
    let url = format!("sqlite:{}", db.display());
    let grant = three.grant();
    sql(&url, &format!("VACUUM INTO '{}'", backup.display()));
    three.suspend(&grant);
    wait(|| three.is_refused("EX-0306"));
    three.registry.take().unwrap().terminate();
    let Three { sandbox, office, .. } = three;
    drop(office);
    for ending in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(format!("{}{ending}", db.display())));
    }
    std::fs::rename(&backup, &db).unwrap();
    let mut three = Three { sandbox, office: Office::open(&url), registry: None };
    three.start_registry();
    wait(|| three.sandbox.log("provider").contains("older than"));
    assert!(three.is_refused("EX-0306"), "the suspension still counts");

    // Somebody else than whom the configuration names.
    three.restart_provider("registry_member = \"VN-DEMO/GOV/H17\"", "registry_member = \"VN-DEMO/GOV/G01\"");
    wait(|| three.is_refused("EX-0313"));
    let log = three.sandbox.log("provider");
    assert!(log.contains("not signed by VN-DEMO/GOV/G01") && log.contains("cannot reach"), "{log}");
}

#[test]
fn only_a_node_of_the_member_gets_its_rights_and_they_are_signed() {
    let three = Three::start();
    let own = three.fetched_by("provider");
    assert_eq!((own.status, &own.json()["member"]), (200, &json!("VN-DEMO/GOV/G01")));
    assert!(own.header("signature-input").unwrap().contains("tag=\"lienthong-rights-1\""));
    let tag = format!("If-None-Match: {}", own.header("etag").unwrap());
    assert!(own.header("signature").is_some() && own.header("content-digest").is_some());
    let config = three.sandbox.fact("provider_config");
    let (_, said) = run(&["doctor", "--config", config]);
    assert!(said.contains("https://127.0.0.1") && said.contains("confirmed at"), "{said}");
    assert!(run(&["check-config", "--config", config]).1.contains("rights from https://127.0.0.1"));
    for stranger in [three.fetched_by("consumer"), three.fetched(&[]), three.fetched(&["-H", &tag])] {
        assert_eq!((stranger.status, stranger.json()["code"].as_str().unwrap()), (403, "EX-2004"));
    }
}

#[test]
fn a_node_beside_its_own_registry_refuses_when_that_ones_store_is_away_for_too_long() {
    let (mut sandbox, office) = start(None);
    drop(office);
    sandbox.provider.take().unwrap().terminate();
    sandbox.edit_config("provider", |text| format!("{text}\n[rights]\nstale_after_s = 3\n"));
    sandbox.start_provider();
    refused(&ask(&sandbox, "con-doc-duoc"), "EX-0301");
    let url = format!("sqlite:{}", sandbox.node_dir("provider").join("registry.db").display());
    sql(&url, "ALTER TABLE journal RENAME TO di_vang");
    wait(|| ask(&sandbox, "qua-han").header("lienthong-error") == Some("EX-0313"));
    wait(|| sandbox.readiness("provider") == 503);
    sql(&url, "ALTER TABLE di_vang RENAME TO journal");
    wait(|| ask(&sandbox, "lai-doc-duoc").header("lienthong-error") == Some("EX-0301"));
    wait(|| sandbox.readiness("provider") == 200);
}
