//! Why something was not done.

use std::sync::Arc;

use super::input::{DEPTH_MAX, NAME_BYTES_MAX, SIGNAL_BYTES_MAX, VARIABLES_BYTES_MAX};
use crate::engine::Refused;

/// Why something was not done. Nothing of it was, except after [`Denied::Store`], when nobody knows: ask again with the same key.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Denied {
    /// A name is empty, too long, or has control characters.
    #[error(
        "tên phải có 1 đến {NAME_BYTES_MAX} byte, không có ký tự điều khiển / a name has 1 to {NAME_BYTES_MAX} bytes and no control characters"
    )]
    Name,
    /// Variables are too large.
    #[error(
        "biến có {bytes} byte, tối đa {VARIABLES_BYTES_MAX} / variables have {bytes} bytes, at most {VARIABLES_BYTES_MAX}"
    )]
    TooLarge {
        /// How large they are.
        bytes: usize,
    },
    /// A signal, which may reach thousands of instances, brings too much.
    #[error(
        "tín hiệu mang {bytes} byte, tối đa {SIGNAL_BYTES_MAX} vì có thể tới hàng nghìn hồ sơ / the signal has {bytes} bytes, at most {SIGNAL_BYTES_MAX}, since it may reach thousands of instances"
    )]
    SignalTooLarge {
        /// How large it is.
        bytes: usize,
    },
    /// Values are too deep within each other.
    #[error(
        "giá trị lồng sâu quá {DEPTH_MAX} tầng / values are more than {DEPTH_MAX} deep within each other"
    )]
    TooDeep,
    /// The model has faults.
    #[error("mô hình bị từ chối / the model is refused:\n{}", .0.join("\n"))]
    Faults(Vec<String>),
    /// Another model is this procedure at the same time.
    #[error(
        "thủ tục {code} đã do mô hình {key} thực hiện trong cùng thời gian / procedure {code} is claimed by model {key} at the same time"
    )]
    Claimed {
        /// Code of the procedure.
        code: String,
        /// The other model.
        key: String,
    },
    /// There is no such model, or none of it counts today.
    #[error(
        "không có mô hình này, hoặc không còn hiệu lực / there is no such model, or none of it counts today"
    )]
    NoModel,
    /// This release reads the model's file otherwise than the one that deployed it.
    #[error(
        "phiên bản này đọc mô hình {0} khác với khi triển khai: triển khai lại rồi chuyển hồ sơ / this release reads model {0} otherwise than when it was deployed: deploy it again and migrate"
    )]
    ReadOtherwise(i64),
    /// The file has no such process.
    #[error("không có quy trình này / there is no such process")]
    NoProcess,
    /// There is no such instance.
    #[error("không có hồ sơ này / there is no such instance")]
    NoInstance,
    /// There is no such task, or it is done.
    #[error("không có việc này, hoặc đã xong / there is no such task, or it is done")]
    NoTask,
    /// The engine does not do it as things stand.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It is a job, not a task of persons, or the other way round.
    #[error("không phải loại việc này / it is not this kind of task")]
    WrongKind,
    /// Somebody else has the task.
    #[error("việc đang do {0} giữ / it is with {0}")]
    Taken(String),
    /// Nobody has the task.
    #[error("chưa ai nhận việc này / nobody has this task")]
    NotTaken,
    /// No event of the model names or catches an error with this code.
    #[error(
        "mô hình không có lỗi `{code}`, chỉ có: {known} / the model knows no error `{code}`, only: {known}"
    )]
    NoError {
        /// What was given.
        code: String,
        /// The codes that it has, with commas.
        known: String,
    },
    /// Who did the other task may not do this one.
    #[error(
        "bước này phải do người khác làm, vì {who} đã làm bước {element} / somebody else must do this one, since {who} did {element}"
    )]
    FourEyes {
        /// The person.
        who: String,
        /// The other task's element.
        element: String,
    },
    /// Tasks of persons are for persons.
    #[error("việc này phải do một người làm / a person must do this")]
    NoPerson,
    /// Nobody waits for this message, and no process begins with it.
    #[error("không ai chờ thông điệp này / nobody waits for this message")]
    NobodyWaits,
    /// The key was used for something else.
    #[error("khóa này đã dùng cho yêu cầu khác / this key was used for another request")]
    KeyReused,
    /// There is no such incident.
    #[error("không có sự cố này / there is no such incident")]
    NoIncident,
    /// The instance has steps that stopped.
    #[error("hồ sơ có sự cố chưa xử lý / the instance has open incidents")]
    OpenIncidents,
    /// A migration does not fit; each reason in words.
    #[error("không chuyển được / cannot be migrated:\n{}", .0.join("\n"))]
    NoMigration(Vec<String>),
    /// The time is too short, too long, or in the past.
    #[error("thời hạn phải từ 1 giây đến {max_secs} giây / the time must be 1 to {max_secs} seconds")]
    Time {
        /// The longest one.
        max_secs: i64,
    },
    /// What is stored cannot be read.
    #[error("dữ liệu lưu trữ hỏng / what is stored is damaged: {0}")]
    Damaged(String),
    /// The store failed; whether it was done is not known.
    #[error(
        "lưu trữ không trả lời, chưa rõ đã ghi hay chưa / the store failed, and nobody knows whether it was done: {0}"
    )]
    Store(Arc<store::StoreError>),
    /// The node is stopping.
    #[error("nút đang dừng / the node is stopping")]
    Stopping,
}

impl From<store::StoreError> for Denied {
    fn from(error: store::StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl Denied {
    /// A short code that does not change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name => "bad-name",
            Self::TooLarge { .. } | Self::SignalTooLarge { .. } => "too-large",
            Self::TooDeep => "too-deep",
            Self::Faults(_) => "bad-model",
            Self::Claimed { .. } => "procedure-claimed",
            Self::NoModel => "no-model",
            Self::ReadOtherwise(_) => "read-otherwise",
            Self::NoProcess => "no-process",
            Self::NoInstance => "no-instance",
            Self::NoTask => "no-task",
            Self::Refused(Refused::NoStep(_)) => "no-step",
            Self::Refused(Refused::NoWait(_)) => "no-wait",
            Self::Refused(Refused::Over) => "over",
            Self::Refused(Refused::NoStart | Refused::NoEvent(_)) => "no-start",
            Self::Refused(Refused::NoAgency(_)) => "no-agency",
            Self::Refused(Refused::Paused) => "paused",
            Self::Refused(Refused::NotPaused) => "not-paused",
            Self::Refused(Refused::NoIncident(_)) | Self::NoIncident => "no-incident",
            Self::WrongKind => "wrong-kind",
            Self::Taken(_) => "taken",
            Self::NotTaken => "not-taken",
            Self::NoError { .. } => "no-error",
            Self::FourEyes { .. } => "four-eyes",
            Self::NoPerson => "no-person",
            Self::NobodyWaits => "nobody-waits",
            Self::KeyReused => "key-reused",
            Self::OpenIncidents => "open-incidents",
            Self::NoMigration(_) => "no-migration",
            Self::Time { .. } => "bad-time",
            Self::Damaged(_) => "damaged",
            Self::Store(_) => "store",
            Self::Stopping => "stopping",
        }
    }
}
