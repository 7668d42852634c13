//! The columns of files: one table for CSV, Excel and JSON, and for the history of changes.
//!
//! In JSON the code of a column is the path of the value (`contacts.business.phone`). In CSV and Excel one cell holds
//! one value; lists are written `a; b`, main objects one a line as `cong-dan | Công dân | hoTen, ngaySinh`. Headings are
//! read in Vietnamese or as codes, in any order; case and tone marks do not matter.

use std::str::FromStr;

use jiff::civil::Date;

use super::holding::{HeldObject, Holding, Kind, Level, Scope, Sharing, Stage, Word};

/// Heading and JSON name of the version that a row was made from, which is no part of the entry.
pub(super) const VERSION: (&str, &str) = ("version", "Phiên bản");
/// What the version is for.
pub(super) const VERSION_ABOUT: (&str, &str) = (
    "Giữ nguyên số mà tệp xuất ra đã ghi; để trống khi đăng ký mới hoặc khi ghi đè có chủ ý.",
    "Leave the number as it was exported; empty for a new entry, or to overwrite on purpose.",
);

/// A column: what it is called, what may stand in it, and how it is read and written.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its code: the path of the value in JSON.
    pub code: &'static str,
    /// Its heading in tables.
    pub vi: &'static str,
    /// Whether it must be filled in.
    pub required: bool,
    /// What may stand in it, in Vietnamese and English; the remedy when something else does.
    pub about: (&'static str, &'static str),
    /// Whether it holds a list, which together must fit into a cell.
    pub is_list: bool,
    /// The words to choose from; empty when it is not a choice.
    pub words: fn() -> Vec<&'static str>,
    /// The cell's text; empty when nothing is known.
    pub(super) get: fn(&Holding) -> String,
    /// Reads the text of a cell that is not empty; `None` when it does not fit.
    pub(super) set: fn(&mut Holding, &str) -> Option<()>,
}

type About = (&'static str, &'static str);
type Get = fn(&Holding) -> String;
type Set = fn(&mut Holding, &str) -> Option<()>;

const SHORT: About = ("Ghi tối đa 500 ký tự.", "Write at most 500 characters.");
const TEXT: About = ("Ghi tối đa 5.000 ký tự.", "Write at most 5,000 characters.");
const POST: About = (
    "Ghi tên vị trí công tác, không ghi tên người, tối đa 500 ký tự.",
    "Write the name of the post, not of the person, at most 500 characters.",
);
pub(super) const PHONE: About = (
    "Ghi số điện thoại: chữ số, dấu cách và + - . ( ), tối đa 30 ký tự.",
    "Write a telephone number: digits, spaces and + - . ( ), at most 30 characters.",
);
pub(super) const EMAIL: About = (
    "Ghi địa chỉ thư điện tử dạng ten@donvi.gov.vn, tối đa 254 ký tự.",
    "Write an e-mail address such as post@agency.gov.vn, at most 254 characters.",
);
const DATE: About =
    ("Ghi ngày dạng 2025-07-01 hoặc 01/07/2025.", "Write a date as 2025-07-01 or 01/07/2025 (day first).");
const LIST: About = (
    "Ghi danh sách, các mục cách nhau bằng dấu chấm phẩy.",
    "Write a list with semicolons between the items.",
);
pub(super) const CODE: About = (
    "Ghi mã riêng, 1 đến 64 ký tự A-Z a-z 0-9 . - _, ví dụ CSDL-000012.",
    "Write a code of its own: 1 to 64 characters of A-Z a-z 0-9 . - _, such as CSDL-000012.",
);
const OWNER: About = (
    "Ghi mã cơ quan dạng 000.00.00.H17 (QCVN 102:2016) hoặc H17.11 (QĐ 20/2020/QĐ-TTg).",
    "Write the agency's code as 000.00.00.H17 (QCVN 102:2016) or H17.11 (QĐ 20/2020/QĐ-TTg).",
);
const OBJECTS: About = (
    "Mỗi dòng một đối tượng, tối đa 10: mã | tên | các trường cách nhau bằng dấu phẩy, ví dụ cong-dan | Công dân | hoTen, ngaySinh.",
    "One object a line, at most 10: code | title | fields with commas between, such as cong-dan | Công dân | hoTen, ngaySinh.",
);
const LEVELS: About = (
    "Ghi các cấp đang sử dụng, cách nhau bằng dấu chấm phẩy: Trung ương; Tỉnh; Huyện; Xã.",
    "Write the levels where it is in use, semicolons between: central; province; district; commune.",
);
const ASKS: About = (
    "Ghi các trường mà biểu mẫu yêu cầu công dân khai, dạng trường hoặc đối-tượng:trường, cách nhau bằng dấu chấm phẩy.",
    "Write the fields that forms ask citizens for, as field or object:field, semicolons between.",
);
pub(super) const SECURITY_LEVEL: About =
    ("Ghi cấp độ an toàn, từ 1 đến 5.", "Write the security level, 1 to 5.");
