use super::*;

fn refused_at(change: impl FnOnce(&mut Holding), expected: &[&str]) {
    let mut holding = bare("A");
    change(&mut holding);
    let mistakes = mistakes(put(&state(), &moment(TODAY), holding, None));
    assert_eq!(places(&mistakes), expected);
    for mistake in mistakes {
        assert!(mistake.vi.matches('.').count() >= 1 && mistake.en.matches('.').count() >= 1, "{mistake:?}");
    }
}

#[test]
fn each_rule_of_an_entry_names_its_place_and_a_remedy() {
    let held = |object: &str, title: &str, fields: &[&str]| HeldObject {
        object: object.into(),
        title: title.into(),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
    };
    refused_at(|h| h.name = " ".into(), &["name"]);
    refused_at(|h| h.name = "x".repeat(501), &["name"]);
    refused_at(|h| h.purpose = "ă".repeat(5_001), &["purpose"]);
    refused_at(|h| h.vendor = "a\u{7}b".into(), &["vendor"]);
    refused_at(|h| h.owner = "H31".parse().unwrap(), &["owner"]);
    refused_at(|h| h.owner = "000.00.00.H99".parse().unwrap(), &["owner"]);
    refused_at(|h| h.objects = (0..11).map(|n| held(&format!("o-{n}"), "", &[])).collect(), &["objects"]);
    refused_at(|h| h.objects = vec![held("Công dân", "", &[])], &["objects"]);
    refused_at(|h| h.objects = vec![held("a", "", &[]), held("a", "", &[])], &["objects"]);
    refused_at(|h| h.objects = vec![held("a", "b|c", &[])], &["objects"]);
    refused_at(|h| h.objects = vec![held("a", "", &["x,y"])], &["objects"]);
    refused_at(|h| h.asks = vec!["a;b".into()], &["asks"]);
    refused_at(|h| h.asks = (0..501).map(|n| n.to_string()).collect(), &["asks"]);
    refused_at(
        |h| h.catalogues = (0..200).map(|n| format!("{n}{}", "x".repeat(300))).collect(),
        &["catalogues"],
    );
    refused_at(|h| h.contacts.security.phone = "gọi sau".into(), &["contacts.security.phone"]);
    refused_at(|h| h.contacts.business.email = "a@b".into(), &["contacts.business.email"]);
    refused_at(|h| h.shares_through = "LGSP".into(), &["shares_through"]);
    refused_at(|h| h.security_level = Some(6), &["security_level"]);
    refused_at(|h| h.security_decision = "1/QĐ".into(), &["security_decision"]);
    refused_at(|h| h.security_date = Some(date(2020, 1, 1)), &["security_date"]);
    refused_at(|h| h.stage = Stage::Closed, &["used_to"]);
    refused_at(|h| h.successor = Some(code("A")), &["successor"]);
    refused_at(|h| h.successor = Some(code("B")), &["successor"]);
    refused_at(
        |h| (h.contract_from, h.contract_to) = (Some(date(2026, 2, 1)), Some(date(2026, 1, 31))),
        &["contract_to"],
    );
    refused_at(|h| (h.used_from, h.used_to) = (Some(TODAY), TODAY.yesterday().ok()), &["used_to"]);
}

#[test]
fn all_mistakes_are_reported_at_once() {
    refused_at(
        |h| {
            h.name.clear();
            h.owner = "H31".parse().unwrap();
            h.security_level = Some(0);
        },
        &["name", "security_level", "owner"],
    );
}

#[test]
fn codes_are_short_and_plain() {
    for good in ["CSDL-000012", "a", "A.b_c-1", &"x".repeat(64)] {
        assert!(good.parse::<HoldingCode>().is_ok(), "{good}");
    }
    for bad in ["", "a b", "ă", "a/b", "a;b", &"x".repeat(65)] {
        assert!(bad.parse::<HoldingCode>().is_err(), "{bad}");
    }
}

