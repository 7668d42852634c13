//! Rules as a definition declares them, `[[rule]]`.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::judge::{Measure, pattern};
use crate::definition::{Definition, Field};
use crate::error::Mistake;
use crate::value::Kind;

/// Most rules of a definition.
pub const RULES_MAX: usize = 200;

/// One rule about one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The field.
    pub field: String,
    /// What is held against its values.
    pub check: Check,
    /// How bad it is when a row breaks the rule.
    #[serde(default, skip_serializing_if = "Severity::is_usual")]
    pub severity: Severity,
    /// Which of the five criteria it counts for; each check has its own unless this is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criterion: Option<Criterion>,
    /// `pattern`: a regular expression that the whole value must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// `length`: characters at least; `range`: the smallest value, or `today`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Bound>,
    /// `length`: characters at most; `range`: the largest value, or `today`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Bound>,
    /// `one_of`: the values that are allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// `consistent`: the field that must not be smaller or earlier than this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// `number_agrees`: the field with the sex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<String>,
    /// `number_agrees`: values of that field that mean a man.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub male: Vec<String>,
    /// `number_agrees`: values of that field that mean a woman.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub female: Vec<String>,
    /// `number_agrees`: the field with the day or year of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// `fresh`: days within which the row must have changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

/// What is held against values. Empty values are `required`'s matter alone: every other check passes over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// There is a value, and more than blanks.
    Required,
    /// The whole value matches a regular expression.
    Pattern,
    /// So many characters.
    Length,
    /// A number or a time within bounds.
    Range,
    /// One of the values of the rule.
    OneOf,
    /// A code that the field's list of codes has.
    Code,
    /// No other row has the value.
    Unique,
    /// Twelve digits, of a province that is known.
    PersonalNumber,
    /// The personal number tells the sex and the year of birth of the row. Old mistakes exist: no reason to refuse a person.
    NumberAgrees,
    /// Not larger or later than the value of another field.
    Consistent,
    /// Normal form C, no control characters, no blanks at the ends or in a row, no character that stands for a lost one.
    Clean,
    /// Changed within so many days.
    Fresh,
    /// The value is what its field says; every definition has this rule for all fields without declaring it.
    Typed,
}

/// The five criteria of the Data Quality Index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Đúng: it is so.
    Accuracy,
    /// Đủ: nothing is missing.
    Completeness,
    /// Sạch: well written, once.
    Cleanliness,
    /// Sống: kept up to date.
    Liveness,
    /// Thống nhất: the same as lists of codes, other fields and other sources say.
    Consistency,
}

impl Criterion {
    /// All five, in the order in which they are always named.
    pub const ALL: [Self; 5] =
        [Self::Accuracy, Self::Completeness, Self::Cleanliness, Self::Liveness, Self::Consistency];

    /// In words.
    pub const fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::Accuracy => ("đúng", "accuracy"),
            Self::Completeness => ("đủ", "completeness"),
            Self::Cleanliness => ("sạch", "cleanliness"),
            Self::Liveness => ("sống", "liveness"),
            Self::Consistency => ("thống nhất", "consistency"),
        }
    }
}

/// How bad a finding is (Công văn 4856/BCA-TTDLQG).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Đỏ.
    Red,
    /// Vàng.
    #[default]
    Yellow,
    /// Xanh.
    Green,
}

impl Severity {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// Working days within which it is put right.
    pub const fn repair_days(self) -> u32 {
        match self {
            Self::Red => 5,
            Self::Yellow => 10,
            Self::Green => 15,
        }
    }

    /// In words.
    pub const fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::Red => ("đỏ", "red"),
            Self::Yellow => ("vàng", "yellow"),
            Self::Green => ("xanh", "green"),
        }
    }
}

/// A bound as people write it: a whole number, or the text of a number, a day, a moment or `today`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bound {
    /// A whole number.
    Whole(i64),
    /// Anything else.
    Text(String),
}

