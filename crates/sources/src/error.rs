//! Why a source is not read, or a question not answered.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Everything that goes wrong between a question and the database.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The address is not one that we know how to read.
    #[error("địa chỉ nguồn không đọc được: {what} / the address of the source is not understood: {what}")]
    Address {
        /// Where it stops making sense; never the password.
        what: String,
    },
    /// Nobody answers there, or refuses.
    #[error("không kết nối được {source_name}: {what} / cannot connect to {source_name}: {what}")]
    Unreachable {
        /// The address without its password.
        source_name: String,
        /// What the driver says.
        what: String,
    },
    /// The account may not read this.
    #[error(
        "nguồn từ chối tài khoản: {what}; kiểm tra mật khẩu, cấp quyền SELECT / the source refuses the account: {what}; check the password, grant SELECT"
    )]
    NoRight {
        /// What the database names.
        what: String,
    },
    /// The table or a column is gone or another than the definition says.
    #[error(
        "cấu trúc nguồn đã đổi: {what}; chạy `lienthong source check` / the source has changed: {what}: run `lienthong source check`"
    )]
    Changed {
        /// What the database says.
        what: String,
    },
    /// The database did not answer in time.
    #[error(
        "nguồn không trả lời trong {limit_ms} ms; hỏi hoặc đếm hẹp hơn, theo bộ lọc có chỉ mục / the source did not answer within {limit_ms} ms: ask or count less, by a filter with an index"
    )]
    TimedOut {
        /// The limit.
        limit_ms: u64,
    },
    /// The source is resting after failures in a row.
    #[error(
        "nguồn tạm nghỉ sau {failures} lỗi liên tiếp, thử lại sau {retry_s} s / the source rests after {failures} failures in a row, try again in {retry_s} s"
    )]
    Resting {
        /// Failures in a row.
        failures: u32,
        /// Seconds until the next try.
        retry_s: u64,
    },
    /// As many questions as allowed are being answered already.
    #[error(
        "nguồn đang bận {at_once} yêu cầu, thử lại sau 1 s / the source is busy with {at_once} questions, try again in 1 s"
    )]
    Busy {
        /// How many at once.
        at_once: usize,
    },
    /// The answer would be larger than allowed.
    #[error(
        "câu trả lời vượt quá {limit_bytes} byte; hỏi trang nhỏ hơn / the answer is larger than {limit_bytes} bytes: ask for smaller pages"
    )]
    TooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// A list within an answer has more rows than the definition allows.
    #[error(
        "danh sách {list} có hơn {limit} dòng; chủ quản nâng rows_max / the list {list} has more than {limit} rows: its owner raises rows_max"
    )]
    TooLong {
        /// Which list.
        list: String,
        /// The limit.
        limit: u32,
    },
    /// Much is given at certain hours only.
    #[error(
        "chỉ xuất dữ liệu trong giờ {window} (giờ Việt Nam), mở lại sau {opens_in_s} s / exports begin at {window} (Vietnam) only, in {opens_in_s} s"
    )]
    NotNow {
        /// Hours of the day.
        window: String,
        /// Seconds until then.
        opens_in_s: u64,
    },
    /// The file of a password cannot be used, or what is sealed in it does not open.
    #[error("tệp mật khẩu {path}: {vi} / the password file {path}: {en}")]
    PasswordFile {
        /// The file.
        path: String,
        /// Why, and the remedy, in Vietnamese.
        vi: String,
        /// The same in English.
        en: String,
    },
    /// Rows are compared, but were not yet.
    #[error(
        "chưa so sánh lần đầu nên chưa biết thay đổi; chủ quản chờ đến giờ hoặc chạy `lienthong source compare` / there was no first comparison yet, so that changes are not known: its owner waits until it is due, or runs `lienthong source compare`"
    )]
    NotCompared,
    /// Comparing rows does not work.
    #[error("không so sánh được: {what} / rows are not compared: {what}")]
    Comparison {
        /// Why.
        what: String,
    },
    /// The question is malformed.
    #[error("{}", mistakes(.0))]
    Question(Vec<Mistake>),
    /// The definition is wrong.
    #[error("{}", mistakes(.0))]
    Definition(Vec<Mistake>),
    /// A stored value is not what its field says.
    #[error(
        "giá trị của {field} ở dòng {key} không phải {wanted} / the value of {field} in the row {key} is not {wanted}"
    )]
    Value {
        /// Field of the definition.
        field: String,
        /// Key of the row.
        key: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// A file cannot be imported.
    #[error("không nhập được tệp {file}: {vi} / the file {file} cannot be imported: {en}")]
    Import {
        /// The file.
        file: String,
        /// Why, in Vietnamese, with the remedy.
        vi: String,
        /// Why, in English.
        en: String,
    },
    /// A file's encoding is none that we know.
    #[error(
        "không nhận ra bảng mã của {file}; ghi [import] encoding (utf8, tcvn3, vni, windows1258), hoặc lưu lại bằng UTF-8 / the encoding of {file} is not recognised: write [import] encoding, or save it in UTF-8"
    )]
    Encoding {
        /// The file.
        file: String,
    },
    /// The service behind answered with a fault or a status of failure.
    #[error("dịch vụ gốc báo lỗi {what} / the service behind answered a fault: {what}")]
    Fault {
        /// Its code; never its text, which may name a person.
        what: String,
    },
    /// A reading of all rows, for their quality or for duplicates, ended before the last one.
    #[error("mới đọc được {rows} dòng, chưa hết: {why} / {rows} rows were read, and not all: {why}")]
    RunEnded {
        /// Rows that were read.
        rows: u64,
        /// Why it ended.
        why: String,
    },
    /// Something else that the driver says.
    #[error("lỗi của nguồn: {what} / the source says: {what}")]
    Other {
        /// Its words.
        what: String,
    },
}

