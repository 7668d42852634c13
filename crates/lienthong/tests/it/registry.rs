//! The registry beside a running gateway: what people decide counts on the next call.
//!
//! The people of this story act in a process of their own on the registry's store, as a second installation would.

mod elsewhere;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use base::{SystemClock, Ts};
use registry::agency::AgencyCode;
use registry::gate;
use registry::gate::filing::{FilingId, Judgement, Verdict};
use registry::grant::{self, GrantId, Terms};
use registry::people::{Act, People, Person, Post, Role};
use registry::request::{self, RequestId};
use registry::{Moment, Registry, RegistryError, Rules, State, agency, service};
use serde_json::json;
use store::Db;
use tokio::runtime::Runtime;

use crate::harness::{Answer, Options, Sandbox, wait};

pub const CONSUMER: &str = "VN-DEMO/GOV/H17/MOTCUA";
pub const PROVIDER: &str = "VN-DEMO/GOV/G01/DANCU";
const SERVICE: &str = "VN-DEMO/GOV/G01/DANCU/soi";
const BASIS: &str = "Điều 7 Nghị định 278/2025/NĐ-CP";
const PURPOSE: &str = "giai-quyet-tthc";

type Events = Result<Vec<registry::Event>, RegistryError>;

/// Everybody who decides, on one store.
pub struct Office {
    runtime: Runtime,
    registry: Registry,
}

impl Office {
    fn open(url: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let registry = runtime.block_on(async {
            let db = Db::open(url).await.unwrap();
            Registry::open(db, Rules::built_in().unwrap(), Arc::new(SystemClock)).await.unwrap()
        });
        Self { runtime, registry }
    }

    /// Somebody does something; refusals come back.
    fn tries(
        &self,
        (who, role, at): (&str, Role, &str),
        act: Act,
        decide: impl FnMut(&State, &Moment, &Person) -> Events,
    ) -> Result<(), RegistryError> {
        let at: Option<AgencyCode> = (!at.is_empty()).then(|| at.parse().unwrap());
        let person = Person { id: who.parse().unwrap(), posts: vec![Post::new(role, at.clone())] };
        let mut decide = decide;
        let again = |state: &State, moment: &Moment| decide(state, moment, &person);
        self.runtime.block_on(async {
            self.registry.catch_up().await?;
            self.registry.act(&person, act, at.as_ref(), "story", again).await.map(drop)
        })
    }

    #[track_caller]
    fn does(
        &self,
        who: (&str, Role, &str),
        act: Act,
        decide: impl FnMut(&State, &Moment, &Person) -> Events,
    ) {
        self.tries(who, act, decide).unwrap();
    }

    fn rules(&self) -> Arc<Rules> {
        Arc::clone(self.registry.rules())
    }

    /// Agencies, the service on offer, and what both systems must show.
    pub fn prepare(&self) {
        self.does(OPERATOR, Act::AgencyPut, |state, moment, _| {
            let both = ["H17", "G01"].map(|code| {
                let form: AgencyCode = format!("000.00.00.{code}").parse().unwrap();
                let known = state.agencies.on(&form, moment.today);
                assert!(!matches!(known, agency::Standing::Valid(_)));
                serde_json::from_value::<agency::Agency>(json!({
                    "code": form, "also": code, "name": format!("Cơ quan {code}"), "valid_from": "2025-07-01",
                }))
                .unwrap()
            });
            let put = |agency| agency::put(state, moment, agency, None);
            both.into_iter().map(put).collect::<Result<Vec<_>, _>>().map(|all| all.concat())
        });
        let rules = self.rules();
        self.does(PROVIDERS_ADMIN, Act::ServicePut, |state, moment, _| {
            let given = service::Given { if_version: None, in_directory: &|_| true };
            service::put(state, &rules, moment, &serde_json::from_value(described()).unwrap(), given)
        });
        self.does(PROVIDERS_ADMIN, Act::ServicePut, |state, moment, _| {
            let asked = json!({ "id": SERVICE, "version": "1.0.0" });
            service::publish(state, &rules, moment, &serde_json::from_value(asked).unwrap())
        });
        for party in [CONSUMER, PROVIDER] {
            for item in ["security_level", "security_regulation", "security_minutes", "contacts"] {
                self.shows(party, item, None, "2026-10-01");
            }
        }
    }

