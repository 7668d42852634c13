//! Reading `checklists.toml` so that every mistake is reported, not only the first.

use jiff::civil::Date;

use super::{About, Checklist, InForce, Item, Transition};
use crate::error::RegistryError;
use crate::rules::read::{self, Reader, Version};

/// Longest period of an item, in months: ten years.
const MONTHS_MAX: u16 = 120;
/// Earliest warning, in days.
const WARN_DAYS_MAX: u16 = 365;
/// Security levels are 1 to 5 (Nghị định 331/2026/NĐ-CP, Điều 11 to 16).
const LEVEL_MAX: u8 = 5;
/// Requests are of kind 1 to 3 (Công văn 4856/BCA-TTDLQG).
const KIND_MAX: u8 = 3;

/// The versions, the oldest first.
pub(super) fn checklists(text: &str) -> Result<Vec<Checklist>, RegistryError> {
    read::versions("checklists.toml", text, "checklist", checklist)
}

impl Version for Checklist {
    fn code(&self) -> &str {
        &self.code
    }

    fn days(&self) -> (Date, Option<Date>) {
        (self.valid_from, self.valid_to)
    }
}

fn checklist(mut reader: Reader<'_>) -> Option<Checklist> {
    let code = reader.code();
    if let Some(code) = &code {
        reader.place = format!("checklist {code}");
    }
    let (title, legal_basis) = (reader.title("title"), reader.text("legal_basis"));
    let (valid_from, valid_to) = reader.days();
    let items = reader.list("item", item);
    let transitions =
        if reader.has("transition") { reader.list("transition", transition) } else { Vec::new() };
    reader.close();
    reader.once("item", items.iter().map(|item| item.code.as_str()));
    for rule in &transitions {
        if !items.iter().any(|item| item.code == rule.item) {
            let place = format!("transition of {}", rule.item);
            reader.note(&place, "không có mục này trong danh mục", "the checklist has no such item");
        }
    }
    Some(Checklist {
        code: code?,
        title: title?,
        legal_basis: legal_basis?,
        valid_from: valid_from?,
        valid_to,
        items,
        transitions,
    })
}

fn item(mut reader: Reader<'_>) -> Option<Item> {
    let code = reader.code();
    if let Some(code) = &code {
        reader.place = format!("{}, item {code}", reader.above());
    }
    let (title, proves) = (reader.title("title"), reader.title("proves"));
    let legal_basis = reader.text("legal_basis");
    let (whom, about) = (reader.required("whom"), reader.required::<About>("about"));
    let personal_only = reader.optional("personal_only").unwrap_or(false);
    let kinds: Vec<u8> = reader.optional("kinds").unwrap_or_default();
    if kinds.iter().any(|kind| !(1..=KIND_MAX).contains(kind)) {
        reader.note("kinds", "mỗi loại phải từ 1 đến 3", "each is 1 to 3");
    }
    if !kinds.is_empty() && about == Some(About::Subsystem) {
        let vi = "chỉ kết nối mới có loại, đặt about = \"connection\" hoặc bỏ dòng này";
        reader.note(
            "kinds",
            vi,
            "only a connection has a kind: write about = \"connection\", or leave it out",
        );
    }
    let in_force = in_force(&mut reader);
    let level_min = reader.optional::<u8>("level_min");
    if level_min.is_some_and(|level| !(1..=LEVEL_MAX).contains(&level)) {
        reader.note("level_min", "cấp độ phải từ 1 đến 5", "a level is 1 to 5");
    }
    let contacts = reader.optional("contacts").unwrap_or_default();
    let mut warn_days: Vec<u16> = reader.optional("warn_days").unwrap_or_default();
    if warn_days.iter().any(|days| !(1..=WARN_DAYS_MAX).contains(days)) {
        reader.note("warn_days", "mỗi số ngày phải từ 1 đến 365", "each is 1 to 365");
    }
    warn_days.sort_unstable_by(|a, b| b.cmp(a));
    warn_days.dedup();
    if in_force == Some(InForce::Certificate) && about == Some(About::Connection) {
        let vi = "chứng thư số thuộc hệ thống, đặt about = \"subsystem\"";
        reader.note("about", vi, "certificates belong to a system: write about = \"subsystem\"");
    }
    if in_force == Some(InForce::Task) && about == Some(About::Subsystem) {
        let vi = "công việc thuộc đăng ký kết nối, đặt about = \"connection\"";
        reader.note("about", vi, "a task belongs to a request: write about = \"connection\"");
    }
    reader.close();
    Some(Item {
        code: code?,
        title: title?,
        proves: proves?,
        legal_basis: legal_basis?,
        whom: whom?,
        about: about?,
        personal_only,
        kinds,
        in_force: in_force?,
        level_min,
        contacts,
        warn_days,
    })
}

fn in_force(reader: &mut Reader<'_>) -> Option<InForce> {
    let kind = reader.required::<String>("in_force");
    let months = reader.optional::<u16>("months");
    if kind.as_deref() != Some("months") && months.is_some() {
        let vi = "chỉ dùng khi in_force = \"months\", bỏ dòng này";
        reader.note("months", vi, "belongs to in_force = \"months\" only: leave it out");
    }
    match kind?.as_str() {
        "months" => {
            let months = months.filter(|months| (1..=MONTHS_MAX).contains(months));
            if months.is_none() {
                reader.note("months", "phải từ 1 đến 120", "must be 1 to 120");
            }
            months.map(InForce::Months)
        }
        "until_date" => Some(InForce::UntilDate),
        "endless" => Some(InForce::Endless),
        "certificate" => Some(InForce::Certificate),
        "task" => Some(InForce::Task),
        _ => {
            let vi = "phải là months, until_date, endless, certificate hoặc task";
            reader.note("in_force", vi, "must be months, until_date, endless, certificate or task");
            None
        }
    }
}

fn transition(mut reader: Reader<'_>) -> Option<Transition> {
    let (item, legal_basis) = (reader.text("item"), reader.text("legal_basis"));
    let granted_through = reader.required::<Date>("granted_through");
    let stays_through = reader.required::<Date>("stays_through");
    if let (Some(granted), Some(stays)) = (granted_through, stays_through)
        && stays < granted
    {
        reader.note(
            "stays_through",
            "trước granted_through, đổi lại",
            "is before granted_through: exchange them",
        );
    }
    reader.close();
    Some(Transition {
        item: item?,
        granted_through: granted_through?,
        stays_through: stays_through?,
        legal_basis: legal_basis?,
    })
}
