//! One request: what it asks for, where it stands, who holds it, what the person can do.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use http::Method;

use super::colour;
use super::whole::{Entry, Holder, Mine, Missed, Request, Task, Whole, demands, load};
use crate::Console;
use crate::failure::Failure;
use crate::names::{Names, Rules};
use crate::pages::gate::file_at;
use crate::pages::terms::{Service, Shown};
use crate::session::Visit;
use crate::text::{Lang, word};
use crate::time;
use crate::view::{Frame, Section, page, passed_on, segment, segments};

/// Acts of the history that the page shows; the minutes have all decisions.
const ACTS_SHOWN: usize = 25;

/// Words of the button of the last step.
pub const LIVE: &str = "requests-do-live";

#[derive(Template)]
#[template(path = "requests/one.html")]
pub struct One {
    frame: Frame,
    request: Request,
    holder: Option<Holder>,
    named: Named,
    shown: Shown,
    /// What was asked for, where less is granted.
    asked: Option<Shown>,
    road: Vec<Stop>,
    documents: Vec<Document>,
    missing: Vec<String>,
    tasks: Vec<Job>,
    history: Vec<Act>,
    earlier: usize,
    against: Vec<Against>,
    /// Why it was refused, or what must be corrected.
    answer: Option<Answer>,
    mine: Mine,
    /// The first step is handed on, the last one goes live, others are approved.
    approve: &'static str,
    refusable: bool,
    /// The last step waits for what stands against going live.
    blocked: bool,
}

/// Names that the page shows beside codes.
#[derive(Clone, Default)]
pub struct Named {
    /// Of the service.
    pub service: String,
    /// Of the system that asks.
    pub consumer: String,
    /// Of the agency that asks.
    pub agency: String,
    /// Of the data owner.
    pub owner: String,
    /// Of the present step.
    pub step: String,
    /// Address of the service.
    pub service_href: String,
}

/// A step of the road.
struct Stop {
    name: String,
    role: String,
    /// `done`, `now`, `ended`, or empty for what is to come.
    state: &'static str,
    at: Option<Ts>,
    due: Option<Ts>,
}

/// A document that was handed in.
struct Document {
    what: String,
    number: String,
    name: String,
    href: String,
    kilobytes: u64,
}

/// Work beside the road.
struct Job {
    code: String,
    name: String,
    due: Ts,
    closed: Option<(Ts, String)>,
    conclusion: String,
    missing: Vec<String>,
    mine: bool,
}

/// An act of the history.
pub struct Act {
    /// When.
    pub at: Ts,
    /// Who.
    pub by: String,
    /// In which role.
    pub role: String,
    /// At which step.
    pub step: String,
    /// What.
    pub did: String,
    /// With which words.
    pub comment: String,
    /// By which text.
    pub legal_basis: String,
}

/// A refusal, or what must be corrected.
struct Answer {
    words: String,
    legal_basis: String,
    /// Role and agency.
    by: String,
    at: Ts,
}

/// What stands against going live.
struct Against {
    what: String,
    /// Who must do what.
    must: String,
    /// Where, and the words of the link.
    link: Option<(String, String)>,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/ket-noi/{id}", get(show)).route("/ket-noi/{id}/tep/{sha256}", get(document))
}

