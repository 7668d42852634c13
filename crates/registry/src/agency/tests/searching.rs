use super::*;

fn sea() -> World {
    let named = |text: &str, name: &str| Agency { name: name.to_owned(), ..unit(text, None) };
    world([
        Agency {
            also: Some(code("H17")), ..named("000.00.00.H17", "Ủy ban nhân dân thành phố Đà Nẵng")
        },
        named("H17.05", "Sở Y tế Đà Nẵng"),
        named("H17.05.01", "Trung tâm Y tế quận Đà Nẵng"),
        named("H28", "Ủy ban nhân dân tỉnh Hòa Bình"),
        named("H28.01", "Xã Hóa Bình"),
        named("H28.02", "Sở Giáo dục và Đào tạo"),
        named("H28.03", "Đảng ủy xã Đa Nang"),
    ])
}

#[test]
fn searching_does_not_need_tone_marks_case_or_whole_words() {
    let world = sea();
    let found = |query: &str| names(world.agencies().search(query, date(2024, 1, 1), 10));
    assert_eq!(found("so y te"), ["H17.05"]);
    assert_eq!(found("SỞ Y TẾ"), ["H17.05"]);
    assert_eq!(found("dang uy"), ["H28.03"]);
    assert_eq!(found("giao d dao t"), ["H28.02"]);
    assert_eq!(found("tế y"), ["H17.05", "H17.05.01"]);
    assert_eq!(found("iao duc"), [""; 0]);
    assert_eq!(found(""), [""; 0]);
    assert_eq!(found(" .,- "), [""; 0]);
}

#[test]
fn the_best_is_found_first() {
    let world = sea();
    let found = |query: &str| names(world.agencies().search(query, date(2024, 1, 1), 10));
    // A whole code before units below it, in either form.
    assert_eq!(found("H17")[0], "000.00.00.H17");
    assert_eq!(found("000.00.00.h17")[0], "000.00.00.H17");
    assert_eq!(found("H17.05"), ["H17.05", "H17.05.01"]);
    // The same marks before others; higher bodies before lower ones.
    assert_eq!(found("hóa bình"), ["H28.01", "H28"]);
    assert_eq!(found("hòa bình"), ["H28", "H28.01"]);
    assert_eq!(found("da nang"), ["000.00.00.H17", "H17.05", "H28.03", "H17.05.01"]);
    assert_eq!(found("đà nẵng"), ["000.00.00.H17", "H17.05", "H17.05.01", "H28.03"]);
    assert_eq!(found("trung tam y te")[0], "H17.05.01");
    assert_eq!(names(world.agencies().search("da nang", date(2024, 1, 1), 2)), ["000.00.00.H17", "H17.05"]);
}

#[test]
fn searching_knows_only_what_counts_on_the_day() {
    let mut world = sea();
    world.close("H17.05", date(2024, 12, 31), None).unwrap();
    let found = |world: &World, query: &str, day| world.agencies().search(query, day, 10).len();
    assert_eq!(found(&world, "so y te", date(2024, 12, 31)), 1);
    assert_eq!(found(&world, "so y te", date(2025, 1, 1)), 0);
    assert_eq!(found(&world, "so y te", date(2019, 12, 31)), 0);
    let renamed = Agency { name: "Chi cục Dân số".to_owned(), ..unit("H28.02", None) };
    world.change(renamed).unwrap();
    assert_eq!(found(&world, "giao duc", date(2024, 1, 1)), 0);
    assert_eq!(found(&world, "dan so", date(2024, 1, 1)), 1);
}

#[test]
fn a_search_finds_each_agency_once_however_often_it_was_written_anew() {
    let mut world = world([unit("H10", None), unit("H10.01", Some("H10"))]);
    for number in 0..3_000 {
        world.change(Agency { name: format!("Sở Y tế lần {number}"), ..unit("H10.01", None) }).unwrap();
    }
    assert!(world.agencies().words.len() < 2_500);
    assert_eq!(names(world.agencies().search("so y te", date(2024, 1, 1), 10)), ["H10.01"]);
    assert_eq!(names(world.agencies().search("don vi", date(2024, 1, 1), 10)), ["H10"]);
}

#[test]
fn pages_follow_each_other_without_gap() {
    let world = world(sample::units(4_000));
    let day = date(2024, 1, 1);
    let mut all: Vec<AgencyCode> = Vec::new();
    loop {
        let page = world.agencies().page(all.last(), 700, day);
        all.extend(page.iter().map(|agency| agency.code.clone()));
        if page.len() < 700 {
            break;
        }
    }
    assert_eq!(all.len(), 4_000);
    assert!(all.is_sorted());
    assert_eq!(world.agencies().page(None, 700, date(2019, 1, 1)).len(), 0);
    // 45 provinces come first, then the 20 departments and 95 communes of the first.
    assert_eq!(world.agencies().children(&code("H01"), day).len(), 20 + 95);
}

#[test]
fn sample_queries_find_what_reading_every_name_finds() {
    let world = world(sample::units(5_000));
    let day = date(2024, 1, 1);
    let folded = |agency: &Agency| {
        let codes: Vec<&str> = agency.names().map(AgencyCode::as_str).collect();
        crate::text::fold(&format!("{} {}", agency.name, codes.join(" ")))
    };
    let all: Vec<(String, &AgencyCode)> =
        world.agencies().all().map(|agency| (folded(agency), &agency.code)).collect();
    for query in sample::queries() {
        let words = crate::text::fold(&query);
        let fits =
            |text: &str| words.split(' ').all(|word| text.split(' ').any(|other| other.starts_with(word)));
        let expected: BTreeSet<_> =
            all.iter().filter(|(text, _)| fits(text)).map(|(_, code)| *code).collect();
        let found = world.agencies().search(&query, day, usize::MAX);
        assert_eq!(found.iter().map(|agency| &agency.code).collect::<BTreeSet<_>>(), expected, "{query}");
    }
}
