use serde_json::{Value, json};

use super::super::fixtures::{
    Registry, TODAY, draft, given, household, id, mistakes, of_version, places, publication,
};
use super::super::{Draft, Stage, document};
use super::*;

fn changed(change: impl FnOnce(&mut Draft)) -> Draft {
    let mut draft = draft("tra-cuu-ho");
    change(&mut draft);
    draft
}

/// Acceptance check 26: refused at intake, and nothing of it is in what would be stored or logged.
#[test]
fn a_service_marked_as_state_secret_is_refused_in_any_spelling_and_nothing_of_it_is_kept() {
    let by_class =
        ["secret", "mat", "Mật", "tuyệt mật", "TOI MAT", "top_secret", "state_secret", "ｓｅｃｒｅｔ"];
    let mut drafts: Vec<Draft> =
        by_class.map(|mark| changed(|draft| draft.data_class = mark.into())).into_iter().collect();
    for pointer in ["", "/info", "/paths/~1{soHo}/get", "/components/schemas/DiaChi/properties/xa"] {
        for key in ["x-lienthong-data-class", "x-do-mat"] {
            drafts.push(changed(|draft| draft.openapi.pointer_mut(pointer).unwrap()[key] = "Tối mật".into()));
        }
    }
    // The refusal comes before all other mistakes, because their texts would repeat what was handed in.
    drafts.push(changed(|draft| {
        draft.data_class = "tuyệt mật".into();
        draft.title.vi = "x".repeat(1_000);
        draft.openapi = "{ broken".into();
    }));
    for draft in drafts {
        let mut registry = Registry::new();
        let draft = Draft { summary: crate::text::Text::vi("nội dung kín"), ..draft };
        let refused = registry.put(&draft).unwrap_err();
        assert!(matches!(refused, RegistryError::StateSecret), "{refused}");
        assert_eq!(registry.state.seq, 0);
        assert!(registry.state.services.entry(&draft.id).is_none());
        let shown = format!("{refused} {refused:?} {draft:?}");
        assert!(!shown.contains("kín") && !shown.contains("hộ gia đình"), "{shown}");
    }
}

/// Acceptance check 1, the part at registration.
#[test]
fn a_special_service_without_number_of_its_impact_assessment_is_refused() {
    let mut registry = Registry::new();
    for number in [None, Some(String::new()), Some("  ".to_owned())] {
        let special = changed(|draft| (draft.sharing, draft.impact_assessment) = ("special".into(), number));
        assert!(matches!(registry.put(&special), Err(RegistryError::ImpactAssessmentMissing)));
    }
    let assessed = changed(|draft| {
        (draft.sharing, draft.impact_assessment) = ("special".into(), Some("12/ĐGTĐ".into()));
    });
    registry.publish(&assessed).unwrap();
    registry.publish(&Draft { id: id("bat-buoc"), sharing: "mandatory".into(), ..draft("x") }).unwrap();
    let sharing = &registry.service(&id("bat-buoc")).sharing;
    assert_eq!(registry.rules.vocabulary.kind(sharing, TODAY).unwrap().request_kind, 1);
}