async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let rules = Rules::of(&visit).await?;
    let whole = load(&visit, &id).await?.value;
    let mine = Mine::of(&visit, &rules, &whole).await;
    let Whole { request, holder, missed } = whole;
    let service = Service::of(&visit, &request.service).await;
    let codes = [&*request.service, &request.consumer, &request.agency, &request.owner];
    let agency = holder.as_ref().and_then(|holder| holder.agency.as_deref());
    let parties = missed.iter().map(|missed| &*missed.party);
    let closed = request.tasks.iter().filter_map(|task| task.closed.as_ref()).map(|(_, by)| &**by);
    let people = request.history.iter().map(|entry| &*entry.by).chain(closed);
    let names = Names::of(&visit, codes.into_iter().chain(parties).chain(agency).chain(people)).await?;
    let frame = visit.titled(
        Section::Requests,
        visit.lang.ta("requests-one", &[("name", crate::text::word(&*request.id))]),
    );
    let lang = frame.lang;
    let holder = holder.map(|holder| holder.named(&names));
    let moved = ["requests-approve", "requests-resubmit"].iter().any(|act| visit.has_just(act));
    let done = holder.as_ref().filter(|_| moved).map(|holder| moved_on(lang, holder, request.due));
    let frame = Frame { done: done.or(frame.done), ..frame };
    let against = against(&frame, &rules, (&request, &missed), &names);
    let personal = service.is_personal(&request.terms.fields);
    let step = rules.road(request.kind, &request.road);
    let step = step.and_then(|road| road.steps.iter().find(|step| step.code == request.step));
    let wanted =
        step.filter(|_| request.status == "open").into_iter().flat_map(|step| demands(step, personal));
    let missing =
        wanted.filter(|item| !request.has(item)).map(|item| rules.item(lang, item).to_owned()).collect();
    let road = road(&rules, lang, &request);
    let approve = approve_key(&rules, &request);
    let decisions = request.history.len().saturating_sub(ACTS_SHOWN);
    let history =
        request.history.iter().rev().take(ACTS_SHOWN).map(|entry| act(&rules, &names, request.kind, entry));
    let history = history.collect();
    let narrowed = request.asked != request.terms;
    let asked = narrowed.then(|| Shown::of(lang, request.asked.clone(), &service));
    let one = One {
        named: named(&names, &rules, lang, &request),
        shown: Shown::of(lang, request.terms.clone(), &service),
        documents: documents(&rules, lang, &request),
        tasks: jobs(&rules, &names, &request, &mine),
        blocked: mine.decides() && approve == LIVE && !against.is_empty(),
        refusable: holder.as_ref().is_some_and(|holder| holder.whose != "consumer"),
        answer: answer(&frame, &rules, &request, &names),
        holder,
        frame,
        asked,
        road,
        missing,
        history,
        earlier: decisions,
        against,
        mine,
        approve,
        request,
    };
    page(&one)
}

/// Who has to act now, and until when, for the banner of whoever acted before.
fn moved_on(lang: Lang, holder: &Holder, due: Ts) -> String {
    let role = lang.of_family("role", &holder.role);
    let who = holder.agency.as_ref().map_or_else(|| role.clone(), |agency| format!("{role}, {agency}"));
    lang.ta("requests-moved-on", &[("name", word(who)), ("due", word(time::moment(due)))])
}

async fn document(visit: Visit, Path((id, sha256)): Path<(String, String)>) -> Result<Response, Failure> {
    let path = format!("/requests/{}/attachments/{}", segment(&id), segment(&sha256));
    Ok(passed_on(visit.ask(Method::GET, path).response().await?))
}

/// Names of what a request is about.
pub fn named(names: &Names, rules: &Rules, lang: Lang, request: &Request) -> Named {
    Named {
        service: names.get(&request.service).to_owned(),
        consumer: names.get(&request.consumer).to_owned(),
        agency: names.get(&request.agency).to_owned(),
        owner: names.get(&request.owner).to_owned(),
        step: rules.step(lang, request.kind, &request.step).to_owned(),
        service_href: format!("/dich-vu/{}", segments(&request.service)),
    }
}

/// The words of the button that takes the present step.
pub fn approve_key(rules: &Rules, request: &Request) -> &'static str {
    let steps = rules.road(request.kind, &request.road).map(|road| &road.steps[..]).unwrap_or_default();
    let is = |step: Option<&crate::names::Step>| step.is_some_and(|step| step.code == request.step);
    if is(steps.last()) {
        LIVE
    } else if is(steps.first()) {
        "requests-do-send"
    } else {
        "requests-do-approve"
    }
}

fn answer(frame: &Frame, rules: &Rules, request: &Request, names: &Names) -> Option<Answer> {
    let entry = request.answer()?;
    let steps = rules.road(request.kind, &request.road).map(|road| &road.steps[..]).unwrap_or_default();
    let agency = match steps.iter().find(|step| step.code == entry.step).map(|step| &*step.whose) {
        Some("provider") => names.get(&request.owner),
        Some("consumer") => names.get(&request.agency),
        _ => "",
    };
    let role = frame.of("role", &entry.role);
    Some(Answer {
        words: entry.comment.clone(),
        legal_basis: entry.legal_basis.clone(),
        by: if agency.is_empty() { role } else { format!("{role}, {agency}") },
        at: entry.at,
    })
}

fn road(rules: &Rules, lang: Lang, request: &Request) -> Vec<Stop> {
    let Some(road) = rules.road(request.kind, &request.road) else { return Vec::new() };
    let present = road.steps.iter().position(|step| step.code == request.step).unwrap_or_default();
    let stops = road.steps.iter().enumerate().map(|(place, step)| {
        let stay = request.stays.iter().rfind(|stay| stay.step == step.code);
        let state = match place.cmp(&present) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Greater => "",
            std::cmp::Ordering::Equal => match &*request.status {
                "live" => "done",
                "refused" | "withdrawn" => "ended",
                _ => "now",
            },
        };
        Stop {
            name: step.title.of(lang).to_owned(),
            role: step.role.clone(),
            at: stay
                .and_then(|stay| stay.left.as_ref())
                .map(|(at, _)| *at)
                .filter(|_| matches!(state, "done" | "ended")),
            due: stay.map(|stay| stay.due).filter(|_| state == "now"),
            state,
        }
    });
    stops.collect()
}

