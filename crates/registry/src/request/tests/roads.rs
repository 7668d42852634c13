use super::*;

#[test]
fn a_road_with_mistakes_is_refused_with_all_of_them() {
    let text = r#"
        [[item]]
        code = "a"
        vi = "A"
        en = "A"
        [[item]]
        code = "a"
        vi = "A"
        en = "A"
        [[road]]
        kind = 1
        version = "1"
        valid_from = "2026-01-01"
        legal_basis = "x"
        correction_working_days = 0
        [[road]]
        kind = 9
        version = "1"
        valid_from = "2026-13-01"
        legal_basis = "x"
        correction_working_days = 1
        contacts = ["nobody"]
        [[road.step]]
        code = "s"
        vi = "S"
        en = "S"
        role = "king"
        whose = "platform"
        working_days = 0
        attach = ["b"]
        task = "t"
        [[road.step]]
        code = "s"
        vi = "S"
        en = "S"
        role = "leader"
        whose = "moon"
        working_days = 1
        working_hours = 1
        [[road.step]]
        code = "l"
        vi = "L"
        en = "L"
        role = "leader"
        whose = "platform"
        working_days = 1
        may_narrow = true
    "#;
    let RegistryError::Invalid(mistakes) = Roads::parse(text).unwrap_err() else { panic!() };
    let texts: Vec<String> = mistakes.iter().map(|m| format!("{}: {}", m.place, m.en)).collect();
    for wanted in [
        "item a: the code is empty or stands twice",
        "road 1 1: wants at least one step",
        "road 1 1, correction: wants either",
        "road 9 1: the kind is 1, 2 or 3",
        "road 9 1, step s: the code is empty or stands twice",
        "road 9 1, valid_from: a day is written",
        "road 9 1, contacts: unknown variant `nobody`",
        "road 9 1, step s: there is no [[item]] b",
        "road 9 1, step s: there is no [[task]] t",
        "road 9 1, step s, role: unknown variant `king`",
        "road 9 1, step s: wants either",
        "road 9 1, step s, whose: unknown variant `moon`",
        "road 9 1, step l: the platform acts by its operators only",
        "road 9 1: the last step goes live",
    ] {
        assert!(texts.iter().any(|text| text.starts_with(wanted)), "{wanted} is not in {texts:#?}");
    }
    assert!(Roads::parse("road = 1").is_err());
    assert!(Roads::parse("").is_err(), "no kind has a road");
}

#[test]
fn two_versions_of_a_road_never_count_on_the_same_day() {
    let road = |version: &str, from: &str, to: &str| {
        format!(
            "[[road]]\nkind = 1\nversion = \"{version}\"\nvalid_from = \"{from}\"\n{to}legal_basis = \"x\"\n\
             correction_working_days = 1\n[[road.step]]\ncode = \"s\"\nvi = \"S\"\nen = \"S\"\nrole = \"leader\"\n\
             whose = \"consumer_root\"\nworking_hours = 4\n"
        )
    };
    let others = road("1", "2026-01-01", "").replace("kind = 1", "kind = 2")
        + &road("1", "2026-01-01", "").replace("kind = 1", "kind = 3");
    let both = |first: &str, second: &str| Roads::parse(&(first.to_owned() + second + &others));
    let open = road("1", "2026-01-01", "");
    let ended = road("1", "2026-01-01", "valid_to = \"2026-06-30\"\n");
    let next = road("2", "2026-07-01", "");
    assert!(both(&open, &next).is_err(), "overlap");
    assert!(both(&ended, &ended).is_err(), "the same version twice");
    let roads = both(&ended, &next).unwrap();
    let version = |day: &str| roads.on(1, day.parse().unwrap()).map(|road| road.version.clone());
    assert_eq!(version("2025-12-31"), None);
    assert_eq!(version("2026-06-30").as_deref(), Some("1"));
    assert_eq!(version("2026-07-01").as_deref(), Some("2"));
    assert_eq!(roads.get(1, "1").unwrap().first().limit, Limit::WorkingHours(4));
}