impl Bound {
    /// The bound as a value is written.
    pub fn text(&self) -> String {
        match self {
            Self::Whole(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    /// A number of characters.
    pub(super) fn characters(&self) -> Option<usize> {
        self.text().parse().ok()
    }
}

impl Check {
    /// The criterion for which it counts unless the rule says.
    pub const fn criterion(self) -> Criterion {
        match self {
            Self::Required => Criterion::Completeness,
            Self::Pattern | Self::Length | Self::Unique | Self::Clean | Self::Typed => Criterion::Cleanliness,
            Self::Range | Self::PersonalNumber => Criterion::Accuracy,
            Self::OneOf | Self::Code | Self::NumberAgrees | Self::Consistent => Criterion::Consistency,
            Self::Fresh => Criterion::Liveness,
        }
    }

    /// In words.
    pub const fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::Required => ("có giá trị", "has a value"),
            Self::Pattern => ("đúng mẫu", "matches the pattern"),
            Self::Length => ("đúng độ dài", "has the length"),
            Self::Range => ("trong khoảng", "is within bounds"),
            Self::OneOf => ("thuộc giá trị cho phép", "is an allowed value"),
            Self::Code => ("có trong danh mục", "is in the code list"),
            Self::Unique => ("không trùng", "is unique"),
            Self::PersonalNumber => ("đúng dạng số định danh", "is a personal number"),
            Self::NumberAgrees => {
                ("số định danh khớp giới tính, năm sinh", "number agrees with sex and birth")
            }
            Self::Consistent => ("không sau trường kia", "is not after the other field"),
            Self::Clean => ("chữ sạch", "is clean text"),
            Self::Fresh => ("còn mới", "is fresh"),
            Self::Typed => ("đúng kiểu", "is of its type"),
        }
    }

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Pattern => "pattern",
            Self::Length => "length",
            Self::Range => "range",
            Self::OneOf => "one_of",
            Self::Code => "code",
            Self::Unique => "unique",
            Self::PersonalNumber => "personal_number",
            Self::NumberAgrees => "number_agrees",
            Self::Consistent => "consistent",
            Self::Clean => "clean",
            Self::Fresh => "fresh",
            Self::Typed => "typed",
        }
    }

    /// Keys of a rule that mean something with this check.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Pattern => &["pattern"],
            Self::Length | Self::Range => &["from", "to"],
            Self::OneOf => &["values"],
            Self::NumberAgrees => &["sex", "male", "female", "birth_date"],
            Self::Consistent => &["other"],
            Self::Fresh => &["days"],
            Self::Required | Self::Code | Self::Unique | Self::PersonalNumber | Self::Clean | Self::Typed => {
                &[]
            }
        }
    }
}

impl Rule {
    /// A rule without parameters.
    pub fn new(field: impl Into<String>, check: Check, severity: Severity) -> Self {
        Self {
            field: field.into(),
            check,
            severity,
            criterion: None,
            pattern: None,
            from: None,
            to: None,
            values: Vec::new(),
            other: None,
            sex: None,
            male: Vec::new(),
            female: Vec::new(),
            birth_date: None,
            days: None,
        }
    }

    /// The criterion for which it counts.
    pub fn counts_for(&self) -> Criterion {
        self.criterion.unwrap_or_else(|| self.check.criterion())
    }