#[test]
fn each_mistake_of_a_draft_is_named() {
    let cases: Vec<(Draft, &str)> = vec![
        (changed(|draft| draft.title.vi = " ".into()), "title.vi"),
        (changed(|draft| draft.title.vi = "ộ".repeat(501)), "title.vi"),
        (changed(|draft| draft.title.en = "a\u{7}".into()), "title.en"),
        (changed(|draft| draft.summary.vi = "x".repeat(5_001)), "summary.vi"),
        (changed(|draft| draft.legal_basis.clear()), "legal_basis"),
        (changed(|draft| draft.data_class = "open".into()), "data_class"),
        (changed(|draft| draft.data_class = "internal".into()), "data_class"),
        (changed(|draft| draft.sharing = "legacy_default".into()), "sharing"),
        (changed(|draft| draft.sharing = "all".into()), "sharing"),
        (changed(|draft| draft.method = "fax".into()), "method"),
        (changed(|draft| draft.master_of = Some("!".into())), ""),
        (changed(|draft| draft.master_of = Some("x".repeat(65))), "master_of"),
        (changed(|draft| draft.impact_assessment = Some("x".repeat(201))), "impact_assessment"),
        (changed(|draft| draft.response_ms = Some(0)), "response_ms"),
        (changed(|draft| draft.response_ms = Some(RESPONSE_MS_MAX + 1)), "response_ms"),
        (changed(|draft| draft.id = "VN-DEMO/GOV/UNKNOWN/A/b".parse().unwrap()), "id"),
        (changed(|draft| draft.openapi = Value::Null), "openapi"),
        (changed(|draft| draft.openapi = "openapi: 3.1.0".into()), "openapi"),
    ];
    for (draft, place) in cases {
        let mut registry = Registry::new();
        match place {
            // Punctuation alone folds to nothing: as if it were left out.
            "" => assert_eq!(places(registry.put(&draft)), ["master_of"]),
            place => assert_eq!(places(registry.put(&draft)), [place]),
        }
        assert_eq!(registry.state.seq, 0, "{place}");
    }
}

#[test]
fn all_mistakes_are_named_at_once_and_each_in_both_languages() {
    let bad = changed(|draft| {
        draft.title.vi.clear();
        draft.sharing = "special".into();
        draft.personal = vec!["khongCo".into()];
        draft.response_ms = Some(0);
        draft.openapi["paths"] = json!({ "x": {} });
        draft.openapi["components"]["schemas"]["DiaChi"] = json!({ "$ref": "https://example.com/a.json" });
    });
    let found = mistakes(Registry::new().put(&bad));
    assert!(
        found
            .iter()
            .all(|mistake| !mistake.vi.is_empty() && !mistake.en.is_empty() && mistake.vi != mistake.en)
    );
    let places: Vec<&str> = found.iter().map(|mistake| mistake.place.as_str()).collect();
    for place in [
        "title.vi",
        "response_ms",
        "openapi/paths/x",
        "openapi/components/schemas/DiaChi/$ref",
        "personal",
        "impact_assessment",
    ] {
        assert!(places.contains(&place), "{place} in {places:?}");
    }
}

#[test]
fn what_replaces_an_old_kind_of_sharing_is_named() {
    let found = mistakes(Registry::new().put(&changed(|draft| draft.sharing = "legacy_specific".into())));
    assert!(found[0].vi.contains("on_request") && found[0].vi.contains("special"), "{}", found[0].vi);
    let mut registry = Registry { today: jiff::civil::date(2025, 10, 21), ..Registry::new() };
    let before = changed(|draft| draft.sharing = "legacy_specific".into());
    assert_eq!(places(registry.put(&before)), ["method"]);
}

#[test]
fn a_description_may_come_as_text_of_a_json_file() {
    let mut registry = Registry::new();
    registry.put(&changed(|draft| draft.openapi = Value::String(household("2.1").to_string()))).unwrap();
    assert_eq!(registry.service(&id("tra-cuu-ho")).version, "2.1");
    let yaml = mistakes(registry.put(&changed(|draft| draft.openapi = "openapi: 3.1.0\n".into())));
    assert!(yaml[0].en.contains("YAML"), "{}", yaml[0].en);
    let broken = mistakes(registry.put(&changed(|draft| draft.openapi = "{\n \"openapi\": }".into())));
    assert!(broken[0].en.contains("line 2") && !broken[0].en.contains("YAML"), "{}", broken[0].en);
    let deep = "[".repeat(200) + &"]".repeat(200);
    assert!(mistakes(registry.put(&changed(|draft| draft.openapi = deep.into())))[0].en.contains("nested"));
}

