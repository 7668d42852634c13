use std::collections::BTreeSet;
use std::path::Path;

use fluent_bundle::FluentResource;
use regex::Regex;

use super::*;

fn keys(lang: Lang) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for name in Files::iter().filter(|name| name.starts_with(lang.tag())) {
        let text =
            String::from_utf8(Files::get(&name).expect("it is listed").data.into_owned()).expect("UTF-8");
        let resource =
            FluentResource::try_new(text).unwrap_or_else(|(_, errors)| panic!("{name}: {errors:?}"));
        for entry in resource.entries() {
            if let fluent_syntax::ast::Entry::Message(message) = entry {
                assert!(
                    keys.insert(message.id.name.to_owned()),
                    "{name}: {} is there twice",
                    message.id.name
                );
            }
        }
    }
    keys
}

/// Every text in quotes of our sources and templates.
fn quoted() -> BTreeSet<String> {
    let quoted = Regex::new(r#""([a-z][a-z0-9-]*)""#).expect("well formed");
    let mut found = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src"), root.join("templates")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of ours") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("UTF-8");
            found.extend(quoted.captures_iter(&text).map(|found| found[1].to_owned()));
        }
    }
    found
}

#[test]
fn both_languages_have_the_same_keys() {
    let (vi, en) = (keys(Lang::Vi), keys(Lang::En));
    assert_eq!(vi.difference(&en).collect::<Vec<_>>(), Vec::<&String>::new(), "only Vietnamese");
    assert_eq!(en.difference(&vi).collect::<Vec<_>>(), Vec::<&String>::new(), "only English");
}

#[test]
fn every_key_is_used() {
    let used = quoted();
    // Families are used by their first word: `of("role", …)`, `failed-{kind}-title`.
    let by_family = |key: &str| {
        key.split('-')
            .scan(String::new(), |family, part| {
                if !family.is_empty() {
                    family.push('-');
                }
                family.push_str(part);
                Some(family.clone())
            })
            .any(|family| used.contains(&family))
    };
    let made = ["failed-", "done-"];
    let unused: Vec<_> = keys(Lang::Vi)
        .into_iter()
        .filter(|key| !by_family(key) && !made.iter().any(|begin| key.starts_with(begin)))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn numbers_are_grouped_as_each_language_does() {
    assert_eq!(Lang::Vi.int(1_716_705), "1.716.705");
    assert_eq!(Lang::En.int(1_716_705), "1,716,705");
    assert_eq!(
        (Lang::Vi.int(999), Lang::Vi.int(-1000), Lang::Vi.int(0)),
        ("999".into(), "−1.000".into(), "0".into())
    );
}

#[test]
fn a_text_in_two_languages_is_halved() {
    assert_eq!(Lang::Vi.half("Không có / There is none"), "Không có");
    assert_eq!(Lang::En.half("Không có / There is none"), "There is none");
    assert_eq!(Lang::En.half("7/11"), "7/11");
    let nested = "Thiếu: a (A / B) / Missing: a (A / B)";
    assert_eq!(Lang::Vi.half(nested), "Thiếu: a (A / B)");
    assert_eq!(Lang::En.half(nested), "Missing: a (A / B)");
}

#[test]
fn names_stand_in_the_order_of_the_vietnamese_alphabet() {
    let mut names = [
        "Hải Phòng",
        "Bạc Liêu",
        "Đắk Lắk",
        "Bộ Công Thương",
        "Hà Nội",
        "Đà Nẵng",
        "Bà Rịa - Vũng Tàu",
        "Bộ Công an",
        "Điện Biên",
        "Dân Tiến",
    ];
    by_name(&mut names, |name| name);
    let right = [
        "Bà Rịa - Vũng Tàu",
        "Bạc Liêu",
        "Bộ Công an",
        "Bộ Công Thương",
        "Dân Tiến",
        "Đà Nẵng",
        "Đắk Lắk",
        "Điện Biên",
        "Hà Nội",
        "Hải Phòng",
    ];
    assert_eq!(names, right);
}
