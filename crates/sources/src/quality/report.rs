//! What a run found: counts, an index for each criterion, masked examples.

use base::cell::neutralised;
use serde::{Deserialize, Serialize};

use super::rule::{Check, Criterion, Rule, Severity};
use crate::definition::Definition;
use crate::error::SourceError;
use crate::meaning::Meaning;

/// What a run found. It is kept as JSON in the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// `SUBSYSTEM/CODE`.
    pub service: String,
    /// When the run began, as RFC 3339 in UTC.
    pub at: String,
    /// Rows that were read.
    pub rows: u64,
    /// How long the run took, in milliseconds.
    pub took_ms: u64,
    /// Why not all rows were read; nothing when they were.
    pub ended: Option<Ended>,
    /// Answers since the start of the node in which a row broke a rule of severity red.
    #[serde(default)]
    pub red_answers: u64,
    /// Index of each criterion that has a rule with something to check, 0 to 100.
    pub criteria: Vec<(Criterion, f64)>,
    /// Mean of the criteria.
    pub overall: Option<f64>,
    /// The lowest index of the rules on identity keys, which must be 100.
    pub identity: Option<f64>,
    /// Each rule, in the order of the definition.
    pub rules: Vec<Found>,
}

/// Why a run ended before the last row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// As many rows were read as are allowed.
    Rows(u64),
    /// The time was over, in seconds.
    Time(u64),
    /// Somebody stopped it.
    Stopped,
    /// The source failed, with this error code.
    Failed(String),
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rows(rows) => write!(f, "đủ {rows} dòng / {rows} rows were read"),
            Self::Time(seconds) => write!(f, "hết {seconds} s / {seconds} s were over"),
            Self::Stopped => f.write_str("bị dừng / it was stopped"),
            Self::Failed(code) => write!(f, "nguồn báo {code} / the source said {code}"),
        }
    }
}

/// What was found by one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The field; `*` for all.
    pub field: String,
    /// What was held against its values.
    pub check: Check,
    /// What it counts for.
    pub criterion: Criterion,
    /// How bad a finding is.
    pub severity: Severity,
    /// Whether the field identifies rows or persons.
    pub identity: bool,
    /// Rows of which the rule had something to say.
    pub checked: u64,
    /// Rows that broke it.
    pub failed: u64,
    /// Whether not all rows could be compared: more different values than are remembered.
    #[serde(default)]
    pub cut: bool,
    /// A few of the rows that broke it.
    pub examples: Vec<Example>,
}

/// A row that broke a rule. Masked, unless somebody asked for whole keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// Key of the row.
    pub key: String,
    /// The value, always masked.
    pub value: String,
}

impl Found {
    pub(super) fn new(rule: &Rule, definition: &Definition) -> Self {
        Self {
            field: rule.field.clone(),
            check: rule.check,
            criterion: rule.counts_for(),
            severity: rule.severity,
            identity: is_identity(rule, definition),
            checked: 0,
            failed: 0,
            cut: false,
            examples: Vec::new(),
        }
    }

    /// How much of what was checked is right, in hundredths of a percent, rounded down: 10,000 means that nothing failed.
    fn hundredths(&self) -> Option<u32> {
        let right = u128::from(self.checked.checked_sub(self.failed)?) * 10_000;
        u32::try_from(right.checked_div(u128::from(self.checked))?).ok()
    }

    /// How much of what was checked is right, 0 to 100, rounded down to two digits; nothing when nothing was checked.
    pub fn index(&self) -> Option<f64> {
        self.hundredths().map(percent)
    }
}

fn percent(hundredths: u32) -> f64 {
    f64::from(hundredths) / 100.0
}

/// Rules about keys: that they are there, well formed and unique. That a personal number agrees with other fields is no such
/// rule, because old numbers with mistakes count.
fn is_identity(rule: &Rule, definition: &Definition) -> bool {
    let checks = [Check::Required, Check::Unique, Check::Pattern, Check::Length, Check::PersonalNumber];
    checks.contains(&rule.check)
        && definition.field(&rule.field).is_some_and(|field| {
            definition.service.look_up.as_ref() == Some(&field.name)
                || field.meaning == Some(Meaning::PersonalNumber)
                || definition.entity.key == [field.column.clone()]
        })
}

/// Mean, rounded down.
fn mean(values: &[u32]) -> Option<u32> {
    let count = u32::try_from(values.len()).ok().filter(|count| *count > 0)?;
    Some(values.iter().sum::<u32>() / count)
}