    /// A security officer files an item, the platform accepts it.
    fn shows(&self, party: &str, item: &str, about: Option<&RequestId>, issued_on: &str) {
        let rules = self.rules();
        let officer = if party == CONSUMER { CONSUMERS_OFFICER } else { PROVIDERS_OFFICER };
        let document = "ab".repeat(32);
        let mut filing = json!({ "party": party, "item": item, "number": "12/VB", "issued_on": issued_on, "document": document });
        if item == "security_level" {
            filing["level"] = json!(3);
        }
        if item == "contacts" {
            filing["contacts"] = ["business", "technical", "security"]
                .map(|duty| json!({ "duty": duty, "name": "Trực ban", "phone": "0236 000 000" }))
                .into();
        }
        if let Some(request) = about {
            filing["about"] = json!(request);
        }
        self.does(officer, Act::GateFile, |state, moment, _| {
            gate::file(state, &rules, moment, serde_json::from_value(filing.clone()).unwrap())
        });
        self.does(OPERATOR, Act::GateFile, |state, moment, _| {
            let id: FilingId = state.gate.iter().map(|filed| filed.id).max().unwrap();
            gate::judge(state, &rules, moment, Judgement { id, verdict: Verdict::Accepted, if_version: None })
        });
    }

    /// The consumer asks; gives the number.
    fn asks(&self, terms: &Terms) -> RequestId {
        let rules = self.rules();
        let contacts = ["business", "technical", "security"]
            .map(|kind| json!({ "kind": kind, "name": "Trực ban", "phone": "0236 000 000" }));
        let ask = json!({
            "consumer": CONSUMER, "agency": "000.00.00.H17", "service": SERVICE, "terms": terms,
            "reason": "Đối chiếu thông tin khi tiếp nhận hồ sơ", "contacts": contacts,
        });
        self.does(CONSUMERS_ADMIN, Act::RequestMake, |state, moment, person| {
            request::open(state, &rules, moment, person, &serde_json::from_value(ask.clone()).unwrap())
        });
        self.registry.read(|state| state.requests.iter().next_back().unwrap().id.clone())
    }

    /// Attaches what the step demands.
    fn attaches(&self, who: (&str, Role, &str), id: &RequestId, items: &[&str]) {
        for item in items {
            let rules = self.rules();
            let attach = json!({ "id": id, "attachment": {
                "item": item, "number": "01/VB", "name": format!("{item}.pdf"), "media_type": "application/pdf",
                "bytes": 1000, "sha256": "ab".repeat(32),
            } });
            self.does(who, Act::RequestStep, |state, moment, person| {
                request::attach(
                    state,
                    &rules,
                    moment,
                    person,
                    &serde_json::from_value(attach.clone()).unwrap(),
                )
            });
        }
    }

    fn steps(
        &self,
        who: (&str, Role, &str),
        id: &RequestId,
        decision: &serde_json::Value,
    ) -> Result<(), RegistryError> {
        let rules = self.rules();
        let mut take = decision.clone();
        take["decision"] = decision.clone();
        let take = json!({ "id": id, "decision": take["decision"] });
        self.tries(who, Act::RequestStep, |state, moment, person| {
            request::take(state, &rules, moment, person, &serde_json::from_value(take.clone()).unwrap())
        })
    }

