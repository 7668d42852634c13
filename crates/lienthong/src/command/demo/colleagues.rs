//! The routine steps of what a visitor asks for in the console, taken by the demo's people as soon as they are theirs. Asking and
//! the data owner's decision are left to the visitor, and so is everything that was sent back.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use anyhow::ensure;
use hyper::Method;
use serde_json::Value;
use simulators::population::Sample;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::office::{Body, Office};
use super::people::{
    AUDITOR, GUEST, MINISTRY_SECURITY, Member, OPERATOR, PROVINCE, PROVINCE_SECURITY, SIGNS,
};
use super::seed::{self, MINISTRY_CODE, PROVINCE_CODE};
use crate::sandbox::CONSUMER;

/// Those who work; the auditor looks.
const WORKING: [&str; 6] = [AUDITOR, OPERATOR, SIGNS, GUEST, PROVINCE_SECURITY, MINISTRY_SECURITY];
/// How often they look for work.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long they leave alone what they could not do.
const REST: Duration = Duration::from_secs(30);
/// Sessions end after half an hour without work: they begin anew before.
const SIGN_IN_EVERY: Duration = Duration::from_mins(20);
/// Steps of a road at most; its own last step is one of them.
const STEPS_MAX: usize = 10;
/// How often a system calls whose connection went live, and how many times: for half an hour.
const CALL_EVERY: Duration = Duration::from_secs(5);
const CALLS: u32 = 360;

/// Where the demo answers.
pub struct Place {
    /// The registry's API.
    pub api: String,
    /// The consumer node's address for its systems.
    pub ask: String,
}

/// People at work.
pub struct Colleagues {
    place: Place,
    members: Vec<Member>,
    sample: Sample,
    office: Office,
    signed_in: Option<Instant>,
    /// Requests that are on their way.
    open: HashSet<String>,
    /// Requests that are somebody else's business.
    foreign: HashSet<String>,
    /// Requests with which something went wrong: what, and until when they rest.
    resting: HashMap<String, (String, Instant)>,
    /// Systems that call.
    calling: JoinSet<()>,
}

impl Colleagues {
    /// Of the demo's people, those who work.
    pub fn new(place: Place, members: Vec<Member>, sample: Sample) -> Self {
        let members = members.into_iter().filter(|member| WORKING.contains(&&*member.id)).collect();
        Self {
            office: Office::new(place.api.clone()),
            place,
            members,
            sample,
            signed_in: None,
            open: HashSet::new(),
            foreign: HashSet::new(),
            resting: HashMap::new(),
            calling: JoinSet::new(),
        }
    }

