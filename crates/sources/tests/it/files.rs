//! CSV and Excel files as sources: from the address to the answer.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use axum::Router;
use http::StatusCode;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use serde_json::{Value, json};
use sources::check::check;
use sources::definition::{Definition, Filter, How};
use sources::encoding::Encoding;
use sources::engine::{Address, Guard, Source};
use sources::file::{FileState, Import};
use sources::{SourceError, draft, inspect};

use crate::service::{ask, json_of, start};

/// A folder with one file, and its address.
struct Given {
    dir: tempfile::TempDir,
    path: PathBuf,
    url: String,
}

impl Given {
    fn new(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let is_csv = path.extension().is_some_and(|end| end == "csv");
        let scheme = if is_csv { "csv" } else { "xlsx" };
        let url = format!("{scheme}:{}", path.display());
        Self { dir, path, url }
    }

    fn workbook(mut book: Workbook) -> Self {
        Self::new("danh-sach.xlsx", book.save_to_buffer().unwrap())
    }

    async fn open(&self, import: &Import) -> Result<Source, SourceError> {
        open(&self.url, import).await
    }

    /// What `source draft` writes, as the node reads it.
    async fn drafted(&self, import: &Import) -> Definition {
        drafted(&self.url, import).await
    }

    async fn state(&self) -> FileState {
        self.open(&Import::default()).await.unwrap().file().unwrap()
    }

    async fn service(&self) -> Router {
        start(self.drafted(&Import::default()).await).await
    }

    async fn items(&self) -> Vec<Value> {
        json_of(&self.service().await, "/?limit=500").await["items"].as_array().unwrap().clone()
    }
}

async fn open(url: &str, import: &Import) -> Result<Source, SourceError> {
    let address: Address = url.parse().unwrap();
    Source::open(&address.with_import(import, [].into()), &Guard::default()).await
}

async fn drafted(url: &str, import: &Import) -> Definition {
    let source = open(url, import).await.unwrap();
    let tables = source.tables().await.unwrap();
    assert_eq!(tables.len(), 1, "{tables:?}");
    let seen = inspect::look(&source, &tables[0]).await.unwrap();
    let drafted = draft::draft(source.address(), &tables[0], &seen, ("XA", "danh-sach")).unwrap();
    let text = drafted.text().unwrap();
    Definition::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The register of a commune, as it comes out of Excel.
const REGISTER: &str = "\u{feff}UBND XÃ MẪU;;;;;\r\n;;;;;\r\nSố định danh;Họ và tên;Ngày sinh;Mã xã;Diện tích;Ghi chú\r\n\
    001099000001;Nguyễn Văn Mẫu;28/02/1990;00001;12,5;\"Nói: \"\"chào; bạn\"\"\r\nhai dòng\"\r\n\
    \r\n001099000002;Trần Thị O'Mẫu;1-3-1985;00002;1.234,75;\r\n";

#[tokio::test]
async fn a_file_of_excel_with_semicolons_becomes_a_service() {
    let given = Given::new("hộ tịch 2026.csv", REGISTER);
    let mut definition = given.drafted(&Import::default()).await;
    assert_eq!(definition.entity.table, "ho_tich_2026");
    assert_eq!(definition.entity.key, ["Số định danh"]);
    assert_eq!(definition.service.look_up.as_deref(), Some("soDinhDanh"));
    assert!(definition.service.about_person);
    definition.filters.push(Filter { parameter: "tu".into(), field: "dienTich".into(), how: How::From });
    let service = start(definition.clone()).await;
    let first = json!({
        "soDinhDanh": "001099000001", "hoVaTen": "Nguyễn Văn Mẫu", "ngaySinh": "1990-02-28", "maXa": "00001",
        "dienTich": "12.5", "ghiChu": "Nói: \"chào; bạn\"\nhai dòng",
    });
    assert_eq!(json_of(&service, "/001099000001").await, first);
    let items = json_of(&service, "/?maXa=00002&ngaySinhTu=1985-03-01&ngaySinhDen=1985-03-01").await;
    assert_eq!(items["items"][0]["dienTich"], "1234.75");
    assert_eq!(items["items"][0]["ghiChu"], Value::Null);
    assert_eq!(json_of(&service, "/_count?tu=100").await["count"], 1, "decimals are compared as numbers");
    assert_eq!(json_of(&service, "/_count?tu=2.50").await["count"], 2);

    let source = sources::serve::open(&definition).await.unwrap();
    let checked = check(&definition, &source).await.unwrap();
    assert_eq!((checked.mistakes.as_slice(), checked.rows), ([].as_slice(), 2));
    let said = checked.warnings[0].to_string();
    assert!(
        said.contains("2 dòng") && said.contains("UTF-8") && said.contains("';'") && said.contains("3,"),
        "{said}"
    );
    assert!(source.all("DELETE FROM ho_tich_2026", Vec::new()).await.is_err(), "the copy is only read");

    let folder = given.dir.path().join(".lienthong-nguon");
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    for copy in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{copy:?}");
    }
}

