use super::fixtures::{Registry, TODAY, draft, id, of_version};
use super::quality::hints;
use super::*;

#[test]
fn a_service_survives_its_journal_form() {
    let service = sample::service(3);
    let event = crate::Event::Service(Event::Put(Box::new(service)));
    let text = serde_json::to_string(&event).unwrap();
    assert!(text.starts_with(r#"{"noun":"service","event":{"what":"put","id":"VN-DEMO/GOV/"#), "{text}");
    assert_eq!(serde_json::from_str::<crate::Event>(&text).unwrap(), event);
}

#[test]
fn a_service_written_before_methods_were_known_can_still_be_read() {
    let mut value = serde_json::to_value(sample::service(3)).unwrap();
    value.as_object_mut().unwrap().remove("method");
    assert_eq!(serde_json::from_value::<Service>(value).unwrap().method, "query");
}

#[test]
fn the_version_on_offer_speaks_for_the_service() {
    let mut entry = Entry::default();
    let at = |version: &str, stage| Service { version: version.into(), stage, ..sample::service(1) };
    for (version, stage, expected) in [
        ("1", Stage::Draft, "1"),
        ("2", Stage::Withdrawn, "2"),
        ("3", Stage::Draft, "2"),
        ("4", Stage::Deprecated, "4"),
        ("5", Stage::Deprecated, "5"),
        ("6", Stage::Published, "6"),
        ("7", Stage::Draft, "6"),
        ("6", Stage::Withdrawn, "5"),
    ] {
        entry.put(at(version, stage));
        assert_eq!(entry.current().unwrap().version, expected, "after {version}");
    }
    assert_eq!(entry.versions().len(), 7);
}

#[test]
fn every_act_is_in_the_history_with_person_and_number() {
    let mut registry = Registry::new();
    let draft = draft("tra-cuu-ho");
    registry.publish(&draft).unwrap();
    let mut second = of_version(draft.clone(), "2.0.0");
    registry.put(&second).unwrap();
    second.title.vi = "Tên mới".into();
    registry.put(&second).unwrap();
    let asked =
        Withdrawal {
            id: draft.id.clone(), version: "2.0.0".into(), reason: "nhầm".into(), if_version: None
        };
    let decided = withdraw(&registry.state, &registry.moment(), &asked);
    registry.take(decided).unwrap();
    let entry = registry.entry(&draft.id);
    let texts: Vec<_> = entry.history.iter().map(|past| past.text.vi.as_str()).collect();
    assert_eq!(
        texts,
        [
            "Nhập phiên bản 1.0.0",
            "Công bố phiên bản 1.0.0",
            "Nhập phiên bản 2.0.0",
            "Sửa phiên bản 2.0.0",
            "Rút phiên bản 2.0.0: nhầm",
        ]
    );
    assert!(
        entry.history.iter().all(|past| past.stamp.by.as_str() == "an.nguyen" && !past.text.en.is_empty())
    );
    assert_eq!(entry.revision, entry.history.last().unwrap().stamp.seq);
}

#[test]
fn personal_data_are_given_by_marked_fields_in_and_around_what_is_granted() {
    let mut registry = Registry::new();
    registry.put(&draft("tra-cuu-ho")).unwrap();
    let service = registry.service(&id("tra-cuu-ho"));
    for (paths, expected) in [
        (vec![], true),
        (vec!["soHo"], false),
        (vec!["soHo", "thanhVien.hoTen"], true),
        (vec!["thanhVien"], true),
        (vec!["thanhVien.quanHeVoiChuHo", "diaChi"], false),
    ] {
        let paths: Vec<String> = paths.into_iter().map(str::to_owned).collect();
        assert_eq!(service.gives_personal_data(&paths), expected, "{paths:?}");
    }
    let fields = service.fields.iter().cloned().map(|field| Field { personal: false, ..field }).collect();
    let unmarked = Service { fields, ..service.clone() };
    assert!(unmarked.gives_personal_data(&["soHo".to_owned()]));
    let internal = Service { data_class: DataClass::Internal, ..unmarked };
    assert!(!internal.gives_personal_data(&[]));
}

#[test]
fn unknown_fields_are_named() {
    let service = sample::service(5);
    let paths = ["danhSach".to_owned(), "danhSach.khongCo".to_owned(), "danh".to_owned()];
    assert_eq!(service.unknown_fields(&paths), ["danhSach.khongCo", "danh"]);
}

#[test]
fn hints_name_what_could_be_better_and_stop_nobody() {
    let mut registry = Registry::new();
    let mut draft = draft("tra-cuu-ho");
    draft.summary = Text::default();
    draft.response_ms = None;
    draft.openapi["openapi"] = "3.0.3".into();
    draft.openapi["components"]["schemas"]["DiaChi"]["properties"]["moi"] = serde_json::json!({});
    draft.openapi["components"]["schemas"]["NguoiThamChieu"]["x-lienthong-personal"] = false.into();
    let get = &mut draft.openapi["paths"]["/{soHo}"]["get"];
    get["summary"] = "".into();
    get["responses"].as_object_mut().unwrap().remove("404");
    registry.publish(&draft).unwrap();
    let before =
        Service { fields: vec![Field { path: "cu".into(), ..Field::default() }], ..sample::service(1) };
    let found: Vec<_> = hints(registry.service(&draft.id), Some(&before))
        .into_iter()
        .map(|hint| (hint.code, hint.place))
        .collect();
    for (code, place) in [
        ("no_summary", "summary"),
        ("no_response_time", "response_ms"),
        ("openapi_3_0", "openapi"),
        ("no_personal_field", "personal"),
        ("field_without_description", "diaChi.moi"),
        ("field_removed", "cu"),
        ("operation_without_summary", "GET /{soHo}"),
        ("operation_without_example", "GET /{soHo}"),
        ("operation_without_errors", "GET /{soHo}"),
    ] {
        assert!(found.contains(&(code, place.to_owned())), "{code} {place} in {found:?}");
    }
    assert_eq!(found.len(), 9);
}

#[test]
fn the_source_of_master_data_is_looked_up_by_day() {
    let mut registry = Registry::new();
    let mut draft = draft("tra-cuu-ho");
    draft.master_of = Some("ho-gia-dinh".into());
    registry.put(&draft).unwrap();
    assert!(registry.state.services.master_source("ho-gia-dinh", TODAY).is_none());
    registry.publish(&draft).unwrap();
    assert!(registry.state.services.master_source("ho-gia-dinh", TODAY).is_some());
    let asked = Deprecation {
        id: draft.id.clone(),
        version: "1.0.0".into(),
        sunset: TODAY,
        replacement: None,
        if_version: None,
    };
    let decided = deprecate(&registry.state, &registry.moment(), &asked);
    registry.take(decided).unwrap();
    assert!(registry.state.services.master_source("ho-gia-dinh", TODAY).is_some());
    assert!(registry.state.services.master_source("ho-gia-dinh", TODAY.tomorrow().unwrap()).is_none());
}