fn documents(rules: &Rules, lang: Lang, request: &Request) -> Vec<Document> {
    let documents = request.attachments.iter().map(|one| Document {
        what: rules.item(lang, &one.item).to_owned(),
        number: one.number.clone(),
        name: one.name.clone(),
        href: format!("/ket-noi/{}/tep/{}", segment(&request.id), segment(&one.sha256)),
        kilobytes: one.bytes.div_ceil(1024),
    });
    documents.collect()
}

fn jobs(rules: &Rules, names: &Names, request: &Request, mine: &Mine) -> Vec<Job> {
    let lang = names.lang();
    let jobs = request.tasks.iter().map(|task| {
        let rule = rules.tasks.iter().find(|rule| rule.code == task.code);
        let wanted = rule.into_iter().flat_map(|rule| &rule.attach).filter(|item| !request.has(item));
        Job {
            name: rules.task(lang, &task.code).to_owned(),
            due: task.due,
            closed: task.closed.as_ref().map(|(at, by)| (*at, names.full(by))),
            conclusion: task.conclusion.clone(),
            missing: wanted.map(|item| rules.item(lang, item).to_owned()).collect(),
            mine: mine.tasks.contains(&task.code),
            code: task.code.clone(),
        }
    });
    jobs.collect()
}

/// An act with names in place of codes.
pub fn act(rules: &Rules, names: &Names, kind: u8, entry: &Entry) -> Act {
    let lang = names.lang();
    let comment = match (&*entry.did, entry.comment.split_once(": ")) {
        ("attached", _) => rules.item(lang, &entry.comment).to_owned(),
        ("closed_task", Some((task, conclusion))) => format!("{}: {conclusion}", rules.task(lang, task)),
        _ => entry.comment.clone(),
    };
    Act {
        at: entry.at,
        by: names.full(&entry.by),
        role: entry.role.clone(),
        step: rules.step(lang, kind, &entry.step).to_owned(),
        did: entry.did.clone(),
        comment,
        legal_basis: entry.legal_basis.clone(),
    }
}

