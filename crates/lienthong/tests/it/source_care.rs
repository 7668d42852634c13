//! Looking after data sources: sealed passwords, changes by comparing, the load, and one slow source among others.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection};
use testkit::TestStore;
use tokio::runtime::Runtime;

use crate::harness::{Options, PROGRAM, Sandbox, curl, run, wait};
use crate::source::without_password;

/// A command that works; its output.
#[track_caller]
fn works(arguments: &[&str]) -> String {
    let (code, output) = run(arguments);
    assert_eq!(code, 0, "{arguments:?}: {output}");
    output
}

/// A provider with data sources; where they answer.
fn provider() -> (Sandbox, String) {
    let mut sandbox = Sandbox::prepare(&Options::default());
    let listen = format!("127.0.0.1:{}", sandbox.port(8));
    sandbox.edit_config("provider", |text| format!("{text}\n[sources]\nlisten = \"{listen}\"\n"));
    sandbox.start_provider();
    (sandbox, listen)
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn private(path: &Path, content: &str) {
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_sealed_password_opens_a_source_for_its_node_and_for_no_other() {
    let server =
        std::env::var("LIENTHONG_TEST_MARIADB").expect("LIENTHONG_TEST_MARIADB: run cargo xtask test");
    let (account, host) = server.strip_prefix("mysql://").unwrap().split_once('@').unwrap();
    let (user, password) = account.split_once(':').expect("the test server wants a password");
    let database = format!("lt_care_{}", std::process::id());
    let url = format!("mysql://{user}@{host}/{database}");
    Runtime::new().unwrap().block_on(async {
        let mut made = MySqlConnection::connect(&server).await.unwrap();
        let sql = format!(
            "CREATE DATABASE {database}; USE {database}; CREATE TABLE so (ma varchar(9) PRIMARY KEY, ten varchar(9) NOT NULL);
             INSERT INTO so VALUES ('1', 'a')"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut made).await.unwrap();
    });
    let (sandbox, listen) = provider();
    let dir = sandbox.node_dir("provider");
    let (clear, sealed, draft) = (dir.join("mk.txt"), dir.join("mk.sealed"), dir.join("so.toml"));
    private(&clear, &format!("{password}\n"));
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let (config, other) = (dir.join("lienthong.toml"), sandbox.node_dir("consumer").join("lienthong.toml"));
    let (config, other) = (path(&config), path(&other));
    let said = works(&[
        "source",
        "seal",
        "--password-file",
        &path(&clear),
        "--config",
        &config,
        "-o",
        &path(&sealed),
    ]);
    assert!(said.contains("xóa tệp gốc") && !said.contains(password), "{said}");
    assert_eq!(sealed.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!text(&sealed).contains(password));
    std::fs::remove_file(&clear).unwrap();

    let inspect = ["source", "inspect", &url, "--password-file", &path(&sealed)];
    let refused = |more: &[&str], why: &str| {
        let (code, output) = run(&[&inspect, more].concat());
        assert!(code != 0 && output.contains(why), "{more:?}: {output}");
    };
    refused(&[], "--config");
    refused(&["--config", &other], "source-password");
    let right = text(&sealed);
    private(&sealed, &right.replace("sealed: ", "sealed: AAAA"));
    refused(&["--config", &config], "niêm phong lại");
    private(&sealed, &right);
    assert!(works(&[&inspect[..], &["--config", &config]].concat()).contains("so   ~"));

    let write = ["--table", "so", "--service", "DANCU/so", "-o", &path(&draft), "--config", &config];
    works(&[&["source", "draft", &url, "--password-file", &path(&sealed)], &write[..]].concat());
    let (code, output) = run(&["source", "check", &path(&draft)]);
    assert!(code != 0 && output.contains("--config"), "{output}");
    works(&["source", "check", &path(&draft), "--config", &config]);
    works(&["source", "publish", &path(&draft), "--config", &config]);
    let place = format!("http://{listen}/DANCU/so/1");
    wait(|| curl(&[&place], None).is_ok_and(|answer| answer.status == 200));
    assert!(!sandbox.log("provider").contains(password));
    assert!(!text(&dir.join("sources/DANCU.so.toml")).contains(password));

    private(&sealed, &right.replace("sealed: ", "sealed: AAAA"));
    let touched = text(&dir.join("sources/DANCU.so.toml")) + "\n";
    std::fs::write(dir.join("sources/DANCU.so.toml"), touched).unwrap();
    wait(|| works(&["source", "status", "--config", &config]).contains("EX-3017"));
}

#[test]
fn a_password_is_sealed_from_the_input_too() {
    let sandbox = Sandbox::prepare(&Options::default());
    let dir = sandbox.node_dir("provider");
    let sealed = dir.join("mk.sealed");
    let seal = || {
        let mut command = Command::new(PROGRAM);
        command.args(["source", "seal", "--password-file", "-", "-o"]).arg(&sealed);
        command.arg("--config").arg(dir.join("lienthong.toml"));
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"rat-bi-mat\n").unwrap();
        child.wait_with_output().unwrap()
    };
    let done = seal();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(!String::from_utf8_lossy(&done.stdout).contains("rat-bi-mat"));
    assert!(text(&sealed).starts_with("lienthong-sealed/1\n"));
    assert!(!seal().status.success(), "nothing is overwritten");
}

/// A definition of a view or table of two columns, as people write it; the password goes into a file of the folder.
fn definition(dir: &Path, url: &str, code: &str, table: &str) -> String {
    let (url, password) = without_password(url);
    let file = dir.join("mk-nguon.txt");
    private(&file, &password);
    let file = file.display();
    format!(
        r#"format = "lienthong-source/1"
url = "{url}"
password_file = "{file}"
[service]
subsystem = "DANCU"
code = "{code}"
title_vi = "Thử"
look_up = "ma"
[entity]
table = "public.{table}"
key = ["ma"]
key_types = ["text"]
[limits]
statement_ms = 30000
[[field]]
name = "ma"
column = "ma"
type = "text"
column_type = "text"
[[field]]
name = "ten"
column = "ten"
type = "text"
column_type = "text"
"#
    )
}

/// How a service is, by the node's own words.
fn status(config: &str, service: &str) -> Value {
    let all: Vec<Value> =
        serde_json::from_str(&works(&["source", "status", "--json", "--config", config])).unwrap();
    all.into_iter().find(|one| one["service"] == service).unwrap_or_default()
}

#[test]
fn a_source_that_hangs_keeps_nobody_else_waiting_and_the_load_is_shown() {
    let runtime = Runtime::new().unwrap();
    let store = runtime.block_on(TestStore::postgres());
    let execute = |sql: &'static str| runtime.block_on(store.execute(sql));
    execute("CREATE TABLE nhanh (ma text PRIMARY KEY, ten text); INSERT INTO nhanh VALUES ('1', 'a')");
    execute("CREATE VIEW cham AS SELECT ma, ten || pg_sleep(60) AS ten FROM nhanh");
    let (sandbox, listen) = provider();
    let dir = sandbox.node_dir("provider");
    let config = dir.join("lienthong.toml").to_str().unwrap().to_owned();
    std::fs::create_dir_all(dir.join("sources")).unwrap();
    for (code, table) in [("nhanh", "nhanh"), ("cham", "cham")] {
        std::fs::write(dir.join(format!("sources/{code}.toml")), definition(&dir, store.url(), code, table))
            .unwrap();
    }
    wait(|| {
        curl(&[&format!("http://{listen}/DANCU/nhanh/1")], None).is_ok_and(|answer| answer.status == 200)
    });
    let asking: Vec<_> = (0..8)
        .map(|_| {
            let place = format!("http://{listen}/DANCU/cham/1");
            std::thread::spawn(move || curl(&[&place], None).unwrap().status)
        })
        .collect();
    wait(|| status(&config, "DANCU/cham")["in_flight"] == 4);
    let before = status(&config, "DANCU/nhanh")["questions"].as_u64().unwrap();
    for _ in 0..20 {
        let answer = curl(&[&format!("http://{listen}/DANCU/nhanh/1")], None).unwrap();
        assert_eq!(answer.json(), json!({ "ma": "1", "ten": "a" }));
    }
    let slow = status(&config, "DANCU/cham");
    assert_eq!((&slow["in_flight"], &slow["questions"]), (&json!(4), &json!(0)), "they still hang: {slow}");
    assert_eq!(status(&config, "DANCU/nhanh")["questions"], json!(before + 20));
    wait(|| status(&config, "DANCU/cham")["busy"] == 4);
    runtime.block_on(store.cut_connections());
    assert!(asking.into_iter().all(|asked| asked.join().unwrap() == 503));
    let slow = status(&config, "DANCU/cham");
    assert_eq!((&slow["in_flight"], &slow["failures"]), (&json!(0), &json!(4)), "{slow}");

    let ops = sandbox.fact("provider_ops").to_owned();
    let metrics = curl(&[&format!("{ops}/metrics")], None).unwrap().text();
    for metric in [
        "lienthong_source_questions_total{service=\"DANCU/cham\",outcome=\"EX-3007\"} 4",
        "lienthong_source_rows_total{service=\"DANCU/nhanh\"}",
        "lienthong_source_seconds_count{service=\"DANCU/nhanh\"}",
    ] {
        assert!(metrics.contains(metric), "{metric}: {metrics}");
    }

    execute("ALTER TABLE nhanh RENAME COLUMN ten TO ho_ten");
    for _ in 0..3 {
        let answer = curl(&[&format!("http://{listen}/DANCU/nhanh/1")], None).unwrap();
        assert!(answer.status == 503 && answer.text().contains("EX-3004"), "{answer:?}");
    }
    assert_eq!(status(&config, "DANCU/nhanh")["state"], "changed");
    assert_eq!(sandbox.log("provider").matches("BÁO ĐỘNG").count(), 1, "the alarm is given once");
    let ready = curl(&[&format!("{ops}/readyz")], None).unwrap();
    assert_eq!(ready.status, 200, "one source is no reason to be sent no more calls");
    let ready = ready.json();
    assert!(
        ready["degraded"] == true && ready["checks"]["sources"].to_string().contains("DANCU/nhanh (EX-3004)"),
        "{ready}"
    );
    let shown = works(&["source", "status", "--config", &config]);
    assert!(shown.contains("nguồn đã đổi cấu trúc / the source has changed (EX-3004)"), "{shown}");
    execute("ALTER TABLE nhanh RENAME COLUMN ho_ten TO ten");
    assert_eq!(curl(&[&format!("http://{listen}/DANCU/nhanh/1")], None).unwrap().status, 200);
    assert_eq!(status(&config, "DANCU/nhanh")["state"], "works");
}

#[test]
fn a_source_that_does_not_open_keeps_no_other_from_answering_after_a_start() {
    let runtime = Runtime::new().unwrap();
    let store = runtime.block_on(TestStore::postgres());
    runtime.block_on(store.execute("CREATE TABLE so (ma text PRIMARY KEY, ten text)"));
    // Takes connections, and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let away = format!("postgres://doc:x@{}/x", silent.local_addr().unwrap());
    let (sandbox, listen) = provider();
    let dir = sandbox.node_dir("provider");
    let config = dir.join("lienthong.toml").to_str().unwrap().to_owned();
    let ops = sandbox.fact("provider_ops").to_owned();
    let ready = || curl(&[&format!("{ops}/readyz")], None).unwrap().text();
    let place = |code: &str| format!("http://{listen}/DANCU/{code}/_count");
    wait(|| curl(&[&place("so")], None).is_ok_and(|answer| answer.status == 404));
    std::fs::create_dir_all(dir.join("sources")).unwrap();
    std::fs::write(dir.join("sources/a.toml"), definition(&dir, &away, "cham", "so")).unwrap();
    std::fs::write(dir.join("sources/b.toml"), definition(&dir, store.url(), "so", "so")).unwrap();
    wait(|| curl(&[&place("so")], None).is_ok_and(|answer| answer.status == 200));
    assert_eq!(status(&config, "DANCU/cham")["state"], "opening");
    assert!(ready().contains("DANCU/cham (đang mở / is being opened)"), "{}", ready());
    assert_eq!(curl(&[&place("cham")], None).unwrap().status, 503);
    let unknown = curl(&[&place("khong-co")], None).unwrap();
    assert!(unknown.status == 404 && unknown.text().contains("EX-0302"), "{unknown:?}");
    wait(|| status(&config, "DANCU/cham")["code"] == "EX-3002");
    assert_eq!(curl(&[&place("so")], None).unwrap().status, 200);
}

#[test]
fn a_file_that_is_not_read_any_more_is_told_while_its_copy_answers() {
    let (sandbox, listen) = provider();
    let dir = sandbox.node_dir("provider");
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let (config, list, draft) = (path("lienthong.toml"), path("so.csv"), path("so.toml"));
    std::fs::write(&list, "ma,ten\nA1,a\nA2,b\n").unwrap();
    works(&["source", "draft", &format!("csv:{list}"), "--service", "DANCU/so", "-o", &draft]);
    works(&["source", "publish", &draft, "--config", &config]);
    let answers = || {
        curl(&[&format!("http://{listen}/DANCU/so/_count")], None).is_ok_and(|answer| answer.status == 200)
    };
    wait(answers);
    assert_eq!(status(&config, "DANCU/so")["state"], "works");
    std::fs::write(&list, "ma,ten\nA1,\"a\nA2,b\n").unwrap();
    wait(|| status(&config, "DANCU/so")["state"] == "behind");
    assert_eq!(status(&config, "DANCU/so")["code"], "EX-3013");
    let ready = curl(&[&format!("{}/readyz", sandbox.fact("provider_ops"))], None).unwrap().text();
    assert!(ready.contains("DANCU/so (EX-3013)"), "{ready}");
    assert!(answers());
}

#[test]
fn a_comparison_by_hand_is_what_the_node_then_tells() {
    let runtime = Runtime::new().unwrap();
    let store = runtime.block_on(TestStore::postgres());
    let execute = |sql: &'static str| {
        runtime.block_on(async {
            let mut made = PgConnection::connect(store.url()).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut made).await.unwrap();
        });
    };
    execute("CREATE TABLE so (ma text PRIMARY KEY, ten text); INSERT INTO so VALUES ('1', 'a'), ('2', 'b')");
    let (sandbox, listen) = provider();
    let dir = sandbox.node_dir("provider");
    let (config, file) = (dir.join("lienthong.toml"), dir.join("so.toml"));
    let (config, file) = (config.to_str().unwrap(), file.to_str().unwrap());
    let by = |by: &str| {
        std::fs::write(file, definition(&dir, store.url(), "so", "so") + "[changes]\n" + by).unwrap();
    };
    by("by = \"table\"\ntable = \"public.so_doi\"\n");
    let script = works(&["source", "triggers", file]);
    assert!(
        script.contains("CREATE TABLE \"public\".\"so_doi\"") && script.contains("txid_current()"),
        "{script}"
    );
    by("by = \"hash\"\nat = \"23:30\"\n");
    works(&["source", "publish", file, "--config", config]);
    let changes = format!("http://{listen}/DANCU/so/_changes?since=0");
    wait(|| curl(&[&changes], None).is_ok_and(|answer| answer.text().contains("EX-3018")));
    let compare = ["source", "compare", file, "--config", config];
    assert!(works(&compare).contains("base line: 2 rows"));
    execute(
        "UPDATE so SET ten = 'c' WHERE ma = '2'; DELETE FROM so WHERE ma = '1'; INSERT INTO so VALUES ('3', 'd')",
    );
    let said = works(&compare);
    assert!(said.contains("thêm 1, sửa 1, xóa 1"), "{said}");
    let told = curl(&[&changes], None).unwrap().json();
    let mut items: Vec<(String, String)> = told["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (item["khoa"]["ma"].as_str().unwrap().to_owned(), item["thaoTac"].as_str().unwrap().to_owned())
        })
        .collect();
    items.sort();
    let expected =
        [("1", "xoa"), ("2", "sua"), ("3", "them")].map(|(key, what)| (key.to_owned(), what.to_owned()));
    assert_eq!(items, expected);
    assert!(status(config, "DANCU/so")["compared_s"].is_i64());
}
