//! Operators at work: the life of an authority and of a node, and what happens when they err.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

const MEMBER: &str = "VN-DEMO/GOV/G01";
const NODE: &str = "VN-DEMO/GOV/G01/NUT-1";
const CONFIG: &str = "node/lienthong.toml";

/// A folder in which commands are run.
struct Lab(tempfile::TempDir);

/// What a command said.
struct Said {
    code: Option<i32>,
    out: String,
    all: String,
}

impl Lab {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lienthong"));
        command
            .args(words(args))
            .current_dir(self.0.path())
            .env_remove("LIENTHONG_PASSPHRASE")
            .env_remove("RUST_LOG");
        command
    }

    fn run(&self, args: &str) -> Said {
        said(self.command(args))
    }

    /// Runs a command that must succeed; gives its output.
    fn ok(&self, args: &str) -> String {
        let said = self.run(args);
        assert_eq!(said.code, Some(0), "{args}\n{}", said.all);
        said.out
    }

    fn json(&self, args: &str) -> Value {
        serde_json::from_str(&self.ok(args)).unwrap()
    }

    /// Runs a command that must fail and say so in these words.
    fn fails(&self, args: &str, code: i32, text: &str) {
        let said = self.run(args);
        assert_eq!(said.code, Some(code), "{args}\n{}", said.all);
        assert!(said.all.contains(text), "{args}: {text:?} is not in\n{}", said.all);
        assert!(!said.all.contains("panicked"), "{}", said.all);
    }

    /// An authority `centre` that trusts a CA `ca`, with one member and one subsystem.
    fn centre(&self) {
        // Opening a key is slow on purpose, and every command opens all of them.
        self.centre_with("--root-keys 1 --threshold 1");
    }

    fn centre_with(&self, keys: &str) {
        self.ok(&format!("authority init --dir centre --instance VN-DEMO {keys}"));
        self.ok("authority ca init --dir ca");
        self.ok("authority add-authority --dir centre --name CA --file ca/ca.pem");
        self.ok("authority add-member --dir centre --id VN-DEMO/GOV/G01 --name 'Bộ Công an'");
        self.ok("authority add-subsystem --dir centre --id VN-DEMO/GOV/G01/DANCU --name 'Dân cư'");
    }

    /// A node `node` of that member with certificates of `ca`.
    fn node(&self) {
        self.ok("init --node VN-DEMO/GOV/G01/NUT-1 --name 'Bộ Công an' --dir node");
        self.ok("authority ca issue --dir ca --csr node/sign.csr --profile signing --out sign.pem");
        self.ok("authority ca issue --dir ca --csr node/tls.csr --profile node --out tls.pem");
    }

    /// Takes the node into the directory and publishes.
    fn admit(&self, address: &str) {
        self.ok("authority add-certificate --dir centre --member VN-DEMO/GOV/G01 --file sign.pem");
        self.ok(&format!(
            "authority add-node --dir centre --id {NODE} --address {address} --tls tls.pem --subsystem DANCU"
        ));
        self.ok("authority publish --dir centre");
    }

    /// Changes the node's configuration.
    fn configure(&self, changes: &[(&str, String)]) {
        let path = self.path(CONFIG);
        let mut text = std::fs::read_to_string(&path).unwrap();
        for (old, new) in changes {
            assert!(text.contains(old), "{old}");
            text = text.replacen(old, new, 1);
        }
        std::fs::write(path, text).unwrap();
    }
}

