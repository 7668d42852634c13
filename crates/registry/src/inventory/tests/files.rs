use std::fmt::Write as _;
use std::io::{Cursor, Read as _, Write as _};

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization as _;

use super::*;

const FORMATS: [Format; 3] = [Format::Csv, Format::Xlsx, Format::Json];

fn rows(holdings: impl IntoIterator<Item = Holding>) -> Vec<Row> {
    holdings.into_iter().map(|holding| Row { holding, version: None }).collect()
}

fn read(format: Format, bytes: &[u8]) -> Vec<Row> {
    let intake = super::super::file::read(format, bytes).unwrap();
    assert_eq!(intake.mistakes, []);
    intake.rows.into_iter().map(|(_, row)| row).collect()
}

fn csv(text: &str) -> Result<Vec<crate::Event>, RegistryError> {
    import(&state(), &moment(TODAY), Format::Csv, text.as_bytes())
}

#[test]
fn what_is_written_is_read_again() {
    let mut plain_words = full("D");
    plain_words.purpose = "''+1".into();
    plain_words.vendor = "'".into();
    plain_words.source = "'quoted'".into();
    let mut written = rows([full("A"), bare("B"), bare("C"), plain_words]);
    written[1].version = Some(41);
    for format in FORMATS {
        let bytes = write(format, &written).unwrap();
        assert_eq!(read(format, &bytes), written, "{format:?}");
        assert_eq!(write(format, &written).unwrap(), bytes, "the same entries make the same {format:?} file");
    }
}

/// Text as it is kept: NFC, trimmed, printable.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("=1+1".to_owned()),
        Just("'".to_owned()),
        Just("\"".to_owned()),
        Just(";\t,".to_owned()),
        Just("\n".to_owned()),
        Just("_x000D_".to_owned()),
        Just("<&>".to_owned()),
        Just("−＝＠".to_owned()),
        "\\PC{0,8}",
    ];
    prop::collection::vec(piece, 0..6)
        .prop_map(|pieces| pieces.concat().nfc().collect::<String>().trim().to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_survives_each_format(name in text(), purpose in text(), vendor in text(), title in text(), item in text()) {
        let mut holding = full("A");
        holding.name = format!("N{name}");
        holding.purpose = purpose;
        holding.vendor = vendor;
        holding.objects[0].title = title.replace(['|', '\n'], " ").trim().to_owned();
        holding.asks = vec![format!("x{}", item.replace([';', '\n'], " ").trim())];
        let written = rows([holding]);
        for format in FORMATS {
            let bytes = write(format, &written).unwrap();
            prop_assert_eq!(&read(format, &bytes), &written);
        }
    }

    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for format in FORMATS {
            drop(import(&state(), &moment(TODAY), format, &bytes));
        }
    }

    #[test]
    fn broken_json_and_csv_never_panic(text in "[\\[\\]{}\",:;|a-z0-9\\n ]{0,200}") {
        let csv = format!("code;kind;name;owner;scope;objects\n{text}");
        drop(import(&state(), &moment(TODAY), Format::Csv, csv.as_bytes()));
        let json = format!("[{{\"code\":{text}}}]");
        drop(import(&state(), &moment(TODAY), Format::Json, json.as_bytes()));
    }
}

#[test]
fn nothing_exported_is_a_template_that_can_be_read() {
    for format in FORMATS {
        let template = write(format, &[]).unwrap();
        assert_eq!(import(&state(), &moment(TODAY), format, &template).unwrap(), [], "{format:?}");
    }
    let text = String::from_utf8(write(Format::Csv, &[]).unwrap()).unwrap();
    assert!(text.starts_with("\u{feff}Mã,Loại,Tên,"));
}

#[test]
fn a_cell_that_would_be_computed_is_neutralised_in_tables() {
    let mut holding = bare("A");
    for formula in ["=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "＝1", "'=1"] {
        holding.vendor = formula.into();
        let written = rows([holding.clone()]);
        let bytes = write(Format::Csv, &written).unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.contains(&format!(",'{formula}")) || text.contains(&format!(",\"'{formula}")), "{text}");
        assert_eq!(read(Format::Csv, &bytes), written);
        let bytes = write(Format::Xlsx, &written).unwrap();
        assert!(!part(&bytes, "xl/worksheets/sheet1.xml").contains("<f>"));
        assert!(part(&bytes, "xl/sharedStrings.xml").contains(&format!(">'{formula}<")));
    }
}

fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn headings_and_cells_are_read_as_people_write_them() {
    let expected = {
        let mut holding = bare("A");
        holding.levels = [Level::Province, Level::Commune].into();
        holding.contract_to = Some(date(2026, 1, 31));
        holding.sharing = Sharing::OffPlatform;
        holding.name = "Cơ sở, dữ liệu".into();
        vec![crate::Event::Inventory(Event::Put(Box::new(holding)))]
    };
    for text in [
        "code,kind,name,owner,scope,levels,contract_to,sharing\nA,database,\"Cơ sở, dữ liệu\",000.00.00.H17,province,province; commune,2026-01-31,off_platform",
        "\u{feff}code;kind;name;owner;scope;levels;contract_to;sharing\r\nA;database;Cơ sở, dữ liệu;000.00.00.H17;province;\"commune;province\";31/1/2026;off_platform\r\n",
        "sep=;\r\nCode;Kind;Name;Owner;Scope;Levels;Contract to;Sharing\nA;DATABASE;Cơ sở, dữ liệu;000.00.00.H17;Tinh;\"Xã;Tỉnh\";31.01.2026;Off platform",
        "Mã\tLoại\tTên\tMã cơ quan chủ quản\tPhạm vi\tCấp sử dụng\tHợp đồng đến ngày\tCách chia sẻ\t\nA\tcơ sở dữ liệu\t Cơ sở, dữ liệu \t000.00.00.H17\tTỈNH\tTỈNH; XÃ\t31-01-2026\tngoài nền tảng\t\n\t\t\n",
        "ten,ma,loai,pham vi,ma co quan chu quan,cap su dung,hop dong den ngay,cach chia se\n\"Cơ sở, dữ liệu\",A,CO SO DU LIEU,Tỉnh,000.00.00.H17,tinh;xa,2026-1-31,NGOÀI NỀN TẢNG",
    ] {
        assert_eq!(csv(text).unwrap(), expected, "{text}");
        let nfd: String = text.nfd().collect();
        assert_eq!(csv(&nfd).unwrap(), expected);
    }
}

#[test]
fn each_bad_cell_is_reported_with_row_and_column() {
    let head =
        "code;kind;name;owner;scope;stage;contract_to;security_level;levels;successor;objects;version\n";
    for (row, expected) in [
        (";database;A;000.00.00.H17;province;;;;;;;", vec!["row 2, code"]),
        ("a b;database;A;000.00.00.H17;province;;;;;;;", vec!["row 2, code"]),
        ("A;Kho;A;000.00.00.H17;province;;;;;;;", vec!["row 2, kind"]),
        ("A;database;;H1;province;;;;;;;", vec!["row 2, owner", "row 2, name"]),
        ("A;database;A;000.00.00.H47;province;;;;;;;", vec!["row 2, owner"]),
        ("A;database;A;000.00.00.H17;;;;;;;;", vec!["row 2, scope"]),
        (
            "A;database;A;000.00.00.H17;province;xong;31/02/2026;7;;;;",
            vec!["row 2, stage", "row 2, contract_to", "row 2, security_level"],
        ),
        ("A;database;A;000.00.00.H17;province;;01/02/26;;;;;", vec!["row 2, contract_to"]),
        ("A;database;A;000.00.00.H17;province;;;;ấp;;;", vec!["row 2, levels"]),
        ("A;database;A;000.00.00.H17;province;;;;;Z;;", vec!["row 2, successor"]),
        ("A;database;A;000.00.00.H17;province;;;;;A;;", vec!["row 2, successor"]),
        ("A;database;A;000.00.00.H17;province;;;;;;a | b | c | d;", vec!["row 2, objects"]),
        ("A;database;A;000.00.00.H17;province;;;;;;;7", vec!["row 2, version"]),
        ("A;database;A;000.00.00.H17;province;;;;;;;;;hơn", vec!["row 2, ?"]),
        (
            "A;database;\"x\ny\";000.00.00.H17;province;;;;;;;\nB;database;;000.00.00.H17;province;;;;;;;",
            vec!["row 3 (line 4), name"],
        ),
        (
            "A;database;A;000.00.00.H17;province;;;;;;;\nA;database;A;000.00.00.H17;province;;;;;;;",
            vec!["row 3, code"],
        ),
        (
            "A;database;A;000.00.00.H17;province;;;;;B;;\nB;database;A;000.00.00.H17;province;;;;;A;;",
            vec!["row 2, successor"],
        ),
    ] {
        let mistakes = mistakes(csv(&format!("{head}{row}")));
        assert_eq!(places(&mistakes), expected, "{row}");
        assert!(mistakes.iter().all(|mistake| !mistake.vi.is_empty() && !mistake.en.is_empty()));
    }
}