#[tokio::test]
async fn a_relative_path_lies_beside_the_definition() {
    let given = Given::new("a.csv", "ma,ten\n1,An\n");
    let mut definition = given.drafted(&Import::default()).await;
    definition.url = "csv:a.csv".into();
    let placed = definition.clone().placed(given.dir.path());
    assert_eq!(json_of(&start(placed).await, "/1").await["ten"], "An");
    definition.url = "xlsx:b.xlsx#Tờ 1".into();
    assert!(definition.placed(Path::new("/x")).url.starts_with("xlsx:/x/b.xlsx#Tờ"));
}

#[tokio::test]
async fn every_encoding_of_a_file_gives_the_same_names() {
    let text =
        "mã;họ tên\n1;Nguyễn Văn Đức\n2;Trần Thị Hường\n3;Lê Quốc Việt\n4;Đặng Mỹ Quỳnh\n5;Phạm Đình Trọng\n";
    let old = |encoding: Encoding| {
        let kept = encoding.encode(text).unwrap();
        (encoding, encoding_rs::WINDOWS_1252.encode(&kept).0.into_owned())
    };
    let wide = |mark: &str| format!("{mark}{text}").encode_utf16().collect::<Vec<u16>>();
    let little = wide("\u{feff}").into_iter().flat_map(u16::to_le_bytes).collect();
    let big = wide("\u{feff}").into_iter().flat_map(u16::to_be_bytes).collect();
    let unmarked = wide("").into_iter().flat_map(u16::to_le_bytes).collect();
    for (encoding, bytes) in [
        (Encoding::Utf8, text.as_bytes().to_vec()),
        (Encoding::Utf8, format!("\u{feff}{text}").into_bytes()),
        old(Encoding::Tcvn3),
        old(Encoding::Vni),
        (Encoding::Utf16Le, little),
        (Encoding::Utf16Be, big),
        (Encoding::Utf16Le, unmarked),
        // Characters that a database wrote for the bytes of TCVN3.
        (Encoding::Tcvn3, Encoding::Tcvn3.encode(text).unwrap().into_bytes()),
    ] {
        let given = Given::new("a.csv", bytes);
        assert_eq!(given.state().await.report.encoding, Some(encoding));
        let items = given.items().await;
        assert_eq!(items[0], json!({ "ma": "1", "hoTen": "Nguyễn Văn Đức" }), "{encoding:?}");
        assert_eq!(items[4]["hoTen"], "Phạm Đình Trọng");
    }
    let latin = encoding_rs::WINDOWS_1252.encode("nom,prénom\nHélène,Noël\nvoilà,Thérèse\n").0.into_owned();
    let given = Given::new("a.csv", latin);
    let refused = given.open(&Import::default()).await.err().unwrap();
    assert_eq!(refused.code(), "EX-3014", "{refused}");
    let named = Import { encoding: Some(Encoding::Tcvn3), ..Import::default() };
    let report = given.open(&named).await.unwrap().file().unwrap().report;
    assert!(report.problems > 0 && report.shown.iter().any(|of| of.en.contains("EX-3014")), "{report:?}");
}

