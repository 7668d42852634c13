//! What the register says of each child of the population base.

use std::collections::HashMap;
use std::path::Path;

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, date};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{COLUMNS, RegisterError};
use crate::population;

/// The day the register is described at: that of the base.
const AS_OF: Date = date(2026, 11, 1);

/// The register was begun so many years ago: older births are in books of paper.
const YEARS: i64 = 6;

/// From this day on communes have their new codes.
const MERGED_ON: Date = date(2025, 7, 1);

/// Numbers of those who were born since 2000 begin with 0492 or 0493.
const CHILDREN: &str = "SELECT c.so_dinh_danh, c.ho_ten, c.gioi_tinh, c.ngay_sinh, c.ma_dan_toc,
       cha.so_dinh_danh, cha.ho_ten, me.so_dinh_danh, me.ho_ten, x.ma_xa_cu, x.ten_xa_cu, x.ma_xa, x.ten_xa
    FROM cong_dan c
    CROSS JOIN ho_gia_dinh h ON h.so_ho = c.so_ho
    CROSS JOIN dm_xa x ON x.ma_xa_cu = h.ma_xa_cu
    LEFT JOIN cong_dan cha ON cha.so_dinh_danh = c.so_dinh_danh_cha
    LEFT JOIN cong_dan me ON me.so_dinh_danh = c.so_dinh_danh_me
    WHERE c.so_dinh_danh >= '0492' AND c.ngay_sinh > ? ORDER BY c.so_dinh_danh";

/// A birth that was registered.
#[derive(Clone, Debug)]
pub(super) struct Birth {
    registered: DateTime,
    /// Book of the year and number within it, of its office.
    book: (u32, u32),
    child: [String; 2],
    sex: String,
    born: String,
    ethnic_group: String,
    /// Number and name of father and mother.
    parents: [Option<String>; 4],
    office: [String; 2],
    corrected: Option<DateTime>,
}

/// All births of the base, in the order in which they were registered.
pub(super) async fn of(base: &Path) -> Result<Vec<Birth>, RegisterError> {
    let mut connection = population::open(base).await?;
    let since = AS_OF.saturating_sub(YEARS.years()).to_string();
    let rows = sqlx::query(CHILDREN).bind(since).fetch_all(&mut connection).await?;
    let births: Vec<_> = rows.iter().map(birth).collect::<Result<_, sqlx::Error>>()?;
    let mut births: Vec<_> = births.into_iter().flatten().collect();
    births.sort_by(|a, b| (a.registered, &a.child).cmp(&(b.registered, &b.child)));
    number(&mut births);
    Ok(births)
}

/// A child of the base; nothing when its birth is still to be registered.
fn birth(row: &SqliteRow) -> Result<Option<Birth>, sqlx::Error> {
    let number: String = row.try_get(0)?;
    let born: String = row.try_get(3)?;
    let wrong = |e: jiff::Error| sqlx::Error::Decode(e.into());
    let day: Date = born.parse().map_err(wrong)?;
    // The last digits look drawn by lot, which is all that is needed here.
    let lot: i64 = number[6..].parse().unwrap_or(0);
    // Within sixty days (Luật Hộ tịch 2014, Điều 15).
    let registered = day.saturating_add((3 + lot % 57).days());
    if registered > AS_OF {
        return Ok(None);
    }
    let at = |day: Date, lot: i64| {
        day.at(8, 0, 0, 0).saturating_add((lot % 480).minutes()).saturating_add((lot % 59).seconds())
    };
    let later = registered.saturating_add((30 + lot % 700).days());
    let corrected = (lot % 60 == 7 && later <= AS_OF).then(|| at(later, lot / 7));
    let office = if registered < MERGED_ON { 9 } else { 11 };
    let office_name: String = row.try_get(office + 1)?;
    Ok(Some(Birth {
        registered: at(registered, lot),
        book: (0, 0),
        child: [number, row.try_get(1)?],
        sex: row.try_get(2)?,
        born,
        ethnic_group: row.try_get(4)?,
        parents: [row.try_get(5)?, row.try_get(6)?, row.try_get(7)?, row.try_get(8)?],
        office: [row.try_get(office)?, format!("UBND {office_name}")],
        corrected,
    }))
}

/// Each office numbers its births of a year, two hundred to a book.
fn number(births: &mut [Birth]) {
    let mut counts: HashMap<(String, i16), u32> = HashMap::new();
    for birth in births {
        let count = counts.entry((birth.office[0].clone(), birth.registered.year())).or_default();
        birth.book = (1 + *count / 200, 1 + *count % 200);
        *count += 1;
    }
}

impl Birth {
    /// The values of its row, in the order of [`COLUMNS`]. `zone` stands behind the moment of the last change: MariaDB knows
    /// that its moments are in UTC, a file does not.
    pub(super) fn row(&self, id: usize, zone: &str) -> [Option<String>; COLUMNS.len()] {
        let [father, father_name, mother, mother_name] = self.parents.clone();
        let year = self.registered.year();
        let changed = self.corrected.unwrap_or(self.registered);
        let remark = self.corrected.map(|_| "Cải chính theo quyết định của UBND xã".to_owned());
        [
            Some(id.to_string()),
            Some(format!("{:02}/{year}", self.book.0)),
            Some(self.book.1.to_string()),
            Some(text(self.registered)),
            Some(self.child[0].clone()),
            Some(self.child[1].clone()),
            Some(self.sex.clone()),
            Some(self.born.clone()),
            Some(self.ethnic_group.clone()),
            father,
            father_name,
            mother,
            mother_name,
            Some(self.office[0].clone()),
            Some(self.office[1].clone()),
            Some(if self.corrected.is_some() { "2" } else { "1" }.to_owned()),
            remark,
            // Vietnam's clock, given in UTC.
            Some(text(changed.saturating_sub(7.hours())) + zone),
        ]
    }
}

fn text(moment: DateTime) -> String {
    moment.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
