//! What a province already has when the story begins: agencies, an inventory, services, and the one-stop shop connected.

use std::sync::Arc;

use anyhow::Context as _;
use base::{Clock as _, SystemClock, Ts};
use hyper::Method;
use jiff::civil::date;
use registry::people::{Act, Role};
use registry::state::vietnam_day;
use registry::{Moment, Registry, agency, inventory};
use serde_json::{Value, json};
use sources::Offer;

use super::data::of_population;
use super::office::Office;
use super::people::{
    DATA_OWNER, INVENTORY, MINISTRY, MINISTRY_SECURITY, OPERATOR, PROVINCE, PROVINCE_SECURITY, SIGNS,
    of_the_platform,
};
use super::{FAMILY, SERVICES};
use crate::command::source::entry;
use crate::config::RegistrySection;
use crate::registry_role;
use crate::sandbox::{CONSUMER, CONSUMER_SUBSYSTEM, PROVIDER, PROVIDER_SUBSYSTEM, TEST_SUBSYSTEM};

/// The department that asks in the story.
pub const DEPARTMENT_CODE: &str = "000.00.11.H17";
/// The owner of the population data.
pub const MINISTRY_CODE: &str = "000.00.00.G01";
/// The city, above the department.
pub const PROVINCE_CODE: &str = "000.00.00.H17";
/// Why the ministry shares, and the province asks.
pub const BASIS: &str = "Điều 7 Nghị định 278/2025/NĐ-CP";
/// The service that the ministry tries itself, and for which purpose.
const TRIED: &str = "tra-cuu-cong-dan";
const TRIED_FOR: &str = "thu-nghiem";
/// What every system shows once.
const OF_SYSTEM: [&str; 4] = ["security_level", "security_regulation", "security_minutes", "contacts"];

/// What nobody files: the directory knows it.
const CERTIFICATE: &str = "certificate";

/// Loads agencies of level 1, a department, and the figures of Quảng Nam, as the operator's commands do.
pub async fn load(section: &RegistrySection) -> anyhow::Result<()> {
    let registry = registry_role::open(section, Arc::new(SystemClock)).await?;
    let person = of_the_platform(OPERATOR, Role::PlatformOperator)?;
    let department: agency::Agency = serde_json::from_value(json!({
        "code": DEPARTMENT_CODE, "also": "H17.11", "name": "Sở Tư pháp thành phố Đà Nẵng", "parent": PROVINCE_CODE,
        "valid_from": "2025-07-01", "legal_basis": "Cơ quan minh họa / sample agency",
    }))?;
    let built_in =
        |state: &registry::State, moment: &Moment| agency::import(state, moment, agency::built_in());
    registry.act(&person, Act::AgencyPut, None, "agencies", built_in).await?;
    let put = |state: &registry::State, moment: &Moment| agency::put(state, moment, department.clone(), None);
    registry.act(&person, Act::AgencyPut, None, "agencies", put).await?;
    load_inventory(&registry).await
}

/// The owners are ministries as they were in 2022: the rows are checked as of then.
async fn load_inventory(registry: &Registry) -> anyhow::Result<()> {
    let enter = |state: &registry::State, moment: &Moment| {
        let then = Moment { today: inventory::QUANG_NAM_DAY, ..moment.clone() };
        let put = |holding| inventory::put(state, &then, holding, None);
        inventory::quang_nam().into_iter().map(put).collect::<Result<Vec<_>, _>>().map(|all| all.concat())
    };
    let person = of_the_platform(INVENTORY, Role::AgencyAdministrator)?;
    registry.act(&person, Act::InventoryPut, None, "inventory", enter).await?;
    Ok(())
}

