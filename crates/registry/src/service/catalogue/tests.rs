use super::super::fixtures::{Registry, TODAY, draft, id};
use super::super::{Draft, sample};
use super::*;
use crate::text::Text;

fn titled(code: &str, title: &str, summary: &str) -> Draft {
    Draft { id: id(code), title: Text::vi(title), summary: Text::vi(summary), ..draft("x") }
}

/// Four services whose names differ by tone marks, place and object.
fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.publish(&titled("ho", "Tra cứu hộ gia đình", "Theo số hộ")).unwrap();
    registry.publish(&titled("dat", "Tra cứu thửa đất", "Đất đai và giá đất; không có hồ sơ")).unwrap();
    registry.publish(&titled("ho-tich", "Trích lục hộ tịch", "Khai sinh, kết hôn")).unwrap();
    let mut master = titled("cd", "Tra cứu công dân", "Nguồn");
    (master.master_of, master.sharing) = (Some("cong-dan".into()), "mandatory".into());
    registry.publish(&master).unwrap();
    registry.put(&titled("ban-thao", "Tra cứu hồ sơ", "")).unwrap();
    registry
}

fn found(registry: &Registry, wanted: &Search) -> Vec<String> {
    let page = search(&registry.state, wanted, TODAY);
    page.services.iter().map(|service| service.id.code.to_string()).collect()
}

fn words(words: &str) -> Search {
    Search { words: words.into(), ..Search::default() }
}

#[test]
fn services_are_found_with_and_without_tone_marks() {
    let registry = registry();
    for (question, expected) in [
        ("hộ gia đình", vec!["ho"]),
        ("HO GIA DINH", vec!["ho"]),
        ("thua dat", vec!["dat"]),
        ("thửa đ", vec!["dat"]),
        ("Trích lục", vec!["ho-tich"]),
        ("ket hon", vec!["ho-tich"]),
        ("cong dan ngu", vec!["cd"]),
        ("không có gì như thế", vec![]),
    ] {
        assert_eq!(found(&registry, &words(question)), expected, "{question}");
    }
}

#[test]
fn the_best_comes_first() {
    let registry = registry();
    // All four have fields or texts with "ho"; the name that says it with its tone mark is first.
    assert_eq!(found(&registry, &words("hộ"))[..2], ["ho", "ho-tich"]);
    assert_eq!(found(&registry, &words("tra cứu")), ["cd", "ho", "dat"]);
    assert_eq!(found(&registry, &words("giá đất"))[0], "dat");
    // The owner's name says "công", too, and the codes begin with "dan".
    assert_eq!(found(&registry, &words("cong-dan"))[0], "cd");
    assert_eq!(found(&registry, &words("tra cuu cong d"))[0], "cd");
    // Without words by name.
    assert_eq!(found(&registry, &words("")), ["cd", "ho", "dat", "ho-tich"]);
}

#[test]
fn services_are_found_by_their_owners_name() {
    let mut registry = registry();
    let id = "VN-DEMO/GOV/H17/BANDO/dn".parse().unwrap();
    let draft = Draft { id, owner: "H17".parse().unwrap(), ..titled("dn", "Bản đồ", "") };
    registry.publish(&draft).unwrap();
    assert_eq!(found(&registry, &words("ban do da nang")), ["dn"]);
    assert_eq!(search(&registry.state, &words("bộ công an"), TODAY).total, 4);
    // By the code of the member, too.
    assert_eq!(search(&registry.state, &words("G01"), TODAY).total, 4);
    assert_eq!(found(&registry, &words("H17")), ["dn"]);
}

#[test]
fn fields_are_searched_by_path_and_meaning() {
    let registry = registry();
    assert_eq!(search(&registry.state, &words("quan he voi chu ho"), TODAY).total, 4);
    assert_eq!(search(&registry.state, &words("thanhVien"), TODAY).total, 4);
}

#[test]
fn filters_and_pages_cut_what_is_shown() {
    let registry = registry();
    let all = Search::default;
    for (wanted, expected) in [
        (Search { sharing: Some("mandatory".into()), ..all() }, vec!["cd"]),
        (Search { master_of: Some("cong-dan".into()), ..all() }, vec!["cd"]),
        (Search { stage: Some(Stage::Draft), ..all() }, vec!["ban-thao"]),
        (Search { stage: Some(Stage::Withdrawn), ..all() }, vec![]),
        (Search { data_class: Some(DataClass::Internal), ..all() }, vec![]),
        (Search { owner: "G02".parse().ok(), ..all() }, vec![]),
        (Search { owner: "000.00.00.G01".parse().ok(), limit: 1, ..all() }, vec!["cd"]),
        (Search { offset: 1, limit: 2, ..all() }, vec!["ho", "dat"]),
        (Search { offset: 9, ..all() }, vec![]),
        (Search { limit: 0, ..all() }, vec![]),
    ] {
        assert_eq!(found(&registry, &wanted), expected, "{wanted:?}");
    }
    assert_eq!(search(&registry.state, &Search { limit: 1, ..all() }, TODAY).total, 4);
}

#[test]
fn a_page_of_many_services_has_two_hundred_at_most() {
    let mut registry = Registry::new();
    for service in sample::services(300) {
        registry.take(Ok(vec![crate::Event::Service(super::super::Event::Put(Box::new(service)))])).unwrap();
    }
    let page = search(&registry.state, &Search { limit: usize::MAX, ..Search::default() }, TODAY);
    assert_eq!((page.total, page.services.len()), (300, PAGE_MAX));
    let page = search(&registry.state, &words("giấy phép lái xe"), TODAY);
    assert!(page.total > 0 && page.services.iter().all(|service| service.title.vi.contains("lái xe")));
}
