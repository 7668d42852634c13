//! Somebody who has never seen the project: an empty folder, the program, a PostgreSQL of their own. The same steps stand in
//! `docs/walkthroughs/publish-a-table.md`.

use std::os::unix::fs::PermissionsExt as _;

use sqlx::{Connection as _, PgConnection};
use testkit::TestStore;
use tokio::runtime::Runtime;

use crate::demo::Demo;
use crate::harness::{free_ports, run, wait};
use crate::source::{TABLE, without_password, works};

/// The purpose of a grant that an owner gives on request.
const FOR: [&str; 2] = ["-H", "Lienthong-Purpose: giai-quyet-tthc"];

#[test]
fn from_an_empty_folder_to_a_signed_answer_at_the_consumer() {
    let runtime = Runtime::new().unwrap();
    let store = runtime.block_on(TestStore::postgres());
    runtime.block_on(async {
        let mut made = PgConnection::connect(store.url()).await.unwrap();
        sqlx::raw_sql(TABLE).execute(&mut made).await.unwrap();
    });
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (server, secret) = without_password(store.url());
    let (password, draft) = (at("mat-khau.txt"), at("ket-hon.toml"));
    std::fs::write(&password, secret).unwrap();
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o600)).unwrap();
    for (command, tells) in [
        (vec!["--help"], ["demo", "source"]),
        (vec!["source", "--help"], ["inspect", "publish"]),
        (vec!["demo", "--help"], ["--connect", "--data"]),
    ] {
        let help = works(&command);
        assert!(tells.iter().all(|word| help.contains(word)), "{help}");
    }

    let demo = Demo::start(&folder.path().join("thu"), free_ports());
    let place = [&*server, "--password-file", &password];
    let seen = works(&[&["source", "inspect"], place.as_slice()].concat());
    assert!(seen.contains("ket_hon"), "{seen}");
    let write = ["--table", "ket_hon", "--service", "DANCU/ket-hon", "-o", &draft];
    works(&[["source", "draft"].as_slice(), &place, &write].concat());
    edit(&draft, ("export = false", "export = true"));
    works(&["source", "check", &draft]);
    let published = works(&["source", "publish", &draft, "--config", demo.fact("/provider/config")]);
    assert!(published.contains("VN-DEMO/GOV/G01/DANCU/ket-hon"), "{published}");
    wait(|| demo.ask("ket-hon/049090000001", &[]).header("lienthong-error") == Some("EX-0301"));
    let data = at("thu");
    let (code, output) = run(&["demo", "--data", &data, "--connect", "DANCU/khong-co"]);
    assert!(code != 0 && output.contains("source publish"), "{output}");
    enters_it_and_enters_a_new_version(&demo, &data, &draft);
    let connected = works(&["demo", "--data", &data, "--connect", "DANCU/ket-hon"]);
    let purpose = format!("-H '{}'", FOR[1]);
    assert!(
        connected.contains("/ket-hon?limit=2'") && connected.contains(&purpose) && !connected.contains('{'),
        "{connected}"
    );

    wait(|| demo.ask("ket-hon/049090000001", &FOR).status == 200);
    let answer = demo.ask("ket-hon/049090000001", &[FOR.as_slice(), &["-H", "X-Road-Id: cua-toi"]].concat());
    assert_eq!(answer.json()["hoTen"], "Nguyễn Thị Mẫu");
    let (evidence, authority) = (at("cua-toi.json"), at("thu/centre/ca/ca.pem"));
    let config = demo.fact("/consumer/config");
    works(&["evidence", "export", "--id", "cua-toi", "--config", config, "-o", &evidence]);
    works(&["evidence", "verify", &evidence, "--trust", &authority]);
    exports_and_descriptions_pass_as_they_may(&demo);
    a_field_with_another_name_is_not_granted(&demo, &data, &draft);
    assert_eq!(demo.interrupt(), Some(0));
}

/// The owner enters the service; the same again changes nothing; a new version wants the last day of the one before.
fn enters_it_and_enters_a_new_version(demo: &Demo, data: &str, draft: &str) {
    let token = works(&["demo", "--data", data, "--token", "quan-tri.g01"]);
    let file = format!("{data}/the-phien.txt");
    std::fs::write(&file, token).unwrap();
    let publish = ["source", "publish", draft, "--config", demo.fact("/provider/config")];
    let terms =
        ["--owner", "000.00.00.G01", "--legal-basis", "Luật Hộ tịch 60/2014/QH13", "--token-file", &file];
    let publish = [publish.as_slice(), &terms].concat();
    assert!(works(&publish).contains("entered and published"));
    assert!(works(&publish).contains("unchanged"));
    edit(draft, ("version = \"1.0.0\"", "version = \"1.1.0\""));
    let (code, output) = run(&publish);
    assert!(
        code != 0 && output.contains("--previous-until") && output.contains("installed in the node"),
        "{output}"
    );
    let later = [publish.as_slice(), &["--previous-until", "2099-12-31"]].concat();
    assert!(works(&later).contains("entered and published"));
}

/// Lines are cut to the granted fields; a file that cannot be cut is refused; a description has a way of its own.
fn exports_and_descriptions_pass_as_they_may(demo: &Demo) {
    let export = demo.ask("ket-hon/_export", &FOR);
    let lines: Vec<serde_json::Value> =
        export.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["hoTen"], "Nguyễn Thị Mẫu", "{export:?}");
    assert_eq!(lines.len(), 2, "{lines:?}");
    let parquet = demo.ask("ket-hon/_export?format=parquet", &FOR);
    assert_eq!(parquet.header("lienthong-error"), Some("EX-0312"));
    let described = demo.ask("ket-hon/_openapi.json", &FOR);
    assert!(
        described.status == 422 && described.text().contains("getOpenAPI?serviceCode=ket-hon"),
        "{described:?}"
    );
}

/// What pages give was decided field by field: a column that gets another name is not given under it.
fn a_field_with_another_name_is_not_granted(demo: &Demo, data: &str, draft: &str) {
    let first = || demo.ask("ket-hon?limit=1", &FOR).json()["items"][0].clone();
    assert_eq!(first()["hoTen"], "Nguyễn Thị Mẫu");
    edit(draft, ("\"hoTen\"", "\"tenKhac\""));
    edit(draft, ("version = \"1.1.0\"", "version = \"1.2.0\""));
    works(&["source", "publish", draft, "--config", demo.fact("/provider/config")]);
    wait(|| first().get("hoTen").is_none());
    assert_eq!(
        first().as_object().unwrap().keys().collect::<Vec<_>>(),
        ["soDangKy", "soDinhDanh", "ngayDangKy"]
    );
    let line = demo.ask("ket-hon/_export", &FOR).text();
    assert!(line.contains("KH-2026-0001") && !line.contains("Mẫu"), "{line}");
    let again = works(&["demo", "--data", data, "--connect", "DANCU/ket-hon"]);
    assert!(again.contains("the grant is in force") && again.contains("items.tenKhac"), "{again}");
}

fn edit(path: &str, (old, new): (&str, &str)) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(old), "{text}");
    std::fs::write(path, text.replace(old, new)).unwrap();
}