/// Open tasks, and what the gates miss: who must do what, and where. A document that came with the request is one for
/// those who decide; the gate wants it from the security officer, and judged by a second person.
fn against(
    frame: &Frame,
    rules: &Rules,
    (request, missed): (&Request, &[Missed]),
    names: &Names,
) -> Vec<Against> {
    let tasks = request.tasks.iter().filter(|task| request.is_pending() && task.closed.is_none());
    let task = |task: &Task| Against {
        what: rules.task(frame.lang, &task.code).to_owned(),
        must: frame.t("requests-must-conclude"),
        link: None,
    };
    let officer = frame.who.as_ref().is_some_and(|who| who.is("security_officer"));
    let gate = |one: &Missed| {
        let party = names.get(&one.party);
        let here = (format!("/cong-an-toan/{}", segments(&one.party)), frame.t("requests-to-gate"));
        let about = if one.of_connection { &*request.id } else { "" };
        let (must, link) = match (one.waiting, file_at(&one.item, &one.party, about)) {
            (Some(id), _) => {
                let filing = (format!("/cong-an-toan/ho-so/{id}"), frame.t("requests-to-filing"));
                (frame.tw("requests-must-judge", party), filing)
            }
            (None, None) => (frame.tw("requests-must-certify", party), here),
            (None, Some(href)) => {
                let came = request.has(&one.item);
                let must = if came { "requests-must-file-again" } else { "requests-must-file" };
                let link = if officer { (href, frame.t("gate-file")) } else { here };
                (frame.tw(must, party), link)
            }
        };
        Against { what: one.title.of(frame.lang).to_owned(), must, link: Some(link) }
    };
    tasks.map(task).chain(missed.iter().map(gate)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::requests::whole::Attachment;
    use crate::pages::terms::{Contact, Terms};
    use crate::sample::rendered;

    fn against_going_live(odd: &str) -> Against {
        Against { what: odd.into(), must: odd.into(), link: Some(("/cong-an-toan/a".into(), odd.into())) }
    }

    fn answered(odd: &str) -> Answer {
        Answer { words: odd.into(), legal_basis: odd.into(), by: odd.into(), at: Ts(0) }
    }

    fn page_of(frame: Frame, odd: &str, full: bool) -> One {
        let (odd, many) = (odd.to_owned(), usize::from(full));
        let at = Ts::from_secs(1_795_305_900);
        let terms = Terms { quota_day: Some(3), until: Some(at), ..Terms::default() };
        let fields = vec![(odd.clone(), odd.clone()); many * 3];
        let shown = Shown { fields, more: many, terms };
        let stop =
            |state| Stop { name: odd.clone(), role: "leader".into(), state, at: Some(at), due: Some(at) };
        let job = |closed, mine| Job {
            code: "risk_assessment".into(),
            name: odd.clone(),
            due: at,
            closed,
            conclusion: odd.clone(),
            missing: vec![odd.clone()],
            mine,
        };
        let act = || Act {
            at,
            by: odd.clone(),
            role: "leader".into(),
            step: odd.clone(),
            did: "refused".into(),
            comment: odd.clone(),
            legal_basis: odd.clone(),
        };
        let contact =
            Contact { kind: "technical".into(), name: odd.clone(), phone: odd.clone(), email: odd.clone() };
        One {
            frame,
            request: Request {
                id: "YC-2026-000001".into(),
                kind: 2,
                status: if full { "open" } else { "refused" }.into(),
                contacts: vec![contact; many],
                attachments: vec![Attachment::default(); many],
                reason: odd.clone(),
                grant: full.then(|| "QK-2026-000001".into()),
                ..Request::default()
            },
            holder: full.then(|| Holder { role: "data_owner".into(), overdue: true, ..Holder::default() }),
            named: Named { service: odd.clone(), service_href: "/dich-vu/a".into(), ..Named::default() },
            asked: full.then(|| shown.clone()),
            shown,
            road: ["done", "now", "ended", ""].map(stop).into_iter().take(many * 4).collect(),
            documents: (0..many)
                .map(|_| Document {
                    what: odd.clone(),
                    number: odd.clone(),
                    name: odd.clone(),
                    href: "/".into(),
                    kilobytes: 20,
                })
                .collect(),
            missing: vec![odd.clone(); many],
            tasks: [job(None, true), job(Some((at, odd.clone())), false)]
                .into_iter()
                .take(many * 2)
                .collect(),
            history: (0..many * ACTS_SHOWN).map(|_| act()).collect(),
            earlier: many,
            against: vec![against_going_live(&odd)],
            answer: (!full).then(|| answered(&odd)),
            mine: Mine { step: full, consumer: full, ..Mine::default() },
            approve: "requests-do-approve",
            refusable: full,
            blocked: false,
        }
    }

    #[test]
    fn renders() {
        let odd = "<script>alert(1)</script>";
        let full = rendered(|frame| page_of(frame, odd, true));
        assert!(full[0].contains("/ket-noi/YC-2026-000001/tu-choi"));
        let empty = rendered(|frame| page_of(frame, odd, false));
        assert!(!empty[0].contains("/tu-choi"));
    }

    #[test]
    fn what_a_gate_misses_is_told_with_who_must_act_and_where() {
        let mut frame = Frame::sample(Lang::Vi);
        let whole = |item: &str, waiting| {
            let request = Request {
                id: "YC-1".into(),
                attachments: vec![Attachment { item: "impact_assessment".into(), ..Attachment::default() }],
                ..Request::default()
            };
            let party = "VN/GOV/H17/A".to_owned();
            (
                request,
                [Missed { item: item.into(), party, of_connection: true, waiting, ..Missed::default() }],
            )
        };
        for (item, waiting, officer, words, href) in [
            ("impact_assessment", None, false, "đã kèm đăng ký", "/cong-an-toan/VN/GOV/H17/A"),
            (
                "impact_assessment",
                None,
                true,
                "đã kèm đăng ký",
                "/cong-an-toan/nop?he_thong=VN%2FGOV%2FH17%2FA&muc=impact_assessment&ket_noi=YC-1",
            ),
            ("impact_assessment", Some(3), true, "xem xét", "/cong-an-toan/ho-so/3"),
            ("certificate", None, true, "chứng thư số", "/cong-an-toan/VN/GOV/H17/A"),
        ] {
            let role = if officer { "security_officer" } else { "leader" };
            let posts = vec![crate::view::Post { role: role.into(), agency: None }];
            frame.who = Some(crate::view::Who { posts, ..crate::view::Who::default() });
            let (request, missed) = whole(item, waiting);
            let found = against(&frame, &Rules::default(), (&request, &missed), &Names::default());
            let (link, _) = found[0].link.clone().expect("a link");
            assert!(found[0].must.contains(words), "{item}: {}", found[0].must);
            assert_eq!(link, href, "{item}");
        }
    }
}
