//! Lists of the API that are longer than one of its pages, and the links from page to page of ours.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;
use crate::pages::work::Paged;
use crate::session::Visit;
use crate::view::segment;

/// Items of one question; the API takes 500.
const AT_ONCE: usize = 500;
/// Questions for one page of ours at most: 10,000 items, far more than a country has databases.
const QUESTIONS_MAX: usize = 20;

/// Every item of a list, as far as it is read; `path` may have a query.
///
/// # Errors
/// What the API refuses.
pub async fn all<T: DeserializeOwned>(visit: &Visit, path: &str) -> Result<Vec<T>, Failure> {
    let mut items = Vec::new();
    let mut after = None;
    for _ in 0..QUESTIONS_MAX {
        let found = visit.get::<Paged<T>>(with(path, AT_ONCE, after.as_deref())).await?;
        items.extend(found.items);
        after = token(found.next.as_ref());
        if after.is_none() {
            return Ok(items);
        }
    }
    tracing::warn!(path, "a list is longer than what is read of it");
    Ok(items)
}

/// An address of the API with how many items are wanted and where they begin.
pub fn with(path: &str, limit: usize, after: Option<&str>) -> String {
    let mark = if path.contains('?') { '&' } else { '?' };
    let after = after.map(|after| format!("&after={}", segment(after))).unwrap_or_default();
    format!("{path}{mark}limit={limit}{after}")
}

/// What the next page is asked for with: the API gives a number or a text.
pub fn token(next: Option<&Value>) -> Option<String> {
    match next? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Which page of a list that is cut here is wanted; it counts from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct PageNumber(pub usize);

impl From<String> for PageNumber {
    fn from(text: String) -> Self {
        Self(text.parse().ok().filter(|number| *number > 0).unwrap_or(1))
    }
}

impl Default for PageNumber {
    fn default() -> Self {
        Self(1)
    }
}

/// Links to the page before and the page behind.
pub struct Pager {
    /// The page before; absent on the first.
    pub before: Option<String>,
    /// The page behind; absent on the last.
    pub behind: Option<String>,
    /// `3/7`; empty when it is not known how many there are.
    pub place: String,
}

impl Pager {
    /// Cuts one page out of a list; `address` gives that of a page by its number.
    pub fn cut<T>(
        items: Vec<T>,
        PageNumber(number): PageNumber,
        size: usize,
        address: impl Fn(usize) -> String,
    ) -> (Vec<T>, Self) {
        let last = items.len().div_ceil(size).max(1);
        let number = number.min(last);
        let pager = Self {
            before: (number > 1).then(|| address(number - 1)),
            behind: (number < last).then(|| address(number + 1)),
            place: if last > 1 { format!("{number}/{last}") } else { String::new() },
        };
        (items.into_iter().skip((number - 1) * size).take(size).collect(), pager)
    }

    /// For lists that the API cuts: it only knows what follows.
    pub fn onward(first: Option<String>, behind: Option<String>) -> Self {
        Self { before: first, behind, place: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_into_pages() {
        let cut = |text: &str| {
            Pager::cut((1..=25).collect(), PageNumber::from(text.to_owned()), 10, |number| number.to_string())
        };
        let (items, pager) = cut("3");
        assert_eq!((items, pager.place), ((21..=25).collect::<Vec<_>>(), "3/3".to_owned()));
        assert_eq!((pager.before.as_deref(), pager.behind), (Some("2"), None));
        for odd in ["", "0", "-1", "x"] {
            assert_eq!(cut(odd).0.first(), Some(&1), "{odd}");
        }
        assert_eq!(cut("999").0.first(), Some(&21), "behind the end is the end");
    }

    #[test]
    fn addresses_of_the_api_are_continued() {
        assert_eq!(
            with("/requests?state=open", 50, Some("a&b")),
            "/requests?state=open&limit=50&after=a%26b"
        );
        assert_eq!(token(Some(&Value::from(7))), Some("7".into()));
        assert_eq!(token(Some(&Value::Null)), None);
    }
}
