//! A node that executes procedures: persons, workers and operators over its API.

mod crash;
mod input;
mod line;
mod rights;
mod story;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use registry::people::{People, Post, Role};
use serde_json::{Value, json};

use crate::harness::{Answer, Options, Sandbox, curl, run};

const PASSWORD: &str = "mat-khau-thu-nghiem";
const CITY: &str = "000.00.00.H17";
const MINISTRY: &str = "000.00.00.G01";
/// The worker of the story, and one that may do little.
const WORKER: &str = "may:ho-tich";
const OTHER_WORKER: &str = "may:khac";
const TOPICS: &str = r#"topics = ["doi-chieu-giay-to", "dang-ky-thuong-tru", "cap-the-bhyt"]
messages = ["so-dinh-danh-da-cap"]"#;
const BIRTH: &str = include_str!("../../../../procedures/khai-sinh-thuong-tru-bhyt.bpmn");

/// Everybody, with role, agency and groups.
const PEOPLE: [(&str, &str, &str, &[&str]); 12] = [
    ("van-hanh", "platform_operator", "", &[]),
    ("kiem-toan", "auditor", "", &[]),
    ("quan-tri", "agency_administrator", CITY, &[]),
    ("lanh-dao", "leader", CITY, &[]),
    ("an", "officer", CITY, &["mot-cua-xa"]),
    ("binh", "officer", CITY, &["mot-cua-xa", "tu-phap-ho-tich"]),
    ("chi", "officer", CITY, &[]),
    ("giang", "officer", CITY, &[]),
    ("hoa", "officer", CITY, &[]),
    ("em", "officer", CITY, &["bao-hiem-xa-hoi"]),
    ("dung", "officer", MINISTRY, &[]),
    ("an-ninh", "security_officer", CITY, &[]),
];

/// A node with registry and process engine.
pub struct Lab {
    pub sandbox: Sandbox,
    tokens: BTreeMap<String, String>,
}

