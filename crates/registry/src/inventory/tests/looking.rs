use std::collections::BTreeSet;

use super::*;

fn holds(name: &str, objects: &[(&str, &str)]) -> Holding {
    let mut holding = bare(name);
    holding.levels.insert(Level::Commune);
    holding.objects = objects
        .iter()
        .map(|(object, fields)| HeldObject {
            object: (*object).to_owned(),
            title: String::new(),
            fields: fields.split_whitespace().map(ToOwned::to_owned).collect(),
        })
        .collect();
    holding
}

fn pairs(holdings: impl IntoIterator<Item = Holding>) -> Vec<String> {
    let found = overlaps(&entered(holdings), TODAY, &OverlapRule { fields_min: 3, pairs_max: 100 });
    assert!(found.complete);
    let one = |pair: &Overlap| format!("{} {}: {}", pair.left.code, pair.right.code, pair.fields.join(" "));
    found.pairs.iter().map(one).collect()
}

#[test]
fn two_databases_with_the_same_object_overlap_and_their_fields_are_named() {
    let state = entered([
        holds("A", &[("cong-dan", "hoTen ngaySinh soNha")]),
        holds("B", &[("cong-dan", "ho_ten quocTich Ngày_sinh")]),
    ]);
    let found = overlaps(&state, TODAY, &OverlapRule::default());
    let [pair] = found.pairs.as_slice() else { panic!("{found:?}") };
    assert_eq!(pair.fields, ["hoTen", "ngaySinh"]);
    assert_eq!(pair.levels, [Level::Commune].into());
    assert_eq!((pair.left.owner.as_str(), pair.right.object.as_str()), ("000.00.00.H17", "cong-dan"));
}

#[test]
fn objects_of_other_names_overlap_from_the_minimum_of_common_fields_on() {
    let a = holds("A", &[("cong-dan", "a b c d")]);
    assert_eq!(pairs([a.clone(), holds("B", &[("nguoi-dan", "b c x y")])]), [""; 0]);
    assert_eq!(pairs([a.clone(), holds("B", &[("nguoi-dan", "b c d y")])]), ["A B: b c d"]);
    assert_eq!(pairs([a, holds("B", &[("nguoi-dan", "b c"), ("ho-khau", "d")])]), [""; 0]);
}

#[test]
fn entries_that_serve_other_people_or_follow_each_other_do_not_overlap() {
    let a = || holds("A", &[("cong-dan", "a")]);
    let with = |change: fn(&mut Holding)| {
        let mut b = holds("B", &[("cong-dan", "a")]);
        change(&mut b);
        pairs([a(), b]).len()
    };
    assert_eq!(with(|_| ()), 1);
    assert_eq!(with(|b| b.levels = [Level::Central].into()), 0);
    assert_eq!(with(|b| b.levels.clear()), 0);
    assert_eq!(with(|b| b.levels = [Level::Central, Level::Commune].into()), 1);
    assert_eq!(with(|b| b.successor = Some(code("A"))), 0);
    assert_eq!(with(|b| (b.stage, b.used_to) = (Stage::Closed, TODAY.yesterday().ok())), 0);
    assert_eq!(with(|b| b.stage = Stage::Planned), 1);
    assert_eq!(with(|b| b.owner = "000.00.00.H57".parse().unwrap()), 0);
    assert_eq!(with(|b| b.owner = "H57.11".parse().unwrap()), 0);
    assert_eq!(with(|b| b.owner = "K17".parse().unwrap()), 1);
    // Merged on 1 July 2025 into the province that owns A.
    assert_eq!(with(|b| b.owner = "000.00.00.H47".parse().unwrap()), 1);
    assert_eq!(with(|b| (b.scope, b.owner) = (Scope::Ministry, "000.00.00.G01".parse().unwrap())), 1);
}

