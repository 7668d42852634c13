//! The agencies of level 1 that come with the program.

use serde::Deserialize;

use super::{Agency, AgencyCode};

const DATA: &str = include_str!("../../data/agencies.csv");

/// A line of `data/agencies.csv`; its head says where the data come from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    level1: String,
    name: String,
    valid_from: jiff::civil::Date,
    valid_to: Option<jiff::civil::Date>,
    successor: String,
    legal_basis: String,
    closing_basis: String,
    confidence: Confidence,
    /// For whoever reads the file.
    #[serde(rename = "source")]
    _source: String,
}

/// How sure the code is.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Confidence {
    Confirmed,
    OrderFromMemory,
    #[serde(rename = "public_code_pre_2025")]
    PublicCodePre2025,
}

impl Confidence {
    const fn note(self) -> &'static str {
        match self {
            Self::Confirmed => "",
            Self::OrderFromMemory => {
                "Mã suy theo thứ tự chữ cái; phải đối chiếu Phụ lục Quyết định 09/2025/QĐ-TTg trước khi dùng chính thức \
                 / to be checked against Decision 09/2025/QĐ-TTg before production"
            }
            Self::PublicCodePre2025 => {
                "Theo danh sách trước đợt sắp xếp bộ máy năm 2025; phải đối chiếu Phụ lục Quyết định 09/2025/QĐ-TTg \
                 trước khi dùng chính thức / to be checked against Decision 09/2025/QĐ-TTg before production"
            }
        }
    }
}

/// Provinces and central bodies before and after the merger of 1 July 2025, in the form of QCVN 102:2016 with the other
/// form beside it; for [`import`](super::import) by an operator.
///
/// Where a code was not seen in a public document the note says that it is still to be checked.
///
/// # Panics
/// Never: the data are part of the program, and a test reads every line.
pub fn built_in() -> Vec<Agency> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(DATA.as_bytes());
    reader.deserialize().map(|line| agency(line.expect("a test reads every line"))).collect()
}

fn agency(line: Line) -> Agency {
    let code = |text: &str| -> AgencyCode { text.parse().expect("a test reads every line") };
    let long = |level1: &str| code(&format!("000.00.00.{level1}"));
    Agency {
        also: Some(code(&line.level1)),
        valid_to: line.valid_to,
        successor: (!line.successor.is_empty()).then(|| long(&line.successor)),
        legal_basis: line.legal_basis,
        closing_basis: line.closing_basis,
        note: line.confidence.note().to_owned(),
        ..Agency::new(long(&line.level1), line.name, line.valid_from)
    }
}