/// Offers the services, shows that the systems are safe, and connects the one-stop shop of the province.
pub async fn connect(office: &Office, until: Ts) -> anyhow::Result<()> {
    for (code, sharing) in
        SERVICES.iter().map(|service| (service.0, "mandatory")).chain([(FAMILY, "on_request")])
    {
        offer(office, code, sharing).await?;
    }
    for party in [one_stop(), provider(), test_system()] {
        for item in OF_SYSTEM {
            shows(office, &party, item, None).await?;
        }
    }
    for (code, granted) in SERVICES {
        if granted {
            let fields = fields(&of_population(code)?)?;
            let id = asks(office, PROVINCE, &wish_of_the_one_stop(&service(code), &fields, until)).await?;
            goes_live(office, PROVINCE, &id).await.with_context(|| format!("{code}: {id}"))?;
        }
    }
    tries(office, until).await
}

/// The ministry tries its own service as any consumer would: with a system for it, and a grant.
async fn tries(office: &Office, until: Ts) -> anyhow::Result<()> {
    let fields = fields(&of_population(TRIED)?)?;
    let wish = json!({
        "consumer": test_system(), "agency": MINISTRY_CODE, "service": service(TRIED), "contacts": contacts("kind"),
        "reason": "Gọi thử dịch vụ của chính cơ quan",
        "terms": { "fields": fields, "legal_basis": BASIS, "purposes": [TRIED_FOR], "quota_day": 100, "until": until },
    });
    let id = asks(office, MINISTRY, &wish).await?;
    goes_live(office, MINISTRY, &id).await.with_context(|| format!("{TRIED}: {id}"))?;
    Ok(())
}

/// What the one-stop shop of the province asks for.
pub fn wish_of_the_one_stop(service: &str, fields: &[String], until: Ts) -> Value {
    json!({
        "consumer": one_stop(), "agency": PROVINCE_CODE, "service": service, "contacts": contacts("kind"),
        "reason": "Giải quyết thủ tục hành chính tại bộ phận một cửa",
        "terms": { "fields": fields, "legal_basis": BASIS, "until": until },
    })
}

/// The one-stop shop, which is connected already.
pub fn one_stop() -> String {
    format!("{CONSUMER}/{CONSUMER_SUBSYSTEM}")
}

/// The system of the population.
pub fn provider() -> String {
    format!("{PROVIDER}/{PROVIDER_SUBSYSTEM}")
}

/// The ministry's system for test calls.
pub fn test_system() -> String {
    format!("{PROVIDER}/{TEST_SUBSYSTEM}")
}

/// A service of the population base.
pub fn service(code: &str) -> String {
    format!("{}/{code}", provider())
}

/// The fields of an answer's rows, each of which stands for all below it: of the first level, and within pages and changes,
/// whose lists are no decision about fields.
pub fn fields(definition: &Offer) -> anyhow::Result<Vec<String>> {
    let all = registry::service::fields_of(&definition.openapi())?;
    Ok(of_rows(all.iter().map(|field| &*field.path)))
}

fn of_rows<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for path in paths {
        let parts: Vec<&str> = path.split('.').collect();
        let level = match parts.as_slice() {
            ["items", "dong", ..] => 3,
            ["items", ..] => 2,
            _ => 1,
        };
        let row = parts[..level.min(parts.len())].join(".");
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    let is_list = |row: &String| rows.iter().any(|other| other.starts_with(&format!("{row}.")));
    let lists: Vec<String> = rows.iter().filter(|row| is_list(row)).cloned().collect();
    rows.retain(|row| !lists.contains(row));
    rows
}

async fn offer(office: &Office, code: &str, sharing: &str) -> anyhow::Result<()> {
    let (definition, id) = (of_population(code)?, service(code));
    let document = entry::document(&definition, &id, MINISTRY_CODE, (BASIS, sharing));
    let (path, version) = (format!("/services/{id}"), &document["openapi"]["info"]["version"]);
    office.makes(MINISTRY, Method::PUT, &path, &document).await?;
    office.does(MINISTRY, (&path, "/publish"), &json!({ "version": version })).await.map(drop)
}

fn contacts(duty: &str) -> Value {
    let contact = |of: &str| json!({ duty: of, "name": "Trực hỗ trợ kỹ thuật", "phone": "0236 000 0000" });
    ["business", "technical", "security"].map(contact).to_vec().into()
}