#[test]
fn the_index_finds_what_comparing_everything_finds() {
    // A small generator with a fixed seed: which numbers does not matter, that they repeat does.
    let mut seed = 7_u32;
    let mut next = |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % below
    };
    let mut holdings = Vec::new();
    for number in 0..120 {
        let mut objects = Vec::new();
        for object in 0..=next(2) {
            let fields: Vec<String> = (0..next(9)).map(|_| format!("f{}", next(14))).collect();
            objects.push((format!("o{}", object * 9 + next(9)), fields.join(" ")));
        }
        let objects: Vec<_> =
            objects.iter().map(|(object, fields)| (object.as_str(), fields.as_str())).collect();
        holdings.push(holds(&format!("{number:03}"), &objects));
    }
    let mut expected = Vec::new();
    for (index, left) in holdings.iter().enumerate() {
        for right in &holdings[index + 1..] {
            for (a, b) in left.objects.iter().flat_map(|a| right.objects.iter().map(move |b| (a, b))) {
                let [a_fields, b_fields] = [a, b].map(|held| held.fields.iter().collect::<BTreeSet<_>>());
                let common = a_fields.intersection(&b_fields).count();
                if a.object == b.object || common >= 3 {
                    expected.push((
                        left.code.clone(),
                        right.code.clone(),
                        a.object.clone(),
                        b.object.clone(),
                    ));
                }
            }
        }
    }
    let rule = OverlapRule { fields_min: 3, pairs_max: usize::MAX };
    let found = overlaps(&entered(holdings), TODAY, &rule);
    let mut pairs: Vec<_> = found
        .pairs
        .iter()
        .map(|p| (p.left.code.clone(), p.right.code.clone(), p.left.object.clone(), p.right.object.clone()))
        .collect();
    pairs.sort();
    expected.sort();
    assert!(expected.len() > 100);
    assert_eq!(pairs, expected);
}

#[test]
fn ten_thousand_entries_are_compared_and_the_closest_pairs_come_first() {
    let holdings = (0..10_000).map(|number| {
        let shared = if number % 5_000 == 0 { "x1 x2 x3 x4 x5 x6" } else { "" };
        let fields = format!("hoTen ngaySinh gioiTinh rieng{number} them{} {shared}", number % 3_000);
        holds(&format!("{number:05}"), &[(&format!("o-{}", number % 4_000), &fields)])
    });
    let found = overlaps(&entered(holdings), TODAY, &OverlapRule { fields_min: 5, pairs_max: 100 });
    assert_eq!(found.pairs.len(), 100);
    assert!(!found.complete);
    // 4,000 objects: 2,000 of them are held by three entries, the others by two; one more pair shares nine fields.
    assert_eq!(found.found, 2_000 * 3 + 2_000 + 1);
    assert_eq!((found.pairs[0].left.code.as_str(), found.pairs[0].right.code.as_str()), ("00000", "05000"));
}

fn service(id: &str, stage: &str, master: Option<&str>, fields: &[&str]) -> crate::Event {
    let fields: Vec<_> = fields.iter().map(|path| json!({"path": path, "title": ""})).collect();
    let mut service = json!({"id": id, "version": "1", "owner": "000.00.00.G01", "title": {"vi": "Dịch vụ"},
        "stage": stage, "data_class": "internal", "sharing": "mandatory", "legal_basis": "Luật", "fields": fields,
        "openapi": {}});
    if let Some(master) = master {
        service["master_of"] = json!(master);
    }
    crate::Event::Service(crate::service::Event::Put(Box::new(serde_json::from_value(service).unwrap())))
}