impl SourceError {
    /// The code, which has a page in `docs/errors/`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Address { .. } => "EX-3001",
            Self::Unreachable { .. } => "EX-3002",
            Self::NoRight { .. } => "EX-3003",
            Self::Changed { .. } => "EX-3004",
            Self::TimedOut { .. } => "EX-3005",
            Self::Resting { .. } => "EX-3006",
            Self::Busy { .. } => "EX-3007",
            Self::TooLarge { .. } | Self::TooLong { .. } => "EX-3008",
            Self::Question(_) => "EX-3009",
            Self::Definition(_) => "EX-3010",
            Self::Value { .. } => "EX-3011",
            Self::Other { .. } => "EX-3012",
            Self::Import { .. } => "EX-3013",
            Self::Encoding { .. } => "EX-3014",
            Self::Fault { .. } => "EX-3015",
            Self::RunEnded { .. } => "EX-3016",
            Self::PasswordFile { .. } => "EX-3017",
            Self::NotCompared | Self::Comparison { .. } => "EX-3018",
            Self::NotNow { .. } => "EX-3019",
        }
    }

    /// What it says, in Vietnamese and in English, for a place where both are told apart.
    pub fn told(&self) -> (String, String) {
        let text = self.to_string();
        let halves = text.split_once(" / ").unwrap_or((&text, &text));
        (halves.0.to_owned(), halves.1.to_owned())
    }

    /// Seconds after which it may go better.
    pub const fn retry_s(&self) -> Option<u64> {
        match self {
            Self::Resting { retry_s, .. } => Some(*retry_s),
            Self::Busy { .. } => Some(1),
            Self::NotNow { opens_in_s, .. } => Some(*opens_in_s),
            _ => None,
        }
    }
}

/// One thing that is wrong with a definition or a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mistake {
    /// Where: a parameter, or a path in the definition.
    pub place: String,
    /// In Vietnamese.
    pub vi: String,
    /// In English.
    pub en: String,
}

impl Mistake {
    /// A definition that is no TOML, or has parts that no definition has. The parser speaks English only. Nothing of the
    /// text is shown: the line may have a password, or be one of a file that is no definition at all.
    pub(crate) fn toml(text: &str, error: &toml::de::Error) -> Self {
        let line =
            error.span().and_then(|at| text.get(..at.start)).map(|before| before.matches('\n').count() + 1);
        let place = line.map_or_else(|| "TOML".to_owned(), |line| format!("TOML, dòng / line {line}"));
        let vi = "sai cú pháp, hoặc có mục thừa, thiếu, sai kiểu";
        let message = error.message();
        // "invalid type: string "…", expected u32" has the value.
        let en = match (message.split_once(": "), message.rsplit_once(", expected ")) {
            (Some((what, _)), Some((_, expected))) => format!("{what}, expected {expected}"),
            _ => message.to_owned(),
        };
        Self::new(place, vi, en)
    }

    /// A mistake at a place.
    pub fn new(place: impl Into<String>, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { place: place.into(), vi: vi.into(), en: en.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} / {}", self.place, self.vi, self.en)
    }
}

fn mistakes(all: &[Mistake]) -> String {
    all.iter().map(Mistake::to_string).collect::<Vec<_>>().join("; ")
}