#[test]
fn a_file_without_proper_headings_is_refused_as_a_whole() {
    for (text, expected) in [
        ("", vec!["file"]),
        ("code;kind;name\n", vec!["row 1, owner", "row 1, scope"]),
        ("code;kind;name;owner;scope;màu\n", vec!["row 1, màu"]),
        ("code;kind;name;owner;scope;Mã\n", vec!["row 1, Mã"]),
    ] {
        assert_eq!(places(&mistakes(csv(text))), expected, "{text}");
    }
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("code".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let refused = mistakes(import(&state(), &moment(TODAY), Format::Csv, &utf16));
    assert!(refused[0].en.contains("CSV UTF-8"));
    let latin = b"code;kind;name;owner;scope\nA;database;\xe9;000.00.00.H17;province";
    let refused = mistakes(import(&state(), &moment(TODAY), Format::Csv, latin));
    assert_eq!(places(&refused), ["row 2, name"]);
}

#[test]
fn successors_may_stand_in_the_same_file_in_any_order() {
    let events = csv("code;kind;name;owner;scope;successor\nA;database;A;000.00.00.H17;province;B\nB;database;B;000.00.00.H17;province;").unwrap();
    assert_eq!(events.len(), 2);
}

#[test]
fn an_import_changes_only_what_differs_and_never_undoes_what_others_did() {
    let mut state = entered([bare("A"), bare("B")]);
    let exported: Vec<Row> = state
        .inventory
        .iter()
        .map(|entry| Row { holding: entry.holding.clone(), version: Some(entry.version) })
        .collect();
    for format in FORMATS {
        let bytes = write(format, &exported).unwrap();
        assert_eq!(import(&state, &moment(TODAY), format, &bytes).unwrap(), []);
    }
    let mut changed = bare("A");
    changed.vendor = "Công ty khác".into();
    let events = put(&state, &moment(TODAY), changed, None).unwrap();
    apply(&mut state, events);
    let mut edited = exported;
    edited[0].holding.vendor = "Công ty Mẫu".into();
    edited[1].holding.vendor = "Công ty Mẫu".into();
    for format in FORMATS {
        let bytes = write(format, &edited).unwrap();
        let refused = mistakes(import(&state, &moment(TODAY), format, &bytes));
        let row = if format == Format::Json { "row 1 (line 2), version" } else { "row 2, version" };
        assert_eq!(places(&refused), [row]);
    }
    edited[0].version = None;
    let bytes = write(Format::Csv, &edited).unwrap();
    assert_eq!(import(&state, &moment(TODAY), Format::Csv, &bytes).unwrap().len(), 2);
}

#[test]
fn a_hundred_thousand_rows_with_errors_in_the_middle_load_nothing_and_name_each() {
    let mut text = String::from("code;kind;name;owner;scope;contract_to;successor\n");
    for number in 2..=100_001 {
        let (owner, ends, successor) = match number {
            50_000 => ("H1", "2026-12-31", ""),
            50_001 => ("000.00.00.H17", "31/13/2026", ""),
            70_000 => ("000.00.00.H47", "2026-12-31", "N-80000"),
            80_000 => ("000.00.00.H17", "2026-12-31", "N-70000"),
            _ => ("000.00.00.H17", "2026-12-31", ""),
        };
        writeln!(text, "N-{number};database;Cơ sở dữ liệu {number};{owner};province;{ends};{successor}")
            .unwrap();
    }
    let refused = mistakes(csv(&text));
    assert_eq!(
        places(&refused),
        ["row 50000, owner", "row 50001, contract_to", "row 70000, owner", "row 70000, successor"]
    );
    let mended = text.replace(";H1;", ";000.00.00.H17;").replace("31/13/2026", "31/12/2026");
    let mended = mended.replace("000.00.00.H47", "000.00.00.H17").replace(";N-70000\n", ";\n");
    assert_eq!(csv(&mended).unwrap().len(), 100_000);
}

#[test]
fn limits_are_refused_with_their_number() {
    let refused = |bytes: &[u8], format| import(&state(), &moment(TODAY), format, bytes).unwrap_err();
    let large = vec![b'a'; FILE_BYTES_MAX + 1];
    for format in FORMATS {
        assert!(matches!(refused(&large, format), RegistryError::TooMany { max: FILE_BYTES_MAX, .. }));
    }
    let mut many = String::from("code;kind;name;owner;scope\n");
    for number in 0..=ROWS_MAX {
        writeln!(many, "{number};;;;").unwrap();
    }
    assert!(matches!(refused(many.as_bytes(), Format::Csv), RegistryError::TooMany { max: ROWS_MAX, .. }));
    let many = format!("[{}1]", "{\"code\":1},".repeat(ROWS_MAX + 1));
    assert!(matches!(refused(many.as_bytes(), Format::Json), RegistryError::TooMany { max: ROWS_MAX, .. }));
}

#[test]
fn json_is_read_strictly_and_mistakes_name_entry_line_and_path() {
    for (text, expected) in [
        ("{", vec!["line 1, column 0"]),
        ("{}", vec!["line 1, column 0"]),
        ("[{}", vec!["line 1, column 3"]),
        ("[1]", vec!["row 1, entry"]),
        (
            "[\n{\"code\":\"A\",\"kind\":\"database\",\"name\":\"A\",\"owner\":\"000.00.00.H17\",\"scope\":\"x\"}]",
            vec!["row 1 (line 2), scope"],
        ),
        (
            "[{\"contacts\":{\"security\":{\"fax\":1}}}]",
            vec![
                "row 1, contacts.security.fax",
                "row 1, code",
                "row 1, kind",
                "row 1, name",
                "row 1, owner",
                "row 1, scope",
            ],
        ),
    ] {
        let refused = import(&state(), &moment(TODAY), Format::Json, text.as_bytes());
        assert_eq!(places(&mistakes(refused)), expected, "{text}");
    }
    let good =
        json!({"code": "A", "kind": "database", "name": "A", "owner": "000.00.00.H17", "scope": "province"});
    for (field, value) in [
        ("asks", json!(["a;b"])),
        ("asks", json!([["a"]])),
        ("levels", json!(["up"])),
        ("objects", json!([{"object": "a", "title": "x|y"}])),
        ("objects", json!([{"object": "a", "colour": "x"}])),
        ("objects", json!([{"object": "a", "fields": ["b,c"]}])),
        ("security_level", json!(9)),
        ("contract_to", json!(20_261_231)),
    ] {
        let mut entry = good.clone();
        entry[field] = value;
        let bytes = serde_json::to_vec(&[entry]).unwrap();
        let refused = mistakes(import(&state(), &moment(TODAY), Format::Json, &bytes));
        assert_eq!(places(&refused), [format!("row 1, {field}")]);
    }
}

/// An Excel file with the parts of another, one of them replaced.
fn replaced(bytes: &[u8], name: &str, content: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let mut old = Vec::new();
        part.read_to_end(&mut old).unwrap();
        let of = part.name().unwrap().into_owned();
        writer.start_file(of.clone(), zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(if of == name { content } else { &old }).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn an_excel_file_typed_by_hand_is_read() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    let day = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy");
    for (column, heading) in (0..).zip([
        "code",
        "kind",
        "name",
        "owner",
        "scope",
        "contract_to",
        "security_level",
        "security_date",
        "security_decision",
    ]) {
        sheet.write(0, column, heading).unwrap();
    }
    // Row 2 stays empty, as people leave it.
    sheet.write(2, 0, 12).unwrap();
    for (column, cell) in (1..).zip(["Cơ sở dữ liệu", "A", "000.00.00.H17", "Tỉnh"]) {
        sheet.write(2, column, cell).unwrap();
    }
    let made = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 1, 31).unwrap();
    sheet.write_with_format(2, 5, &made, &day).unwrap();
    sheet.write(2, 6, 3.0).unwrap();
    sheet.write(2, 7, "4/3/2025").unwrap();
    sheet.write(2, 8, "12/QĐ").unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    let rows = read(Format::Xlsx, &bytes);
    let [Row { holding, .. }] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(holding.code.as_str(), "12");
    assert_eq!((holding.contract_to, holding.security_level), (Some(date(2026, 1, 31)), Some(3)));
    assert_eq!(holding.security_date, Some(date(2025, 3, 4)));
}

#[test]
fn mistakes_in_an_excel_file_name_the_row_that_excel_shows() {
    let mut bad = bare("B");
    bad.name.clear();
    let bytes = write(Format::Xlsx, &rows([bare("A"), bad, bare("A")])).unwrap();
    let refused = mistakes(import(&state(), &moment(TODAY), Format::Xlsx, &bytes));
    assert_eq!(places(&refused), ["row 3, name", "row 4, code"]);
}

#[test]
fn a_file_that_unpacks_to_more_than_its_limit_is_refused_before_it_is_read() {
    let bytes = write(Format::Xlsx, &rows([bare("A")])).unwrap();
    let bomb = replaced(&bytes, "xl/sharedStrings.xml", &vec![b' '; 20 << 20]);
    assert!(bomb.len() < 1 << 20);
    assert!(matches!(file::within_limits(&bomb, 10 << 20), Err(RegistryError::TooMany { .. })));
    assert!(file::within_limits(&bomb, 30 << 20).is_ok());
}

#[test]
fn a_far_away_cell_costs_nothing_and_is_refused() {
    let bytes = write(Format::Xlsx, &rows([bare("A")])).unwrap();
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    let far =
        sheet.replace("</sheetData>", r#"<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>"#);
    let bytes = replaced(&bytes, "xl/worksheets/sheet1.xml", far.as_bytes());
    let refused = mistakes(import(&state(), &moment(TODAY), Format::Xlsx, &bytes));
    assert!(places(&refused).contains(&"row 1048576, ?"), "{refused:?}");
}

#[test]
fn damaged_excel_files_are_refused_and_never_panic() {
    let bytes = write(Format::Xlsx, &rows([full("A"), bare("B")])).unwrap();
    let mut seed = 99_u32;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % below
    };
    for name in ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"] {
        let original = part(&bytes, name).into_bytes();
        for _ in 0..60 {
            let mut damaged = original.clone();
            for _ in 0..=next(3) {
                let place = next(damaged.len());
                match next(3) {
                    0 => damaged[place] = b"<>\"/=&;09A"[next(10)],
                    1 => damaged.truncate(place + 1),
                    _ => drop(damaged.drain(place..(place + 1 + next(20)).min(damaged.len()))),
                }
                if damaged.is_empty() {
                    damaged.push(b'<');
                }
            }
            let file = replaced(&bytes, name, &damaged);
            drop(import(&state(), &moment(TODAY), Format::Xlsx, &file));
        }
    }
    for length in (0..bytes.len()).step_by(97) {
        assert!(import(&state(), &moment(TODAY), Format::Xlsx, &bytes[..length]).is_err());
    }
}