impl Report {
    /// Works the indexes out of the counts.
    pub(super) fn sum_up(&mut self) {
        let mut criteria = Vec::new();
        for criterion in Criterion::ALL {
            let of = self.rules.iter().filter(|rule| rule.criterion == criterion);
            let indexes: Vec<u32> = of.filter_map(Found::hundredths).collect();
            criteria.extend(mean(&indexes).map(|index| (criterion, index)));
        }
        let all: Vec<u32> = criteria.iter().map(|(_, index)| *index).collect();
        self.overall = mean(&all).map(percent);
        self.criteria = criteria.into_iter().map(|(criterion, index)| (criterion, percent(index))).collect();
        let identity = self.rules.iter().filter(|rule| rule.identity).filter_map(Found::hundredths);
        self.identity = identity.min().map(percent);
    }

    /// Whether every identity key is right, as is required before data are shared.
    pub fn identity_is_whole(&self) -> bool {
        self.rules.iter().all(|rule| !rule.identity || rule.failed == 0)
    }

    /// That all rows were read.
    ///
    /// # Errors
    /// They were not, and why.
    pub fn complete(&self) -> Result<(), SourceError> {
        match &self.ended {
            None => Ok(()),
            Some(ended) => Err(SourceError::RunEnded { rows: self.rows, why: ended.to_string() }),
        }
    }
}

/// A report as a table for spreadsheets, a line for each rule.
///
/// # Errors
/// Memory is full; nothing else can happen.
pub fn csv(report: &Report) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record([
        "service",
        "at",
        "field",
        "check",
        "criterion",
        "severity",
        "repair_working_days",
        "identity",
        "checked",
        "failed",
        "index",
        "examples",
    ])?;
    for rule in &report.rules {
        let examples: Vec<_> = rule.examples.iter().map(|e| format!("{}: {}", e.key, e.value)).collect();
        out.write_record([
            &report.service,
            &report.at,
            &rule.field,
            rule.check.name(),
            rule.criterion.title().1,
            rule.severity.title().1,
            &rule.severity.repair_days().to_string(),
            &rule.identity.to_string(),
            &rule.checked.to_string(),
            &rule.failed.to_string(),
            &rule.index().map_or_else(String::new, |index| format!("{index:.2}")),
            &neutralised(examples.join("; ")),
        ])?;
    }
    out.into_inner().map_err(|error| error.into_error().into())
}

/// The rows that broke rules as a table for spreadsheets, a line for each row and rule.
///
/// # Errors
/// Memory is full; nothing else can happen.
pub fn rows_csv(report: &Report) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["service", "at", "field", "check", "severity", "key", "value"])?;
    for rule in &report.rules {
        for Example { key, value } in &rule.examples {
            let (service, at, field) = (&report.service, &report.at, &rule.field);
            let (check, severity) = (rule.check.name(), rule.severity.title().1);
            out.write_record([service, at, field, check, severity, &neutralised(key), &neutralised(value)])?;
        }
    }
    out.into_inner().map_err(|error| error.into_error().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(criterion: Criterion, checked: u64, failed: u64, identity: bool) -> Found {
        Found {
            field: "a".into(),
            check: Check::Required,
            criterion,
            severity: Severity::Red,
            identity,
            checked,
            failed,
            cut: false,
            examples: Vec::new(),
        }
    }

    fn report(rules: Vec<Found>) -> Report {
        Report {
            service: "A/b".into(),
            at: String::new(),
            rows: 10,
            took_ms: 0,
            ended: None,
            red_answers: 0,
            criteria: Vec::new(),
            overall: None,
            identity: None,
            rules,
        }
    }

    #[test]
    fn no_spreadsheet_computes_what_a_row_holds() {
        let example = Example { key: "=1+1".into(), value: "＝2".into() };
        let report =
            report(vec![Found { examples: vec![example], ..found(Criterion::Accuracy, 1, 1, false) }]);
        for table in [csv(&report), rows_csv(&report)] {
            let text = String::from_utf8(table.unwrap()).unwrap();
            assert!(text.contains("'=1+1") && !text.contains(",＝2"), "{text}");
        }
    }

    #[test]
    fn indexes_are_means_of_means_and_never_round_up_to_a_hundred() {
        let mut report = report(vec![
            found(Criterion::Accuracy, 1_000_000, 1, false),
            found(Criterion::Completeness, 10, 5, true),
            found(Criterion::Completeness, 10, 0, true),
            found(Criterion::Liveness, 0, 0, false),
        ]);
        report.sum_up();
        assert_eq!(report.criteria, [(Criterion::Accuracy, 99.99), (Criterion::Completeness, 75.0)]);
        assert_eq!(report.overall, Some(87.49));
        assert_eq!(report.identity, Some(50.0));
        assert!(!report.identity_is_whole());
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report, "the history reads back");
    }
}
