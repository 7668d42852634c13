//! Saying in sentences what a grant allows and why a call would be refused: to be read aloud to whoever asks.

use base::{PartyId, ServiceId, Ts};
use serde::{Deserialize, Serialize};

use super::{Grant, Held, Standing};
use crate::request::Request;
use crate::request::who::{agency_name, current, vietnam};
use crate::service::{Service, Stage};
use crate::{Rules, State, gate};

mod operation;
mod words;

use words::Both;

/// A call that nobody has made: what would happen to it?
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HypotheticalCall {
    /// HTTP method; empty means any.
    pub method: String,
    /// Path behind the service's code; empty means any.
    pub path: String,
    /// The purpose that it states.
    pub purpose: Option<String>,
    /// The officer that it names.
    pub officer: Option<String>,
    /// The dossier that it quotes.
    pub dossier: Option<String>,
    /// How strongly the officer signed in, 0 to 3.
    pub sign_in: u8,
    /// How many calls were made on that day before it.
    pub calls_today: u64,
    /// When; absent means now.
    pub at: Option<Ts>,
}

/// Why a call would be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// There is no such service.
    NoService,
    /// The service is not on offer.
    ServiceClosed,
    /// Nobody granted it.
    NotGranted,
    /// It was asked for, and the request is not at its end.
    RequestPending,
    /// It was asked for and refused.
    RequestRefused,
    /// The grant is suspended.
    Suspended,
    /// The grant is revoked.
    Revoked,
    /// The time of the grant is over.
    Ended,
    /// The consumer's readiness gate is closed.
    GateClosed,
    /// The provider's readiness gate is closed.
    ProviderGateClosed,
    /// The service has no such method or path.
    Operation,
    /// The purpose is not granted, or none is stated.
    Purpose,
    /// An open dossier must be quoted.
    Dossier,
    /// The officer must be named.
    Officer,
    /// The officer must have signed in more strongly.
    SignIn,
    /// The quota of the day is used up.
    Quota,
}

/// What is allowed and why a call would be refused, in sentences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Whether the call would be answered; without a call: whether calls are answered at all.
    pub allowed: bool,
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
    /// The reasons against it, for machines.
    pub why: Vec<Why>,
}

/// Sentences that are being put together.
#[derive(Debug, Default)]
struct Speech {
    text: Both,
    why: Vec<Why>,
}

impl Speech {
    fn say(&mut self, vi: impl AsRef<str>, en: impl AsRef<str>) {
        self.text.say(vi.as_ref(), en.as_ref());
    }

    fn against(&mut self, why: Why, vi: impl AsRef<str>, en: impl AsRef<str>) {
        self.why.push(why);
        self.say(vi, en);
    }
}

/// Says what `consumer` may ask of `service`, by which decision, until when, how much, under which conditions; and what
/// would happen to `call`, with every reason against it. A Cedar condition is quoted, not judged: the gateway judges it.
pub fn explain(
    state: &State,
    rules: &Rules,
    (consumer, service): (&PartyId, &ServiceId),
    call: Option<&HypotheticalCall>,
    now: Ts,
) -> Explanation {
    let at = call.and_then(|call| call.at).unwrap_or(now);
    let mut speech = Speech::default();
    let offered = state.services.get(service);
    the_service(&mut speech, service, offered, at);
    let held = state.grants.find(consumer, service);
    if let Some(held) = held {
        the_grant(&mut speech, state, held, offered, at);
    }
    let in_force = held.is_some_and(|held| held.grant.standing(at) == Standing::InForce);
    if !in_force && let Some(offered) = offered {
        the_request(&mut speech, state, rules, (consumer, offered), (held.is_some(), at));
    }
    if let Some(held) = held.filter(|_| in_force) {
        the_gates(&mut speech, state, rules, &held.grant, at);
    }
    if let (Some(call), Some(held)) = (call, held) {
        the_call(&mut speech, &held.grant, offered, call);
    }
    let allowed = speech.why.is_empty() && held.is_some();
    match (allowed, call.is_some()) {
        (true, true) => speech.say("Lượt gọi này được chấp nhận.", "This call would be answered."),
        (false, true) => speech.say("Lượt gọi này bị từ chối.", "This call would be refused."),
        (true, false) => {}
        (false, false) => speech.say("Hiện không gọi được dịch vụ.", "At present no call is answered."),
    }
    Explanation { allowed, vi: speech.text.vi, en: speech.text.en, why: speech.why }
}