fn again(asks: &[&str]) -> Vec<String> {
    let mut form = bare("FORM");
    form.asks = asks.iter().map(|ask| (*ask).to_owned()).collect();
    form.services = vec!["VN-DEMO/GOV/H17/MOTCUA/cua-minh".parse().unwrap()];
    let mut land = holds("DAT", &[("thua-dat", "soThua")]);
    land.services = vec!["VN-DEMO/GOV/G13/DAT/tra-cuu".parse().unwrap()];
    let mut state = entered([form, land]);
    apply(
        &mut state,
        vec![
            service(
                "VN-DEMO/GOV/G01/DANCU/cong-dan",
                "published",
                Some("cong-dan"),
                &["hoTen", "thuongTru.xa"],
            ),
            service("VN-DEMO/GOV/G01/DANCU/cu", "withdrawn", None, &["tonGiao"]),
            service("VN-DEMO/GOV/G01/DANCU/ban-thao", "draft", None, &["tonGiao"]),
            service("VN-DEMO/GOV/G13/DAT/tra-cuu", "published", None, &["soThua", "chuSoHuu.hoTen"]),
            service("VN-DEMO/GOV/H17/MOTCUA/cua-minh", "published", None, &["soNha"]),
        ],
    );
    let found = asked_again(&state, TODAY);
    let one = |found: &AskedAgain| {
        let services: Vec<_> =
            found.services.iter().map(|s| format!("{}#{}", s.service.code.as_str(), s.field)).collect();
        format!("{} {}: {}", found.code, found.asks, services.join(" "))
    };
    found.iter().map(one).collect()
}

#[test]
fn a_question_that_a_service_answers_is_found_by_name_and_object() {
    for (asks, expected) in [
        ("cong-dan:ho_ten", vec!["FORM cong-dan:ho_ten: cong-dan#hoTen"]),
        ("chu-so-huu:hoTen", vec!["FORM chu-so-huu:hoTen: tra-cuu#chuSoHuu.hoTen"]),
        ("thua-dat:Số thửa", vec!["FORM thua-dat:Số thửa: tra-cuu#soThua"]),
        ("cong-dan:soThua", vec![]),
        ("hoTen", vec!["FORM hoTen: cong-dan#hoTen tra-cuu#chuSoHuu.hoTen"]),
        ("thuongTru.xa", vec!["FORM thuongTru.xa: cong-dan#thuongTru.xa"]),
        ("tonGiao", vec![]),
        ("soNha", vec![]),
    ] {
        assert_eq!(again(&[asks]), expected, "{asks}");
    }
}

fn sums_agree(figures: &Figures) {
    let total = figures.in_use.len();
    for sum in [
        figures.kind.values().map(Vec::len).sum::<usize>(),
        figures.scope.values().map(Vec::len).sum(),
        figures.sharing.values().map(Vec::len).sum(),
        figures.owner.values().map(Vec::len).sum(),
    ] {
        assert_eq!(sum, total);
    }
}

#[test]
fn figures_open_to_the_entries_behind_them() {
    let change = |name: &str, change: fn(&mut Holding)| {
        let mut holding = bare(name);
        change(&mut holding);
        holding
    };
    let state = entered([
        change("A", |h| h.contract_to = Some(TODAY)),
        change("B", |h| h.contract_to = TODAY.yesterday().ok()),
        change("C", |h| h.contract_to = Some(date(2027, 5, 21))),
        change("D", |h| h.contract_to = Some(date(2027, 5, 22))),
        change("E", |h| h.owner = "000.00.00.H47".parse().unwrap()),
        change("F", |h| h.stage = Stage::Planned),
        change("G", |h| (h.stage, h.used_to) = (Stage::Closed, Some(TODAY))),
        change("H", |h| (h.stage, h.used_to) = (Stage::Closed, TODAY.yesterday().ok())),
        change("I", |h| h.used_from = TODAY.tomorrow().ok()),
        change("J", |h| (h.security_level, h.security_decision) = (Some(3), "1/QĐ".into())),
    ]);
    let figures = figures(&state, TODAY);
    let codes = |list: &[HoldingCode]| list.iter().map(HoldingCode::as_str).collect::<String>();
    assert_eq!(codes(&figures.in_use), "ABCDEGJ");
    assert_eq!(codes(&figures.planned), "FI");
    assert_eq!(codes(&figures.closed), "H");
    assert_eq!(codes(&figures.contract_ends), "AC");
    assert_eq!(codes(&figures.contract_ended), "B");
    assert_eq!(codes(&figures.owner_not_valid), "E");
    assert_eq!(codes(&figures.no_security_decision), "ABCDEG");
    assert_eq!(codes(&figures.level_unknown), "ABCDEGJ");
    assert_eq!(figures.sharing[&Sharing::Platform], []);
    sums_agree(&figures);
}