impl Lab {
    /// Runs, with everybody signed in.
    fn start(store: Option<&str>) -> Self {
        let mut sandbox = Sandbox::prepare(&Options::default());
        let (dir, port, store) =
            (sandbox.node_dir("provider"), sandbox.port(8), store.unwrap_or("sqlite:process.db"));
        sandbox.edit_config("provider", |text| {
            format!(
                "{text}\n[registry]\nstore = \"sqlite:registry.db\"\npeople = \"people.toml\"\nplain = \"127.0.0.1:{port}\"\n\
                 password_only = true\n\n[process]\nstore = \"{store}\"\nworkers = \"workers.toml\"\n"
            )
        });
        let people = dir.join("people.toml");
        std::fs::write(&people, people_file()).unwrap();
        std::fs::set_permissions(&people, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(dir.join("workers.toml"), [worker(WORKER, TOPICS), worker(OTHER_WORKER, "")].concat())
            .unwrap();
        let config = sandbox.fact("provider_config").to_owned();
        let (code, output) = run(&["registry", "agencies", "--config", &config, "--as", "van-hanh"]);
        assert_eq!(code, 0, "{output}");
        sandbox.start_provider();
        let mut lab = Self { sandbox, tokens: BTreeMap::new() };
        lab.sign_in();
        lab
    }

    fn sign_in(&mut self) {
        self.tokens.clear();
        for (id, ..) in PEOPLE {
            let body = json!({ "id": id, "password": PASSWORD });
            let answer = self.send("", "POST", "/sessions", Some(&body.to_string()), &[]);
            assert_eq!(answer.status, 201, "{answer:?}");
            self.tokens.insert(id.to_owned(), answer.json()["token"].as_str().unwrap().to_owned());
        }
    }

    /// Asks; who begins with `may:` is a worker, nobody is a stranger.
    #[expect(
        clippy::too_many_arguments,
        reason = "who, what, where, with what: one question, asked in many places"
    )]
    fn send(&self, who: &str, method: &str, path: &str, body: Option<&str>, headers: &[&str]) -> Answer {
        self.tries(who, method, path, body, headers)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// As [`send`](Self::send), for a node that may have gone.
    #[expect(
        clippy::too_many_arguments,
        reason = "who, what, where, with what: one question, asked in many places"
    )]
    fn tries(
        &self,
        who: &str,
        method: &str,
        path: &str,
        body: Option<&str>,
        headers: &[&str],
    ) -> Result<Answer, String> {
        let url = format!("http://127.0.0.1:{}/api/v1{path}", self.sandbox.port(8));
        let token = self.tokens.get(who).map_or(who, String::as_str);
        let authorization = format!("Authorization: Bearer {token}");
        let mut args = vec!["-g", "-X", method, &url];
        if !who.is_empty() {
            args.extend(["-H", &authorization]);
        }
        for header in headers {
            args.extend(["-H", *header]);
        }
        curl(&args, body.map(str::as_bytes))
    }

    fn get(&self, who: &str, path: &str) -> Value {
        let answer = self.send(who, "GET", path, None, &[]);
        assert_eq!(answer.status, 200, "{who} GET {path}: {answer:?}");
        answer.json()
    }

    fn post(&self, who: &str, path: &str, body: &Value) -> Answer {
        self.send(who, "POST", path, Some(&body.to_string()), &[])
    }

    /// What must be done.
    #[track_caller]
    fn does(&self, who: &str, path: &str, body: &Value) -> Value {
        let answer = self.post(who, path, body);
        assert!(matches!(answer.status, 200 | 201), "{who} {path}: {answer:?}");
        answer.json()
    }

    /// What must be refused.
    #[track_caller]
    fn refused(&self, who: &str, path: &str, body: &Value, (status, code): (u16, &str)) {
        let answer = self.post(who, path, body);
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (status, &json!(code)),
            "{who} {path}: {answer:?}"
        );
    }

    fn deploy(&self, xml: &str) -> Value {
        let answer =
            self.send("van-hanh", "POST", "/process/models", Some(xml), &["Content-Type: application/xml"]);
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        answer.json()
    }

    /// Begins an instance of the birth procedure with so many papers: its path.
    fn begins(&self, papers: &[&str]) -> String {
        let body = json!({ "model": "KhaiSinhThuongTruBhyt", "agency": CITY, "business_key": "H17-2026-0001",
            "variables": { "ma_ho_so": "H17-2026-0001", "giay_to": papers } });
        let begun = self.does("an", "/process/instances", &body);
        format!("/process/instances/{}", begun["instance"].as_str().unwrap())
    }

    /// The path of the open task at an element of an instance, as who may see it finds it.
    #[track_caller]
    fn task(&self, instance: &str, element: &str) -> String {
        let shown = self.get("chi", instance);
        let all = shown["tasks"].as_array().unwrap();
        let found = all.iter().find(|task| task["element"] == element);
        let found = found.unwrap_or_else(|| panic!("no {element} in {shown:#}"));
        format!("/process/tasks/{}", found["id"].as_str().unwrap())
    }

    /// Jobs that a worker gets, as paths.
    fn fetches(&self, topic: &str, limit: u32) -> Vec<String> {
        let jobs = self.does(
            WORKER,
            "/process/jobs/fetch",
            &json!({ "topic": topic, "limit": limit, "wait_s": 20 }),
        );
        let path = |job: &Value| format!("/process/jobs/{}", job["id"].as_str().unwrap());
        jobs["jobs"].as_array().unwrap().iter().map(path).collect()
    }
}

/// The text of `people.toml`: one hash for all, because it is slow on purpose.
fn people_file() -> String {
    let (entry, _) = People::new_entry("mau", "Mẫu", PASSWORD, &[Post::new(Role::Auditor, None)]).unwrap();
    let (head, _) = entry.split_once("[[person.posts]]").unwrap();
    let one = |(id, role, agency, groups): (&str, &str, &str, &[&str])| {
        let agency = if agency.is_empty() { String::new() } else { format!("agency = \"{agency}\"\n") };
        let head = head.replace("\"mau\"", &format!("\"{id}\""));
        format!("{head}[[person.posts]]\nrole = \"{role}\"\n{agency}groups = {groups:?}\n\n")
    };
    PEOPLE.map(one).concat()
}

/// An entry of `workers.toml`; the token is the name.
fn worker(token: &str, more: &str) -> String {
    let sha256 = hex::encode(crypto::hash::sha256(&[token.as_bytes()]));
    let name = token.replace(':', "/");
    format!("[[worker]]\nname = \"{name}\"\nagency = \"{MINISTRY}\"\n{more}\ntoken_sha256 = \"{sha256}\"\n\n")
}
