//! Why the registry did not do what it was asked.

use base::Code;

/// One thing that is wrong with what was handed in, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where: a field such as `valid_from`, or `row 12, owner`.
    pub place: String,
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Mistake {
    /// A mistake at `place`.
    pub fn new(place: impl Into<String>, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { place: place.into(), vi: vi.into(), en: en.into() }
    }
}

/// A refused or failed act. `Display` is for the person who asked: Vietnamese, then English.
#[derive(Debug, thiserror::Error)]
#[rustfmt::skip]
pub enum RegistryError {
    /// Nothing of that name.
    #[error("Không có {name} / There is no {kind} {name}")]
    NoSuch { /// `agency`, `service`, …
        kind: &'static str, /// Which one was asked for.
        name: String },
    /// What was handed in is not right; all mistakes at once.
    #[error("Dữ liệu chưa đúng: {} / Not valid: {}", list(.0, |m| (&m.place, &m.vi)), list(.0, |m| (&m.place, &m.en)))]
    Invalid(Vec<Mistake>),
    /// Somebody else changed it in the meantime.
    #[error("{name} vừa được người khác thay đổi; tải lại rồi thử lại / {name} was changed by somebody else meanwhile: reload and try again")]
    Conflict { /// What.
        name: String, /// The version that the person had seen.
        expected: i64, /// The version it has.
        found: i64 },
    /// The person's roles do not allow it.
    #[error("Tài khoản không có quyền: {0} / This account may not: {0}")]
    Forbidden(&'static str),
    /// The person's roles do not reach every row of a file: nothing of it was taken over.
    #[error("Tài khoản không có quyền với {} mục của tệp, chưa nạp dòng nào / This account may not for {} entries of the file, nothing was loaded", .0.len(), .0.len())]
    ForbiddenRows(Vec<Mistake>),
    /// Something of that name is there already.
    #[error("{name} đã có / {kind} {name} exists already")]
    Exists { /// Its kind.
        kind: &'static str, /// Its name.
        name: String },
    /// Two entries of one code would count on the same day.
    #[error("Thời gian hiệu lực của {code} chồng lên nhau từ {from} / The validity of {code} overlaps from {from}")]
    Overlap { /// The code.
        code: String, /// The first day on which both count.
        from: String },
    /// Successors lead back to where they began.
    #[error("Chuỗi kế thừa quay vòng: {0} / The successors form a cycle: {0}")]
    Cycle(String),
    /// State secrets never travel through the platform.
    #[error("Dữ liệu thuộc bí mật nhà nước không được đưa lên nền tảng / State secrets are never shared through the platform")]
    StateSecret,
    /// Master data have exactly one source.
    #[error("Dữ liệu chủ {object} đã có nguồn {by} / The master data {object} have their source already: {by}")]
    MasterTaken { /// The object.
        object: String, /// The service that is its source.
        by: String },
    /// It is not in a state in which this can be done.
    #[error("{name} đang ở trạng thái {state}, không thực hiện được {act} / {name} is {state}: {act} is not possible")]
    Transition { /// What.
        name: String, /// In which state it is.
        state: String, /// What was tried.
        act: &'static str },
    /// A refusal needs a reason and a legal basis.
    #[error("Từ chối phải nêu lý do và căn cứ pháp lý / A refusal needs a reason and a legal basis")]
    ReasonMissing,
    /// Documents that the step demands are missing.
    #[error("Thiếu tài liệu của bước: {} / The step needs: {}", .0.join(", "), .0.join(", "))]
    AttachmentMissing(Vec<String>),
    /// The readiness gate is closed.
    #[error("Cổng an toàn chưa mở: {} / The readiness gate is closed: {}", .0.join(", "), .0.join(", "))]
    GateClosed(Vec<String>),
    /// The second pair of eyes must be another person's.
    #[error("Người duyệt phải khác người đề nghị / Another person than the one who proposed must approve")]
    FourEyes,
    /// The directory that would be published leaves nobody who can work.
    #[error("Danh bạ này sẽ khóa tất cả: {0} / This directory would lock everyone out: {0}")]
    LockOut(String),
    /// Fields that the service does not have.
    #[error("Dịch vụ không có trường: {} / The service has no such fields: {}", .0.join(", "), .0.join(", "))]
    UnknownFields(Vec<String>),
    /// Personal or special data without an impact assessment.
    #[error("Thiếu số hồ sơ đánh giá tác động / The number of the impact assessment is missing")]
    ImpactAssessmentMissing,
    /// A file with bad rows: nothing of it was taken over.
    #[error("{} dòng sai, chưa nạp dòng nào / {} bad rows, nothing was loaded", .0.len(), .0.len())]
    Import(Vec<Mistake>),
    /// The store failed.
    #[error("Kho dữ liệu của sổ đăng ký không dùng được: {0} / The registry's store failed: {0}")]
    Store(#[from] store::StoreError),
    /// Name, password or second factor are wrong.
    #[error("Sai tên, mật khẩu hoặc mã xác thực / Wrong name, password or second factor")]
    SignIn,
    /// An idempotency key was used for something else.
    #[error("Idempotency-Key đã dùng cho yêu cầu khác / The Idempotency-Key was used for another request")]
    KeyReused,
    /// More than a limit.
    #[error("Vượt giới hạn {what}: {max} / More than the limit of {what}: {max}")]
    TooMany { /// What is limited.
        what: &'static str, /// How many are allowed.
        max: usize },
    /// The journal cannot be continued, or is not what was written.
    #[error("Sổ nhật ký của sổ đăng ký không đọc hoặc ghi tiếp được: {0} / The registry's journal cannot be read or continued: {0}")]
    Journal(#[source] audit::AuditError),
}

impl From<worktime::CalendarError> for RegistryError {
    fn from(error: worktime::CalendarError) -> Self {
        let known = |mistake: worktime::Mistake| Mistake::new(mistake.place, mistake.vi, mistake.en);
        Self::Invalid(error.0.into_iter().map(known).collect())
    }
}

impl From<audit::AuditError> for RegistryError {
    fn from(error: audit::AuditError) -> Self {
        match error {
            audit::AuditError::Store(error) => Self::Store(error),
            other => Self::Journal(other),
        }
    }
}

fn list<'a>(mistakes: &'a [Mistake], pick: impl Fn(&'a Mistake) -> (&'a String, &'a String)) -> String {
    let one = |m| {
        let (place, text) = pick(m);
        format!("{place}: {text}")
    };
    mistakes.iter().map(one).collect::<Vec<_>>().join("; ")
}

impl RegistryError {
    /// One mistake in what was handed in.
    pub fn invalid(place: impl Into<String>, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Invalid(vec![Mistake::new(place, vi, en)])
    }

    /// The stable code; each has a page in `docs/errors/`.
    pub const fn code(&self) -> Code {
        match self {
            Self::NoSuch { .. } => Code(2001),
            Self::Invalid(_) => Code(2002),
            Self::Conflict { .. } => Code(2003),
            Self::Forbidden(_) | Self::ForbiddenRows(_) => Code(2004),
            Self::Exists { .. } => Code(2005),
            Self::Overlap { .. } => Code(2006),
            Self::Cycle(_) => Code(2007),
            Self::StateSecret => Code(2008),
            Self::MasterTaken { .. } => Code(2009),
            Self::Transition { .. } => Code(2010),
            Self::ReasonMissing => Code(2011),
            Self::AttachmentMissing(_) => Code(2012),
            Self::GateClosed(_) => Code(2013),
            Self::FourEyes => Code(2014),
            Self::LockOut(_) => Code(2015),
            Self::UnknownFields(_) => Code(2016),
            Self::ImpactAssessmentMissing => Code(2017),
            Self::Import(_) => Code(2018),
            Self::Store(_) => Code(2019),
            Self::SignIn => Code(2020),
            Self::KeyReused => Code(2021),
            Self::TooMany { .. } => Code(2022),
            Self::Journal(_) => Code(2023),
        }
    }
}