    /// Works until it is dropped. What goes wrong is told once and tried again later.
    pub async fn work(mut self) {
        let mut told = String::new();
        loop {
            if let Err(error) = self.look().await {
                // Whatever it was: with new sessions at least that is none of the reasons.
                self.signed_in = None;
                let error = format!("{error:#}");
                if told != error {
                    println!(
                        "Bản demo không xem được các đăng ký / the demo cannot see the requests: {error}"
                    );
                    told = error;
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn look(&mut self) -> anyhow::Result<()> {
        if self.signed_in.is_none_or(|at| at.elapsed() > SIGN_IN_EVERY) {
            self.office.renew(&self.members).await?;
            self.signed_in = Some(Instant::now());
        }
        while self.calling.try_join_next().is_some() {}
        let listed = self.office.get("/requests?state=open&limit=500").await?.body;
        let rows = listed["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let id = |row: &Value| row["id"].as_str().unwrap_or_default().to_owned();
        let open: HashSet<String> = rows.iter().map(id).collect();
        let ended: Vec<String> = self.open.difference(&open).cloned().collect();
        self.open = open;
        for id in ended {
            self.calls(&id).await?;
        }
        for row in rows.iter().filter(|row| colleague(&row["holder"]).is_some()) {
            self.attend_to(&id(row)).await;
        }
        Ok(())
    }

    /// Takes the steps of a request that are theirs.
    async fn attend_to(&mut self, id: &str) {
        let rests = self.resting.get(id).is_some_and(|(_, until)| Instant::now() < *until);
        if rests || self.foreign.contains(id) {
            return;
        }
        match self.takes(id).await {
            Ok(()) => drop(self.resting.remove(id)),
            Err(error) => {
                let error = format!("{error:#}");
                let before = self.resting.insert(id.to_owned(), (error.clone(), Instant::now() + REST));
                if before.is_none_or(|(before, _)| before != error) {
                    println!("{id}: bản demo chưa làm thay được / the demo could not take the step: {error}");
                }
            }
        }
    }

    async fn takes(&mut self, id: &str) -> anyhow::Result<()> {
        for _ in 0..STEPS_MAX {
            let whole = self.office.get(&format!("/requests/{id}")).await?.body;
            // `--connect` asks in this name and takes the whole road itself.
            if whole["request"]["history"][0]["by"] == PROVINCE {
                self.foreign.insert(id.to_owned());
                return Ok(());
            }
            let Some(who) = colleague(&whole["holder"]).filter(|_| whole["request"]["status"] == "open")
            else {
                return Ok(());
            };
            if whole["request"]["step"] == "live" {
                seed::clears(&self.office, id).await?;
                // A system without certificates, which no node serves: an act would only be refused.
                let missing = seed::missing(&self.office, id).await?;
                ensure!(missing.is_empty(), "{}", missing.join(", "));
            }
            seed::takes(&self.office, who, &whole["request"]).await?;
        }
        Ok(())
    }

    /// The system whose request went live begins to call, in the place of the department's software.
    async fn calls(&mut self, id: &str) -> anyhow::Result<()> {
        let request = self.office.get(&format!("/requests/{id}")).await?.body["request"].take();
        let is_ours = request["consumer"]
            .as_str()
            .is_some_and(|consumer| consumer.starts_with(&format!("{CONSUMER}/")));
        if request["status"] != "live" || !is_ours || request["history"][0]["by"] == PROVINCE {
            return Ok(());
        }
        if let Some(path) = path(&request, &self.sample) {
            self.calling.spawn(call(format!("{}/r1/{path}", self.place.ask), request));
        }
        Ok(())
    }
}

/// Who takes a step; nobody where it is the visitor's.
fn colleague(holder: &Value) -> Option<&'static str> {
    match (holder["role"].as_str()?, holder["agency"].as_str()) {
        ("platform_operator", _) => Some(OPERATOR),
        ("leader", Some(PROVINCE_CODE)) => Some(SIGNS),
        ("leader", Some(MINISTRY_CODE)) => Some(GUEST),
        _ => None,
    }
}

/// Service and question of a call, for what the demo knows something to ask about.
fn path(request: &Value, sample: &Sample) -> Option<String> {
    let (service, provider) = (request["service"].as_str()?, seed::provider());
    let about = match service.strip_prefix(&*provider)?.trim_start_matches('/') {
        "nhan-than-ho-tich" | "tra-cuu-cong-dan" | "tra-cuu-cu-tru" => &sample.number,
        "tra-cuu-ho" => &sample.household,
        _ => return None,
    };
    Some(format!("{service}/{about}"))
}

/// Calls as the request was granted. Whether a call is answered can be seen in the console: nobody is told here.
async fn call(url: String, request: Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let office = Office::new(String::new());
    for number in 1..=CALLS {
        let mut headers = vec![
            ("x-road-client", text(&request["consumer"])),
            ("x-road-id", format!("{}-{number}", text(&request["id"]))),
        ];
        let purpose = text(&request["terms"]["purposes"][0]);
        headers.extend((!purpose.is_empty()).then_some(("lienthong-purpose", purpose)));
        let _ = office.send(Method::GET, &url, &headers, Body::Nothing).await;
        tokio::time::sleep(CALL_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nobody_takes_the_steps_of_the_visitor() {
        let of = |role: &str, agency: Option<&str>| colleague(&json!({ "role": role, "agency": agency }));
        assert_eq!(of("agency_administrator", Some("000.00.11.H17")), None);
        assert_eq!(of("data_owner", Some(MINISTRY_CODE)), None);
        assert_eq!(of("leader", Some("000.00.00.H48")), None);
        assert_eq!(of("leader", Some(PROVINCE_CODE)), Some(SIGNS));
        assert_eq!(of("platform_operator", None), Some(OPERATOR));
        assert_eq!(colleague(&Value::Null), None, "a road that has ended");
    }

    #[test]
    fn calls_are_about_somebody_whom_the_population_has() {
        let sample = Sample {
            number: "049190000001".into(),
            name: "Nguyễn Thị Mẫu".into(),
            birth: "1990-01-01".into(),
            household: "490000001".into(),
        };
        let of = |service: &str| path(&json!({ "service": service }), &sample);
        let person = "VN-DEMO/GOV/G01/DANCU/nhan-than-ho-tich";
        assert_eq!(of(person), Some(format!("{person}/049190000001")));
        let household = "VN-DEMO/GOV/G01/DANCU/tra-cuu-ho";
        assert_eq!(of(household), Some(format!("{household}/490000001")));
        assert_eq!(of("VN-DEMO/GOV/G01/DANCU/ket-hon"), None, "of which nothing is known");
        assert_eq!(of("VN-DEMO/GOV/H17/HOTICH/khai-sinh"), None);
    }
}