const SERVICES: About = (
    "Ghi mã dịch vụ dạng VN-DEMO/GOV/H17/MOTCUA/tra-cuu, cách nhau bằng dấu chấm phẩy.",
    "Write services as VN-DEMO/GOV/H17/MOTCUA/tra-cuu, semicolons between.",
);
const WORDS: About = ("Chọn một trong các giá trị của cột.", "Choose one of the column's words.");

const fn column(code: &'static str, vi: &'static str, about: About, get: Get, set: Set) -> Column {
    Column { code, vi, required: false, is_list: false, about, words: Vec::new, get, set }
}

const fn required(column: Column) -> Column {
    Column { required: true, ..column }
}

const fn many(column: Column) -> Column {
    Column { is_list: true, ..column }
}

/// A column of plain text.
macro_rules! text {
    ($code:literal, $vi:literal, $about:expr, $($field:ident).+) => {
        column($code, $vi, $about, |holding| holding.$($field).+.clone(), |holding, text| {
            text.clone_into(&mut holding.$($field).+);
            Some(())
        })
    };
}

/// A column whose value has a written form: a code, a date, a number.
macro_rules! parsed {
    ($code:literal, $vi:literal, $about:expr, $field:ident) => {
        column(
            $code,
            $vi,
            $about,
            |holding| holding.$field.to_string(),
            |holding, text| {
                holding.$field = text.parse().ok()?;
                Some(())
            },
        )
    };
}

/// A column whose value may be absent.
macro_rules! optional {
    ($code:literal, $vi:literal, $about:expr, $field:ident, $read:expr) => {
        column(
            $code,
            $vi,
            $about,
            |holding| optional(holding.$field.as_ref()),
            |holding, text| {
                holding.$field = Some($read(text)?);
                Some(())
            },
        )
    };
}

/// A column with a list.
macro_rules! list {
    ($code:literal, $vi:literal, $about:expr, $field:ident) => {
        many(column(
            $code,
            $vi,
            $about,
            |holding| joined(&holding.$field),
            |holding, text| {
                holding.$field = items(text).map(|item| item.parse().ok()).collect::<Option<_>>()?;
                Some(())
            },
        ))
    };
}

/// A column with one of a closed list of words.
macro_rules! word {
    ($code:literal, $vi:literal, $field:ident: $kind:ty) => {
        Column {
            words: || <$kind>::WORDS.iter().map(|word| word.2).collect(),
            ..column(
                $code,
                $vi,
                WORDS,
                |holding| holding.$field.vi().to_owned(),
                |holding, text| {
                    holding.$field = <$kind>::read(text)?;
                    Some(())
                },
            )
        }
    };
}

