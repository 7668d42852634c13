#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashSet;
use std::sync::Arc;

use calamine::{Data, Reader as _, Xlsx};

use super::*;
use crate::population::Plan;

/// The list of a small base: the cells of each row, and the bytes.
async fn made() -> (Vec<Vec<Data>>, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let (base, path) = (dir.path().join("dan-cu.sqlite"), dir.path().join("ho-ngheo.xlsx"));
    population::build(&base, &Plan { people: 3000, seed: 5 }, Arc::new(|_, _| {})).await.unwrap();
    ensure(&base, &path).await.unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let mut workbook: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes.clone())).unwrap();
    let range = workbook.worksheet_range("Hộ nghèo 2026").unwrap();
    (range.rows().map(<[Data]>::to_vec).collect(), bytes)
}

#[tokio::test]
async fn the_list_has_a_title_a_header_of_two_rows_and_each_household_with_its_class() {
    let (rows, bytes) = made().await;
    assert!(rows[0][0].to_string().starts_with("ỦY BAN NHÂN DÂN "));
    assert_eq!((rows[6][5].to_string(), rows[7][5].to_string()), ("Địa chỉ".into(), "Thôn, khối phố".into()));
    let data = &rows[8..];
    assert!((8..=ROWS + 1).contains(&data.len()), "{}", data.len());
    for row in data {
        let poor = row[9].to_string().parse::<i64>().unwrap() >= POOR_FROM;
        assert_eq!(row[10].to_string(), if poor { "Hộ nghèo" } else { "Hộ cận nghèo" });
    }
    let classes: HashSet<_> = data.iter().map(|row| row[10].to_string()).collect();
    assert_eq!(classes.len(), 2, "both classes are there");
    assert_eq!(made().await.1, bytes, "the same base makes the same file");
}

#[tokio::test]
async fn the_list_has_the_faults_that_such_lists_have() {
    let (rows, _) = made().await;
    let data = &rows[8..];
    let numbers: Vec<_> = data.iter().map(|row| row[2].to_string()).collect();
    let short = numbers.iter().filter(|number| number.len() != 12).count();
    let different: HashSet<_> = numbers.iter().collect();
    assert_eq!((short, numbers.len() - different.len()), (1, 1));
    let no_day = data.iter().filter(|row| !matches!(row[3], Data::DateTime(_))).count();
    let no_code = data.iter().filter(|row| row[6].to_string().is_empty()).count();
    let contradicted = data.iter().filter(|row| {
        let number = format!("{:0>12}", row[2].to_string());
        let odd = number.as_bytes()[3] % 2 == 1;
        odd != (row[4] == "Nữ")
    });
    assert_eq!((no_day, no_code, contradicted.count()), (1, 1, 1));
}