    /// The consumer's side of the road, up to the data owner.
    fn reaches_the_owner(&self, id: &RequestId) {
        let yes = json!({ "decision": "approve" });
        self.attaches(CONSUMERS_ADMIN, id, &["technical_registration", "data_scope", "impact_assessment"]);
        self.steps(CONSUMERS_ADMIN, id, &yes).unwrap();
        self.steps(OPERATOR, id, &yes).unwrap();
        self.attaches(CONSUMERS_LEADER, id, &["province_signature"]);
        self.steps(CONSUMERS_LEADER, id, &yes).unwrap();
    }

    /// From the owner's consent to the grant.
    fn goes_live(&self, id: &RequestId) -> GrantId {
        let yes = json!({ "decision": "approve" });
        self.steps(DATA_OWNER, id, &yes).unwrap();
        self.attaches(OPERATOR, id, &["security_minutes"]);
        self.steps(OPERATOR, id, &yes).unwrap();
        self.attaches(OPERATOR, id, &["test_minutes"]);
        self.steps(OPERATOR, id, &yes).unwrap();
        let closed = self.steps(OPERATOR, id, &yes).unwrap_err();
        assert!(matches!(closed, RegistryError::GateClosed(_)), "{closed}");
        for item in ["impact_assessment", "test_minutes", "coordination_regulation"] {
            self.shows(CONSUMER, item, Some(id), "2026-11-01");
        }
        self.attaches(CONSUMERS_OFFICER, id, &["risk_assessment"]);
        let rules = self.rules();
        let close = json!({ "id": id, "task": "risk_assessment", "conclusion": "Rủi ro chấp nhận được" });
        let by = CONSUMERS_OFFICER;
        self.does(by, Act::RequestStep, |state, moment, person| {
            request::close_task(
                state,
                &rules,
                moment,
                person,
                &serde_json::from_value(close.clone()).unwrap(),
            )
        });
        self.steps(OPERATOR, id, &yes).unwrap();
        self.registry.read(|state| state.grants.iter().next_back().unwrap().id.clone())
    }
}

const OPERATOR: (&str, Role, &str) = ("vanhanh", Role::PlatformOperator, "");
const CONSUMERS_ADMIN: (&str, Role, &str) = ("quantri.h17", Role::AgencyAdministrator, "000.00.00.H17");
const CONSUMERS_LEADER: (&str, Role, &str) = ("lanhdao.h17", Role::Leader, "000.00.00.H17");
const CONSUMERS_OFFICER: (&str, Role, &str) = ("anninh.h17", Role::SecurityOfficer, "000.00.00.H17");
const PROVIDERS_ADMIN: (&str, Role, &str) = ("quantri.g01", Role::AgencyAdministrator, "000.00.00.G01");
const PROVIDERS_OFFICER: (&str, Role, &str) = ("anninh.g01", Role::SecurityOfficer, "000.00.00.G01");
const DATA_OWNER: (&str, Role, &str) = ("dulieu.g01", Role::DataOwner, "000.00.00.G01");

/// The service as its owner enters it; the stand-in system answers with what it was asked.
fn described() -> serde_json::Value {
    let schema = json!({ "type": "object", "properties": {
        "method": { "type": "string", "description": "Phương thức" },
        "target": { "type": "string", "description": "Đường dẫn" },
        "headers": { "type": "array", "items": { "type": "array", "items": { "type": "string" } }, "description": "Tiêu đề" },
    } });
    let answer =
        json!({ "200": { "description": "Được", "content": { "application/json": { "schema": schema } } } });
    json!({
        "id": SERVICE, "owner": "000.00.00.G01", "title": { "vi": "Soi yêu cầu", "en": "Mirror" },
        "data_class": "personal_basic", "sharing": "on_request", "legal_basis": BASIS,
        "openapi": { "openapi": "3.1.0", "info": { "title": "Soi", "version": "1.0.0" },
            "paths": { "/soi": { "get": { "summary": "Soi", "responses": answer } } } },
    })
}