#[tokio::test]
async fn rows_that_are_broken_are_named_by_line_and_never_by_value() {
    let long = "x".repeat(33 << 10);
    let given = Given::new(
        "a.csv",
        format!("a\tb\tc\n1\t2\tx\n1\n5\t6\t7\tbimat\n\"hai\ndòng\"\t2\t{long}\n8\t9\tz\n"),
    );
    let report = given.state().await.report;
    assert_eq!((report.rows, report.left_out, report.delimiter), (4, 1, Some('\t')));
    let said: Vec<String> = report.shown.iter().map(ToString::to_string).collect();
    assert!(said[0].contains("line 4:") && said[0].contains("4 cells, more than 3"), "{said:?}");
    assert!(said[1].contains("line 5:") && said[1].contains("32768"), "{said:?}");
    assert!(!said.concat().contains("bimat"));
    assert_eq!(given.items().await[2], json!({ "soDong": 5, "a": "hai\ndòng", "b": 2, "c": null }));

    for (bytes, words) in [
        ("a,b\n1,\"mở", "quotation mark"),
        ("", "no row with names"),
        ("1,2\n3,4\n", "header_row"),
        ("a,b\n1,2,3\n4,5,6\n7,8\n", "rows are broken"),
    ] {
        let given = Given::new("a.csv", bytes);
        let refused = given
            .open(&Import::default())
            .await
            .err()
            .unwrap_or_else(|| panic!("{bytes} was taken: {words}"));
        assert!(refused.code() == "EX-3013" && refused.to_string().contains(words), "{bytes}: {refused}");
    }
    let given = Given::new("a.csv", vec![b'"'; 20 << 20]);
    let refused = given.open(&Import::default()).await.err().map(|error| error.code());
    assert_eq!(refused, Some("EX-3013"), "a record that never ends does not fill the memory");
    let none = open("csv:/khong/co.csv", &Import::default()).await.err().unwrap();
    assert_eq!(none.code(), "EX-3013");
}