#[test]
fn a_description_of_three_megabytes_is_refused() {
    let big = "x".repeat(3 * 1024 * 1024);
    for openapi in [json!({ "x-big": big }), Value::String(format!("{{\"x-big\": \"{big}\"}}"))] {
        let found = mistakes(Registry::new().put(&changed(|draft| draft.openapi = openapi)));
        assert!(found[0].en.contains("2097152"), "{}", found[0].en);
    }
    let margins = household("1").to_string() + &" ".repeat(3 * 1024 * 1024);
    Registry::new().put(&changed(|draft| draft.openapi = margins.into())).unwrap();
    assert!(document::read(&Value::String(" ".repeat(9 * 1024 * 1024))).is_err());
}

#[test]
fn fields_are_marked_as_personal_with_all_that_lies_in_them() {
    let mut registry = Registry::new();
    registry.put(&changed(|draft| draft.personal = vec!["diaChi".into(), "soHo".into()])).unwrap();
    let service = registry.service(&id("tra-cuu-ho"));
    let personal = |path: &str| service.field(path).unwrap().personal;
    assert!(personal("diaChi") && personal("diaChi.xa") && personal("soHo") && personal("thanhVien.hoTen"));
    assert!(!personal("soThanhVien") && !personal("thanhVien"));
    let unknown = changed(|draft| draft.personal = vec!["soHo".into(), "cmnd".into()]);
    assert!(
        matches!(registry.put(&unknown), Err(RegistryError::UnknownFields(fields)) if fields == ["cmnd"])
    );
}

#[test]
fn the_owner_is_an_agency_that_counts_today() {
    for (code, said) in [("H47", "H17"), ("H99", "2030-01-01"), ("H16", "enter it first")] {
        let found = mistakes(Registry::new().put(&changed(|draft| draft.owner = code.parse().unwrap())));
        assert_eq!(found[0].place, "owner");
        assert!(found[0].en.contains(said), "{}", found[0].en);
    }
    let mut registry = Registry { today: jiff::civil::date(2025, 6, 30), ..Registry::new() };
    let old = changed(|draft| {
        draft.id = "VN-DEMO/GOV/H47/BANDO/dn".parse().unwrap();
        (draft.owner, draft.sharing) = ("H47".parse().unwrap(), "legacy_specific".into());
    });
    assert_eq!(places(registry.put(&old)), ["method"]);
    registry.today = TODAY;
    registry.put(&changed(|draft| draft.owner = "000.00.00.G01".parse().unwrap())).unwrap();
    assert_eq!(registry.service(&id("tra-cuu-ho")).owner.as_str(), "G01");
}

#[test]
fn nobody_owns_a_service_of_somebody_elses_system() {
    let stranger = changed(|draft| draft.owner = "H17".parse().unwrap());
    assert_eq!(places(Registry::new().put(&stranger)), ["owner"]);
}

#[test]
fn an_owner_that_was_closed_meanwhile_cannot_publish() {
    let mut registry = Registry::new();
    let draft = changed(|draft| {
        (draft.id, draft.owner) = ("VN-DEMO/GOV/H17/BANDO/dn".parse().unwrap(), "H17".parse().unwrap());
    });
    registry.put(&draft).unwrap();
    let mut city =
        crate::agency::Agency::new("H17".parse().unwrap(), "Đà Nẵng", jiff::civil::date(2020, 1, 1));
    city.valid_to = TODAY.yesterday().ok();
    registry.take(Ok(vec![crate::Event::Agency(crate::agency::Event::Put(city))])).unwrap();
    let refused =
        publish(&registry.state, &registry.rules, &registry.moment(), &publication(&draft.id, "1.0.0"));
    assert_eq!(places(refused), ["owner"]);
}

#[test]
fn handing_in_what_is_there_already_changes_nothing() {
    let mut registry = Registry::new();
    let draft = draft("tra-cuu-ho");
    registry.put(&draft).unwrap();
    let before = registry.state.seq;
    registry.put(&draft).unwrap();
    assert_eq!(registry.state.seq, before);
}