fn terms(fields: &[&str], quota_day: u64) -> Terms {
    Terms {
        fields: fields.iter().map(|&field| field.to_owned()).collect(),
        purposes: vec![PURPOSE.to_owned()],
        legal_basis: BASIS.to_owned(),
        quota_day: Some(quota_day),
        until: Some(Ts::parse("2030-12-31T17:00:00Z").unwrap()),
        ..Terms::default()
    }
}

/// Two nodes, the provider's with the registry; on SQLite unless a store is given.
pub fn start(store: Option<&str>) -> (Sandbox, Office) {
    let mut sandbox = Sandbox::prepare(&Options::default());
    let echo = format!("http://127.0.0.1:{}", sandbox.port(7));
    let url = store.unwrap_or("sqlite:registry.db");
    sandbox.edit_config("provider", |text| {
        format!(
            "{text}\n[[service]]\nsubsystem = \"DANCU\"\ncode = \"soi\"\nurl = \"{echo}/soi\"\n\n[registry]\nstore = \"{url}\"\npeople = \"people.toml\"\nplain = \"127.0.0.1:{}\"\nlisten = \"127.0.0.1:{}\"\n",
            sandbox.port(8),
            sandbox.port(9),
        )
    });
    let dir = sandbox.node_dir("provider");
    write_people(&dir);
    sandbox.start_provider();
    sandbox.start_consumer();
    let file = format!("sqlite:{}", dir.join("registry.db").display());
    let office = Office::open(store.unwrap_or(&file));
    (sandbox, office)
}