    fn given(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            ("pattern", self.pattern.is_some()),
            ("from", self.from.is_some()),
            ("to", self.to.is_some()),
            ("values", !self.values.is_empty()),
            ("other", self.other.is_some()),
            ("sex", self.sex.is_some()),
            ("male", !self.male.is_empty()),
            ("female", !self.female.is_empty()),
            ("birth_date", self.birth_date.is_some()),
            ("days", self.days.is_some()),
        ];
        all.into_iter().filter_map(|(name, is_given)| is_given.then_some(name))
    }

    /// What is wrong with the rule in its definition.
    fn mistakes(&self, number: usize, definition: &Definition) -> Vec<Mistake> {
        let place = format!("rule {number} ({} {})", self.field, self.check.name());
        let mut all = Vec::new();
        let mut wrong = |vi: String, en: String| all.push(Mistake::new(&place, vi, en));
        let named = [Some(&self.field), self.other.as_ref(), self.sex.as_ref(), self.birth_date.as_ref()];
        for name in named.into_iter().flatten().filter(|name| definition.field(name).is_none()) {
            wrong(format!("không có trường {name}"), format!("there is no field {name}"));
        }
        for name in self.given().filter(|name| !self.check.keys().contains(name)) {
            let check = self.check.name();
            wrong(format!("{check} không dùng {name}"), format!("{check} has no {name}"));
        }
        if let Some(field) = definition.field(&self.field)
            && let Some((vi, en)) = self.parameter_mistake(field, definition)
        {
            wrong(vi, en);
        }
        all
    }

    /// What is wrong with the parameters of the check, the first that is found.
    fn parameter_mistake(&self, field: &Field, definition: &Definition) -> Option<(String, String)> {
        let said = |vi: &str, en: &str| Some((vi.to_owned(), en.to_owned()));
        let kind = field.kind;
        let text_only =
            [Check::Pattern, Check::Length, Check::Clean, Check::PersonalNumber, Check::NumberAgrees];
        if text_only.contains(&self.check) && kind != Kind::Text {
            return said("chỉ dùng cho trường text", "is for fields of text");
        }
        let other = self.other.as_ref().and_then(|name| definition.field(name));
        match self.check {
            Check::Typed => said("luôn có sẵn, không khai", "is always there and not declared"),
            Check::Pattern => match self.pattern.as_deref().map(pattern) {
                Some(Ok(_)) => None,
                Some(Err(error)) => Some((error.clone(), error)),
                None => said("thiếu pattern", "pattern is missing"),
            },
            Check::Length | Check::Range if self.from.is_none() && self.to.is_none() => {
                said("cần from hoặc to", "wants from or to")
            }
            Check::Length => {
                let counts = |bound: &Option<Bound>| bound.as_ref().is_none_or(|b| b.characters().is_some());
                let fit = counts(&self.from) && counts(&self.to);
                if fit {
                    None
                } else {
                    said("from, to là số ký tự", "from and to are numbers of characters")
                }
            }
            Check::Range => self.range_mistake(kind),
            Check::OneOf if self.values.is_empty() => said("thiếu values", "values is missing"),
            Check::Consistent if other.is_none_or(|other| !Measure::same(kind, other.kind)) => {
                let vi = "other là một trường số hoặc thời gian cùng loại";
                said(vi, "other is a field of numbers or times, as this one")
            }
            Check::NumberAgrees if self.sex.is_none() && self.birth_date.is_none() => {
                said("cần sex hoặc birth_date", "wants sex or birth_date")
            }
            Check::Fresh if self.days.is_none_or(|days| days == 0) || !Measure::is_time(kind) => {
                said("cần days từ 1, trên trường thời gian", "wants days from 1, on a field of times")
            }
            Check::Code if !has_codes(field, definition) => {
                said("trường không có danh mục với values", "the field has no code list with values")
            }
            _ => None,
        }
    }

    fn range_mistake(&self, kind: Kind) -> Option<(String, String)> {
        let reads =
            |bound: &Option<Bound>| bound.as_ref().is_none_or(|b| Measure::bound(kind, &b.text()).is_some());
        let fit = Measure::same(kind, kind) && reads(&self.from) && reads(&self.to);
        let name = kind.name();
        (!fit).then(|| {
            let vi = format!("from, to phải là giá trị kiểu {name}, hoặc today với thời gian");
            (vi, format!("from and to are values of the type {name}, or today for times"))
        })
    }
}

/// Whether the values of a field are codes of a list whose codes are known.
pub(super) fn has_codes(field: &Field, definition: &Definition) -> bool {
    !codes(field, definition).is_empty()
}

/// The codes that a field may have.
pub(super) fn codes(field: &Field, definition: &Definition) -> HashSet<String> {
    let list = field.code_list.as_deref().and_then(|id| definition.code_list(id));
    list.map(|list| list.values.keys().cloned().collect()).unwrap_or_default()
}

/// Everything that is wrong with the rules of a definition.
pub(crate) fn mistakes(definition: &Definition) -> Vec<Mistake> {
    let mut all: Vec<_> =
        (1..).zip(&definition.rules).flat_map(|(number, rule)| rule.mistakes(number, definition)).collect();
    if definition.rules.len() > RULES_MAX {
        let vi = format!("nhiều nhất {RULES_MAX} quy tắc");
        all.push(Mistake::new("rule", vi, format!("at most {RULES_MAX} rules")));
    }
    all
}
