//! Words of the explanations.

use base::{PartyId, ServiceId, Ts};

use crate::gate::Failing;
use crate::grant::Terms;
use crate::people::Role;
use crate::request::who::{agency_name, vietnam};
use crate::request::{Request, Status, agency_of};
use crate::service::Service;
use crate::text::Text;
use crate::{Rules, State};

/// The same in both languages.
#[derive(Clone, Debug, Default)]
pub(super) struct Both {
    pub(super) vi: String,
    pub(super) en: String,
}

impl Both {
    fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }

    /// Adds a sentence.
    pub(super) fn say(&mut self, vi: &str, en: &str) {
        for (text, more) in [(&mut self.vi, vi), (&mut self.en, en)] {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(more);
        }
    }
}

/// `08:00 ngày 23/11/2026`, in Vietnam's time; in English the same figures are read as well.
pub(super) fn moment(at: Ts) -> String {
    let at = vietnam(at);
    format!("{:02}:{:02} {:02}/{:02}/{}", at.hour(), at.minute(), at.day(), at.month(), at.year())
}

/// `1.000` or `1,000`.
pub(super) fn count(number: u64, mark: char) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

/// The service's title with its identifier.
pub(super) fn service_name(id: &ServiceId, service: Option<&Service>) -> Both {
    let Some(title) = service.map(|service| &service.title).filter(|title| !title.vi.is_empty()) else {
        return Both::new(id.to_string(), id.to_string());
    };
    Both::new(format!("“{}” ({id})", title.vi), format!("“{}” ({id})", english(title)))
}

fn english(text: &Text) -> &str {
    if text.en.is_empty() { &text.vi } else { &text.en }
}

/// What is granted, joined by semicolons.
pub(super) fn terms(terms: &Terms) -> Both {
    let mut parts: Vec<Both> = Vec::new();
    parts.push(if terms.fields.is_empty() {
        Both::new("mọi trường của câu trả lời", "all fields of the answer")
    } else {
        let fields = terms.fields.join(", ");
        Both::new(format!("chỉ các trường {fields}"), format!("only the fields {fields}"))
    });
    parts.push(if terms.purposes.is_empty() {
        Both::new("cho mọi mục đích", "for any purpose")
    } else {
        let purposes = terms.purposes.join(", ");
        Both::new(format!("cho mục đích {purposes}"), format!("for the purposes {purposes}"))
    });
    let basis = &terms.legal_basis;
    parts.push(Both::new(format!("căn cứ {basis}"), format!("by {basis}")));
    parts.push(terms.until.map(moment).map_or_else(
        || Both::new("không thời hạn", "without end"),
        |until| Both::new(format!("đến {until}"), format!("until {until}")),
    ));
    let quota = terms.quota_day.map(|quota| {
        let (vi, en) = (count(quota, '.'), count(quota, ','));
        Both::new(format!("tối đa {vi} lượt mỗi ngày"), format!("at most {en} calls a day"))
    });
    let rate = terms.rate_s.map(|rate| {
        let rate = u64::from(rate);
        let (vi, en) = (count(rate, '.'), count(rate, ','));
        Both::new(format!("tối đa {vi} lượt mỗi giây"), format!("at most {en} calls a second"))
    });
    parts.extend(quota);
    parts.extend(rate);
    parts.extend(conditions(terms));
    Both {
        vi: parts.iter().map(|part| part.vi.as_str()).collect::<Vec<_>>().join("; "),
        en: parts.iter().map(|part| part.en.as_str()).collect::<Vec<_>>().join("; "),
    }
}

fn conditions(terms: &Terms) -> Option<Both> {
    let conditions = &terms.conditions;
    let mut parts: Vec<Both> = Vec::new();
    if conditions.dossier {
        parts.push(Both::new("nêu hồ sơ đang giải quyết", "quotes an open dossier"));
    }
    if conditions.officer || conditions.sign_in > 0 {
        parts.push(Both::new("nêu cán bộ thực hiện", "names the officer"));
    }
    if conditions.sign_in > 0 {
        let level = sign_in(conditions.sign_in);
        let vi = format!("cán bộ đã đăng nhập ít nhất ở mức {}", level.vi);
        parts.push(Both::new(vi, format!("comes from an officer signed in at least by {}", level.en)));
    }
    if let Some(cedar) = &conditions.cedar {
        parts.push(Both::new(format!("thỏa điều kiện {cedar}"), format!("meets the condition {cedar}")));
    }
    let join = |texts: Vec<&str>| texts.join(", ");
    let vi = join(parts.iter().map(|part| part.vi.as_str()).collect());
    let en = join(parts.iter().map(|part| part.en.as_str()).collect());
    (!parts.is_empty()).then(|| Both::new(format!("mỗi lượt gọi phải {vi}"), format!("each call {en}")))
}

