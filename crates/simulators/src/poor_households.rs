//! The list of poor and nearly poor households of one commune, invented: an Excel file as a commune's office keeps it.
//!
//! It has a title, a header of two rows with merged cells, a formula, and the faults that such files have: one person
//! twice, a number that lost its zero, a year in place of a day, a sex that the number contradicts, an empty code. The
//! households are those of the population base.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, Workbook, Worksheet, XlsxError,
};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use crate::population::{self, PopulationError};

/// The data service of the list: name of the file and text of the definition. Its source is `danh-sach-ho-ngheo.xlsx`, two
/// folders up.
pub const DEFINITION: (&str, &str) =
    ("MOTCUA.ho-ngheo.toml", include_str!("../definitions/MOTCUA.ho-ngheo.toml"));

/// About so many households are in the list.
const ROWS: usize = 60;

/// Points for wants from which on a household is poor and no longer nearly poor (Nghị định 07/2021/NĐ-CP, Điều 3).
const POOR_FROM: i64 = 30;

/// The commune since the merger that has the most households.
const COMMUNE: &str = "SELECT x.ma_xa, x.ten_xa FROM thong_ke_xa k JOIN dm_xa x ON x.ma_xa_cu = k.ma_xa_cu
    GROUP BY x.ma_xa, x.ten_xa ORDER BY sum(k.so_ho) DESC, x.ma_xa LIMIT 1";

const HOUSEHOLDS: &str = "SELECT c.ho_ten, c.so_dinh_danh, c.ngay_sinh, c.gioi_tinh, h.dia_chi,
       (SELECT count(*) FROM cong_dan m WHERE m.so_ho = h.so_ho)
    FROM ho_gia_dinh h JOIN cong_dan c ON c.so_dinh_danh = h.so_dinh_danh_chu_ho
    WHERE h.ma_xa_cu IN (SELECT ma_xa_cu FROM dm_xa WHERE ma_xa = ?) ORDER BY h.so_ho";

/// Names of columns; a name of two parts stands in two rows, its first part across all columns that have it.
const COLUMNS: [(&str, &str, f64); 13] = [
    ("STT", "", 6.0),
    ("Họ và tên chủ hộ", "", 28.0),
    ("Số định danh", "", 16.0),
    ("Ngày sinh", "", 12.0),
    ("Giới tính", "", 9.0),
    ("Địa chỉ", "Thôn, khối phố", 26.0),
    ("Địa chỉ", "Mã xã", 9.0),
    ("Số khẩu", "", 9.0),
    ("Điểm rà soát", "B1", 8.0),
    ("Điểm rà soát", "B2", 8.0),
    ("Phân loại", "", 16.0),
    ("Từ ngày", "", 12.0),
    ("Ghi chú", "", 24.0),
];

/// Rows of the header, counted from 0; data begin behind them.
const HEADER: [u32; 2] = [6, 7];