#[test]
fn columns_are_named_once_and_every_field_of_an_entry_has_one() {
    let mut codes: Vec<_> = COLUMNS.iter().flat_map(|column| [column.code, column.vi]).collect();
    let folded = |name: &str| crate::text::fold(name);
    codes.sort_by_key(|name| folded(name));
    assert!(codes.windows(2).all(|pair| folded(pair[0]) != folded(pair[1])));
    let filled = full("A");
    let empty: Vec<_> =
        COLUMNS.iter().filter(|column| (column.get)(&filled).is_empty()).map(|c| c.code).collect();
    assert_eq!(empty, [""; 0]);
    // A field without column would be lost on the way through a table.
    let bytes = write(Format::Csv, &rows([filled.clone()])).unwrap();
    assert_eq!(
        serde_json::to_value(&read(Format::Csv, &bytes)[0].holding).unwrap(),
        serde_json::to_value(filled).unwrap()
    );
}

#[test]
fn the_page_on_files_names_every_column_as_the_program_does() {
    let page = include_str!("../../../../../docs/inventory-files.md");
    let mut missing = String::new();
    for column in &COLUMNS {
        let required = if column.required { "x" } else { "" };
        let words = (column.words)().join(" / ");
        let (vi, en) = column.about;
        let [vi, en] = [vi, en].map(|about| about.replace('|', "\\|"));
        let line = format!("| `{}` | {} | {required} | {vi} | {en} | {words} |\n", column.code, column.vi);
        if !page.contains(&line) {
            missing.push_str(&line);
        }
    }
    assert!(missing.is_empty(), "docs/inventory-files.md lacks:\n{missing}");
}