/// Strength of a sign-in.
pub(super) fn sign_in(level: u8) -> Both {
    match level {
        0 => Both::new("chưa đăng nhập", "nothing"),
        1 => Both::new("mật khẩu", "a password"),
        2 => Both::new("xác thực hai yếu tố", "a second factor"),
        _ => Both::new("khóa phần cứng", "a hardware key"),
    }
}

pub(super) fn not_granted(consumer: &PartyId, service: &Both) -> Both {
    Both::new(
        format!("{consumer} chưa được cấp quyền khai thác dịch vụ {}.", service.vi),
        format!("{consumer} has no grant for the service {}.", service.en),
    )
}

/// Items of a gate by name, each with the day on which it ended.
pub(super) fn items(failing: &[Failing]) -> Both {
    let name = |title: &str, item: &Failing, ended: &str| match item.ended {
        Some(day) => {
            format!("{title} ({}, {ended} {:02}/{:02}/{})", item.item, day.day(), day.month(), day.year())
        }
        None => format!("{title} ({})", item.item),
    };
    let vi = failing.iter().map(|item| name(&item.title.vi, item, "hết hạn"));
    let en = failing.iter().map(|item| name(english(&item.title), item, "ended"));
    Both { vi: vi.collect::<Vec<_>>().join(", "), en: en.collect::<Vec<_>>().join(", ") }
}

/// At which step a request stands, with whom, and until when it should be decided.
pub(super) fn waiting(state: &State, rules: &Rules, request: &Request, at: Ts) -> Both {
    let road = rules.roads.get(request.kind, &request.road);
    let title = road.and_then(|road| road.step(&request.step)).map(|step| &step.title);
    let step = |title: &str| format!("“{title}”");
    let (step_vi, step_en) = title.map_or_else(
        || (request.step.clone(), request.step.clone()),
        |title| (step(&title.vi), step(english(title))),
    );
    let day = vietnam(at).date();
    let holder = request.waits_for().map(|(whose, who)| {
        let agency = agency_of(state, request, whose, day).map(|code| agency_name(state, &code, day));
        let name = role(who);
        match agency {
            Some(agency) => {
                Both::new(format!("{} của {agency}", name.vi), format!("the {} of {agency}", name.en))
            }
            None => Both::new(name.vi, format!("the {}", name.en)),
        }
    });
    let holder = holder.unwrap_or_default();
    let (id, due) = (&request.id, moment(request.due));
    let late = request.due < at;
    let late_vi = if late { "đã quá hạn từ" } else { "hạn" };
    let late_en = if late { "overdue since" } else { "due" };
    if request.status == Status::Returned {
        return Both::new(
            format!(
                "Đăng ký {id} đã được trả lại để bổ sung ở bước {step_vi}, chờ {}, {late_vi} {due}.",
                holder.vi
            ),
            format!(
                "Request {id} was returned for correction at the step {step_en}, waits for {}, {late_en} {due}.",
                holder.en
            ),
        );
    }
    Both::new(
        format!("Đăng ký {id} đang ở bước {step_vi}, chờ {}, {late_vi} {due}.", holder.vi),
        format!("Request {id} stands at the step {step_en}, waits for {}, {late_en} {due}.", holder.en),
    )
}

fn role(role: Role) -> Both {
    match role {
        Role::PlatformOperator => Both::new("đơn vị vận hành nền tảng", "platform operator"),
        Role::AgencyAdministrator => Both::new("quản trị viên", "administrator"),
        Role::DataOwner => Both::new("người quyết định của cơ quan chủ quản dữ liệu", "data owner"),
        Role::SecurityOfficer => Both::new("cán bộ an toàn thông tin", "security officer"),
        Role::Auditor => Both::new("kiểm toán viên", "auditor"),
        Role::Leader => Both::new("lãnh đạo", "leader"),
        Role::Officer => Both::new("cán bộ xử lý hồ sơ", "officer"),
    }
}
