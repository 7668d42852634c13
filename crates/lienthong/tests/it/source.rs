//! Somebody brings a database and publishes a table of it, with the command line alone.

use std::os::unix::fs::PermissionsExt as _;

use sqlx::{Connection as _, PgConnection};
use testkit::TestStore;
use tokio::runtime::Runtime;

use crate::harness::{Answer, Options, Sandbox, curl, run, wait};

pub const TABLE: &str = "
    CREATE TABLE ket_hon (
        so_dang_ky varchar(20) PRIMARY KEY, so_dinh_danh varchar(12) NOT NULL, ho_ten text NOT NULL, ngay_dang_ky date NOT NULL);
    CREATE INDEX ON ket_hon (so_dinh_danh);
    INSERT INTO ket_hon VALUES
        ('KH-2026-0001', '049090000001', 'Nguyễn Thị Mẫu', '2026-02-14'), ('KH-2026-0002', '049090000002', 'Trần Văn Thử', '2026-03-08')";

/// A command that works; its output.
#[track_caller]
pub fn works(arguments: &[&str]) -> String {
    let (code, output) = run(arguments);
    assert_eq!(code, 0, "{arguments:?}: {output}");
    output
}

fn ask(sandbox: &Sandbox, path: &str, id: &str) -> Answer {
    let line = format!("GET /r1/VN-DEMO/GOV/G01/DANCU/ket-hon{path} HTTP/1.1");
    let id = format!("X-Road-Id: {id}");
    sandbox.request(&[&*line, "Host: nut", crate::raw::CLIENT, &id], b"")
}

#[test]
fn a_table_of_a_postgresql_that_somebody_brought_becomes_a_signed_answer() {
    let runtime = Runtime::new().unwrap();
    let store = runtime.block_on(TestStore::postgres());
    runtime.block_on(async {
        let mut made = PgConnection::connect(store.url()).await.unwrap();
        sqlx::raw_sql(TABLE).execute(&mut made).await.unwrap();
    });
    let mut sandbox = Sandbox::prepare(&Options::default());
    let listen = format!("127.0.0.1:{}", sandbox.port(8));
    sandbox.edit_config("provider", |text| format!("{text}\n[sources]\nlisten = \"{listen}\"\n"));
    sandbox.start_provider();
    sandbox.start_consumer();
    let dir = sandbox.node_dir("provider");
    let config = dir.join("lienthong.toml");
    let (config, draft) = (config.to_str().unwrap(), dir.join("ket-hon.toml"));
    let draft = draft.to_str().unwrap();
    let password = dir.join("mat-khau.txt");
    let (server, secret) = without_password(store.url());
    std::fs::write(&password, secret.clone() + "\n").unwrap();
    let (refused, output) =
        run(&["source", "inspect", &server, "--password-file", password.to_str().unwrap()]);
    assert!(refused != 0 && output.contains("chmod 600"), "{output}");
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o600)).unwrap();
    let place = [server.as_str(), "--password-file", password.to_str().unwrap()];

    let seen = works(&[&["source", "inspect"], place.as_slice()].concat());
    assert!(seen.contains("ket_hon") && seen.contains("số định danh cá nhân"), "{seen}");
    assert!(!seen.contains("049090000001") && !seen.contains("Nguyễn Thị Mẫu"), "no data are shown: {seen}");
    let write = ["--table", "ket_hon", "--service", "DANCU/ket-hon", "-o", draft];
    works(&[["source", "draft"].as_slice(), &place, &write].concat());
    let text = std::fs::read_to_string(draft).unwrap();
    assert!(text.contains("soDinhDanh") && !text.contains(&secret), "{text}");
    assert!(works(&["source", "check", draft]).contains("2 dòng"));
    works(&["source", "publish", draft, "--config", config]);

    wait(|| ask(&sandbox, "/049090000001", "chua-cap").header("lienthong-error") == Some("EX-0301"));
    sandbox.edit_config("provider", |text| {
        format!("{text}\n[[grant]]\nto = \"VN-DEMO/GOV/H17/MOTCUA\"\nservice = \"DANCU/ket-hon\"\n")
    });
    wait(|| ask(&sandbox, "/049090000001", "cho").status == 200);
    let answer = ask(&sandbox, "/049090000001", "nguon-1");
    assert_eq!(
        answer.json(),
        serde_json::json!({ "soDangKy": "KH-2026-0001", "soDinhDanh": "049090000001", "hoTen": "Nguyễn Thị Mẫu", "ngayDangKy": "2026-02-14" })
    );
    assert!(!sandbox.records("consumer", "nguon-1").is_empty(), "the answer is signed and recorded");
    let page = ask(&sandbox, "?limit=1", "nguon-2").json();
    assert!(page["items"].as_array().unwrap().len() == 1 && page["next"].is_string(), "{page}");
    assert_eq!(ask(&sandbox, "/049099999999", "nguon-3").status, 404);
    assert_eq!(ask(&sandbox, "/getOpenAPI", "nguon-4").status, 404);

    quality_is_told(&runtime, &store, &dir);

    let change = async {
        let mut made = PgConnection::connect(store.url()).await.unwrap();
        sqlx::raw_sql("ALTER TABLE ket_hon RENAME COLUMN ho_ten TO ten").execute(&mut made).await.unwrap();
    };
    runtime.block_on(change);
    let broken = ask(&sandbox, "/049090000001", "nguon-5");
    assert!(broken.status >= 500 && broken.text().contains("EX-3004"), "{broken:?}");
    let (code, output) = run(&["source", "check", draft]);
    assert!(code == 1 && output.contains("ho_ten"), "{output}");
}

