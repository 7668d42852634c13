//! Reading `roads.toml`: first as it is written, then checked as a whole.

use std::collections::HashSet;

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::IntoDeserializer as _;

use super::{Item, KINDS, Limit, Road, Roads, Step, TaskRule, Whose};
use crate::people::Role;
use crate::text::Text;
use crate::{Mistake, RegistryError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    item: Vec<ItemText>,
    #[serde(default)]
    task: Vec<TaskText>,
    #[serde(default)]
    road: Vec<RoadText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemText {
    code: String,
    vi: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskText {
    code: String,
    vi: String,
    en: String,
    legal_basis: String,
    role: String,
    whose: String,
    working_days: Option<u32>,
    working_hours: Option<u32>,
    #[serde(default)]
    attach: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoadText {
    kind: u8,
    version: String,
    valid_from: String,
    valid_to: Option<String>,
    legal_basis: String,
    correction_working_days: u32,
    #[serde(default)]
    contacts: Vec<String>,
    #[serde(default)]
    step: Vec<StepText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepText {
    code: String,
    vi: String,
    en: String,
    role: String,
    whose: String,
    working_days: Option<u32>,
    working_hours: Option<u32>,
    #[serde(default)]
    attach: Vec<String>,
    #[serde(default)]
    attach_if_personal: Vec<String>,
    task: Option<String>,
    #[serde(default)]
    may_narrow: bool,
}

/// Collects what is wrong while the rest is read on.
struct Reader {
    items: HashSet<String>,
    tasks: HashSet<String>,
    mistakes: Vec<Mistake>,
}

pub(super) fn roads(text: &str) -> Result<Roads, RegistryError> {
    let file: File = toml::from_str(text).map_err(|error| {
        let text = error.to_string();
        RegistryError::invalid(
            "roads.toml",
            format!("không đọc được: {text}"),
            format!("cannot be read: {text}"),
        )
    })?;
    let mut reader = Reader {
        items: file.item.iter().map(|item| item.code.clone()).collect(),
        tasks: file.task.iter().map(|task| task.code.clone()).collect(),
        mistakes: Vec::new(),
    };
    reader.once("item", file.item.iter().map(|item| item.code.as_str()));
    reader.once("task", file.task.iter().map(|task| task.code.as_str()));
    let items =
        file.item.into_iter().map(|i| Item { code: i.code, title: Text { vi: i.vi, en: i.en } }).collect();
    let tasks = file.task.into_iter().filter_map(|task| reader.task(task)).collect();
    let roads: Vec<Road> = file.road.into_iter().filter_map(|road| reader.road(road)).collect();
    reader.versions(&roads);
    if reader.mistakes.is_empty() {
        Ok(Roads { items, tasks, versions: roads })
    } else {
        Err(RegistryError::Invalid(reader.mistakes))
    }
}

impl Reader {
    fn wrong(&mut self, place: &str, vi: &str, en: &str) {
        self.mistakes.push(Mistake::new(place, vi, en));
    }

    fn once<'a>(&mut self, place: &str, codes: impl Iterator<Item = &'a str>) {
        let mut seen = HashSet::new();
        for code in codes.filter(|code| code.is_empty() || !seen.insert(*code)) {
            self.wrong(
                &format!("{place} {code}"),
                "mã trống hoặc trùng",
                "the code is empty or stands twice",
            );
        }
    }

    /// One of a closed list of words.
    fn word<'de, T: Deserialize<'de>>(&mut self, place: &str, word: String) -> Option<T> {
        let read: Result<T, serde::de::value::Error> = T::deserialize(word.into_deserializer());
        read.map_err(|error| {
            self.mistakes.push(Mistake::new(place, format!("giá trị không có: {error}"), error.to_string()));
        })
        .ok()
    }

    fn day(&mut self, place: &str, text: &str) -> Option<Date> {
        let day = text.parse().ok();
        if day.is_none() {
            self.wrong(place, "ngày phải viết dạng 2026-09-14", "a day is written 2026-09-14");
        }
        day
    }

    fn limit(&mut self, place: &str, days: Option<u32>, hours: Option<u32>) -> Option<Limit> {
        let limit = match (days, hours) {
            (Some(days @ 1..), None) => Some(Limit::WorkingDays(days)),
            (None, Some(hours @ 1..)) => Some(Limit::WorkingHours(hours)),
            _ => None,
        };
        if limit.is_none() {
            let vi = "phải ghi working_days hoặc working_hours, lớn hơn 0";
            self.wrong(place, vi, "wants either working_days or working_hours, more than 0");
        }
        limit
    }

    /// The platform is not an agency: any other role would be anybody's of that role, at whatever agency.
    fn side(&mut self, place: &str, role: Option<Role>, whose: Option<Whose>) {
        if whose == Some(Whose::Platform) && role.is_some_and(|role| role != Role::PlatformOperator) {
            let vi = "whose = \"platform\" chỉ đi với role = \"platform_operator\"";
            self.wrong(place, vi, "the platform acts by its operators only: role = \"platform_operator\"");
        }
    }

    fn known_items<'a>(&mut self, place: &str, codes: impl Iterator<Item = &'a String>) {
        let unknown: Vec<&String> = codes.filter(|code| !self.items.contains(*code)).collect();
        for code in unknown {
            let vi = format!("không có [[item]] nào mã {code}");
            self.mistakes.push(Mistake::new(place, vi, format!("there is no [[item]] {code}")));
        }
    }

    fn task(&mut self, text: TaskText) -> Option<TaskRule> {
        let place = format!("task {}", text.code);
        self.known_items(&place, text.attach.iter());
        let role = self.word(&format!("{place}, role"), text.role);
        let whose = self.word(&format!("{place}, whose"), text.whose);
        self.side(&place, role, whose);
        let limit = self.limit(&place, text.working_days, text.working_hours);
        Some(TaskRule {
            code: text.code,
            title: Text { vi: text.vi, en: text.en },
            legal_basis: text.legal_basis,
            role: role?,
            whose: whose?,
            limit: limit?,
            attach: text.attach,
        })
    }

    fn step(&mut self, road: &str, text: StepText) -> Option<Step> {
        let place = format!("{road}, step {}", text.code);
        self.known_items(&place, text.attach.iter().chain(&text.attach_if_personal));
        if let Some(task) = text.task.as_ref().filter(|task| !self.tasks.contains(*task)) {
            let vi = format!("không có [[task]] nào mã {task}");
            self.mistakes.push(Mistake::new(&place, vi, format!("there is no [[task]] {task}")));
        }
        let role = self.word(&format!("{place}, role"), text.role);
        let whose = self.word(&format!("{place}, whose"), text.whose);
        self.side(&place, role, whose);
        let limit = self.limit(&place, text.working_days, text.working_hours);
        Some(Step {
            code: text.code,
            title: Text { vi: text.vi, en: text.en },
            role: role?,
            whose: whose?,
            limit: limit?,
            attach: text.attach,
            attach_if_personal: text.attach_if_personal,
            task: text.task,
            may_narrow: text.may_narrow,
        })
    }

    fn road(&mut self, text: RoadText) -> Option<Road> {
        let place = format!("road {} {}", text.kind, text.version);
        if !KINDS.contains(&text.kind) {
            self.wrong(&place, "loại yêu cầu phải là 1, 2 hoặc 3", "the kind is 1, 2 or 3");
        }
        if text.version.is_empty() {
            self.wrong(&place, "thiếu version", "the version is missing");
        }
        if text.step.is_empty() {
            self.wrong(&place, "phải có ít nhất một bước", "wants at least one step");
        }
        if text.step.last().is_some_and(|step| step.may_narrow) {
            let vi = "bước cuối đưa vào vận hành: không được thu hẹp nội dung ở bước này";
            self.wrong(&place, vi, "the last step goes live: terms are narrowed at a step before it");
        }
        self.once(&format!("{place}, step"), text.step.iter().map(|step| step.code.as_str()));
        let from = self.day(&format!("{place}, valid_from"), &text.valid_from);
        let to = match &text.valid_to {
            Some(day) => self.day(&format!("{place}, valid_to"), day).map(Some),
            None => Some(None),
        };
        if from.zip(to.flatten()).is_some_and(|(from, to)| to < from) {
            self.wrong(&place, "valid_to trước valid_from", "valid_to lies before valid_from");
        }
        let correction =
            self.limit(&format!("{place}, correction"), Some(text.correction_working_days), None);
        let contacts: Vec<_> =
            text.contacts.into_iter().filter_map(|c| self.word(&format!("{place}, contacts"), c)).collect();
        let steps: Vec<Step> = text.step.into_iter().filter_map(|step| self.step(&place, step)).collect();
        Some(Road {
            kind: text.kind,
            version: text.version,
            valid_from: from?,
            valid_to: to?,
            legal_basis: text.legal_basis,
            correction: correction?,
            contacts,
            steps,
        })
    }

    /// Each kind has a road, no version stands twice, and no two versions count on the same day.
    fn versions(&mut self, roads: &[Road]) {
        // A road with a mistake is not among `roads`: its kind would be reported without reason.
        if self.mistakes.is_empty() {
            for kind in KINDS.iter().filter(|kind| roads.iter().all(|road| road.kind != **kind)) {
                self.wrong(&format!("road {kind}"), "loại này chưa có đường đi", "this kind has no road");
            }
        }
        for (index, one) in roads.iter().enumerate() {
            for other in roads[index + 1..].iter().filter(|other| other.kind == one.kind) {
                let place = format!("road {} {}", other.kind, other.version);
                if one.version == other.version {
                    self.wrong(&place, "version trùng", "this version stands twice");
                }
                let ends_before = |a: &Road, b: &Road| a.valid_to.is_some_and(|last| last < b.valid_from);
                if !ends_before(one, other) && !ends_before(other, one) {
                    let vi = format!("hiệu lực chồng lên bản {}", one.version);
                    let en = format!("counts on the same days as {}", one.version);
                    self.mistakes.push(Mistake::new(&place, vi, en));
                }
            }
        }
    }
}