#[tokio::test]
async fn odd_headers_and_values_of_attackers_are_only_names_and_values() {
    let header = "a`b\"c,'; DROP TABLE a; --,漢字,ten,TEN,,so_dong,\"hai\ndòng\",𝕏 (Đơn vị: 1.000 đồng/m2/năm) rất dài rất dài rất dài rất dài rất dài";
    let row = "1,\"'); DELETE FROM a; --\",=cmd|'/c calc'!A1,` OR 1=1,x,y,5,z,w";
    let given = Given::new("a.csv", format!("{header}\n{row}\n{}\n", row.replace('1', "2")));
    let definition = given.drafted(&Import::default()).await;
    assert_eq!(definition.fields.len(), 10, "{definition:?}");
    let service = start(definition).await;
    let item = &json_of(&service, "/").await["items"][0];
    assert_eq!(item["dropTableA"], "'); DELETE FROM a; --", "{item}");
    for attempt in ["' OR '1'='1", "`; DROP TABLE a; --", "\" OR 1=1 --"] {
        let coded = attempt.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        assert_eq!(ask(&service, &format!("/?{coded}=1")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
        assert_ne!(ask(&service, &format!("/{coded}")).await.0, StatusCode::OK, "{attempt}");
    }
    assert_eq!(json_of(&service, "/_count").await["count"], 2);
}

#[tokio::test]
async fn no_header_and_a_header_that_somebody_names_are_taken_as_told() {
    let given = Given::new("a.csv", "1,An\n2,Bình\n");
    let import = Import { header_row: Some(0), ..Import::default() };
    let service = start(given.drafted(&import).await).await;
    assert_eq!(json_of(&service, "/2").await, json!({ "soDong": 2, "cot1": 2, "cot2": "Bình" }));
    let given = Given::new("a.csv", "x|y\nmã|tên\n1|An\n");
    let import = Import { header_row: Some(2), delimiter: Some('|'), ..Import::default() };
    let definition = given.drafted(&import).await;
    assert_eq!(definition.import, import, "what a draft was read with stands in it");
    assert_eq!(json_of(&start(definition).await, "/1").await["ten"], "An");
}

/// A list as communes keep it: a title across, a header of two rows, numbers of columns, a merged village, a formula.
fn list() -> Workbook {
    let mut book = Workbook::new();
    let plain = Format::new();
    let date = Format::new().set_num_format("dd/mm/yyyy");
    let sheet = book.add_worksheet();
    sheet.set_name("Hộ nghèo").unwrap();
    sheet.merge_range(0, 0, 0, 6, "DANH SÁCH HỘ NGHÈO", &plain).unwrap();
    for (column, name) in [(0, "STT"), (1, "Họ tên"), (2, "Ngày sinh"), (5, "Thôn"), (6, "Tổng")] {
        sheet.merge_range(2, column, 3, column, name, &plain).unwrap();
    }
    sheet.merge_range(2, 3, 2, 4, "Thường trú", &plain).unwrap();
    sheet.write(3, 3, "Xã").unwrap();
    sheet.write(3, 4, "Tỉnh").unwrap();
    for column in 0..7 {
        sheet.write(4, column, format!("({})", column + 1)).unwrap();
    }
    sheet.merge_range(5, 0, 5, 6, "I. Khu vực một", &plain).unwrap();
    for row in 0..4_u32 {
        let at = row + 6;
        sheet.write(at, 0, row + 1).unwrap();
        sheet.write(at, 1, format!("Nguyễn Mẫu {row}")).unwrap();
        let day = ExcelDateTime::from_ymd(1990, 2, 28).unwrap();
        sheet.write_datetime_with_format(at, 2, &day, &date).unwrap();
        sheet.write(at, 3, "00001").unwrap();
        sheet.write(at, 4, 1.5 * f64::from(row)).unwrap();
        sheet.write_formula(at, 6, Formula::new("=A7*2").set_result(format!("{}", row * 2))).unwrap();
    }
    sheet.merge_range(6, 5, 8, 5, "Thôn Đông", &plain).unwrap();
    sheet.write(9, 5, "Thôn Tây").unwrap();
    sheet.write_formula(8, 6, Formula::new("=#REF!").set_result("#REF!")).unwrap();
    book.add_worksheet().set_name("Ghi chú").unwrap().write(0, 0, "khác").unwrap();
    book
}

#[tokio::test]
async fn a_list_of_excel_with_merged_cells_formulas_and_dates_becomes_a_service() {
    let given = Given::workbook(list());
    let report = given.state().await.report;
    assert_eq!(
        (report.rows, report.header_line, report.other_sheets.as_slice()),
        (4, 5, ["Ghi chú".to_owned()].as_slice())
    );
    let said: Vec<String> = report.shown.iter().map(ToString::to_string).collect();
    assert!(said[0].contains("line 6") && said[0].contains("title"), "{said:?}");
    assert!(said[1].contains("G9") && said[1].contains("#REF!"), "{said:?}");
    let items = given.items().await;
    assert_eq!(
        items[0],
        json!({ "soDong": 7, "stt": 1, "hoTen": "Nguyễn Mẫu 0", "ngaySinh": "1990-02-28", "thuongTruXa": "00001",
            "thuongTruTinh": "0", "thon": "Thôn Đông", "tong": 0 })
    );
    assert_eq!(items[3]["thuongTruTinh"], "4.5");
    let villages: Vec<&Value> = items.iter().map(|item| &item["thon"]).collect();
    assert_eq!(villages, ["Thôn Đông", "Thôn Đông", "Thôn Đông", "Thôn Tây"]);
    assert_eq!((&items[2]["tong"], &items[3]["tong"]), (&Value::Null, &json!(6)));

    let other = open(&format!("{}#Ghi chú", given.url), &Import::default()).await.unwrap();
    assert_eq!(other.file().unwrap().report.table, "ghi_chu");
    let missing = open(&format!("{}#Không có", given.url), &Import::default()).await.err().unwrap();
    assert!(missing.code() == "EX-3013" && missing.to_string().contains("Hộ nghèo"), "{missing}");
}

#[tokio::test]
async fn numbers_of_persons_that_are_numbers_in_excel_are_told_and_notes_beside_a_table_are_kept() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in [(0, "Số CCCD"), (1, "Họ tên")] {
        sheet.write(0, column, name).unwrap();
    }
    for row in 1..=60_u32 {
        sheet.write(row, 0, 1_099_000_000_u64 + u64::from(row)).unwrap();
        sheet.write(row, 1, "Nguyễn Mẫu").unwrap();
    }
    sheet.write(60, 3, "xem lại").unwrap();
    let given = Given::workbook(book);
    let report = given.state().await.report;
    assert!(report.shown.iter().any(|of| of.en.contains("zeros in front are lost")), "{report:?}");
    let items = given.items().await;
    assert_eq!(
        items[0],
        json!({ "soCccd": "1099000001", "hoTen": "Nguyễn Mẫu", "cot3": null, "cot4": null })
    );
    assert_eq!((items.len(), &items[59]["cot4"]), (60, &json!("xem lại")));
}

#[tokio::test]
async fn a_sheet_that_was_written_with_an_old_font_is_given_as_unicode() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let old = |text: &str| Encoding::Vni.encode(text).unwrap();
    sheet.write(0, 0, old("Mã hộ")).unwrap();
    sheet.write(0, 1, old("Họ tên")).unwrap();
    for (row, name) in (1..).zip(["Nguyễn Đức Thắng", "Trần Thị Hường", "Lê Quốc Việt"]) {
        sheet.write(row, 0, format!("H{row}")).unwrap();
        sheet.write(row, 1, old(name)).unwrap();
    }
    let given = Given::workbook(book);
    assert_eq!(given.state().await.report.encoding, Some(Encoding::Vni));
    assert_eq!(given.items().await[0], json!({ "maHo": "H1", "hoTen": "Nguyễn Đức Thắng" }));
}