/// The rules that the draft proposes, before and after a row breaks one.
fn quality_is_told(runtime: &Runtime, store: &TestStore, dir: &std::path::Path) {
    let (config, draft) = (dir.join("lienthong.toml"), dir.join("ket-hon.toml"));
    let (config, draft) = (config.to_str().unwrap(), draft.to_str().unwrap());
    let quality = works(&["source", "quality", draft, "--config", config]);
    assert!(quality.contains("chung / overall: 100.00") && !quality.contains("Nguyễn"), "{quality}");
    runtime.block_on(async {
        let mut made = PgConnection::connect(store.url()).await.unwrap();
        let wrong = "UPDATE ket_hon SET so_dinh_danh = '097090000002' WHERE so_dinh_danh = '049090000002'";
        sqlx::raw_sql(wrong).execute(&mut made).await.unwrap();
    });
    let (code, quality) = run(&["source", "quality", draft, "--config", config]);
    assert!(code == 1 && quality.contains("097*****0002") && !quality.contains("097090000002"), "{quality}");
    let history = works(&["source", "quality", "--history", "--config", config]);
    assert!(history.starts_with("2 lần") && history.contains("DANCU/ket-hon"), "{history}");
    let table = dir.join("trung.csv");
    let found = works(&["source", "duplicates", draft, "--csv", table.to_str().unwrap()]);
    assert!(found.contains("0 cặp có thể là một người"), "{found}");
    assert!(table.exists());
}

/// Whatever lies in the folder: what is right goes on, and grants that are taken away end.
#[test]
fn no_file_of_the_folder_keeps_the_rest_from_counting() {
    let file = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", file.path().join("so.db").display());
    Runtime::new().unwrap().block_on(async {
        let mut made = sqlx::SqliteConnection::connect(&format!("{database}?mode=rwc")).await.unwrap();
        let table =
            "CREATE TABLE so (ma TEXT PRIMARY KEY, ten TEXT NOT NULL); INSERT INTO so VALUES ('1', 'a')";
        sqlx::raw_sql(table).execute(&mut made).await.unwrap();
    });
    let mut sandbox = Sandbox::prepare(&Options::default());
    let listen = format!("127.0.0.1:{}", sandbox.port(8));
    let grant = "\n[[grant]]\nto = \"VN-DEMO/GOV/H17/MOTCUA\"\nservice = \"DANCU/so\"\n";
    sandbox.edit_config("provider", |text| format!("{text}\n[sources]\nlisten = \"{listen}\"\n{grant}"));
    sandbox.start_provider();
    sandbox.start_consumer();
    let dir = sandbox.node_dir("provider");
    let (config, draft) = (dir.join("lienthong.toml"), dir.join("so.toml"));
    let (config, draft) = (config.to_str().unwrap(), draft.to_str().unwrap());
    assert!(
        works(&["check-config", "--config", config]).contains("source publish"),
        "a grant may wait for its service"
    );
    works(&["source", "draft", &database, "--table", "so", "--service", "DANCU/so", "-o", draft]);
    works(&["source", "publish", draft, "--config", config]);
    let call = |id: &str| {
        let id = format!("X-Road-Id: {id}");
        let line = "GET /r1/VN-DEMO/GOV/G01/DANCU/so/1 HTTP/1.1";
        sandbox.request(&[line, "Host: nut", crate::raw::CLIENT, &id], b"")
    };
    wait(|| call("so-cho").status == 200);

    let folder = dir.join("sources");
    let right = std::fs::read_to_string(folder.join("DANCU.so.toml")).unwrap();
    let other = right
        .replace("name = \"ten\"", "name = \"tenKhac\"")
        .replace("field = \"ten\"", "field = \"tenKhac\"");
    assert_ne!(right, other);
    std::fs::write(folder.join("a-ban-sao.toml"), other).unwrap();
    std::fs::write(folder.join("rong.toml"), "").unwrap();
    std::fs::write(folder.join("hong.toml"), [0xff, 0xfe]).unwrap();
    std::fs::create_dir(folder.join("thu-muc.toml")).unwrap();
    std::os::unix::fs::symlink("/khong/co", folder.join("lien-ket.toml")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(folder.join("ong.toml")).status().unwrap().success());
    std::fs::write(folder.join("lon.toml"), vec![b'#'; 2 << 20]).unwrap();
    let (code, output) = run(&["source", "publish", draft, "--config", config]);
    assert!(code != 0 && output.contains("a-ban-sao.toml"), "the same service twice: {output}");
    // With one more service all files of the folder have been looked at.
    std::fs::write(folder.join("so2.toml"), right.replace("code = \"so\"", "code = \"so2\"")).unwrap();
    wait(|| {
        curl(&[&format!("http://{listen}/DANCU/so2/_count")], None).is_ok_and(|answer| answer.status == 200)
    });
    assert_eq!(call("so-con").json(), serde_json::json!({ "ma": "1", "ten": "a" }));
    sandbox.edit_config("provider", |text| text.replace(grant, ""));
    wait(|| call("so-het").header("lienthong-error") == Some("EX-0301"));
}

/// An address without its password, and the password.
pub fn without_password(url: &str) -> (String, String) {
    let (head, rest) = url.split_once("://").unwrap();
    let (account, place) = rest.split_once('@').unwrap();
    let (name, password) = account.split_once(':').unwrap();
    (format!("{head}://{name}@{place}"), password.to_owned())
}
