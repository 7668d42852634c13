use jiff::civil::date;

use super::*;

fn built_in() -> Vocabulary {
    Vocabulary::parse(include_str!("../../../rules/vocabulary.toml")).unwrap()
}

#[test]
fn the_old_words_end_the_day_before_the_new_ones_begin() {
    let vocabulary = built_in();
    let (last, first) = (date(2025, 10, 21), date(2025, 10, 22));
    for old in ["legacy_default", "legacy_specific"] {
        assert!(vocabulary.kind(old, last).is_some(), "{old}");
        assert!(vocabulary.kind(old, first).is_none(), "{old}");
        assert!(vocabulary.kind_ever(old).is_some(), "{old}");
    }
    for new in ["mandatory", "on_request", "special"] {
        assert!(vocabulary.kind(new, last).is_none(), "{new}");
        assert!(vocabulary.kind(new, first).is_some(), "{new}");
    }
    assert_eq!(vocabulary.kinds(first).count(), 3);
}

#[test]
fn each_kind_leads_to_its_kind_of_request() {
    let (vocabulary, day) = (built_in(), date(2026, 11, 21));
    let kinds = ["mandatory", "on_request", "special"].map(|code| vocabulary.kind(code, day).unwrap());
    assert_eq!(kinds.map(|kind| kind.request_kind), [1, 2, 3]);
    assert_eq!(kinds.map(|kind| kind.needs_impact_assessment), [false, false, true]);
}

#[test]
fn an_old_kind_has_its_heirs() {
    let (vocabulary, day) = (built_in(), date(2026, 11, 21));
    let heirs =
        |old| vocabulary.heirs(old, day).into_iter().map(|kind| kind.code.as_str()).collect::<Vec<_>>();
    assert_eq!(heirs("legacy_default"), ["mandatory"]);
    assert_eq!(heirs("legacy_specific"), ["on_request", "special"]);
    assert!(heirs("mandatory").is_empty());
}

#[test]
fn the_law_behind_a_class_changes_with_the_day() {
    let vocabulary = built_in();
    let basis = |day| vocabulary.class("personal_basic", day).unwrap().legal_basis.as_str();
    assert!(basis(date(2025, 12, 31)).contains("13/2023"));
    assert!(basis(date(2026, 1, 1)).contains("91/2025"));
    assert_eq!(vocabulary.class("internal", date(2026, 1, 1)).unwrap().class, Some(DataClass::Internal));
    assert_eq!(vocabulary.class("state_secret", date(2026, 1, 1)).unwrap().class, None);
    assert_eq!(vocabulary.classes(date(2026, 11, 21)).count(), 5);
}

#[test]
fn the_four_methods_of_the_decree_are_known() {
    let (vocabulary, day) = (built_in(), date(2026, 11, 21));
    let codes: Vec<_> = vocabulary.methods(day).map(|method| method.code.as_str()).collect();
    assert_eq!(codes, ["query", "sync_source_to_consumer", "sync_to_synthetic_db", "media"]);
    assert!(vocabulary.method("fax", day).is_none());
}

#[test]
fn a_state_secret_is_known_in_any_spelling() {
    let vocabulary = built_in();
    for mark in [
        "secret",
        "SECRET",
        "state_secret",
        "StateSecret",
        "top-secret",
        "mat",
        "Mật",
        " MẬT ",
        "tuyệt mật",
        "TUYET_MAT",
        "tuyetmat",
        "Tối mật",
        "Độ mật: Tối mật",
        "bí mật nhà nước",
        "bi-mat-nha-nuoc",
        "m\u{200b}ật",
        "ｓｅｃｒｅｔ",
        "confidential",
        "BMNN",
    ] {
        assert!(vocabulary.is_state_secret(mark), "{mark}");
    }
    for mark in ["public", "internal", "personal_basic", "personal_sensitive", "", "format", "Mặt bằng"] {
        assert!(!vocabulary.is_state_secret(mark), "{mark}");
    }
}

fn mistakes(text: &str) -> Vec<String> {
    match Vocabulary::parse(text) {
        Err(RegistryError::Invalid(mistakes)) => mistakes.into_iter().map(|mistake| mistake.place).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_text_that_is_not_toml_is_refused() {
    assert_eq!(mistakes("[[sharing"), ["vocabulary"]);
}

#[test]
fn an_empty_text_misses_everything() {
    assert_eq!(mistakes(""), ["sharing", "class", "method", "class", "class", "class", "class", "class"]);
}

#[test]
fn all_mistakes_of_the_text_are_named_at_once() {
    let good = include_str!("../../../rules/vocabulary.toml");
    let cases = [
        ("request_kind = 3", "request_kind = 4", "sharing[5].request_kind"),
        ("old = \"legacy_default\"", "old = \"legacy\"", "sharing[3].old"),
        ("valid_to = 2025-10-21", "valid_to = 2019-10-21", "sharing[1].valid_to"),
        ("valid_from = 2026-03-01", "valid_from = \"soon\"", "class[10].valid_from"),
        ("code = \"query\"", "code = \"query\"\ncolour = 3", "method[1].colour"),
        ("code = \"media\"", "code = \"query\"", "method[4].valid_from"),
        (
            "needs_impact_assessment = true",
            "needs_impact_assessment = 1",
            "sharing[5].needs_impact_assessment",
        ),
        ("title = { vi = \"Chia sẻ bắt buộc\",", "title = { vi = \"\",", "sharing[3].title"),
    ];
    let mut all = good.to_owned();
    for (right, wrong, place) in cases {
        assert!(mistakes(&good.replacen(right, wrong, 1)).iter().any(|found| found == place), "{place}");
        all = all.replacen(right, wrong, 1);
    }
    let found = mistakes(&all);
    for (_, _, place) in cases {
        assert!(found.iter().any(|other| other == place), "{place} in {found:?}");
    }
}