#[test]
fn an_entry_is_kept_in_nfc_and_without_space_around_it() {
    let mut holding = bare("A");
    holding.name = "  Cơ sở dữ liệu dân cư\r\n".into();
    holding.asks = vec![" ngày sinh ".into(), String::new(), "ngày sinh".into()];
    let mut state = state();
    let events = put(&state, &moment(TODAY), holding, None).unwrap();
    apply(&mut state, events);
    let kept = &state.inventory.get(&code("A")).unwrap().holding;
    assert_eq!(
        (kept.name.as_str(), kept.asks.as_slice()),
        ("Cơ sở dữ liệu dân cư", &["ngày sinh".to_owned()][..])
    );
}

#[test]
fn an_owner_closed_by_the_merger_is_refused_from_its_day_on_and_the_successor_is_named() {
    let mut holding = bare("A");
    holding.owner = "000.00.00.H47".parse().unwrap();
    assert!(put(&state(), &moment(date(2025, 6, 30)), holding.clone(), None).is_ok());
    let after = mistakes(put(&state(), &moment(date(2025, 7, 2)), holding.clone(), None));
    assert!(after[0].vi.contains("000.00.00.H17") && after[0].en.contains("2025-07-01"), "{after:?}");
    // What ended while its owner was still there belongs to that owner.
    holding.stage = Stage::Closed;
    holding.used_to = Some(date(2025, 6, 30));
    assert!(put(&state(), &moment(date(2025, 7, 2)), holding, None).is_ok());
}

#[test]
fn the_same_again_makes_no_event_and_an_old_version_conflicts() {
    let mut state = entered([bare("A")]);
    let version = state.inventory.get(&code("A")).unwrap().version;
    assert_eq!(put(&state, &moment(TODAY), bare("A"), Some(version)).unwrap(), []);
    let mut changed = bare("A");
    changed.vendor = "Công ty Mẫu".into();
    let events = put(&state, &moment(TODAY), changed.clone(), Some(version)).unwrap();
    apply(&mut state, events);
    let again = put(&state, &moment(TODAY), changed, Some(version));
    assert!(
        matches!(again, Err(RegistryError::Conflict { expected, found, .. }) if (expected, found) == (version, version + 1))
    );
    let unknown = put(&state, &moment(TODAY), bare("B"), Some(0));
    assert!(matches!(unknown, Err(RegistryError::NoSuch { .. })));
}

#[test]
fn the_history_says_who_did_what() {
    let mut state = entered([bare("A"), bare("B")]);
    let mut changed = bare("A");
    changed.vendor = "Công ty Mẫu".into();
    changed.levels.insert(Level::Commune);
    let events = put(&state, &moment(TODAY), changed, None).unwrap();
    apply(&mut state, events);
    let events = close(&state, closing("A", Some("B")), None).unwrap();
    apply(&mut state, events);
    let entry = state.inventory.get(&code("A")).unwrap();
    let done: Vec<_> = entry.history.iter().map(|change| change.done.text().vi).collect();
    assert_eq!(
        done,
        [
            "Đăng ký mới",
            "Thay đổi: Cấp sử dụng, Nhà cung cấp",
            "Ngừng sử dụng, ngày cuối 2026-11-30; căn cứ: 5/QĐ-UBND"
        ]
    );
    assert!(entry.history.iter().all(|change| change.stamp.by.as_str() == "lan@demo"));
    assert_eq!(entry.version, entry.history.last().unwrap().stamp.seq);
}

fn closing(name: &str, successor: Option<&str>) -> Closing {
    let (on, legal_basis) = (date(2026, 11, 30), "5/QĐ-UBND".to_owned());
    Closing { code: code(name), on, successor: successor.map(code), legal_basis }
}

#[test]
fn closing_keeps_the_entry_and_names_what_follows() {
    let mut state = entered([bare("A"), bare("B")]);
    let events = close(&state, closing("A", Some("B")), None).unwrap();
    apply(&mut state, events);
    let holding = &state.inventory.get(&code("A")).unwrap().holding;
    assert_eq!((holding.stage, &holding.successor), (Stage::Closed, &Some(code("B"))));
    assert!(holding.in_use(date(2026, 11, 30)) && !holding.in_use(date(2026, 12, 1)));
    let twice = close(&state, closing("A", None), None);
    assert!(matches!(twice, Err(RegistryError::Transition { .. })));
}

