//! Arguments of the commands for procedures of a running node.

use std::path::PathBuf;

use crate::command::api::SessionFile;

/// Commands of procedures of a running node.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Triển khai mô hình: mọi lỗi cùng lúc / deploy a model: all faults at once.
    Deploy(Deploy),
    /// Các mô hình đã triển khai / the models that are deployed.
    Models(List),
    /// Bắt đầu một hồ sơ / begin an instance.
    Start(Start),
    /// Các hồ sơ / instances.
    Instances(Instances),
    /// Một hồ sơ: đang đứng ở đâu, việc, sự cố; lịch sử, hình vẽ / one instance: where it stands, tasks, incidents; history, picture.
    Show(Show),
    /// Các việc đang chờ người làm / tasks that wait for people.
    Tasks(Tasks),
    /// Làm một việc / do a task.
    #[command(subcommand)]
    Task(TaskCommand),
    /// Các bước đã dừng vì sự cố / steps that stopped.
    Incidents(List),
    /// Xử lý một sự cố / deal with an incident.
    #[command(subcommand)]
    Incident(IncidentCommand),
    /// Gửi thông điệp tới hồ sơ đang chờ / bring a message to the instance that waits for it.
    Message(Message),
    /// Phát tín hiệu tới mọi hồ sơ đang chờ / tell a signal to all that wait for it.
    Signal(Signal),
    /// Đặt biến của một hồ sơ / give variables of an instance new values.
    Set(Set),
    /// Hủy một hồ sơ / end an instance as it stands.
    Cancel(Because),
    /// Các đồng hồ của một hồ sơ: hạn, đã dùng, còn lại / the clocks of an instance: due, used, left.
    Clocks(One),
    /// Dừng đồng hồ, ví dụ chờ bổ sung giấy tờ / let the clocks stand still, for example until papers come.
    Pause(Because),
    /// Cho đồng hồ chạy tiếp / let the clocks run on.
    Resume(Because),
    /// Lịch làm việc khác sẽ dời những hạn nào; không đổi gì / what other calendars would move; changes nothing.
    Calendars(Calendars),
    /// Tạo mã bí mật cho một hệ thống làm việc tự động / make the token of a system that does jobs.
    Worker(Worker),
    /// Chuyển một hồ sơ sang phiên bản khác của mô hình / move an instance to another version of its model.
    Migrate(Migrate),
}

/// Arguments of `deploy`.
#[derive(clap::Args)]
pub struct Deploy {
    /// Tệp BPMN 2.0 hoặc DMN / a BPMN 2.0 or DMN file.
    pub file: PathBuf,
    /// Chỉ kiểm tra, không ghi / only check, write nothing.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub kept: SessionFile,
}

/// One page of a list.
#[derive(clap::Args)]
pub struct List {
    /// Số dòng nhiều nhất / rows at most.
    #[arg(long, default_value_t = 100)]
    pub limit: u32,
    /// Sau dòng này: giá trị `next` của trang trước / behind this row: `next` of the page before.
    #[arg(long, value_name = "ROW")]
    pub after: Option<String>,
    /// Kết quả dạng JSON / output as JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub kept: SessionFile,
}

/// Arguments of `start`.
#[derive(clap::Args)]
pub struct Start {
    /// Mã mô hình, do `deploy` in ra / key of the model, as `deploy` prints it.
    pub model: String,
    /// Cơ quan giải quyết / the agency whose instance it is.
    #[arg(long)]
    pub agency: String,
    /// Phiên bản; mặc định là bản mới nhất đang có hiệu lực / version; else the newest that counts today.
    #[arg(long)]
    pub version: Option<i64>,
    /// Quy trình trong tệp; mặc định là quy trình đầu tiên / process of the file; else the first.
    #[arg(long, value_name = "ID")]
    pub process: Option<String>,
    /// Mã hồ sơ / what people call it by.
    #[arg(long, value_name = "TEXT")]
    pub business_key: Option<String>,
    #[command(flatten)]
    pub variables: Variables,
    /// Khóa của bên gọi: gọi lại với cùng khóa không bắt đầu thêm / your own key: asking again with it begins no second one.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    #[command(flatten)]
    pub kept: SessionFile,
}