/// Splits at spaces outside single quotes.
fn words(args: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in args.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

fn said(mut command: Command) -> Said {
    let output = command.output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let all = format!("{out}{}", String::from_utf8_lossy(&output.stderr));
    Said { code: output.status.code(), out, all }
}

/// A program that runs until the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The directory's server and its address.
fn serve(lab: &Lab) -> (Running, String) {
    let mut command = lab.command("authority serve --dir centre --listen 127.0.0.1:0");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let at = line.find("http://").unwrap();
    (Running(child), line[at..].trim().to_owned())
}

/// The first line of the answer to a request written by hand.
fn status(url: &str, request: &str) -> String {
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).lines().next().unwrap().to_owned()
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_node_lives_from_init_to_a_healthy_doctor() {
    let lab = Lab::new();
    lab.centre();
    lab.node();
    lab.ok("check-config --config node/lienthong.toml");
    lab.fails("doctor --config node/lienthong.toml", 1, "keys import-certificate");
    lab.fails("doctor --config node/lienthong.toml", 1, "put the trusted root file");
    let said = lab.ok("keys import-certificate --config node/lienthong.toml sign.pem");
    assert!(said.contains("add-certificate") && said.contains("G01"), "{said}");
    lab.ok("keys import-certificate --config node/lienthong.toml tls.pem");
    lab.ok("keys expiry --config node/lienthong.toml");

    let port = free_port();
    let dry = lab.ok("authority publish --dir centre --dry-run");
    assert!(dry.contains("+ thành viên / member VN-DEMO/GOV/G01: Bộ Công an"), "{dry}");
    lab.admit(&format!("127.0.0.1:{port}"));
    assert!(lab.ok("authority publish --dir centre --dry-run").contains("does not differ"));
    let shown = lab.json("authority show --dir centre --json");
    assert_eq!(shown["content"]["number"], 1);
    std::fs::copy(lab.path("centre/repository/metadata/1.root.json"), lab.path("node/root.json")).unwrap();
    let (_server, url) = serve(&lab);
    lab.configure(&[
        ("http://danh-ba.example.vn/", url.clone()),
        ("0.0.0.0:5500", format!("127.0.0.1:{port}")),
        ("#systems_plain = \"127.0.0.1:8080\"", "systems_plain = \"127.0.0.1:0\"".into()),
        (
            "#[[subsystem]]\n#code = \"MOTCUA\"",
            "[[subsystem]]\ncode = \"DANCU\"\nconnection = \"plain\"".into(),
        ),
    ]);

    lab.fails("directory show --config node/lienthong.toml", 69, "--refresh");
    let seen = lab.json("directory show --config node/lienthong.toml --refresh --json");
    assert_eq!(seen["content"]["nodes"][0]["id"], NODE);
    assert!(!lab.path("node/data/directory").exists(), "looking must not change the node");
    let report = lab.json("doctor --config node/lienthong.toml --json");
    assert_eq!(report["ok"], true, "{report:#}");

    let mut node = lab.command("run --config node/lienthong.toml").stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(node.stderr.take().unwrap()).lines();
    let _node = Running(node);
    assert!(lines.any(|line| line.unwrap().contains("the node is running")));
    let healthy = lab.ok("doctor --config node/lienthong.toml");
    assert!(
        healthy.contains("a running node writes to it") && healthy.contains("in use by the node"),
        "{healthy}"
    );
    assert!(lab.ok("directory show --config node/lienthong.toml").contains("Bộ Công an"));
}

#[test]
fn a_second_init_changes_nothing() {
    let lab = Lab::new();
    lab.ok("init --node VN-DEMO/GOV/G01/NUT-1 --name X --dir node");
    let read = || {
        ["lienthong.toml", "keys/sign.key", "sign.csr", "passphrase"]
            .map(|name| std::fs::read(lab.path("node").join(name)).unwrap())
    };
    let before = read();
    lab.fails("init --node VN-DEMO/GOV/G01/NUT-2 --name Y --dir node", 69, "overwrites nothing");
    assert_eq!(read(), before);
    lab.ok("authority init --dir centre --instance VN-DEMO");
    lab.fails("authority init --dir centre --instance VN-DEMO", 69, "nothing was changed");
    lab.ok("authority ca init --dir ca");
    lab.fails("authority ca init --dir ca", 69, "nothing was changed");
}

#[test]
fn secrets_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::new();
    lab.ok("init --node VN-DEMO/GOV/G01/NUT-1 --name X --dir node");
    let mode = |name: &str| std::fs::metadata(lab.path(name)).unwrap().permissions().mode() & 0o777;
    for name in ["node/passphrase", "node/keys/sign.key", "node/keys/pseudonyms.secret", CONFIG] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    assert_eq!(mode("node/keys"), 0o700);
    std::fs::set_permissions(lab.path("node/passphrase"), PermissionsExt::from_mode(0o644)).unwrap();
    lab.fails("doctor --config node/lienthong.toml", 1, "chmod 600");
}

#[test]
fn a_wrong_or_missing_passphrase_is_refused_with_its_remedy() {
    let lab = Lab::new();
    let mut init = lab.command("init --node VN-DEMO/GOV/G01/NUT-1 --name X --dir node");
    init.env("LIENTHONG_PASSPHRASE", "right right right");
    assert_eq!(said(init).code, Some(0));
    assert!(!lab.path("node/passphrase").exists());
    lab.fails("keys list --config node/lienthong.toml", 69, "LIENTHONG_PASSPHRASE");
    let mut wrong = lab.command("keys list --config node/lienthong.toml");
    wrong.env("LIENTHONG_PASSPHRASE", "wrong wrong wrong");
    let wrong = said(wrong);
    assert_eq!(wrong.code, Some(69));
    assert!(
        wrong.all.contains("the passphrase does not open") && !wrong.all.contains("wrong wrong"),
        "{}",
        wrong.all
    );

    lab.ok("authority init --dir centre --instance VN-DEMO");
    std::fs::write(lab.path("other"), "other\n").unwrap();
    lab.fails("authority show --dir centre --passphrase-file other", 69, "the passphrase does not open");
    std::fs::remove_file(lab.path("centre/passphrase")).unwrap();
    lab.fails("authority show --dir centre", 69, "--passphrase-file");
}