fn the_service(speech: &mut Speech, id: &ServiceId, service: Option<&Service>, at: Ts) {
    match service.map(|service| service.stage_on(vietnam(at).date())) {
        None => speech.against(
            Why::NoService,
            format!("Sổ đăng ký không có dịch vụ {id}."),
            format!("The registry has no service {id}."),
        ),
        Some(Stage::Withdrawn) => speech.against(
            Why::ServiceClosed,
            format!("Dịch vụ {id} đã ngừng cung cấp."),
            format!("The service {id} was withdrawn."),
        ),
        Some(Stage::Draft) => speech.against(
            Why::ServiceClosed,
            format!("Dịch vụ {id} còn đang soạn thảo."),
            format!("The service {id} is still a draft."),
        ),
        Some(Stage::Published | Stage::Deprecated) => {}
    }
}

/// What the grant allows, and its force.
fn the_grant(speech: &mut Speech, state: &State, held: &Held, service: Option<&Service>, at: Ts) {
    let grant = &held.grant;
    let name = words::service_name(&grant.service, service);
    let owner = service.map(|service| {
        let day = vietnam(at).date();
        agency_name(state, &current(state, &service.owner, day), day)
    });
    let (of_vi, of_en) =
        owner.map_or_else(Default::default, |owner| (format!(" của {owner}"), format!(" of {owner}")));
    let terms = words::terms(&grant.terms);
    let (id, to, decision) = (&grant.id, &grant.to, &grant.decision);
    speech.say(
        format!(
            "Theo quyền khai thác {id} cấp từ đăng ký {decision}, {to} được khai thác dịch vụ {}{of_vi}: {}.",
            name.vi, terms.vi
        ),
        format!(
            "By grant {id} from request {decision}, {to} may use the service {}{of_en}: {}.",
            name.en, terms.en
        ),
    );
    let since =
        held.history.iter().rev().find(|e| matches!(e.did, super::Did::Suspended | super::Did::Revoked));
    let (day, by) = since.map_or_else(Default::default, |e| (words::moment(e.at), e.by.to_string()));
    let reason = grant.reason.as_deref().unwrap_or("—");
    match grant.standing(at) {
        Standing::InForce => {}
        Standing::Suspended => speech.against(
            Why::Suspended,
            format!("Quyền đang tạm dừng từ {day} ({by}), lý do: {reason}."),
            format!("The grant is suspended since {day} ({by}): {reason}."),
        ),
        Standing::Revoked => speech.against(
            Why::Revoked,
            format!("Quyền đã bị thu hồi lúc {day} ({by}), lý do: {reason}."),
            format!("The grant was revoked on {day} ({by}): {reason}."),
        ),
        Standing::Ended => {
            let until = grant.terms.until.map(words::moment).unwrap_or_default();
            speech.against(
                Why::Ended,
                format!("Quyền đã hết hạn lúc {until}; cần gia hạn."),
                format!("The grant ended on {until}; it must be renewed."),
            );
        }
    }
}

/// Whether it was asked for, where the request stands and with whom.
fn the_request(
    speech: &mut Speech,
    state: &State,
    rules: &Rules,
    (consumer, service): (&PartyId, &Service),
    (granted, at): (bool, Ts),
) {
    let name = words::service_name(&service.id, Some(service));
    let request = state.requests.latest(consumer, &service.id);
    let pending = request.filter(|request| request.status.is_pending());
    if let Some(request) = pending {
        let text = words::waiting(state, rules, request, at);
        speech.against(Why::RequestPending, text.vi, text.en);
    } else if !granted {
        let text = words::not_granted(consumer, &name);
        speech.against(Why::NotGranted, text.vi, text.en);
        if let Some(text) = request.and_then(refusal) {
            speech.against(Why::RequestRefused, text.vi, text.en);
        } else {
            speech.say("Cần gửi yêu cầu kết nối.", "It must be asked for by a connection request.");
        }
    }
}

