//! One of each thing that pages are about, and what somebody sends to act on it.
//!
//! What is sent is right as to who may and wrong in what it says: whoever may is told what to mend (or that it was done
//! already), and nothing happens. Only drafts and the desk are really thrown away, and sessions ended.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testkit::TestStore;

use super::Line;
use crate::console::{Console, token, with_tables};
use crate::harness::{Answer, curl};
use crate::source::{TABLE, without_password};

const CITY: &str = "000.00.00.H17";
const CITY_SYSTEM: &str = "VN-DEMO/GOV/H17/MOTCUA";
/// Steps of the road of a request, each with who takes it and what is handed in for it.
const ROAD: [(&str, &str, &[&str]); 4] = [
    ("department", "quan-tri.h17", &["technical_registration", "data_scope", "impact_assessment"]),
    ("it_unit", "van-hanh", &[]),
    ("province_signs", "lanh-dao.h17", &["province_signature"]),
    ("data_owner", "du-lieu.g01", &[]),
];

/// Somebody at the console.
pub struct Person {
    id: String,
    /// `Cookie: …`; empty for a stranger.
    cookie: String,
    /// Proves that a form is of this session.
    token: String,
    /// A draft with all answers.
    draft: String,
}

impl Person {
    /// Whether nobody is signed in.
    pub fn is_stranger(&self) -> bool {
        self.cookie.is_empty()
    }
}

/// The things.
pub struct Stage {
    console: Console,
    database: TestStore,
    /// Values for the places of a route, such as `id`, by what the table calls the thing; "" for all things.
    things: BTreeMap<String, BTreeMap<&'static str, String>>,
    /// Paths of the API whose version must not change.
    watched: Vec<String>,
    /// Sessions of those who made the things.
    tokens: BTreeMap<&'static str, String>,
}

impl Stage {
    /// Everything stands.
    pub fn set() -> Self {
        let console = Console::start();
        let database = with_tables(TABLE);
        let (things, watched, tokens) = Default::default();
        let mut stage = Self { console, database, things, watched, tokens };
        for id in ["van-hanh", "lanh-dao.h17", "quan-tri.h17", "an-ninh.h17", "quan-tri.g01", "kiem-toan"] {
            let cookie = stage.console.sign_in(id);
            stage.tokens.insert(id, cookie.split_once('=').unwrap().1.to_owned());
        }
        stage.what_the_demo_has();
        stage.systems();
        for (place, (step, ..)) in ROAD.iter().enumerate() {
            stage.request_at(place, step);
        }
        stage.what_waits();
        stage.what_lies_on_desks();
        stage
    }

