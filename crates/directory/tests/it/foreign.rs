//! A TUF client that is not ours accepts what we publish.

use std::path::Path;
use std::process::Command;

use base::{Clock as _, SystemClock};
use crypto::hash::sha256;
use directory::Authority;
use directory::authority::OnlineRole;

use crate::site::{Reply, Site};
use crate::support::authority;

/// The interpreter with the packages that `cargo xtask test` installs.
fn python() -> String {
    std::env::var("LIENTHONG_TEST_PYTHON").expect("LIENTHONG_TEST_PYTHON is not set: run cargo xtask test")
}

/// What python-tuf says about the repository, starting at the first root file.
async fn ask(authority: &Authority, url: &str) -> std::process::Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/foreign/check_directory.py");
    let mut command = Command::new(python());
    command.arg(script).arg(authority.root_path());
    command.args([&format!("{url}/metadata/"), &format!("{url}/targets/"), directory::TARGET]);
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn python_tuf_accepts_every_state_of_the_repository() {
    // python-tuf reads the machine's clock.
    let now = SystemClock.now();
    let (_dir, mut authority) = authority(now).await;
    let site = Site::start(&authority.repository_path()).await;
    for step in 0..5 {
        match step {
            0 => drop(authority.publish(now).await.unwrap()),
            1 => authority.renew(now).await.unwrap(),
            2 => drop(authority.rotate_root_key("root-1", now).await.unwrap()),
            3 => drop(authority.rotate_role_key(OnlineRole::Timestamp, now).await.unwrap()),
            _ => authority.renew_root(now).await.unwrap(),
        }
        let output = ask(&authority, &site.url).await;
        let told = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        assert!(output.status.success(), "step {step}: {}", String::from_utf8_lossy(&output.stderr));
        // `content` is byte for byte what was published last.
        assert_eq!(told, hex::encode(sha256(&[authority.content().to_json().as_bytes()])), "step {step}");
    }
    let path = "metadata/timestamp.json";
    let text = std::fs::read_to_string(authority.repository_path().join(path)).unwrap();
    site.set(path, Reply::Bytes(text.replace("\"version\": ", "\"version\": 1").into_bytes()));
    assert!(!ask(&authority, &site.url).await.status.success(), "the check accepts everything");
}