/// Who answers for the security of a party.
fn security_of(party: &str) -> &'static str {
    if party.starts_with(PROVIDER) { MINISTRY_SECURITY } else { PROVINCE_SECURITY }
}

/// A security officer files an item of the gate, the operator accepts it.
pub async fn shows(office: &Office, party: &str, item: &str, about: Option<&str>) -> anyhow::Result<()> {
    let today = vietnam_day(SystemClock.now());
    let digest = hex::encode(crypto::hash::sha256(&[party.as_bytes(), item.as_bytes()]));
    let mut filing = json!({
        "party": party, "item": item, "number": "12/VB-DEMO", "issued_on": today.max(date(2026, 9, 14)), "document": digest,
    });
    if item == "security_level" {
        filing["level"] = json!(3);
    }
    if item == "contacts" {
        filing["contacts"] = contacts("duty");
    }
    if let Some(about) = about {
        filing["about"] = json!(about);
    }
    let filed = office.makes(security_of(party), Method::POST, "/gate/filings", &filing).await?;
    accepts(office, &format!("/gate/filings/{}", filed["id"].as_str().unwrap_or_default())).await
}

/// The operator accepts what was filed.
async fn accepts(office: &Office, filing: &str) -> anyhow::Result<()> {
    office.does(OPERATOR, (filing, "/judge"), &json!({ "verdict": "accepted" })).await.map(drop)
}

/// What every system shows once.
pub async fn shows_itself(office: &Office, party: &str, except: &str) -> anyhow::Result<()> {
    for item in OF_SYSTEM.into_iter().filter(|item| *item != except) {
        shows(office, party, item, None).await?;
    }
    Ok(())
}

/// What the story's department asks for.
pub fn wish(consumer: &str, fields: &[String], terms: &Value) -> Value {
    let mut terms = terms.clone();
    terms["fields"] = json!(fields);
    terms["legal_basis"] = json!(BASIS);
    json!({
        "consumer": consumer, "agency": DEPARTMENT_CODE, "service": service(FAMILY), "contacts": contacts("kind"),
        "reason": "Đối chiếu nhân thân khi đăng ký khai sinh", "terms": terms,
    })
}

/// Opens a request; gives its number.
pub async fn asks(office: &Office, who: &str, ask: &Value) -> anyhow::Result<String> {
    let made = office.makes(who, Method::POST, "/requests", ask).await?;
    Ok(made["id"].as_str().context("a request has a number")?.to_owned())
}

/// Takes the steps of the road, each by whom it belongs to with the documents that it wants, until one of `until`.
pub async fn goes_to(office: &Office, by: &str, id: &str, until: &[&str]) -> anyhow::Result<String> {
    loop {
        let whole = office.get(&format!("/requests/{id}")).await?.body;
        let step = whole["request"]["step"].as_str().unwrap_or_default().to_owned();
        if until.contains(&&*step) {
            return Ok(step);
        }
        let who = match &*step {
            "department" => by,
            "province_signs" => SIGNS,
            "data_owner" => DATA_OWNER,
            _ => OPERATOR,
        };
        takes(office, who, &whole["request"]).await?;
    }
}

/// Somebody hands in what the present step of a request lacks, and approves it.
pub async fn takes(office: &Office, who: &str, request: &Value) -> anyhow::Result<Value> {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    for item in demanded(text("step"), &request["kind"]) {
        if !has(request, item) {
            office.hands_in(who, text("id"), item).await?;
        }
    }
    approves(office, who, text("id")).await
}

/// The documents of a step on the road of this kind of request.
fn demanded(step: &str, kind: &Value) -> &'static [&'static str] {
    match (step, kind.as_u64()) {
        ("department", Some(1)) => &["technical_registration"],
        ("department", Some(3)) => {
            &["technical_registration", "data_scope", "impact_assessment", "promise_not_to_reidentify"]
        }
        ("department", _) => &["technical_registration", "data_scope", "impact_assessment"],
        ("province_signs", _) => &["province_signature"],
        ("data_owner", Some(3)) => &["owner_consent"],
        ("technical_check", Some(2 | 3)) => &["security_minutes"],
        ("test_minutes", Some(3)) => &["test_minutes", "coordination_rules"],
        ("test_minutes", _) => &["test_minutes"],
        _ => &[],
    }
}

