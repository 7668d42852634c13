//! What went wrong, as a page tells it: what happened and how to go on.

use std::fmt::Display;

use http::StatusCode;
use serde_json::Value;

use crate::text::{Lang, word};

/// Documents of a step or task are missing; the title names them.
const LACKS: &str = "EX-2012";
/// What the API says of a text that is needed.
const EMPTY: &str = "must not be empty";

/// A question that was not answered.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The status of the page that says so.
    pub status: StatusCode,
    /// Stable code such as `EX-2003`; empty where there is none.
    pub code: String,
    /// What happened; Vietnamese, a slash, English.
    pub title: String,
    /// Each thing that is wrong.
    pub mistakes: Vec<Mistake>,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Mistake {
    /// The field, as the API names it.
    pub place: String,
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Failure {
    /// What the API refused with problem details.
    pub fn refused(status: StatusCode, problem: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mistakes = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mistakes = mistakes.iter().map(|one| Mistake {
            place: text(&one["place"]),
            vi: text(&one["vi"]),
            en: text(&one["en"]),
        });
        Self {
            status,
            code: text(&problem["code"]),
            title: text(&problem["title"]),
            mistakes: mistakes.collect(),
        }
    }

    /// There is no such page or thing.
    pub fn nothing() -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            code: String::new(),
            title: String::new(),
            mistakes: Vec::new(),
        }
    }

    /// The session has ended.
    pub fn signed_out() -> Self {
        Self { status: StatusCode::UNAUTHORIZED, ..Self::nothing() }
    }

    /// A form that was not sent from our own page.
    pub fn foreign_form() -> Self {
        Self { status: StatusCode::FORBIDDEN, code: "form".into(), ..Self::nothing() }
    }

    /// An answer that this program does not understand; the reason goes to the log.
    pub fn odd(what: &str, error: &dyn Display) -> Self {
        tracing::error!(what, %error, "an answer of the API is not what the console expects");
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, code: "odd".into(), ..Self::nothing() }
    }

    /// Something wrong with a field, found here.
    pub fn field(place: &str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        let mistake = Mistake { place: place.into(), vi: vi.into(), en: en.into() };
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self { status, mistakes: vec![mistake], ..Self::nothing() }
    }

    /// Each thing that is wrong, in a language.
    pub fn mistakes_in(&self, lang: Lang) -> Vec<String> {
        let said = |one: &Mistake| if lang == Lang::Vi { one.vi.clone() } else { one.en.clone() };
        self.mistakes.iter().map(said).collect()
    }

    /// All that is to be said above a form: each mistake, or what happened.
    pub fn lines(&self, lang: Lang) -> Vec<String> {
        if self.code == LACKS {
            items(lang, lang.half(&self.title))
                .map(|item| lang.ta("errors-lacks", &[("name", word(item))]))
                .collect()
        } else if self.mistakes.is_empty() {
            vec![lang.half(&self.title).to_owned()]
        } else {
            let placed = |(one, said): (&Mistake, String)| {
                let place = lang.of_family("place", &one.place);
                // “Is missing” alone would leave the reader to guess what.
                if place == one.place {
                    said
                } else if one.en == EMPTY {
                    lang.ta("errors-empty", &[("name", word(inside(lang, &place)))])
                } else {
                    format!("{place}: {said}")
                }
            };
            self.mistakes.iter().zip(self.mistakes_in(lang)).map(placed).collect()
        }
    }

    /// Whether the person can mend it in the same form.
    pub fn is_mendable(&self) -> bool {
        matches!(self.status.as_u16(), 400 | 409 | 413 | 422 | 428 | 429) && self.code != "form"
    }
}

/// The names in `…: code (Vietnamese / English), code (…)`.
fn items(lang: Lang, told: &str) -> impl Iterator<Item = &str> {
    let list = told.split_once(": ").map_or(told, |(_, list)| list);
    let name = |one: &'_ str| one.split_once(" (").map_or(0, |(code, _)| code.len() + 2);
    list.split("), ").map(move |one| lang.half(one[name(one)..].trim_end_matches(')')))
}

/// A name inside a sentence: Vietnamese writes it small there.
fn inside(lang: Lang, name: &str) -> String {
    let mut letters = name.chars();
    match letters.next().filter(|_| lang == Lang::Vi) {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_by_name() {
        let title = "Thiếu tài liệu của bước: a (Báo cáo rủi ro / Risk report), b (Biên bản / Minutes) / The step needs: \
                     a (Báo cáo rủi ro / Risk report), b (Biên bản / Minutes)";
        let problem = serde_json::json!({ "code": "EX-2012", "title": title });
        let failure = Failure::refused(StatusCode::CONFLICT, &problem);
        assert_eq!(failure.lines(Lang::Vi), ["Chưa có Báo cáo rủi ro", "Chưa có Biên bản"]);
        assert_eq!(failure.lines(Lang::En)[1], "Minutes is not there yet");
        let failure = Failure::field("reason", "không được để trống", EMPTY);
        assert_eq!(failure.lines(Lang::Vi), ["Chưa ghi lý do"]);
    }
}