    fn put(&mut self, thing: &str, places: &[(&'static str, &str)]) {
        let places = places.iter().map(|(name, value)| (*name, (*value).to_owned()));
        self.things.entry(thing.to_owned()).or_default().extend(places);
    }

    fn parts(&mut self, thing: &str, identifier: &str) {
        let names = ["instance", "class", "member", "subsystem", "service"];
        let places: Vec<_> = names.into_iter().zip(identifier.split('/')).collect();
        self.put(thing, &places);
    }

    fn what_the_demo_has(&mut self) {
        let page = self.console.get("/dang-nhap", &[]).text();
        let file = page.split("/tep/").nth(1).unwrap().split('"').next().unwrap();
        self.put("", &[("name", file), ("tag", "vi"), ("code", "EX-2004"), ("question", "co-quan")]);
        self.put("", &[("task", "risk_assessment")]);
        let service = self.console.demo.fact("/story/service").to_owned();
        self.parts("service", &service);
        let tried = self.console.demo.fact("/provider/subsystem").to_owned();
        self.parts("service with a test system", &format!("{tried}/tra-cuu-cong-dan"));
        let grants = self.sees("/grants?consumer=VN-DEMO/GOV/G01/THU").json();
        let grant = grants["items"][0]["grant"]["id"].as_str().unwrap().to_owned();
        self.put("service with a test system", &[("grant", &grant)]);
        self.put("no file that waits", &[]);
        self.parts("system of the city", CITY_SYSTEM);
        self.parts("system of the ministry", "VN-DEMO/GOV/G01/DANCU");
        self.parts("city as a member", "VN-DEMO/GOV/H17");
        self.put("department", &[("code", "000.00.11.H17")]);
        self.put("entry of the inventory", &[("code", "CSDL-BN-01")]);
        self.put("grant", &[("id", "QK-2026-000001")]);
        self.watch("grant", "/grants/QK-2026-000001");
        let number = self.console.demo.fact("/sample/soDinhDanh").to_owned();
        let call =
            self.console.demo.ask(&format!("tra-cuu-cong-dan/{number}"), &["-H", "X-Road-Id: quyen-1"]);
        assert_eq!(call.status, 200, "{call:?}");
    }

    /// Only systems of the directory ask.
    fn systems(&self) {
        let put = |place| json!({ "change": "put_subsystem", "id": system(place), "name": "Hệ thống thử" });
        let changes: Vec<_> = (0..ROAD.len()).map(put).collect();
        self.makes("quan-tri.h17", "/directory/changes", &json!({ "changes": changes }));
    }

    /// A request of the city stands at a step.
    fn request_at(&mut self, place: usize, step: &str) {
        let contact = |kind| json!({ "kind": kind, "name": "Trực hỗ trợ", "phone": "0236 000 0000" });
        let contacts = ["business", "technical", "security"].map(contact);
        let ask = json!({
            "consumer": system(place), "agency": CITY, "service": self.console.demo.fact("/story/service"),
            "reason": "Thử quyền", "contacts": contacts,
            "terms": { "fields": ["hoTen"], "purposes": ["thu"], "legal_basis": "Điều 7 Nghị định 278/2025/NĐ-CP" },
        });
        let id = self.makes("quan-tri.h17", "/requests", &ask);
        let path = format!("/requests/{id}");
        for (_, who, items) in ROAD.iter().take_while(|(at, ..)| *at != step) {
            for item in *items {
                let verb = format!("{path}/attachments?item={item}&name=a.txt&number=1");
                self.asks(who, &verb, Some(&path), ("text/plain", format!("{id} {item}")));
            }
            let yes = json!({ "decision": "approve" }).to_string();
            self.asks(who, &format!("{path}/steps"), Some(&path), ("application/json", yes));
        }
        let thing = format!("request at `{step}`");
        self.put(&thing, &[("id", &id)]);
        self.watch(&thing, &path);
        let document = self.sees(&path).json()["request"]["attachments"][0]["sha256"].clone();
        self.put(&thing, &[("sha256", document.as_str().unwrap_or_default())]);
    }

    /// A document of the gate, a change of the directory, an incident.
    fn what_waits(&mut self) {
        let paper = format!(
            "/gate/documents?party={CITY_SYSTEM}&item=security_minutes&number=1&issued_on=2026-11-01&name=a.txt"
        );
        let filed = self.asks("an-ninh.h17", &paper, None, ("text/plain", "biên bản".to_owned())).json();
        let filed = filed["id"].as_str().unwrap().to_owned();
        self.put("filing that waits", &[("id", &filed)]);
        self.watch("filing that waits", &format!("/gate/filings/{filed}"));
        let change = json!({ "change": "put_member", "id": "VN-DEMO/GOV/H01", "name": "Hà Nội" });
        let proposed =
            self.makes("van-hanh", "/directory/changes", &json!({ "changes": [change], "note": "Thử" }));
        for verb in ["", ": approve", ": reject", ": take back"] {
            let thing = format!("proposal of `van-hanh`{verb}");
            self.put(&thing, &[("id", &proposed)]);
            self.watch(&thing, &format!("/directory/changes/{proposed}"));
        }
        // Who proposed may really take it back, so that only another version than the present one changes nothing.
        self.put("proposal of `van-hanh`: take back", &[("version", "1")]);
        let facts = json!({ "detected": 1_795_000_000_000_000_i64, "description": "Thử", "severity": "ordinary",
            "personal_data": false, "parties": [CITY_SYSTEM] });
        let incident = self.makes("an-ninh.h17", "/incidents", &json!({ "agency": CITY, "facts": facts }));
        self.put("incident of the city", &[("id", &incident)]);
    }

    /// A draft that is not sent, and a database that is looked at.
    fn what_lies_on_desks(&mut self) {
        let city = self.person("quan-tri.h17");
        let draft = self.begins(&city);
        self.put("draft of `quan-tri.h17`", &[("draft", &draft)]);
        let ministry = self.person("quan-tri.g01");
        let (url, password) = without_password(self.database.url());
        let fields = [("dia-chi", url), ("mat-khau", password)];
        let answer = self.posts(&ministry, "/chia-se/nguon", &fields, true);
        let desk = answer.header("location").unwrap_or_else(|| panic!("{}", answer.text()));
        let desk = desk.rsplit('/').next().unwrap().to_owned();
        self.put("desk of `quan-tri.g01`", &[("id", &desk)]);
    }

    fn begins(&self, person: &Person) -> String {
        let service = self.console.demo.fact("/story/service").to_owned();
        let begun = self.posts(person, "/ket-noi/moi", &[("dich-vu", service)], true);
        begun.header("location").unwrap().split('/').nth(3).unwrap().to_owned()
    }

    /// People of the table's head, signed in; everybody of the demo is among them.
    pub fn people(&self, names: &[&str]) -> Vec<Person> {
        let mut known: Vec<String> = self.console.people().into_iter().map(|(id, _)| id).collect();
        // Of two with the same post one is enough; their four eyes are shown by a journey.
        known.retain(|id| !["van-hanh-2", "chuyen-mon.h17"].contains(&id.as_str()));
        known.push("nobody".to_owned());
        known.sort();
        let mut columns: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        columns.sort();
        assert_eq!(columns, known, "the table has a column for everybody of the demo");
        std::thread::scope(|scope| {
            let signing = |name| scope.spawn(move || self.with_a_draft(name));
            let signing: Vec<_> = names.iter().copied().map(signing).collect();
            signing.into_iter().map(|one| one.join().unwrap()).collect()
        })
    }

    fn person(&self, id: &str) -> Person {
        let (cookie, page) = if id == "nobody" {
            (String::new(), self.console.get("/dang-nhap", &[]).text())
        } else {
            let cookie = format!("Cookie: {}", self.console.sign_in(id));
            let page = self.console.get("/viec", &["-H", &cookie]).text();
            (cookie, page)
        };
        Person { id: id.to_owned(), cookie, token: token(&page), draft: "0".repeat(16) }
    }

    /// Somebody who has answered every question about a request that is on its way already.
    fn with_a_draft(&self, id: &str) -> Person {
        let mut person = self.person(id);
        if person.is_stranger() {
            return person;
        }
        person.draft = self.begins(&person);
        let text = |text: &str| text.to_owned();
        let mut answers = vec![
            ("truong", text("hoTen")),
            ("muc-dich", text("thu")),
            ("ly-do", text("Thử quyền")),
            ("can-cu", text("Điều 7")),
        ];
        for name in ["business-ten", "technical-ten", "security-ten"] {
            answers.push((name, text("Trực hỗ trợ")));
        }
        for name in ["business-dien-thoai", "technical-dien-thoai", "security-dien-thoai"] {
            answers.push((name, text("0236 000 0000")));
        }
        for question in ["co-quan", "he-thong", "truong", "muc-dich", "can-cu", "han-muc", "dau-moi"] {
            let chosen = if question == "co-quan" { text(CITY) } else { system(3) };
            let fields = [&answers[..], &[("chon", chosen)]].concat();
            let path = format!("/ket-noi/nhap/{}/{question}", person.draft);
            assert_eq!(self.posts(&person, &path, &fields, true).status, 303, "{path}");
        }
        person
    }

    /// Versions of what the walk tries to change.
    pub fn versions(&self) -> Vec<String> {
        let version = |path: &String| self.sees(path).header("etag").unwrap().to_owned();
        self.watched.iter().map(version).collect()
    }

    fn watch(&mut self, thing: &str, path: &str) {
        let version = self.sees(path).header("etag").unwrap().trim_matches('"').to_owned();
        self.put(thing, &[("version", &version)]);
        if !self.watched.iter().any(|known| known == path) {
            self.watched.push(path.to_owned());
        }
    }

    /// What the auditor reads of the API.
    fn sees(&self, path: &str) -> Answer {
        self.api("kiem-toan", path, &[])
    }

    /// Somebody makes something; its number.
    fn makes(&self, who: &str, path: &str, body: &Value) -> String {
        let made = self.asks(who, path, None, ("application/json", body.to_string())).json();
        made["id"].as_str().unwrap_or_else(|| panic!("{path}: {made}")).to_owned()
    }

    /// Somebody acts on a thing whose present version they saw.
    fn asks(&self, who: &str, path: &str, thing: Option<&str>, (kind, body): (&str, String)) -> Answer {
        let seen = thing.map(|thing| format!("If-Match: {}", self.sees(thing).header("etag").unwrap()));
        let kind = format!("Content-Type: {kind}");
        let mut more = vec!["-X", "POST", "-H", &kind, "--data-raw", &body];
        more.extend(seen.iter().flat_map(|seen| ["-H", seen.as_str()]));
        let answer = self.api(who, path, &more);
        assert!(answer.status < 300, "{who} {path}: {}", answer.text());
        answer
    }

    fn api(&self, who: &str, path: &str, more: &[&str]) -> Answer {
        let url = format!("{}{path}", self.console.demo.fact("/registry/api"));
        let bearer = format!("Authorization: Bearer {}", self.tokens[who]);
        curl(&[&["-g", &*url, "-H", &bearer], more].concat(), None).unwrap()
    }

    fn posts(&self, who: &Person, path: &str, fields: &[(&str, String)], ours: bool) -> Answer {
        let import = path.ends_with("/nhap");
        let with_file = import || path.ends_with("/tai-lieu") || path.starts_with("/cong-an-toan/nop");
        let mut written: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if ours {
            written.push(format!("bieu-mau={}", who.token));
        }
        let how = if with_file { "--form-string" } else { "--data-urlencode" };
        let mut more = vec!["-g", "-X", "POST", "-H", &who.cookie];
        more.extend(written.iter().flat_map(|field| [how, field.as_str()]));
        if with_file {
            let name = if import { "tep=nội dung;filename=a.csv" } else { "tep=nội dung;filename=a.txt" };
            more.extend(["-F", name]);
        }
        self.console.get(path, &more)
    }

    /// Somebody tries what a line is about; without the form's token when it shall not be `ours`.
    pub fn tries(&self, who: &Person, line: &Line, ours: bool) -> Answer {
        let path = self.address(who, line);
        if line.route.ends_with("/dong") {
            // Its head alone: a stream has no end.
            return self.console.get(&path, &["-I", "-H", &who.cookie]);
        }
        if line.method == "GET" {
            return self.console.get(&path, &["-g", "-H", &who.cookie]);
        }
        self.posts(who, &path, &self.form(who, line), ours)
    }

    fn thing(&self, who: &Person, line: &Line, place: &str) -> String {
        if (place, line.of) == ("draft", "own draft") {
            return who.draft.clone();
        }
        let of = self.things.get(line.of).unwrap_or_else(|| panic!("{line:?}: no such thing"));
        let found = of.get(place).or_else(|| self.things[""].get(place));
        found.unwrap_or_else(|| panic!("{line:?}: no {place}")).clone()
    }

    fn address(&self, who: &Person, line: &Line) -> String {
        let mut parts = line.route.split('{');
        let mut path = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (place, rest) = part.split_once('}').unwrap();
            path = path + self.thing(who, line, place).as_str() + rest;
        }
        let service = self.console.demo.fact("/story/service");
        match line.route {
            "/cong-an-toan/nop" => format!("{path}?he_thong={CITY_SYSTEM}&muc=security_minutes"),
            "/cong-an-toan/bao-cao" => format!("{path}?he_thong={CITY_SYSTEM}"),
            "/chung-cu/cuoc-goi" | "/chung-cu/kiem-tra" | "/chung-cu/tep" => format!("{path}?id=quyen-1"),
            "/ket-noi/moi" => format!("{path}?dich-vu={service}"),
            "/quan-tri/co-quan/nhap/mau" | "/chia-se/csdl/nhap/mau" => format!("{path}?loai=csv"),
            _ => path,
        }
    }

    fn form(&self, who: &Person, line: &Line) -> Vec<(&'static str, String)> {
        let text = |text: &str| text.to_owned();
        // Reasons, conclusions, dates and the like are missing.
        let mut fields = match line.route {
            "/dang-nhap" => {
                let id = if who.id == "nobody" { "van-hanh" } else { &who.id };
                let mut people = self.console.people().into_iter();
                let (id, password) = people.find(|(one, _)| one == id).unwrap();
                vec![("ten", id), ("mat-khau", password)]
            }
            "/ket-noi/moi" => vec![("dich-vu", text(self.console.demo.fact("/story/service")))],
            // Longer than a remark may be.
            "/ket-noi/{id}/duyet" => vec![("y-kien", "x".repeat(6_000))],
            // What is asked for, and that it is meant, is missing.
            route if route.ends_with("/goi-thu") => {
                vec![("quyen", format!("{} thu-nghiem", self.thing(who, line, "grant")))]
            }
            "/ket-noi/{id}/tai-lieu" => vec![("loai", text("khong-co"))],
            "/cong-an-toan/nop" => vec![("so", text("1")), ("ngay", text("01/01/2999"))],
            "/quan-tri/su-co/lap" => vec![
                ("co-quan", text(CITY)),
                ("ngay", text("01/11/2026")),
                ("gio", text("08:00")),
                ("muc-do", text("serious")),
            ],
            "/cong-an-toan/ho-so/{id}/xet" => vec![("ket-qua", text("rejected"))],
            "/chia-se/nguon" => vec![("dia-chi", text("sqlite:khong-co.db"))],
            "/quan-tri/danh-ba/de-nghi/{id}" => {
                let verb = match line.of.split(": ").nth(1) {
                    Some("approve") => "dong-y",
                    Some("reject") => "tu-choi",
                    _ => "rut",
                };
                vec![("viec", text(verb))]
            }
            _ => Vec::new(),
        };
        if self.things.get(line.of).is_some_and(|thing| thing.contains_key("version")) {
            fields.push(("phien-ban", self.thing(who, line, "version")));
        }
        fields
    }
}

/// A system of the city that asks in the request with this number.
fn system(place: usize) -> String {
    format!("VN-DEMO/GOV/H17/THU-{place}")
}
