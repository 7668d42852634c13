//! Renders pages with sample values in both languages and looks at what comes out.

use std::collections::BTreeSet;

use askama::Template;
use regex::Regex;

use crate::text::Lang;
use crate::view::{Frame, Post, Section, Who};

/// HTML of a page at most, in bytes: the first page stays below 50 kB with style sheet and scripts.
const PAGE_BYTES_MAX: usize = 30_000;

impl Frame {
    /// A frame with everything in it.
    pub fn sample(lang: Lang) -> Self {
        let posts = vec![Post { role: "data_owner".into(), agency: Some("000.00.00.G01".into()) }];
        Self {
            lang,
            section: Section::Work,
            title: "Trang mẫu".into(),
            who: Some(Who {
                id: "du-lieu.g01".into(), name: "Chủ quản dữ liệu dân cư".into(), posts
            }),
            token: "bieu-mau".into(),
            here: "/viec?a=1".into(),
            done: Some("Đã lưu".into()),
            note: None,
            wrong: Vec::new(),
        }
    }
}

/// Renders a page in both languages; every key has words, every input a visible label, every id stands once, and what was
/// typed by strangers is not markup.
pub fn rendered<T: Template>(page: impl Fn(Frame) -> T) -> [String; 2] {
    Lang::ALL.map(|lang| {
        let html = page(Frame::sample(lang)).render().expect("a page renders");
        looked_at(&html);
        html
    })
}

fn looked_at(html: &str) {
    assert!(!html.contains('⟦'), "a key without words: {}", around(html, "⟦"));
    assert!(html.len() <= PAGE_BYTES_MAX, "{} bytes", html.len());
    assert!(!html.contains("<script>alert"), "markup from outside");
    assert!(
        !html.contains(" style=\"") && !html.contains(" onclick"),
        "the policy forbids inline styles and scripts"
    );
    let ids: Vec<_> = all(html, r#"\sid="([^"]*)""#);
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len(), "an id stands twice: {ids:?}");
    let labelled: BTreeSet<_> = all(html, r#"<label[^>]*\sfor="([^"]*)""#).into_iter().collect();
    for input in all(html, r"<((?:input|select|textarea)\s[^>]*)>") {
        if input.contains("type=\"hidden\"") {
            continue;
        }
        let id = all(&input, r#"\sid="([^"]*)""#).pop().unwrap_or_default();
        assert!(labelled.contains(&id), "no label for <{input}>");
    }
    for form in all(html, r#"<form([^>]*method="post"[^>]*)>"#) {
        let after = html.split_once(&form).expect("it was found there").1;
        let inside = after.split("</form>").next().unwrap_or_default();
        assert!(inside.contains("name=\"bieu-mau\""), "a form without its token: {form}");
    }
}

fn all(html: &str, pattern: &str) -> Vec<String> {
    let pattern = Regex::new(pattern).expect("well formed");
    pattern.captures_iter(html).map(|found| found[1].to_owned()).collect()
}

fn around(html: &str, what: &str) -> String {
    html.split_once(what).map(|(_, after)| after.chars().take(60).collect()).unwrap_or_default()
}