/// Why the list cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The population base that it follows from.
    #[error(transparent)]
    Population(#[from] PopulationError),
    /// The workbook cannot be made.
    #[error("không tạo được bảng tính / the workbook cannot be made: {0}")]
    Workbook(#[from] XlsxError),
    /// The disk refuses.
    #[error("không ghi được {path} / cannot write {path}: {source}")]
    Write {
        /// Which file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
}

/// A household of the list, as it is.
struct Household {
    name: String,
    number: String,
    born: String,
    sex: &'static str,
    address: String,
    members: i64,
}

/// Makes the list unless it is there.
///
/// # Errors
/// The base cannot be read, or the file cannot be written.
pub async fn ensure(base: &Path, path: &Path) -> Result<(), ListError> {
    if path.exists() {
        return Ok(());
    }
    let mut connection = population::open(base).await?;
    let (code, commune, households) = read(&mut connection).await.map_err(PopulationError::from)?;
    let bytes = workbook(&code, &commune, &households)?.save_to_buffer()?;
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let write = |source| ListError::Write { path: path.to_owned(), source };
    std::fs::write(&partial, bytes).map_err(write)?;
    std::fs::rename(&partial, path).map_err(write)
}

/// Code and name of the commune, and its households in the list.
async fn read(connection: &mut SqliteConnection) -> Result<(String, String, Vec<Household>), sqlx::Error> {
    let commune = sqlx::query(COMMUNE).fetch_one(&mut *connection).await?;
    let (code, name): (String, String) = (commune.try_get(0)?, commune.try_get(1)?);
    let rows = sqlx::query(HOUSEHOLDS).bind(&code).fetch_all(connection).await?;
    let step = (rows.len() / ROWS).max(1);
    let one = |row: &sqlx::sqlite::SqliteRow| {
        let sex: String = row.try_get(3)?;
        Ok(Household {
            name: row.try_get(0)?,
            number: row.try_get(1)?,
            born: row.try_get(2)?,
            sex: if sex == "1" { "Nam" } else { "Nữ" },
            address: row.try_get(4)?,
            members: row.try_get(5)?,
        })
    };
    let households = rows.iter().step_by(step).take(ROWS).map(one).collect::<Result<_, sqlx::Error>>()?;
    Ok((code, name, households))
}

/// How cells look.
struct Formats {
    title: Format,
    head: Format,
    cell: Format,
    day: Format,
}

fn workbook(code: &str, commune: &str, households: &[Household]) -> Result<Workbook, XlsxError> {
    let middle = Format::new().set_align(FormatAlign::Center).set_align(FormatAlign::VerticalCenter);
    let cell = Format::new().set_border(FormatBorder::Thin);
    let formats = Formats {
        title: middle.clone().set_bold(),
        head: middle.set_bold().set_text_wrap().set_border(FormatBorder::Thin),
        day: cell.clone().set_num_format("dd/mm/yyyy"),
        cell,
    };
    let mut workbook = Workbook::new();
    // The same base makes the same bytes.
    let made = ExcelDateTime::from_ymd(2026, 11, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let sheet = workbook.add_worksheet().set_name("Hộ nghèo 2026")?;
    titles(sheet, &formats, commune, households.len() + 1)?;
    let first = HEADER[1] + 1;
    for (place, household) in households.iter().enumerate() {
        write_row(sheet, &formats, (first, place), code, household)?;
    }
    // The same person once more, as somebody else typed it.
    if let Some(twice) = households.get(households.len() / 3) {
        let name = twice.name.to_uppercase().replace(' ', "  ");
        let twice = Household {
            name,
            born: twice.born.clone(),
            number: twice.number.clone(),
            address: twice.address.clone(),
            ..*twice
        };
        write_row(sheet, &formats, (first, households.len()), code, &twice)?;
    }
    Ok(workbook)
}

fn titles(sheet: &mut Worksheet, formats: &Formats, commune: &str, rows: usize) -> Result<(), XlsxError> {
    let lines = [
        (0, format!("ỦY BAN NHÂN DÂN {}", commune.to_uppercase())),
        (2, "DANH SÁCH HỘ NGHÈO, HỘ CẬN NGHÈO NĂM 2026".to_owned()),
        (3, format!("Tổng số: {rows} hộ. Dữ liệu hoàn toàn hư cấu.")),
    ];
    for (row, text) in lines {
        sheet.merge_range(row, 0, row, 12, &text, &formats.title)?;
    }
    for (at, (name, part, width)) in (0..).zip(COLUMNS) {
        sheet.set_column_width(at, width)?;
        let head = &formats.head;
        if part.is_empty() {
            sheet.merge_range(HEADER[0], at, HEADER[1], at, name, head)?;
            continue;
        }
        sheet.write_with_format(HEADER[1], at, part, head)?;
        let before = at.checked_sub(1).map(|before| COLUMNS[usize::from(before)].0);
        if before != Some(name) {
            let count = (0..).zip(COLUMNS).filter(|(_, column)| column.0 == name).count();
            let last = at + u16::try_from(count).unwrap_or(1) - 1;
            sheet.merge_range(HEADER[0], at, HEADER[0], last, name, head)?;
        }
    }
    Ok(())
}

fn write_row(
    sheet: &mut Worksheet,
    formats: &Formats,
    (first, place): (u32, usize),
    code: &str,
    household: &Household,
) -> Result<(), XlsxError> {
    let at = u32::try_from(place).unwrap_or(0);
    let row = first + at;
    // The last digits of a number look drawn by lot.
    let lot: i64 = household.number[6..].parse().unwrap_or(0);
    let (income, wants) = (60 + lot % 80, 10 + lot / 7 % 50);
    let cell = &formats.cell;
    sheet.write_with_format(row, 0, at + 1, cell)?;
    sheet.write_with_format(row, 1, &household.name, cell)?;
    match place {
        // Typed as a number: the zero in front is gone.
        2 => sheet.write_with_format(row, 2, lot_of(&household.number), cell)?,
        _ => sheet.write_with_format(row, 2, &household.number, cell)?,
    };
    match place {
        // Only the year is known.
        4 => sheet.write_with_format(row, 3, lot_of(&household.born[..4]), cell)?,
        _ => sheet.write_with_format(row, 3, day(&household.born)?, &formats.day)?,
    };
    let sex = match (place, household.sex) {
        (1, "Nam") => "Nữ",
        (1, _) => "Nam",
        (_, sex) => sex,
    };
    sheet.write_with_format(row, 4, sex, cell)?;
    sheet.write_with_format(row, 5, &household.address, cell)?;
    sheet.write_with_format(row, 6, if place == 3 { "" } else { code }, cell)?;
    sheet.write_with_format(row, 7, household.members, cell)?;
    sheet.write_with_format(row, 8, income, cell)?;
    sheet.write_with_format(row, 9, wants, cell)?;
    let (poor, nearly) = ("Hộ nghèo", "Hộ cận nghèo");
    let class = format!("=IF(J{}>={POOR_FROM},\"{poor}\",\"{nearly}\")", row + 1);
    let result = if wants >= POOR_FROM { poor } else { nearly };
    sheet.write_formula_with_format(row, 10, Formula::new(class).set_result(result), cell)?;
    sheet.write_with_format(row, 11, day("2025-12-15")?, &formats.day)?;
    let remark = if household.members == 1 { "Sống một mình" } else { "" };
    sheet.write_with_format(row, 12, remark, cell)?;
    Ok(())
}

/// A number as a spreadsheet keeps it: exact up to 2^53, which twelve digits do not reach.
#[expect(clippy::cast_precision_loss, reason = "twelve digits are far below 2^53")]
fn lot_of(digits: &str) -> f64 {
    digits.parse::<i64>().unwrap_or(0) as f64
}

fn day(iso: &str) -> Result<ExcelDateTime, XlsxError> {
    let day: Date = iso.parse().unwrap_or_default();
    let part = |part: i8| u8::try_from(part).unwrap_or(1);
    ExcelDateTime::from_ymd(u16::try_from(day.year()).unwrap_or(1900), part(day.month()), part(day.day()))
}

#[cfg(test)]
mod tests;