#[test]
fn a_certificate_of_another_key_holder_or_use_is_not_imported() {
    let lab = Lab::new();
    lab.centre();
    lab.node();
    lab.ok("init --node VN-DEMO/GOV/H17/NUT-1 --name Y --dir other");
    lab.fails(
        "keys import-certificate --config other/lienthong.toml sign.pem",
        69,
        "belongs neither to the key",
    );
    lab.ok("authority ca issue --dir ca --csr node/sign.csr --profile node --out wrong-use.pem");
    lab.fails(
        "keys import-certificate --config node/lienthong.toml wrong-use.pem",
        69,
        "not issued for this purpose",
    );
    lab.ok("keys csr --config node/lienthong.toml sign --name X --usage tls --out wrong-holder.csr");
    lab.ok("authority ca issue --dir ca --csr wrong-holder.csr --profile signing --out wrong-holder.pem");
    lab.fails("keys import-certificate --config node/lienthong.toml wrong-holder.pem", 69, "serialNumber");
    lab.fails(
        "keys import-certificate --config node/lienthong.toml node/sign.csr",
        69,
        "is not one certificate in PEM",
    );
    assert!(!lab.path("node/sign.pem").exists());
}

#[test]
fn a_certificate_near_its_end_is_noticed_and_its_renewal_keeps_the_old_one() {
    let lab = Lab::new();
    lab.centre();
    lab.node();
    lab.ok("authority ca issue --dir ca --csr node/sign.csr --profile signing --days 5 --out short.pem");
    lab.ok("keys import-certificate --config node/lienthong.toml short.pem");
    lab.ok("keys import-certificate --config node/lienthong.toml tls.pem");
    let said = lab.run("keys expiry --config node/lienthong.toml --json");
    assert_eq!(said.code, Some(1));
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (&report["certificates"][0]["state"], &report["certificates"][1]["state"]),
        (&"7-days".into(), &"ok".into())
    );
    let renewed = lab.ok("keys import-certificate --config node/lienthong.toml sign.pem");
    assert!(renewed.contains("sign.pem.old-"), "{renewed}");
    lab.ok("keys expiry --config node/lienthong.toml");
    let listed = lab.json("keys list --config node/lienthong.toml --json");
    assert_eq!(listed["keys"][0]["label"], "sign");
    assert_eq!(listed["pseudonyms"], true);
}

#[test]
fn what_the_directory_cannot_use_is_refused_when_it_is_added() {
    let lab = Lab::new();
    lab.centre();
    lab.node();
    let add = |more: &str| format!("authority {more} --dir centre");
    lab.fails(&add("add-member --id VN-DEMO/GOV --name X"), 2, "3 parts");
    lab.fails(&add("add-member --id VN-KHAC/GOV/G01 --name X"), 69, "belongs to instance VN-KHAC");
    lab.fails(&add("add-subsystem --id VN-DEMO/GOV/H99/X --name X"), 69, "authority add-member");
    lab.fails(
        &add("add-certificate --member VN-DEMO/GOV/G01 --file tls.pem"),
        69,
        "not issued for this purpose",
    );
    lab.ok(&add("add-member --id VN-DEMO/GOV/H17 --name 'Đà Nẵng'"));
    lab.fails(&add("add-certificate --member VN-DEMO/GOV/H17 --file sign.pem"), 69, "serialNumber");
    lab.fails(
        &add("add-node --id VN-DEMO/GOV/G01/NUT-1 --address nowhere --tls tls.pem"),
        69,
        "is not an address",
    );
    lab.fails(&add("add-node --id VN-DEMO/GOV/G01/NUT-1"), 69, "a new node needs");
    lab.fails(&add("set-maintenance --node VN-DEMO/GOV/G01/NUT-9 --notice X"), 69, "no node");
    lab.fails(&add("remove-group --id VN-DEMO/X"), 69, "authority show");
    lab.fails(&add("remove-certificate --fingerprint 00"), 2, "64");
    lab.ok("authority ca init --dir stranger");
    lab.ok("authority ca issue --dir stranger --csr node/sign.csr --profile signing --out strange.pem");
    lab.fails(
        &add("add-certificate --member VN-DEMO/GOV/G01 --file strange.pem"),
        69,
        "authority add-authority",
    );
    lab.fails("authority ca issue --dir ca --csr node/sign.csr --profile signing --days 4000", 2, "4000");
    lab.fails("authority show --dir nowhere", 69, "authority init");
    lab.fails("authority serve --dir centre", 69, "authority publish");
}