/// Variables that something brings.
#[derive(clap::Args)]
pub struct Variables {
    /// Biến, dạng JSON hoặc @TỆP / variables, JSON or @FILE: `{"le_phi": 8000}`.
    #[arg(long = "vars", value_name = "JSON", default_value = "{}")]
    pub text: String,
}

/// Arguments of `instances`.
#[derive(clap::Args)]
pub struct Instances {
    /// Chỉ của mô hình này / only of this model.
    #[arg(long, value_name = "KEY")]
    pub model: Option<String>,
    /// Chỉ mã hồ sơ này / only with this business key.
    #[arg(long, value_name = "TEXT")]
    pub business_key: Option<String>,
    /// Chỉ của cơ quan này / only of this agency.
    #[arg(long)]
    pub agency: Option<String>,
    /// Chỉ hồ sơ chưa kết thúc / only those that have not ended.
    #[arg(long)]
    pub open: bool,
    #[command(flatten)]
    pub list: List,
}

/// Arguments of `show`.
#[derive(clap::Args)]
pub struct Show {
    /// Mã hồ sơ / the instance.
    pub instance: String,
    /// Kèm lịch sử: ai làm gì, lúc nào / with its history: who did what, when.
    #[arg(long)]
    pub history: bool,
    /// Vẽ sơ đồ với nơi hồ sơ đang đứng / draw the diagram with where it stands.
    #[arg(long, value_name = "FILE.svg")]
    pub picture: Option<PathBuf>,
    /// Kết quả dạng JSON / output as JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub kept: SessionFile,
}

/// Arguments of `tasks`.
#[derive(clap::Args)]
pub struct Tasks {
    /// Chỉ vai này / only of this role.
    #[arg(long)]
    pub role: Option<String>,
    /// Chỉ của cơ quan này / only of this agency.
    #[arg(long)]
    pub agency: Option<String>,
    /// Chỉ việc tôi đã nhận / only those that I have taken.
    #[arg(long)]
    pub mine: bool,
    /// Chỉ của hồ sơ này / only of this instance.
    #[arg(long, value_name = "ID")]
    pub instance: Option<String>,
    #[command(flatten)]
    pub list: List,
}

/// What can be done with a task.
#[derive(clap::Subcommand)]
pub enum TaskCommand {
    /// Xem: biến, biểu mẫu, được làm gì / look at it: variables, form, what may be done.
    Show(Task),
    /// Nhận việc / take it.
    Claim(Task),
    /// Trả việc / give it back.
    Unclaim(Task),
    /// Giao cho một người / give it to somebody.
    Assign(Hand),
    /// Chuyển cho một người làm thay / have somebody do it in one's place.
    Delegate(Hand),
    /// Làm xong, kèm kết quả / it is done, with its results.
    Complete(Complete),
    /// Kết thúc bằng lỗi nghiệp vụ, ví dụ từ chối / it ends with a business error, for example a refusal.
    Error(TaskError),
}

/// A task.
#[derive(clap::Args)]
pub struct Task {
    /// Mã việc: HỒ-SƠ/BƯỚC / the task: INSTANCE/STEP.
    pub task: String,
    #[command(flatten)]
    pub kept: SessionFile,
}

/// Arguments of `task assign` and `delegate`.
#[derive(clap::Args)]
pub struct Hand {
    #[command(flatten)]
    pub task: Task,
    /// Người nhận / who gets it.
    #[arg(long, value_name = "PERSON")]
    pub to: String,
}

/// Arguments of `task complete`.
#[derive(clap::Args)]
pub struct Complete {
    #[command(flatten)]
    pub task: Task,
    #[command(flatten)]
    pub variables: Variables,
}

/// Arguments of `task error`.
#[derive(clap::Args)]
pub struct TaskError {
    #[command(flatten)]
    pub task: Task,
    /// Mã lỗi mà sơ đồ bắt / the code that the diagram catches.
    #[arg(long)]
    pub code: String,
    #[command(flatten)]
    pub variables: Variables,
}

/// What can be done with an incident.
#[derive(clap::Subcommand)]
pub enum IncidentCommand {
    /// Thử lại / try it again.
    Retry(Task),
    /// Coi là xong với kết quả này; bước khác: đặt biến rồi thử lại / it counts as done with these results; other steps: set them and try again.
    Resolve(Complete),
    /// Ai phụ trách / who looks after it.
    Own(Hand),
}

