use super::*;

fn csv(world: &mut World, text: &str) -> Result<(), RegistryError> {
    let events = table::import_csv(&world.0, &moment(), text.as_bytes())?;
    world.take(events);
    Ok(())
}

#[test]
fn what_is_exported_can_be_imported() {
    let here = with_built_in();
    let file = table::to_csv(here.agencies().all());
    let mut there = World::default();
    csv(&mut there, std::str::from_utf8(&file).unwrap()).unwrap();
    assert!(here.agencies().all().eq(there.agencies().all()));
    let json: Vec<Agency> = serde_json::from_str(&table::to_json(here.agencies().all())).unwrap();
    assert!(here.agencies().all().eq(&json));
}

#[test]
fn a_spreadsheets_csv_is_read() {
    let mut world = World::default();
    let text =
        "\u{feff}Name;CODE;valid_from;valid_to\r\n\"Sở A; phòng B\";H10.01;01/07/2025;31/12/2025\r\n;;;\r\n";
    csv(&mut world, text).unwrap();
    let read = world.agencies().all().next().unwrap();
    assert_eq!((read.name.as_str(), read.valid_from), ("Sở A; phòng B", date(2025, 7, 1)));
    assert_eq!(read.valid_to, Some(date(2025, 12, 31)));
}

#[test]
fn each_bad_line_of_a_csv_is_named_and_none_is_taken_over() {
    let mut world = World::default();
    let text = "code,name,valid_from,parent,successor\n\
                H10,Tỉnh A,2020-01-01,,\n\
                H1x,Sở B,2020-13-01,H10,\n\
                H10.02,\"Sở\nC\",2020-01-01,H10,\n\
                H10.03,Sở D,2020-01-01,H10\n\
                H10.04,Sở E,,H10,\n\
                H10.05,Sở F,2020-01-01,H10.04,\n\
                H10.06,Sở G,2020-01-01,H10.09,\n";
    assert_eq!(
        places(csv(&mut world, text)),
        [
            "line 3, code",
            "line 3, valid_from",
            // This name goes on in line 5.
            "line 4, name",
            "line 6",
            "line 7, valid_from",
            // Line 8 refers to line 7, which will be an agency once it is mended.
            "line 9, parent"
        ]
    );
    assert!(world.agencies().is_empty());
}

#[test]
fn a_header_that_is_not_understood_is_refused_before_any_row() {
    for (header, count) in
        [("code,name", 1), ("code,name,valid_from,nam", 1), ("code,code,name", 2), ("x", 4)]
    {
        assert_eq!(
            places(csv(&mut World::default(), &format!("{header}\nx\n"))),
            vec!["line 1"; count],
            "{header}"
        );
    }
    let latin =
        table::import_csv(&State::default(), &moment(), b"code,name,valid_from\nH10,\xE9,2020-01-01\n");
    let found: Vec<Mistake> = match latin {
        Err(RegistryError::Import(list)) => list,
        other => panic!("{other:?}"),
    };
    assert_eq!(found[0].place, "line 2");
}

#[test]
fn no_cell_of_an_export_is_computed_and_it_is_imported_unchanged() {
    let formulas = ["=HYPERLINK(\"http://x\")", "+84 236", "-2", "@sum", "'=1"];
    let rows = formulas.iter().zip(1..).map(|(text, number)| {
        let own = unit(&format!("H10.0{number}"), None);
        Agency { name: (*text).to_owned(), note: (*text).to_owned(), ..own }
    });
    let here = world(rows.collect::<Vec<_>>());
    let file = String::from_utf8(table::to_csv(here.agencies().all())).unwrap();
    let mut reader = ::csv::Reader::from_reader(file.as_bytes());
    for cell in
        reader.records().flat_map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
    {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
    }
    let mut there = World::default();
    csv(&mut there, &file).unwrap();
    assert!(here.agencies().all().eq(there.agencies().all()));
}