#[test]
fn texts_are_kept_trimmed_and_composed() {
    let mut registry = Registry::new();
    registry.put(&changed(|draft| draft.title.vi = "  Ho\u{302}\u{323} gia đình ".into())).unwrap();
    assert_eq!(registry.service(&id("tra-cuu-ho")).title.vi, "Hộ gia đình");
}

#[test]
fn of_two_who_change_at_once_one_gets_conflict() {
    let mut registry = Registry::new();
    let mut draft = draft("tra-cuu-ho");
    registry.put(&draft).unwrap();
    draft.title.vi = "Tên mới".into();
    let seen = registry.entry(&draft.id).revision;
    for expected in [Ok(()), Err((seen, seen + 1))] {
        let decided = put(&registry.state, &registry.rules, &registry.moment(), &draft, given(Some(seen)));
        let done = registry.take(decided).map_err(|e| match e {
            RegistryError::Conflict { expected, found, .. } => (expected, found),
            other => panic!("{other}"),
        });
        assert_eq!(done, expected);
    }
    let stale = Publication { if_version: Some(seen), ..publication(&draft.id, "1.0.0") };
    let refused = publish(&registry.state, &registry.rules, &registry.moment(), &stale);
    assert!(matches!(refused, Err(RegistryError::Conflict { .. })));
    let new = Draft { id: id("moi"), ..draft };
    let refused = put(&registry.state, &registry.rules, &registry.moment(), &new, given(Some(3)));
    assert!(matches!(refused, Err(RegistryError::NoSuch { .. })));
}

#[test]
fn a_published_description_stays_and_what_surrounds_it_can_be_changed() {
    let mut registry = Registry::new();
    let mut draft = draft("tra-cuu-ho");
    registry.publish(&draft).unwrap();
    draft.title.vi = "Tên mới".into();
    registry.put(&draft).unwrap();
    let service = registry.service(&draft.id);
    assert_eq!((service.title.vi.as_str(), service.stage), ("Tên mới", Stage::Published));
    draft.openapi["info"]["title"] = "Khác".into();
    assert_eq!(places(registry.put(&draft)), ["openapi/info/version"]);
}

#[test]
fn a_new_version_takes_the_place_of_the_published_one_in_one_act() {
    let mut registry = Registry::new();
    let first = draft("tra-cuu-ho");
    registry.publish(&first).unwrap();
    registry.put(&of_version(first.clone(), "2.0.0")).unwrap();
    assert_eq!(registry.service(&first.id).version, "1.0.0");

    let alone = publication(&first.id, "2.0.0");
    let publish_now = |registry: &Registry, asked: &Publication| {
        publish(&registry.state, &registry.rules, &registry.moment(), asked)
    };
    assert_eq!(places(publish_now(&registry, &alone)), ["previous_until"]);
    let yesterday = Publication { previous_until: TODAY.yesterday().ok(), ..alone.clone() };
    assert_eq!(places(publish_now(&registry, &yesterday)), ["previous_until"]);
    let replacing = Publication { previous_until: TODAY.tomorrow().ok(), ..alone };
    let decided = publish_now(&registry, &replacing);
    registry.take(decided).unwrap();

    assert_eq!(registry.service(&first.id).version, "2.0.0");
    let old = registry.entry(&first.id).version("1.0.0").unwrap();
    assert_eq!((old.stage, old.replacement.as_ref()), (Stage::Deprecated, Some(&first.id)));
    assert!(old.is_on_offer(TODAY.tomorrow().unwrap()) && !old.is_open(TODAY));
    let after = TODAY.tomorrow().unwrap().tomorrow().unwrap();
    assert_eq!(old.stage_on(after), Stage::Withdrawn);
    let needless = Publication { previous_until: Some(TODAY), ..publication(&id("khac"), "1.0.0") };
    registry.put(&draft("khac")).unwrap();
    assert_eq!(places(publish_now(&registry, &needless)), ["previous_until"]);
}