#[test]
fn a_revoked_certificate_is_not_admitted_again() {
    let lab = Lab::new();
    lab.centre();
    lab.node();
    let said = lab.run("authority ca issue --dir ca --csr node/sign.csr --profile signing --out second.pem");
    let serial = said.all.split("serial: ").nth(1).unwrap().split(';').next().unwrap().to_owned();
    lab.ok(&format!("authority ca revoke --dir ca --serial {serial}"));
    lab.ok("authority ca crl --dir ca --out ca.crl");
    lab.ok("authority add-crl --dir centre --file ca.crl");
    lab.fails(
        &format!("authority add-certificate --dir centre --member {MEMBER} --file second.pem"),
        69,
        "revoked since",
    );
    lab.ok(&format!("authority add-certificate --dir centre --member {MEMBER} --file sign.pem"));
    assert!(lab.ok("authority show --dir centre").contains("Danh sách thu hồi / revocation lists (1)"));
}

#[test]
fn a_content_goes_out_and_in_and_a_dry_run_changes_nothing() {
    let lab = Lab::new();
    lab.centre();
    lab.ok("authority add-to-group --dir centre --group VN-DEMO/BO --party VN-DEMO/GOV/G01");
    lab.ok("authority export --dir centre --out content.json");
    lab.ok("authority remove-member --dir centre --id VN-DEMO/GOV/G01");
    let dry = lab.ok("authority import --dir centre content.json --dry-run");
    assert!(
        dry.contains("+ hệ thống / subsystem VN-DEMO/GOV/G01/DANCU") && dry.contains("+ trong nhóm"),
        "{dry}"
    );
    let members = |lab: &Lab| {
        lab.json("authority show --dir centre --json")["content"]["members"].as_array().unwrap().len()
    };
    assert_eq!(members(&lab), 0);
    lab.ok("authority import --dir centre content.json");
    assert_eq!(members(&lab), 1);
    assert_eq!(
        lab.ok("authority export --dir centre"),
        std::fs::read_to_string(lab.path("content.json")).unwrap()
    );
    std::fs::write(lab.path("bad.json"), "{\"format\": 1}").unwrap();
    lab.fails("authority import --dir centre bad.json", 69, "mistake(s)");
    lab.fails("authority export --dir centre --out content.json", 69, "nothing is overwritten");
}

#[test]
fn keys_of_the_directory_are_replaced_and_old_nodes_follow() {
    let lab = Lab::new();
    lab.centre_with("");
    lab.node();
    lab.ok("authority publish --dir centre");
    std::fs::copy(lab.path("centre/repository/metadata/1.root.json"), lab.path("node/root.json")).unwrap();
    let (_server, url) = serve(&lab);
    lab.configure(&[("http://danh-ba.example.vn/", url)]);
    lab.fails("authority rotate-root-key --dir centre --key root-9", 69, "root-9");
    lab.ok("authority rotate-root-key --dir centre --key root-1");
    lab.ok("authority rotate-role-key --dir centre --role targets");
    lab.ok("authority renew --dir centre --root");
    lab.ok("authority add-member --dir centre --id VN-DEMO/GOV/H17 --name 'Đà Nẵng'");
    lab.ok("authority publish --dir centre");
    let seen = lab.json("directory show --config node/lienthong.toml --refresh --json");
    let root = seen["roles"].as_array().unwrap().iter().find(|role| role["role"] == "root").unwrap();
    assert_eq!((&root["version"], &seen["content"]["members"][1]["name"]), (&4.into(), &"Đà Nẵng".into()));
}

#[test]
fn the_served_repository_can_only_be_read_and_holds_no_keys() {
    let lab = Lab::new();
    lab.centre();
    lab.ok("authority publish --dir centre");
    let (_server, url) = serve(&lab);
    for (request, expected) in [
        ("GET /metadata/timestamp.json", "200"),
        ("HEAD /metadata/1.root.json", "200"),
        ("PUT /metadata/timestamp.json", "405"),
        ("POST /metadata/timestamp.json", "405"),
        ("DELETE /metadata/timestamp.json", "405"),
        ("GET /metadata/", "404"),
        ("GET /keys/root-1.key", "404"),
        ("GET /metadata/../../keys/root-1.key", "404"),
        ("GET /metadata/%2e%2e/%2e%2e/keys/root-1.key", "404"),
        ("GET /metadata/..%2f..%2fkeys%2froot-1.key", "404"),
        ("GET /passphrase", "404"),
    ] {
        let status = status(&url, request);
        assert!(status.contains(expected), "{request}: {status}");
    }
}