/// Arguments of `message`.
#[derive(clap::Args)]
pub struct Message {
    /// Tên thông điệp / name of the message.
    pub name: String,
    /// Giá trị đối chiếu, dạng JSON / what must be equal at who waits, JSON: `"H17-2026-000123"`.
    #[arg(long, value_name = "JSON")]
    pub correlation: Option<String>,
    #[command(flatten)]
    pub variables: Variables,
    /// Giữ bao nhiêu giây nếu chưa ai chờ / seconds for which it is kept when nobody waits yet.
    #[arg(long, value_name = "SECONDS")]
    pub keep_s: Option<i64>,
    /// Cơ quan của hồ sơ bắt đầu từ thông điệp này, nếu mô hình không nói / whose instance begins with it, where the model does not say.
    #[arg(long, value_name = "CODE")]
    pub agency: Option<String>,
    /// Khóa của bên gọi / your own key.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    #[command(flatten)]
    pub kept: SessionFile,
}

/// Arguments of `signal`.
#[derive(clap::Args)]
pub struct Signal {
    /// Tên tín hiệu / name of the signal.
    pub name: String,
    #[command(flatten)]
    pub variables: Variables,
    #[command(flatten)]
    pub kept: SessionFile,
}

/// Arguments of `set`.
#[derive(clap::Args)]
pub struct Set {
    /// Mã hồ sơ / the instance.
    pub instance: String,
    #[command(flatten)]
    pub variables: Variables,
    #[command(flatten)]
    pub kept: SessionFile,
}

/// An instance, and why something is done with it.
#[derive(clap::Args)]
pub struct Because {
    /// Mã hồ sơ / the instance.
    pub instance: String,
    /// Lý do / why.
    #[arg(long)]
    pub reason: String,
    #[command(flatten)]
    pub kept: SessionFile,
}

/// Arguments of `migrate`.
#[derive(clap::Args)]
pub struct Migrate {
    /// Mã hồ sơ / the instance.
    pub instance: String,
    /// Số của mô hình đích, do `models` in ra / number of the model to move to, as `models` prints it.
    #[arg(long, value_name = "NUMBER")]
    pub to: i64,
    /// Phần tử đổi tên: CŨ=MỚI, nhiều lần được / elements with another id: OLD=NEW, may be repeated.
    #[arg(long = "map", value_name = "OLD=NEW")]
    pub renamed: Vec<String>,
    /// Chỉ kiểm tra, không chuyển / only check, move nothing.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub kept: SessionFile,
}

/// An instance.
#[derive(clap::Args)]
pub struct One {
    /// Mã hồ sơ / the instance.
    pub instance: String,
    #[command(flatten)]
    pub kept: SessionFile,
}

/// Arguments of `calendars`.
#[derive(clap::Args)]
pub struct Calendars {
    /// Lịch cả nước; mặc định là lịch có sẵn / the country's calendar; else the one that is built in.
    #[arg(long, value_name = "FILE")]
    pub country: Option<PathBuf>,
    /// Lịch của các cơ quan / calendars of agencies.
    #[arg(long, value_name = "FILE")]
    pub agencies: Option<PathBuf>,
    #[command(flatten)]
    pub kept: SessionFile,
}

/// Arguments of `worker`.
#[derive(clap::Args)]
pub struct Worker {
    /// Tên hệ thống, ghi vào lịch sử hồ sơ / name of the system, as histories have it.
    pub name: String,
    /// Cơ quan của hệ thống / whose it is.
    #[arg(long, required_unless_present = "renew")]
    pub agency: Option<String>,
    /// Loại việc được nhận, nhiều lần được / topic of jobs that it may fetch, may be repeated.
    #[arg(long = "topic", value_name = "TOPIC")]
    pub topics: Vec<String>,
    /// Thông điệp được gửi, nhiều lần được / message that it may tell, may be repeated.
    #[arg(long = "message", value_name = "MESSAGE")]
    pub messages: Vec<String>,
    /// Thêm vào tệp này của nút; không có thì in ra / add the entry to this file of the node; else it is printed.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Cấp mã mới cho hệ thống đã có trong tệp, mã cũ hết hiệu lực / a new token for a system that is in the file already; the old one
    /// counts no more.
    #[arg(long, requires = "file", conflicts_with_all = ["agency", "topics", "messages"])]
    pub renew: bool,
}