#[test]
fn an_owner_written_in_either_form_is_one_owner() {
    let owned = |name: &str, owner: &str| {
        let mut holding = bare(name);
        holding.owner = owner.parse().unwrap();
        holding
    };
    let mut state = entered([owned("A", "000.00.00.G22"), owned("B", "G22")]);
    let both =
        json!({"code": "000.00.00.G22", "also": "G22", "name": "Văn phòng", "valid_from": "2016-04-01"});
    enter_agency(&mut state, both);
    let figures = figures(&state, TODAY);
    assert_eq!(figures.owner.values().map(Vec::len).collect::<Vec<_>>(), [2]);
    assert_eq!(figures.owner_not_valid, []);
}

/// The rows, entered on their day by agencies that come with the program.
fn quang_nam_state() -> State {
    let mut state = State::default();
    for agency in crate::agency::built_in() {
        let stamp = stamp(state.seq);
        state.apply(&stamp, crate::Event::Agency(crate::agency::Event::Put(agency)));
    }
    for holding in quang_nam() {
        let events = put(&state, &moment(QUANG_NAM_DAY), holding, None).unwrap();
        apply(&mut state, events);
    }
    state
}

#[test]
fn the_rows_of_quang_nam_add_up_to_the_figures_of_the_article() {
    let state = quang_nam_state();
    let all = figures(&state, QUANG_NAM_DAY);
    assert_eq!(all.scope[&Scope::National].len(), 6);
    assert_eq!(all.scope[&Scope::Ministry].len(), 80);
    assert_eq!(all.in_use.len(), 86);
    let ministries = figures_of(&state, QUANG_NAM_DAY, |holding| holding.scope == Scope::Ministry);
    for figures in [&all, &ministries] {
        assert_eq!(figures.reaching[&Level::District].len(), 23);
        assert_eq!(figures.reaching[&Level::Commune].len(), 13);
        assert_eq!(figures.sharing[&Sharing::Platform].len(), 14);
        assert_eq!(figures.sharing[&Sharing::OffPlatform].len(), 2);
        assert_eq!(figures.owner_not_valid, []);
        sums_agree(figures);
    }
    let commune = &all.reaching[&Level::Commune];
    assert!(commune.iter().all(|code| all.reaching[&Level::District].contains(code)), "23 includes the 13");
    let off: Vec<_> = all.sharing[&Sharing::OffPlatform]
        .iter()
        .map(|code| state.inventory.get(code).unwrap().holding.name.as_str())
        .collect();
    assert_eq!(off, ["CSDL giấy phép lái xe", "CSDL ngành giáo dục và đào tạo"]);
}

#[test]
fn every_row_of_quang_nam_says_where_it_is_from_and_invented_ones_say_so() {
    for holding in quang_nam() {
        assert!(holding.source.contains("VietNamNet"), "{}", holding.code);
        assert!(
            !holding.name.contains("giả định") || holding.source.contains("Dòng giả định"),
            "{}",
            holding.code
        );
    }
}

#[test]
fn the_rows_of_quang_nam_show_duplicate_investment() {
    let found = overlaps(&quang_nam_state(), QUANG_NAM_DAY, &OverlapRule::default());
    let same = found.pairs.iter().find(|pair| pair.left.object == "ho-gia-dinh").unwrap();
    assert_eq!(same.fields, ["chuHo", "soThanhVien", "diaChi"]);
    assert!(found.pairs.iter().any(|pair| pair.left.object != pair.right.object));
}
