//! Somebody who has never seen the project: an empty folder, the program, a PostgreSQL of their own. The same steps stand in
//! `docs/walkthroughs/publish-a-table.md`.

use std::os::unix::fs::PermissionsExt as _;

use sqlx::{Connection as _, PgConnection};
use testkit::TestStore;
use tokio::runtime::Runtime;

use crate::demo::Demo;
use crate::harness::{free_ports, run, wait};
use crate::source::{TABLE, without_password, works};

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
    works(&["source", "check", &draft]);
    let published = works(&["source", "publish", &draft, "--config", demo.fact("/provider/config")]);
    assert!(published.contains("VN-DEMO/GOV/G01/DANCU/ket-hon"), "{published}");
    wait(|| demo.ask("ket-hon/049090000001", &[]).header("lienthong-error") == Some("EX-0301"));
    let data = at("thu");
    let (code, output) = run(&["demo", "--data", &data, "--connect", "DANCU/khong-co"]);
    assert!(code != 0 && output.contains("source publish"), "{output}");
    let connected = works(&["demo", "--data", &data, "--connect", "DANCU/ket-hon"]);
    assert!(connected.contains("curl -s"), "{connected}");

    wait(|| demo.ask("ket-hon/049090000001", &[]).status == 200);
    let answer = demo.ask("ket-hon/049090000001", &["-H", "X-Road-Id: cua-toi"]);
    assert_eq!(answer.json()["hoTen"], "Nguyễn Thị Mẫu");
    let (evidence, authority) = (at("cua-toi.json"), at("thu/centre/ca/ca.pem"));
    let config = demo.fact("/consumer/config");
    works(&["evidence", "export", "--id", "cua-toi", "--config", config, "-o", &evidence]);
    works(&["evidence", "verify", &evidence, "--trust", &authority]);
    assert_eq!(demo.interrupt(), Some(0));
}