#[test]
fn grants_are_explained_by_their_legal_basis_or_by_what_is_missing() {
    let lab = Lab::new();
    lab.ok("init --node VN-DEMO/GOV/G01/NUT-1 --name X --dir node");
    let more = r#"
[[subsystem]]
code = "DANCU"
connection = "plain"
[[service]]
subsystem = "DANCU"
code = "tra-cuu"
url = "http://127.0.0.1:1"
[[grant]]
to = "VN-DEMO/GOV/H17/MOTCUA"
service = "DANCU/tra-cuu"
endpoints = [{ method = "GET", path = "/nguoi/*" }]
purposes = ["TTHC"]
legal_basis = "QD-1/2026"
"#;
    lab.configure(&[("#systems_plain = \"127.0.0.1:8080\"", "systems_plain = \"127.0.0.1:0\"".into())]);
    let mut config = std::fs::OpenOptions::new().append(true).open(lab.path(CONFIG)).unwrap();
    config.write_all(more.as_bytes()).unwrap();
    let explain = |more: &str| format!("grants explain --config {CONFIG} VN-DEMO/GOV/H17/MOTCUA {more}");
    let said = lab.ok(&explain("DANCU/tra-cuu --path /nguoi/1 --purpose TTHC"));
    assert!(said.contains("✓ Được phép") && said.contains("legal basis QD-1/2026"), "{said}");
    lab.fails(&explain("DANCU/tra-cuu --path /nguoi/1"), 1, "EX-0305");
    lab.fails(&explain("DANCU/tra-cuu --path /khac --purpose TTHC"), 1, "EX-0301");
    lab.fails(&explain("DANCU/khac"), 1, "EX-0302");
    lab.fails(&explain("khac"), 69, "5 parts");
    assert_eq!(lab.json(&format!("grants list --config {CONFIG} --json"))[0]["legal_basis"], "QD-1/2026");
}

#[test]
fn the_yearly_security_report_is_written_in_the_form_of_its_file() {
    let lab = Lab::new();
    lab.ok("init --node VN-DEMO/GOV/G01/NUT-1 --name X --dir node");
    let more =
        "\n[registry]\nstore = \"sqlite:registry.db\"\npeople = \"people.toml\"\nplain = \"127.0.0.1:0\"\n";
    let mut config = std::fs::OpenOptions::new().append(true).open(lab.path(CONFIG)).unwrap();
    config.write_all(more.as_bytes()).unwrap();
    std::fs::write(lab.path("password"), "mat-khau-thu-nghiem").unwrap();
    lab.ok(&format!(
        "registry person van-hanh --config {CONFIG} --name X --role platform_operator --password-file password"
    ));
    lab.ok(&format!("registry agencies --config {CONFIG} --as van-hanh"));
    let report = |more: &str| format!("registry security-report --config {CONFIG} {more}");
    for (file, begin) in
        [("a.pdf", "%PDF-"), ("a.html", "<!DOCTYPE"), ("a.json", "{"), ("a.csv", "\u{feff}Mã")]
    {
        let said = lab.ok(&report(&format!("--agency H17 --year 2026 -o {file}")));
        assert!(said.contains(file), "{said}");
        let bytes = std::fs::read(lab.path(file)).unwrap();
        assert!(bytes.starts_with(begin.as_bytes()), "{file}");
    }
    let text = std::fs::read_to_string(lab.path("a.json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (json["window"]["from"].as_str(), json["window"]["year"].as_i64()),
        (Some("2025-12-15"), Some(2026))
    );
    lab.fails(&report("--agency H17 --year 2026 -o a.txt"), 69, ".csv");
    lab.fails(&report("--agency H17 --year 2020 -o b.pdf"), 69, "period");
    lab.fails(&report("--agency H63.99 --year 2026 -o b.pdf"), 69, "H63.99");
    assert!(!lab.path("b.pdf").exists());
}

#[test]
fn a_doctor_without_a_configuration_says_how_to_get_one() {
    let lab = Lab::new();
    lab.fails("doctor --config nothing.toml", 1, "lienthong init");
    lab.fails("keys list --config nothing.toml", 64, "lienthong init");
    std::fs::write(lab.path("bad.toml"), "[node]\nid = 1\n").unwrap();
    lab.fails("grants list --config bad.toml", 64, "mistake");
}