/// Whether a request has such a document.
fn has(request: &Value, item: &str) -> bool {
    request["attachments"].as_array().is_some_and(|all| all.iter().any(|one| one["item"] == item))
}

/// Approves the step at which a request stands.
pub async fn approves(office: &Office, who: &str, id: &str) -> anyhow::Result<Value> {
    let yes = json!({ "decision": "approve" });
    office.does(who, (&format!("/requests/{id}"), "/steps"), &yes).await
}

/// Closes the tasks and shows what the gates still want, each by whom it belongs to.
pub async fn clears(office: &Office, id: &str) -> anyhow::Result<()> {
    const TASK: &str = "risk_assessment";
    let thing = format!("/requests/{id}");
    let whole = office.get(&thing).await?.body;
    let request = &whole["request"];
    let security = security_of(request["consumer"].as_str().context("a request has a consumer")?);
    let is_open = |task: &Value| task["code"] == TASK && task["closed"].is_null();
    if request["tasks"].as_array().is_some_and(|tasks| tasks.iter().any(is_open)) {
        if !has(request, TASK) {
            office.hands_in(security, id, TASK).await?;
        }
        let conclusion = json!({ "conclusion": "Rủi ro ở mức chấp nhận được" });
        office.does(security, (&thing, "/tasks/risk_assessment/close"), &conclusion).await?;
    }
    let whole = office.get(&thing).await?.body;
    for missed in whole["missed"].as_array().into_iter().flatten() {
        let text = |name: &str| missed[name].as_str().unwrap_or_default();
        if text("item") == CERTIFICATE {
            continue;
        }
        // What somebody filed already is judged.
        if let Some(filing) = missed["waiting"].as_u64() {
            accepts(office, &format!("/gate/filings/{filing}")).await?;
        } else {
            let about = (missed["of_connection"] == true).then_some(id);
            shows(office, text("party"), text("item"), about).await?;
        }
    }
    Ok(())
}

/// Codes of what keeps a request from going live.
pub async fn missing(office: &Office, id: &str) -> anyhow::Result<Vec<String>> {
    let whole = office.get(&format!("/requests/{id}")).await?.body;
    let names = whole["stands_against"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut codes: Vec<String> = Vec::new();
    for code in names.filter_map(|name| name.split(' ').next()) {
        if codes.iter().all(|known| known != code) {
            codes.push(code.to_owned());
        }
    }
    Ok(codes)
}

/// The whole road; gives the number of the grant.
pub async fn goes_live(office: &Office, by: &str, id: &str) -> anyhow::Result<String> {
    goes_to(office, by, id, &["live"]).await?;
    clears(office, id).await?;
    approves(office, OPERATOR, id).await?;
    grant_of(office, id).await
}

/// The grant that a request led to.
pub async fn grant_of(office: &Office, id: &str) -> anyhow::Result<String> {
    let whole = office.get(&format!("/requests/{id}")).await?.body;
    Ok(whole["request"]["grant"].as_str().context("a live request has a grant")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_changes_are_granted_by_the_fields_of_their_rows() {
        let paths = [
            "hoTen",
            "o",
            "o.xa",
            "items",
            "items.hoTen",
            "items.o",
            "items.o.xa",
            "items.so",
            "items.khoa",
            "items.khoa.ma",
            "items.dong",
            "items.dong.hoTen",
            "items.dong.o.xa",
            "next",
            "count",
        ];
        let expected = [
            "hoTen",
            "o",
            "items.hoTen",
            "items.o",
            "items.so",
            "items.khoa",
            "items.dong.hoTen",
            "items.dong.o",
            "next",
            "count",
        ];
        assert_eq!(of_rows(paths.into_iter()), expected);
        assert_eq!(of_rows(["items", "soLuong"].into_iter()), ["items", "soLuong"], "a list of plain values");
    }
}
