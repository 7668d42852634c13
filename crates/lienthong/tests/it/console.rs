//! The console in a real browser, over a demo whose registry has a history; and what browsers never do, with curl.

use std::process::Command;

use serde_json::Value;

use sqlx::{Connection as _, PgConnection};
use testkit::TestStore;
use tokio::runtime::Runtime;

use crate::demo::Demo;
use crate::harness::{Answer, curl, free_ports, wait};
use crate::source::{TABLE, without_password};

/// The first page with its style sheet and scripts at most, as they travel, in bytes. Fonts are not counted.
const FIRST_PAGE_BYTES_MAX: usize = 50_000;

/// A demo and its console.
pub struct Console {
    pub demo: Demo,
    folder: tempfile::TempDir,
}

impl Console {
    /// Every step of a request is taken by whoever the test says.
    pub fn start() -> Self {
        Self::start_with(&["--by-hand"])
    }

    fn start_with(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { demo: Demo::start_with(&folder.path().join("thu"), free_ports(), more), folder }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.demo.fact("/console/url").trim_end_matches('/'))
    }

    /// Runs a script of `tests/console` in a browser, with more settings for it.
    pub fn browser(&self, script: &str, more: &[(&str, &str)]) {
        let packages = std::env::var("LIENTHONG_TEST_BROWSER")
            .expect("LIENTHONG_TEST_BROWSER is not set: run cargo xtask test");
        let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/console/");
        let shots = std::env::var("LIENTHONG_TEST_SHOTS")
            .unwrap_or_else(|_| concat!(env!("CARGO_TARGET_TMPDIR"), "/console").to_owned());
        let output = Command::new("node")
            .arg(format!("{scripts}{script}"))
            .env("LIENTHONG_TEST_BROWSER", packages)
            .env("CONSOLE", self.demo.fact("/console/url"))
            .env("PEOPLE", self.folder.path().join("thu/people.json"))
            .env("FACTS", self.folder.path().join("thu/demo.json"))
            .env("SHOTS", shots)
            .envs(more.iter().copied())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    }

    pub fn get(&self, path: &str, more: &[&str]) -> Answer {
        curl(&[&[&*self.url(path)], more].concat(), None).unwrap()
    }

    /// Everybody who can sign in: name and password.
    pub fn people(&self) -> Vec<(String, String)> {
        let people = std::fs::read_to_string(self.folder.path().join("thu/people.json")).unwrap();
        let people: Value = serde_json::from_str(&people).unwrap();
        let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        people.as_array().unwrap().iter().map(|one| (text(one, "id"), text(one, "password"))).collect()
    }

    /// Signs somebody in with curl: the cookie.
    pub fn sign_in(&self, id: &str) -> String {
        let (_, password) = self.people().into_iter().find(|(one, _)| one == id).unwrap();
        let page = self.get("/dang-nhap", &[]).text();
        let fields =
            [format!("ten={id}"), format!("mat-khau={password}"), format!("bieu-mau={}", token(&page))];
        let [name, password, token] = &fields;
        let each = ["--data-urlencode", name, "--data-urlencode", password, "--data-urlencode", token];
        let answer = self.get("/dang-nhap", &each);
        assert_eq!(answer.status, 303, "{}", answer.text());
        let cookie = answer.header("set-cookie").unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    }
}

/// The token of a page's first form.
pub fn token(page: &str) -> String {
    let after = page.split("name=\"bieu-mau\" value=\"").nth(1).expect("a form");
    after.split('"').next().unwrap().replace("&#43;", "+").replace("&#61;", "=")
}

/// A database of its own with these tables.
pub fn with_tables(sql: &'static str) -> TestStore {
    let runtime = Runtime::new().unwrap();
    let store = runtime.block_on(TestStore::postgres());
    runtime.block_on(async {
        let mut made = PgConnection::connect(store.url()).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut made).await.unwrap();
    });
    store
}

/// A database that somebody may make a service of: its address, and the password of its account.
fn brought() -> (TestStore, String, String) {
    let store = with_tables(TABLE);
    let (server, secret) = without_password(store.url());
    (store, server, secret)
}

#[test]
fn every_page_holds_in_both_languages_wide_and_narrow() {
    let (_store, server, secret) = brought();
    let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui/src");
    Console::start().browser("crawl.mjs", &[("PAGES", pages), ("DATABASE", &server), ("PASSWORD", &secret)]);
}

/// Names, remarks and rows that would run in a browser, were they not text.
const HOSTILE_TABLES: &str = r#"
    CREATE TABLE "=1+1""><img src=x data-hostile onerror=alert(1)>" ("'><svg/onload=alert(2) data-hostile>" text PRIMARY KEY);
    CREATE TABLE hon_nhan (so_dang_ky varchar(20) PRIMARY KEY, ghi_chu text NOT NULL);
    COMMENT ON TABLE hon_nhan IS '"><img src=x data-hostile onerror=alert(1)>';
    COMMENT ON COLUMN hon_nhan.ghi_chu IS '</textarea><script data-hostile>alert(3)</script>';
    INSERT INTO hon_nhan VALUES ('1', '"><img src=x data-hostile onerror=alert(1)>'), ('2', '</textarea><script data-hostile>alert(3)</script>')"#;