#[tokio::test]
async fn files_that_are_no_sheets_and_those_that_unpack_to_too_much_are_refused() {
    use std::io::Write as _;
    let mut bomb = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    bomb.start_file("xl/workbook.xml", zip::write::SimpleFileOptions::default()).unwrap();
    bomb.start_file("xl/sharedStrings.xml", zip::write::SimpleFileOptions::default()).unwrap();
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..257 {
        bomb.write_all(&blanks).unwrap();
    }
    let bomb = bomb.finish().unwrap().into_inner();
    assert!(bomb.len() < 1 << 20);
    let whole = list().save_to_buffer().unwrap();
    for (bytes, words) in [
        (bomb, "unpacks to more than"),
        (whole[..whole.len() / 2].to_vec(), "half written"),
        (b"ma,ten\n1,An\n".to_vec(), "is no file of .xlsx"),
        (Vec::new(), "is no file of .xlsx"),
    ] {
        let given = Given::new("a.xlsx", bytes);
        let refused = given.open(&Import::default()).await.err().unwrap();
        assert!(refused.code() == "EX-3013" && refused.to_string().contains(words), "{refused}");
    }
}

/// Asks until an answer is as expected; a file is looked at every two seconds.
async fn until(service: &Router, target: &str, expected: impl Fn(&Value) -> bool) {
    for _ in 0..200 {
        if expected(&json_of(service, target).await) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{target} never became what it should: {}", json_of(service, target).await);
}

#[tokio::test]
async fn a_file_that_changes_is_read_again_and_a_broken_one_leaves_the_answers_as_they_are() {
    let given = Given::new("a.csv", "mã,ngày\n1,28/02/1990\n2,01/03/1990\n");
    let definition = given.drafted(&Import::default()).await;
    let service = start(definition.clone()).await;
    assert_eq!(json_of(&service, "/_count").await["count"], 2);
    std::fs::write(&given.path, "mã,ngày\n1,28/02/1990\n2,01/03/1990\n3,31/02/1990\n").unwrap();
    until(&service, "/_count", |count| count["count"] == 3).await;
    assert_eq!(json_of(&service, "/1").await["ngay"], "1990-02-28", "the definition's type counts");
    assert_eq!(ask(&service, "/3").await.0, StatusCode::INTERNAL_SERVER_ERROR, "no such day");

    std::fs::write(&given.path, "mã,ngày\n1,\"28/02").unwrap();
    let source = sources::serve::open(&definition).await.unwrap();
    let state = source.file().unwrap();
    assert!(state.alarm.is_some_and(|(_, en)| en.contains("quotation")) && state.behind.is_some());
    let checked = check(&definition, &source).await.unwrap();
    assert!(checked.mistakes.iter().any(|of| of.place == "url"), "{checked:?}");
    for _ in 0..50 {
        assert_eq!(json_of(&service, "/_count").await["count"], 3);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    std::fs::remove_file(&given.path).unwrap();
    assert_eq!(json_of(&start(definition).await, "/_count").await["count"], 3, "also after a new start");
    std::fs::write(&given.path, "mã,ngày\n9,01/03/1990\n").unwrap();
    until(&service, "/_count", |count| count["count"] == 1).await;
}

#[tokio::test]
async fn a_copy_that_fits_is_used_again() {
    let given = Given::new("a.csv", "mã,tên\n1,An\n");
    let copies = || {
        let folder = std::fs::read_dir(given.dir.path().join(".lienthong-nguon")).unwrap();
        folder
            .map(|entry| {
                (entry.as_ref().unwrap().path(), entry.unwrap().metadata().unwrap().modified().unwrap())
            })
            .collect::<Vec<_>>()
    };
    drop(given.open(&Import::default()).await.unwrap());
    let first = copies();
    drop(given.open(&Import::default()).await.unwrap());
    assert_eq!((copies(), first.len()), (first, 1));
    let other = tempfile::tempdir().unwrap();
    std::fs::set_permissions(other.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let import = Import { cache: Some(other.path().to_owned()), ..Import::default() };
    let refused = given.open(&import).await.err().unwrap();
    assert!(refused.to_string().contains("chmod 700"), "{refused}");
}

#[tokio::test]
async fn a_hundred_thousand_rows_are_read_and_found() {
    let line = |number: u32| format!("0010{number:08},Nguyễn Mẫu {number},{:05}\n", number % 500);
    let text: Vec<String> = (0..100_000).map(line).collect();
    let given = Given::new("a.csv", format!("Số định danh,Họ tên,Mã xã\n{}", text.concat()));
    let service = given.service().await;
    assert_eq!(json_of(&service, "/_count").await["count"], 100_000);
    assert_eq!(json_of(&service, "/001000099999").await["hoTen"], "Nguyễn Mẫu 99999");
    assert_eq!(json_of(&service, "/_count?maXa=00007").await["count"], 200);
}

/// A sheet of `LibreOffice`, as small as it can be: a title across, a village that is merged down, a day, a sum.
const ODS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><office:document-content
  xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
  xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:body><office:spreadsheet>
<table:table table:name="Tờ 1"><table:table-row><table:table-cell office:value-type="string" table:number-columns-spanned="3" table:number-rows-spanned="1"><text:p>DANH SÁCH</text:p></table:table-cell><table:covered-table-cell table:number-columns-repeated="2"/></table:table-row><table:table-row><table:table-cell office:value-type="string"><text:p>Mã hộ</text:p></table:table-cell><table:table-cell office:value-type="string"><text:p>Thôn</text:p></table:table-cell><table:table-cell office:value-type="string"><text:p>Ngày cấp</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell office:value-type="string"><text:p>01</text:p></table:table-cell><table:table-cell office:value-type="string" table:number-columns-spanned="1" table:number-rows-spanned="2"><text:p>Thôn Đông</text:p></table:table-cell><table:table-cell office:value-type="date" office:date-value="1990-02-28"><text:p>28/02/90</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell office:value-type="string"><text:p>02</text:p></table:table-cell><table:covered-table-cell/><table:table-cell office:value-type="date" office:date-value="1991-03-01"><text:p>01/03/91</text:p></table:table-cell></table:table-row></table:table>
</office:spreadsheet></office:body></office:document-content>"#;

/// A file of `LibreOffice` with this content.
fn ods(content: &str) -> Given {
    use std::io::Write as _;
    let mut packed = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let manifest = r#"<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>"#;
    for (name, content) in [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", manifest),
        ("content.xml", content),
    ] {
        packed.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        packed.write_all(content.as_bytes()).unwrap();
    }
    Given::new("a.ods", packed.finish().unwrap().into_inner())
}

#[tokio::test]
async fn a_sheet_of_libreoffice_is_read_with_its_merged_cells() {
    let given = ods(ODS);
    let items = given.items().await;
    assert_eq!(items[0], json!({ "maHo": "01", "thon": "Thôn Đông", "ngayCap": "1990-02-28" }));
    assert_eq!(items[1], json!({ "maHo": "02", "thon": "Thôn Đông", "ngayCap": "1991-03-01" }));
}

#[tokio::test]
async fn a_small_sheet_of_libreoffice_whose_cells_repeat_without_end_is_refused() {
    let (from, to) = ("<table:table-row>", "<table:table-row table:number-rows-repeated=\"1000000\">");
    assert!(ODS.contains(from));
    let given = ods(&ODS.replacen("Thôn Đông", &"x".repeat(32 << 10), 1).replace(from, to));
    let refused = given.open(&Import::default()).await.err().unwrap();
    assert!(refused.code() == "EX-3013" && refused.to_string().contains("unpacks to more"), "{refused}");
}