/// Somebody may sign in.
fn write_people(dir: &Path) {
    let people = dir.join("people.toml");
    let posts = [Post::new(Role::PlatformOperator, None)];
    let (entry, _) = People::new_entry("vanhanh", "Trực vận hành", "mat-khau-thu-nghiem", &posts).unwrap();
    std::fs::write(&people, entry).unwrap();
    std::fs::set_permissions(&people, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn ask(sandbox: &Sandbox, id: &str) -> Answer {
    let line = format!("GET /r1/{SERVICE} HTTP/1.1");
    let id = format!("X-Road-Id: {id}");
    let purpose = format!("Lienthong-Purpose: {PURPOSE}");
    sandbox.request(&[&*line, "Host: nut", crate::raw::CLIENT, &id, &purpose], b"")
}

#[track_caller]
fn refused(answer: &Answer, code: &str) {
    assert_eq!(answer.header("lienthong-error"), Some(code), "{answer:?}");
}

#[test]
fn what_people_decide_in_the_registry_counts_on_the_next_call() {
    what_people_decide_counts_on_the_next_call(None);
}

#[test]
fn what_people_decide_in_the_registry_counts_on_the_next_call_on_postgresql() {
    let store = Runtime::new().unwrap().block_on(testkit::TestStore::postgres());
    what_people_decide_counts_on_the_next_call(Some(store.url()));
}

fn what_people_decide_counts_on_the_next_call(store: Option<&str>) {
    let (sandbox, office) = start(store);
    office.prepare();
    refused(&ask(&sandbox, "tu-choi-1"), "EX-0301");

    // Refused once, with a reason, and counted; without one it is no refusal.
    let first = office.asks(&terms(&["method", "target", "headers"], 3));
    office.reaches_the_owner(&first);
    let bare = office.steps(DATA_OWNER, &first, &json!({ "decision": "refuse" })).unwrap_err();
    assert!(matches!(bare, RegistryError::ReasonMissing), "{bare}");
    let why =
        json!({ "decision": "refuse", "reason": "Phạm vi trường rộng hơn mục đích", "legal_basis": BASIS });
    office.steps(DATA_OWNER, &first, &why).unwrap();
    let rules = office.rules();
    let board = office.registry.read(|state| request::hoarding(state, &rules, office.registry.now()));
    assert_eq!(board[0].refused.len(), 1, "{board:?}");

    // Corrected, approved, through the gate; the answer is cut to its fields.
    let second = office.asks(&terms(&["method", "target"], 3));
    office.reaches_the_owner(&second);
    let grant = office.goes_live(&second);
    wait(|| ask(&sandbox, "duoc-1").status == 200);
    let answer = ask(&sandbox, "duoc-2");
    assert_eq!(answer.json(), json!({ "method": "GET", "target": "/soi" }));
    let records = sandbox.records("provider", "duoc-2");
    assert!(records.iter().any(|record| record["record"]["withheld"] == json!(["headers"])), "{records:?}");
    assert!(
        records
            .iter()
            .any(|record| record["record"]["permit"].as_str().is_some_and(|p| p.contains(grant.as_str())))
    );

    // The quota of the day.
    while ask(&sandbox, "han-muc").status == 200 {}
    refused(&ask(&sandbox, "han-muc-het"), "EX-0309");
    office.does(DATA_OWNER, Act::GrantChange, |state, moment, _| {
        let change =
            json!({ "id": grant, "terms": terms(&["method", "target"], 1000), "reason": "Nâng hạn mức" });
        grant::change(state, moment, &serde_json::from_value(change).unwrap())
    });
    wait(|| ask(&sandbox, "nang-han-muc").status == 200);

    // Suspended, resumed, revoked: each within a second.
    let pause = |reason: &str| json!({ "id": grant, "reason": reason });
    office.does(DATA_OWNER, Act::GrantChange, |state, moment, _| {
        grant::suspend(state, moment, &serde_json::from_value(pause("Rà soát")).unwrap())
    });
    wait(|| ask(&sandbox, "tam-ngung").header("lienthong-error") == Some("EX-0306"));
    office.does(DATA_OWNER, Act::GrantChange, |state, moment, _| {
        grant::resume(state, moment, &serde_json::from_value(pause("Xong")).unwrap())
    });
    wait(|| ask(&sandbox, "lai-duoc").status == 200);

    // The minutes of the security check are taken back: the gate closes, and says which item; renewed, it opens again.
    office.does(OPERATOR, Act::GateFile, |state, _, _| {
        let mut minutes = state.gate.iter().filter(|f| f.filing.item == "security_minutes");
        let id = minutes.find(|f| f.filing.party.to_string() == CONSUMER).unwrap().id;
        gate::withdraw(state, id, "Phát hiện lỗ hổng chưa khắc phục", None)
    });
    wait(|| ask(&sandbox, "cong-dong").header("lienthong-error") == Some("EX-0308"));
    assert!(ask(&sandbox, "cong-dong-2").text().contains("security_minutes"));
    office.shows(CONSUMER, "security_minutes", None, "2026-11-15");
    wait(|| ask(&sandbox, "cong-mo").status == 200);

    // The same for an item of this connection alone.
    office.does(OPERATOR, Act::GateFile, |state, _, _| {
        let mut minutes = state.gate.iter().filter(|f| f.filing.item == "test_minutes");
        gate::withdraw(state, minutes.next().unwrap().id, "Ký sai thẩm quyền", None)
    });
    wait(|| ask(&sandbox, "ket-noi-dong").header("lienthong-error") == Some("EX-0308"));
    assert_eq!(ask(&sandbox, "ket-noi-dong-2").header("lienthong-gate"), Some("test_minutes"));
    office.shows(CONSUMER, "test_minutes", Some(&second), "2026-11-15");
    wait(|| ask(&sandbox, "ket-noi-mo").status == 200);

    office.does(DATA_OWNER, Act::GrantChange, |state, moment, _| {
        grant::revoke(state, moment, &serde_json::from_value(pause("Hết nhu cầu")).unwrap())
    });
    wait(|| ask(&sandbox, "thu-hoi").header("lienthong-error") == Some("EX-0307"));
    office.runtime.block_on(office.registry.journal().check(&[])).unwrap();
    assert_eq!(sandbox.audit("provider")["open"], 0);
}