#[test]
fn what_is_typed_sent_or_imported_stays_text_for_everybody() {
    let store = with_tables(HOSTILE_TABLES);
    let (server, secret) = without_password(store.url());
    Console::start().browser("hostile.mjs", &[("DATABASE", &server), ("PASSWORD", &secret)]);
}

#[test]
fn a_department_asks_the_owner_decides_data_flow_the_proof_is_there() {
    Console::start().browser("story.mjs", &[]);
}

#[test]
fn a_newcomer_asks_and_decides_and_the_demo_does_the_rest() {
    Console::start_with(&[]).browser("ten_minutes.mjs", &[]);
}

#[test]
fn every_journey_is_made_by_mouse_by_keyboard_alone_and_without_scripts() {
    let (_store, server, secret) = brought();
    let console = Console::start();
    console.browser("journeys.mjs", &[("DATABASE", &server), ("PASSWORD", &secret)]);
    let sources = console.folder.path().join("thu/provider/sources");
    for service in ["ket-hon", "ket-hon-ban-phim", "ket-hon-khong-kich-ban"] {
        wait(|| {
            console.demo.ask(&format!("{service}/049090000001"), &[]).header("lienthong-error")
                == Some("EX-0301")
        });
        let written = std::fs::read_to_string(sources.join(format!("DANCU.{service}.toml"))).unwrap();
        let sealed = std::fs::read_to_string(sources.join(format!("DANCU.{service}.secret"))).unwrap();
        assert!(!written.contains(&*secret) && !sealed.contains(&*secret), "{service}");
    }
}

#[test]
fn figures_renew_themselves_while_somebody_wants_it() {
    Console::start().browser("live.mjs", &[]);
}

#[test]
fn a_service_is_tried_in_the_browser_as_any_consumer_would_call_it() {
    Console::start().browser("try.mjs", &[]);
}

#[test]
fn agencies_and_databases_come_from_files_that_are_checked_first() {
    Console::start().browser("import.mjs", &[]);
}

#[test]
fn strangers_see_nothing_and_forms_of_others_change_nothing() {
    let console = Console::start();
    for path in
        ["/", "/viec", "/dich-vu", "/ket-noi", "/chia-se", "/giam-sat", "/chung-cu", "/quan-tri", "/khong-co"]
    {
        let answer = console.get(path, &[]);
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.header("location").unwrap().starts_with("/dang-nhap?den="), "{path}");
    }
    let form = format!("bieu-mau={}", token(&console.get("/dang-nhap", &[]).text()));
    let wrong = ["--data-urlencode", &form, "-d", "ten=van-hanh&mat-khau=sai"];
    let refused = console.get("/dang-nhap", &wrong);
    assert_eq!(refused.status, 401);
    assert!(refused.text().contains("govuk-error-summary") && refused.text().contains("value=\"van-hanh\""));
    assert_eq!(refused.header("set-cookie"), None);
    let cookie = console.sign_in("van-hanh");
    let cookie = format!("Cookie: {cookie}");
    let page = console.get("/viec", &["-H", &cookie]);
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("cache-control", "no-store"), ("x-frame-options", "DENY")]
    {
        assert_eq!(page.header(name), Some(value));
    }
    let mine = format!("bieu-mau={}", token(&page.text()));
    let sign_out =
        |more: &[&str]| console.get("/dang-xuat", &[&["-H", &*cookie, "-X", "POST"], more].concat()).status;
    assert_eq!(sign_out(&["-d", ""]), 403);
    assert_eq!(sign_out(&["-d", "bieu-mau=AAAA"]), 403);
    for origin in ["Origin: https://evil.example", "Sec-Fetch-Site: cross-site", "Origin: null"] {
        assert_eq!(sign_out(&["--data-urlencode", &mine, "-H", origin]), 403, "{origin}");
    }
    assert_eq!(console.get("/viec", &["-H", &cookie]).status, 200);
    assert_eq!(sign_out(&["--data-urlencode", &mine]), 303);
    assert_eq!(console.get("/viec", &["-H", &cookie]).status, 303);
    assert_eq!(console.get("/dang-nhap", &["-H", "Cookie: lienthong=%00%ff; lienthong=x"]).status, 200);
}

#[test]
fn the_first_page_is_small() {
    let console = Console::start();
    let cookie = format!("Cookie: {}", console.sign_in("lanh-dao.h17"));
    let page = console.get("/viec", &["-H", &cookie]).text();
    let mut bytes = page.len();
    for link in page.split(['"', '\'']).filter(|part| part.starts_with("/tep/")) {
        let file = console.get(link, &["-H", "Accept-Encoding: gzip"]);
        assert_eq!((file.status, file.header("content-encoding")), (200, Some("gzip")), "{link}");
        assert!(file.header("cache-control").unwrap().contains("immutable"));
        bytes += file.body.len();
    }
    assert!(bytes < FIRST_PAGE_BYTES_MAX, "{bytes}");
    assert_eq!(console.get("/tep/khong-co.js", &[]).status, 404);
    assert_eq!(console.get("/tep/..%2f..%2fCargo.toml", &[]).status, 404);
}
