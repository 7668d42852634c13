//! What was found, with a remedy where something is wrong.

use std::fmt::Write as _;

use registry::gate::MachineCheck;
use registry::gate::report::Outcome;
use registry::text::Text;
use serde_json::{Value, json};

/// A text in Vietnamese and English.
pub type Both = (&'static str, &'static str);

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Good,
    /// Works, and will not for ever or not in every case.
    Doubtful,
    /// The node cannot work, or not safely.
    Wrong,
    /// It could not be looked at.
    Unseen,
}

impl State {
    fn mark(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Doubtful => "!",
            Self::Wrong => "✗",
            Self::Unseen => "-",
        }
    }

    /// The mark on paper, whose fonts have fewer signs than a terminal.
    fn plain_mark(self) -> &'static str {
        match self {
            Self::Good => "+",
            Self::Doubtful => "!",
            Self::Wrong => "×",
            Self::Unseen => "-",
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Doubtful => "warning",
            Self::Wrong => "error",
            Self::Unseen => "skipped",
        }
    }
}

/// One check.
#[derive(Clone, Debug)]
struct Finding {
    name: Both,
    state: State,
    detail: String,
    remedy: Option<(String, String)>,
}

/// All checks, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub struct Report(Vec<Finding>);

impl Report {
    /// Adds a check that found nothing wrong.
    pub fn good(&mut self, name: Both, detail: impl Into<String>) {
        self.0.push(Finding { name, state: State::Good, detail: detail.into(), remedy: None });
    }

    /// Adds a check that found something to watch.
    pub fn doubtful<T: Into<String>>(&mut self, name: Both, detail: impl Into<String>, remedy: (T, T)) {
        self.add(name, State::Doubtful, detail.into(), remedy);
    }

    /// Adds a check that failed.
    pub fn wrong<T: Into<String>>(&mut self, name: Both, detail: impl Into<String>, remedy: (T, T)) {
        self.add(name, State::Wrong, detail.into(), remedy);
    }

    /// Adds a check that could not be made, and why.
    pub fn unseen(&mut self, name: Both, detail: impl Into<String>) {
        self.0.push(Finding { name, state: State::Unseen, detail: detail.into(), remedy: None });
    }

    fn add<T: Into<String>>(&mut self, name: Both, state: State, detail: String, (vi, en): (T, T)) {
        self.0.push(Finding { name, state, detail, remedy: Some((vi.into(), en.into())) });
    }

    /// Whether nothing is wrong; what is doubtful counts as good.
    pub fn is_good(&self) -> bool {
        self.0.iter().all(|finding| finding.state != State::Wrong)
    }

    fn count(&self, state: State) -> usize {
        self.0.iter().filter(|finding| finding.state == state).count()
    }

    /// All of it as one item of a gate report: the worst finding counts, each is named.
    pub fn into_item(self, code: &str, (vi, en): Both, legal_basis: &str) -> MachineCheck {
        let any = |state: State| self.count(state) > 0;
        let outcome = if any(State::Wrong) {
            Outcome::Failed
        } else if any(State::Doubtful) {
            Outcome::Warned
        } else if any(State::Good) {
            Outcome::Passed
        } else {
            Outcome::Skipped
        };
        let mut detail = Text::default();
        for Finding { name: (name_vi, name_en), state, detail: found, remedy } in &self.0 {
            // Writing into a `String` does not fail.
            let mark = state.plain_mark();
            let _ = writeln!(detail.vi, "{mark} {name_vi}: {found}");
            if let Some((remedy_vi, remedy_en)) = remedy {
                let _ = writeln!(detail.vi, "→ {remedy_vi}");
                let _ = writeln!(detail.en, "{mark} {name_en}: {found}\n→ {remedy_en}");
            }
        }
        MachineCheck {
            code: code.to_owned(),
            title: Text { vi: vi.to_owned(), en: en.to_owned() },
            outcome,
            detail,
            legal_basis: legal_basis.to_owned(),
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for Finding { name: (vi, en), state, detail, remedy } in &self.0 {
            // Details of several lines stay under their headline. Writing into a `String` does not fail.
            let _ = writeln!(text, "{} {vi} / {en}: {}", state.mark(), detail.replace('\n', "\n    "));
            if let Some((vi, en)) = remedy {
                let _ = writeln!(text, "    → {vi}\n    → {en}");
            }
        }
        let (wrong, doubtful) = (self.count(State::Wrong), self.count(State::Doubtful));
        let _ = writeln!(
            text,
            "\n{wrong} lỗi / errors, {doubtful} cảnh báo / warnings, {} kiểm tra / checks",
            self.0.len()
        );
        text
    }

    /// For scripts.
    pub fn json(&self) -> Value {
        let checks = self.0.iter().map(|Finding { name: (vi, en), state, detail, remedy }| {
            json!({
                "name": en,
                "name_vi": vi,
                "state": state.as_str(),
                "detail": detail,
                "remedy": remedy.as_ref().map(|(_, en)| en),
                "remedy_vi": remedy.as_ref().map(|(vi, _)| vi),
            })
        });
        json!({ "ok": self.is_good(), "checks": checks.collect::<Vec<_>>() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_does_not_make_a_node_sick_and_an_error_does() {
        let mut report = Report::default();
        report.good(("Một", "one"), "1");
        report.doubtful(("Hai", "two"), "2", ("chờ", "wait"));
        assert!(report.is_good());
        report.wrong(("Ba", "three"), "a\nb", ("sửa", "repair"));
        assert!(!report.is_good());
        assert_eq!(report.json()["checks"][2]["state"], "error");
        let expected = "✓ Một / one: 1\n! Hai / two: 2\n    → chờ\n    → wait\n✗ Ba / three: a\n    b\n    → sửa\n    → repair\n\n1 lỗi / errors, 1 cảnh báo / warnings, 3 kiểm tra / checks\n";
        assert_eq!(report.text(), expected);
    }

    #[test]
    fn the_worst_finding_decides_on_an_item_and_what_nobody_saw_decides_nothing() {
        let mut report = Report::default();
        report.unseen(("Không", "zero"), "0");
        let item = |report: &Report| report.clone().into_item("code", ("Mục", "item"), "");
        assert_eq!(item(&report).outcome, Outcome::Skipped);
        report.good(("Một", "one"), "1");
        assert_eq!(item(&report).outcome, Outcome::Passed);
        report.doubtful(("Hai", "two"), "2", ("chờ", "wait"));
        assert_eq!(item(&report).outcome, Outcome::Warned);
        report.wrong(("Ba", "three"), "3", ("sửa", "repair"));
        let item = item(&report);
        assert_eq!(item.outcome, Outcome::Failed);
        assert_eq!(item.detail.vi, "- Không: 0\n+ Một: 1\n! Hai: 2\n→ chờ\n× Ba: 3\n→ sửa\n");
        assert_eq!(item.detail.en, "! two: 2\n→ wait\n× three: 3\n→ repair\n");
    }
}