/// Every column, in the order of files.
pub static COLUMNS: [Column; 36] = [
    required(parsed!("code", "Mã", CODE, code)),
    required(word!("kind", "Loại", kind: Kind)),
    required(text!("name", "Tên", SHORT, name)),
    text!("short_name", "Tên viết tắt", SHORT, short_name),
    required(parsed!("owner", "Mã cơ quan chủ quản", OWNER, owner)),
    text!("steward", "Đầu mối dữ liệu", SHORT, steward),
    text!("contacts.business.post", "Đầu mối nghiệp vụ", POST, contacts.business.post),
    text!("contacts.business.phone", "Đầu mối nghiệp vụ, điện thoại", PHONE, contacts.business.phone),
    text!("contacts.business.email", "Đầu mối nghiệp vụ, thư điện tử", EMAIL, contacts.business.email),
    text!("contacts.technical.post", "Đầu mối kỹ thuật", POST, contacts.technical.post),
    text!("contacts.technical.phone", "Đầu mối kỹ thuật, điện thoại", PHONE, contacts.technical.phone),
    text!("contacts.technical.email", "Đầu mối kỹ thuật, thư điện tử", EMAIL, contacts.technical.email),
    text!("contacts.security.post", "Đầu mối an toàn", POST, contacts.security.post),
    text!("contacts.security.phone", "Đầu mối an toàn, điện thoại", PHONE, contacts.security.phone),
    text!("contacts.security.email", "Đầu mối an toàn, thư điện tử", EMAIL, contacts.security.email),
    text!("purpose", "Mục đích", TEXT, purpose),
    text!("legal_basis", "Căn cứ pháp lý", TEXT, legal_basis),
    many(column(
        "objects",
        "Đối tượng chính",
        OBJECTS,
        |holding| objects_text(&holding.objects),
        |holding, text| {
            holding.objects =
                text.lines().filter(|line| !line.trim().is_empty()).map(object).collect::<Option<_>>()?;
            Some(())
        },
    )),
    column(
        "levels",
        "Cấp sử dụng",
        LEVELS,
        |holding| holding.levels.iter().map(|level| level.vi()).collect::<Vec<_>>().join("; "),
        |holding, text| {
            holding.levels = items(text).map(Level::read).collect::<Option<_>>()?;
            Some(())
        },
    ),
    word!("sharing", "Cách chia sẻ", sharing: Sharing),
    text!("shares_through", "Chia sẻ qua", SHORT, shares_through),
    list!("asks", "Trường yêu cầu công dân khai", ASKS, asks),
    text!("vendor", "Nhà cung cấp", SHORT, vendor),
    optional!("contract_from", "Hợp đồng từ ngày", DATE, contract_from, date),
    optional!("contract_to", "Hợp đồng đến ngày", DATE, contract_to, date),
    optional!("security_level", "Cấp độ an toàn", SECURITY_LEVEL, security_level, level_number),
    text!("security_decision", "Số quyết định cấp độ", SHORT, security_decision),
    optional!("security_date", "Ngày quyết định cấp độ", DATE, security_date, date),
    list!("catalogues", "Danh mục dùng chung", LIST, catalogues),
    list!("services", "Dịch vụ dữ liệu", SERVICES, services),
    required(word!("scope", "Phạm vi", scope: Scope)),
    word!("stage", "Trạng thái", stage: Stage),
    optional!("used_from", "Sử dụng từ ngày", DATE, used_from, date),
    optional!("used_to", "Sử dụng đến ngày", DATE, used_to, date),
    optional!("successor", "Mã kế thừa", CODE, successor, parse),
    text!("source", "Nguồn thông tin", TEXT, source),
];

/// The codes of the columns in which two forms of an entry differ.
pub(super) fn differing(before: &Holding, after: &Holding) -> Vec<&'static str> {
    let differs = |column: &&Column| (column.get)(before) != (column.get)(after);
    COLUMNS.iter().filter(differs).map(|column| column.code).collect()
}

fn optional(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn joined(list: &[impl ToString]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The items of a list in a cell.
fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', '\n']).map(str::trim).filter(|item| !item.is_empty())
}

fn parse<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn level_number(text: &str) -> Option<u8> {
    parse(text).filter(|level| (1..=5).contains(level))
}

/// A date as `2025-07-01`, or with the day first as `1/7/2025`, `01-07-2025`, `01.07.2025`.
pub(super) fn date(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split(['-', '/', '.']).map(str::trim).collect();
    let [first, month, last] = parts.as_slice() else { return None };
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    if year.len() != 4 || [year, month, day].iter().any(|part| !part.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

pub(super) fn objects_text(objects: &[HeldObject]) -> String {
    let line = |held: &HeldObject| match (held.title.is_empty(), held.fields.is_empty()) {
        (true, true) => held.object.clone(),
        (_, true) => format!("{} | {}", held.object, held.title),
        _ => format!("{} | {} | {}", held.object, held.title, held.fields.join(", ")),
    };
    objects.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn object(line: &str) -> Option<HeldObject> {
    let mut parts = line.split('|').map(str::trim);
    let object = parts.next()?.to_owned();
    let title = parts.next().unwrap_or_default().to_owned();
    let fields = parts.next().unwrap_or_default();
    let fields = fields.split([',', ';']).map(str::trim).filter(|field| !field.is_empty());
    let fields = fields.map(ToOwned::to_owned).collect();
    parts.next().is_none().then_some(HeldObject { object, title, fields })
}