fn refusal(request: &Request) -> Option<Both> {
    let refused = request.history.iter().rfind(|entry| entry.did == crate::request::Did::Refused)?;
    let (id, day, by) = (&request.id, words::moment(refused.at), &refused.by);
    let (reason, basis) = (&refused.comment, &refused.legal_basis);
    Some(Both {
        vi: format!("Đăng ký {id} đã bị từ chối lúc {day} ({by}), lý do: {reason}; căn cứ: {basis}."),
        en: format!("Request {id} was refused on {day} ({by}): {reason}; by {basis}."),
    })
}

fn the_gates(speech: &mut Speech, state: &State, rules: &Rules, grant: &Grant, at: Ts) {
    let (consumer, connection) = (&grant.to, grant.connection(&state.gate));
    let failing = gate::failing(state, rules, consumer, connection.as_ref(), at);
    if !failing.is_empty() {
        let items = words::items(&failing);
        speech.against(
            Why::GateClosed,
            format!("Cổng an toàn của {consumer} đang đóng, thiếu hoặc hết hạn: {}.", items.vi),
            format!("The readiness gate of {consumer} is closed, missing or ended: {}.", items.en),
        );
    }
    let provider = grant.service.provider.party();
    let failing = gate::failing(state, rules, &provider, connection.as_ref(), at);
    if !failing.is_empty() {
        let items = words::items(&failing);
        speech.against(
            Why::ProviderGateClosed,
            format!("Cổng an toàn của bên cung cấp {provider} đang đóng, thiếu hoặc hết hạn: {}.", items.vi),
            format!(
                "The readiness gate of the provider {provider} is closed, missing or ended: {}.",
                items.en
            ),
        );
    }
}

/// Every reason of the grant's terms against the call.
fn the_call(speech: &mut Speech, grant: &Grant, service: Option<&Service>, call: &HypotheticalCall) {
    let terms = &grant.terms;
    let description = service.and_then(|service| serde_json::to_value(&service.openapi).ok());
    if description.is_some_and(|description| !operation::exists(&description, &call.method, &call.path)) {
        let what = format!("{} {}", call.method, call.path);
        let what = what.trim();
        speech.against(
            Why::Operation,
            format!("Dịch vụ không có thao tác {what}."),
            format!("The service has no operation {what}."),
        );
    }
    let stated = call.purpose.as_deref();
    if !terms.purposes.is_empty()
        && !stated.is_some_and(|purpose| terms.purposes.iter().any(|p| p == purpose))
    {
        let (vi, en) = match stated {
            Some(purpose) => (
                format!("Mục đích “{purpose}” không nằm trong các mục đích được cấp."),
                format!("The purpose “{purpose}” is not among those granted."),
            ),
            None => ("Lượt gọi không nêu mục đích.".to_owned(), "The call states no purpose.".to_owned()),
        };
        speech.against(Why::Purpose, vi, en);
    }
    let absent = |value: &Option<String>| value.as_deref().is_none_or(str::is_empty);
    if terms.conditions.dossier && absent(&call.dossier) {
        speech.against(
            Why::Dossier,
            "Lượt gọi không nêu hồ sơ đang giải quyết.",
            "The call quotes no open dossier.",
        );
    }
    if (terms.conditions.officer || terms.conditions.sign_in > 0) && absent(&call.officer) {
        speech.against(Why::Officer, "Lượt gọi không nêu cán bộ thực hiện.", "The call names no officer.");
    }
    if call.sign_in < terms.conditions.sign_in {
        let (has, wants) = (words::sign_in(call.sign_in), words::sign_in(terms.conditions.sign_in));
        speech.against(
            Why::SignIn,
            format!("Cán bộ đăng nhập ở mức {}, cần ít nhất {}.", has.vi, wants.vi),
            format!("The officer signed in by {}, at least {} is needed.", has.en, wants.en),
        );
    }
    if let Some(quota) = terms.quota_day.filter(|quota| call.calls_today >= *quota) {
        speech.against(
            Why::Quota,
            format!("Đã dùng hết hạn mức {} lượt trong ngày.", words::count(quota, '.')),
            format!("The quota of {} calls a day is used up.", words::count(quota, ',')),
        );
    }
}