#[test]
fn closing_is_refused_where_it_makes_no_sense() {
    let mut began_later = bare("L");
    began_later.used_from = Some(date(2027, 1, 1));
    let state = entered([bare("A"), began_later]);
    assert!(matches!(close(&state, closing("Z", None), None), Err(RegistryError::NoSuch { .. })));
    assert!(matches!(close(&state, closing("A", None), Some(0)), Err(RegistryError::Conflict { .. })));
    assert!(matches!(close(&state, closing("A", Some("A")), None), Err(RegistryError::Cycle(_))));
    let unfounded = Closing { legal_basis: " ".into(), ..closing("L", Some("Z")) };
    assert_eq!(places(&mistakes(close(&state, unfounded, None))), ["on", "legal_basis", "successor"]);
}

#[test]
fn successors_never_lead_back() {
    let follows = |name: &str, successor: &str| {
        let mut holding = bare(name);
        holding.successor = Some(code(successor));
        holding
    };
    let state = entered([bare("C"), follows("B", "C"), follows("A", "B")]);
    let back = put(&state, &moment(TODAY), follows("C", "A"), None);
    assert!(matches!(&back, Err(RegistryError::Cycle(way)) if way == "C → A → B → C"), "{back:?}");
    let back = close(&state, closing("C", Some("B")), None);
    assert!(matches!(back, Err(RegistryError::Cycle(_))));
}

#[test]
fn who_changes_the_owner_needs_the_right_at_both() {
    let state = entered([bare("A")]);
    let mut taken = bare("A");
    taken.owner = "000.00.00.G01".parse().unwrap();
    let events = put(&state, &moment(TODAY), taken, None).unwrap();
    let agencies: Vec<_> = concerned(&state, &events).into_iter().map(|code| code.to_string()).collect();
    assert_eq!(agencies, ["000.00.00.G01", "000.00.00.H17"]);
}

#[test]
fn events_keep_their_written_form() {
    let event = crate::Event::Inventory(Event::Close(closing("A", Some("B"))));
    let text = r#"{"noun":"inventory","event":{"what":"close","code":"A","on":"2026-11-30","successor":"B","legal_basis":"5/QĐ-UBND"}}"#;
    assert_eq!(serde_json::to_string(&event).unwrap(), text);
    assert_eq!(serde_json::from_str::<crate::Event>(text).unwrap(), event);
    let event = crate::Event::Inventory(Event::Put(Box::new(bare("A"))));
    let text = r#"{"noun":"inventory","event":{"what":"put","code":"A","kind":"database","name":"A","owner":"000.00.00.H17","sharing":"unknown","scope":"province","stage":"running"}}"#;
    assert_eq!(serde_json::to_string(&event).unwrap(), text);
    let event = crate::Event::Inventory(Event::Put(Box::new(full("A"))));
    let text = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<crate::Event>(&text).unwrap(), event);
    assert!(serde_json::from_str::<crate::Event>(&text.replace("vendor", "seller")).is_err());
}

#[test]
fn contacts_are_kept_out_of_logs() {
    let holding = full("A");
    let shown = format!("{holding:?} {:?}", Event::Put(Box::new(holding.clone())));
    for secret in ["0001", "nghiepvu", "Trưởng phòng", "antoan"] {
        assert!(!shown.contains(secret), "{secret}");
    }
    let mut wrong = holding;
    wrong.contacts.security.phone = "gọi chị Hoa".into();
    wrong.contacts.security.email = "hoa tại demo".into();
    let refusal = put(&state(), &moment(TODAY), wrong, None).unwrap_err();
    assert!(!format!("{refusal} {refusal:?}").to_lowercase().contains("hoa "));
}