/// What can be done from which stage.
#[test]
fn stages_follow_each_other_in_one_order_only() {
    type Decide = fn(&Registry, &ServiceId) -> Result<Vec<crate::Event>, RegistryError>;
    let publish_it: Decide = |registry, id| {
        publish(&registry.state, &registry.rules, &registry.moment(), &publication(id, "1.0.0"))
    };
    let deprecate_it: Decide = |registry, id| {
        let (id, version) = (id.clone(), "1.0.0".to_owned());
        let asked = Deprecation { id, version, sunset: TODAY, replacement: None, if_version: None };
        deprecate(&registry.state, &registry.moment(), &asked)
    };
    let withdraw_it: Decide = |registry, id| {
        let (id, version, reason) = (id.clone(), "1.0.0".to_owned(), "hết nhu cầu".to_owned());
        withdraw(&registry.state, &registry.moment(), &Withdrawal { id, version, reason, if_version: None })
    };
    let steps = [publish_it, deprecate_it, withdraw_it];
    for (road, allowed) in [
        (vec![], [true, false, true]),
        (vec![0], [false, true, true]),
        (vec![0, 1], [true, true, true]),
        (vec![0, 2], [false, false, false]),
        (vec![2], [false, false, false]),
    ] {
        let mut registry = Registry::new();
        let draft = draft("tra-cuu-ho");
        registry.put(&draft).unwrap();
        for step in &road {
            let decided = steps[*step](&registry, &draft.id);
            registry.take(decided).unwrap();
        }
        for (step, allowed) in steps.iter().zip(allowed) {
            match step(&registry, &draft.id) {
                Ok(_) => assert!(allowed, "{road:?}"),
                Err(RegistryError::Transition { .. }) => assert!(!allowed, "{road:?}"),
                Err(other) => panic!("{other}"),
            }
        }
        let gone = registry.put(&draft).is_err();
        assert_eq!(gone, road.contains(&2), "{road:?}");
    }
}

#[test]
fn after_its_last_day_a_version_is_gone_by_itself() {
    let mut registry = Registry::new();
    let draft = draft("tra-cuu-ho");
    registry.publish(&draft).unwrap();
    let (id, version) = (draft.id.clone(), "1.0.0".to_owned());
    let asked = Deprecation { id, version, sunset: TODAY, replacement: None, if_version: None };
    let decided = deprecate(&registry.state, &registry.moment(), &asked);
    registry.take(decided).unwrap();
    registry.today = TODAY.tomorrow().unwrap();
    let again =
        publish(&registry.state, &registry.rules, &registry.moment(), &publication(&draft.id, "1.0.0"));
    assert!(matches!(again, Err(RegistryError::Transition { .. })));
    assert!(matches!(registry.put(&draft), Err(RegistryError::Transition { .. })));
}

#[test]
fn a_deprecation_names_a_day_to_come_and_a_replacement_on_offer() {
    let mut registry = Registry::new();
    let draft = draft("tra-cuu-ho");
    registry.publish(&draft).unwrap();
    registry.publish(&Draft { id: id("khac"), ..draft.clone() }).unwrap();
    registry.put(&Draft { id: id("ban-thao"), ..draft.clone() }).unwrap();
    let asked = |sunset, replacement: Option<&str>| {
        let (id, version, replacement) = (draft.id.clone(), "1.0.0".to_owned(), replacement.map(id));
        deprecate(
            &registry.state,
            &registry.moment(),
            &Deprecation { id, version, sunset, replacement, if_version: None },
        )
    };
    assert!(asked(TODAY, Some("khac")).is_ok());
    assert_eq!(places(asked(TODAY.yesterday().unwrap(), None)), ["sunset"]);
    for other in ["ban-thao", "khong-co", "tra-cuu-ho"] {
        assert_eq!(places(asked(TODAY, Some(other))), ["replacement"], "{other}");
    }
}

#[test]
fn a_withdrawal_says_why() {
    let mut registry = Registry::new();
    let draft = draft("tra-cuu-ho");
    registry.put(&draft).unwrap();
    let asked = |reason: &str| {
        let (id, version, reason) = (draft.id.clone(), "1.0.0".to_owned(), reason.to_owned());
        withdraw(&registry.state, &registry.moment(), &Withdrawal { id, version, reason, if_version: None })
    };
    assert_eq!(places(asked("  ")), ["reason"]);
    assert!(asked("nhập nhầm").is_ok());
}

#[test]
fn master_data_have_one_source_and_it_is_handed_over_in_one_act() {
    let mut registry = Registry::new();
    let first = changed(|draft| draft.master_of = Some("Công dân".into()));
    registry.publish(&first).unwrap();
    assert_eq!(registry.service(&first.id).master_of.as_deref(), Some("cong-dan"));
    let second = Draft { id: id("nguon-moi"), master_of: Some("cong-dan".into()), ..draft("x") };
    match registry.put(&second) {
        Err(RegistryError::MasterTaken { object, by }) => {
            assert_eq!((object.as_str(), by), ("cong-dan", first.id.to_string()));
        }
        other => panic!("{other:?}"),
    }
    // The same service may stay its own source in a new version.
    registry.put(&of_version(first.clone(), "2.0.0")).unwrap();

    let asked = HandOver {
        object: "cong-dan".into(),
        from: first.id.clone(),
        to: second.id.clone(),
        if_version_from: None,
        if_version_to: None,
    };
    let hand = |registry: &Registry, asked: &HandOver| hand_over(&registry.state, &registry.moment(), asked);
    assert!(matches!(hand(&registry, &asked), Err(RegistryError::NoSuch { .. })));
    let second = Draft { master_of: None, ..second };
    registry.put(&second).unwrap();
    assert_eq!(places(hand(&registry, &asked)), ["to"]);
    registry.publish(&second).unwrap();
    for wrong in [
        HandOver { object: "dat-dai".into(), ..asked.clone() },
        HandOver { from: second.id.clone(), ..asked.clone() },
    ] {
        assert!(matches!(hand(&registry, &wrong), Err(RegistryError::NoSuch { .. })));
    }
    assert_eq!(places(hand(&registry, &HandOver { to: first.id.clone(), ..asked.clone() })), ["to"]);
    let stale = HandOver { if_version_to: Some(-1), ..asked.clone() };
    assert!(matches!(hand(&registry, &stale), Err(RegistryError::Conflict { .. })));

    let decided = hand(&registry, &asked);
    registry.take(decided).unwrap();
    let source = registry.state.services.master_source("cong-dan", TODAY).unwrap();
    assert_eq!(source.id, second.id);
    let first_versions = registry.entry(&first.id).versions();
    assert!(first_versions.iter().all(|version| version.master_of.is_none()));
    assert!(matches!(registry.put(&first), Err(RegistryError::MasterTaken { .. })));
    assert!(registry.entry(&first.id).revision == registry.entry(&second.id).revision);
}

#[test]
fn of_two_drafts_for_one_kind_of_master_data_the_first_published_gets_it() {
    let mut registry = Registry::new();
    let one = changed(|draft| draft.master_of = Some("cong-dan".into()));
    let other = Draft { id: id("khac"), ..one.clone() };
    registry.put(&one).unwrap();
    registry.put(&other).unwrap();
    registry.publish(&other).unwrap();
    let refused =
        publish(&registry.state, &registry.rules, &registry.moment(), &publication(&one.id, "1.0.0"));
    assert!(matches!(refused, Err(RegistryError::MasterTaken { by, .. }) if by == other.id.to_string()));
}
