//! `lienthong`: one binary, one installation is a node. Command line, configuration, wiring; the only crate that
//! knows everything.

mod bridges;
mod calls;
mod command;
mod config;
mod credentials;
mod desk;
mod node;
mod ops;
mod process_role;
mod registry_role;
mod reload;
mod sandbox;
mod sources_role;
mod trial;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

/// A call allocates a few hundred small pieces on two threads; the system's allocator took an eighth of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exit code when a check says no: evidence that does not hold, a log that was altered, a doctor's finding.
pub const EXIT_CHECK_FAILED: u8 = 1;
/// Exit code for a configuration file with mistakes (`EX_USAGE` of BSD's sysexits).
pub const EXIT_CONFIG: u8 = 64;
/// Exit code when a port, a store, a file or another node cannot be used (`EX_UNAVAILABLE`).
pub const EXIT_UNAVAILABLE: u8 = 69;

/// Exit code when the output's reader went away: what the signal SIGPIPE would give.
const EXIT_NOBODY_READS: i32 = 141;

/// Liên thông dữ liệu giữa các cơ quan nhà nước: hỏi, được phép, ký, ghi chứng cứ, trả lời.
/// Data exchange between agencies of a state: asked, allowed, signed, recorded, answered.
///
/// Exit codes: 0 done; 1 a check said no; 2 wrong usage; 64 configuration with mistakes; 69 something needed is not
/// available (port, store, file, other node).
#[derive(Parser)]
#[command(name = "lienthong", version, about, long_about, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Tạo cấu hình và khóa cho một nút mới / make configuration and keys of a new node.
    Init(command::init::Args),
    /// Chạy nút / run the node.
    Run(command::run::Args),
    /// Chạy thử hai nút với cơ sở dân cư giả định / run two nodes with an invented population base.
    Demo(command::demo::Args),
    /// Gọi một dịch vụ qua nút của mình / call a service through your node.
    Call(command::call::Args),
    /// Kiểm tra tệp cấu hình / check a configuration file.
    CheckConfig(command::check_config::Args),
    /// Khám một nút: khóa, chứng thư, kho, danh bạ, đồng hồ / examine a node's keys, certificates, store, directory, clock.
    Doctor(command::doctor::Args),
    /// Cơ quan quản lý danh bạ tin cậy / the holder of the trusted directory.
    #[command(subcommand)]
    Authority(command::authority::Command),
    /// Danh bạ tin cậy mà nút đang dùng / the directory as a node sees it.
    #[command(subcommand)]
    Directory(command::directory::Command),
    /// Khóa và chứng thư của nút / a node's keys and certificates.
    #[command(subcommand)]
    Keys(command::keys::Command),
    /// Quyền khai thác / grants.
    #[command(subcommand)]
    Grants(command::grants::Command),
    /// Sổ đăng ký: người dùng, cơ quan, kiểm kê, nhật ký / the registry: people, agencies, inventory, journal.
    #[command(subcommand)]
    Registry(command::registry::Command),
    /// Nguồn dữ liệu: từ một CSDL có sẵn thành dịch vụ, không lập trình / data sources: a database becomes a service.
    #[command(subcommand)]
    Source(command::source::Command),
    /// Quy trình liên thông vẽ bằng BPMN 2.0: kiểm tra, chạy thử / procedures drawn as BPMN 2.0: check, try out.
    #[command(subcommand)]
    Process(command::process::Command),
    /// Đăng nhập vào nút cho các lệnh qua API / sign in to a node, for commands that go through its API.
    SignIn(command::api::SignIn),
    /// Đăng xuất / sign out.
    SignOut(command::api::SessionFile),
    /// Chứng cứ giao dịch / evidence.
    #[command(subcommand)]
    Evidence(command::evidence::Command),
    /// Tạo môi trường hai nút trên máy này để thử nghiệm / make a two-node environment on this machine for tests.
    Sandbox(command::sandbox::Args),
    /// Hệ thống giả lập trả lời cố định / a stand-in information system with fixed answers.
    SandboxBackend(command::sandbox::BackendArgs),
    /// Sổ đăng ký mẫu để đo / a sample registry for measurements.
    #[command(subcommand)]
    SandboxRegistry(command::sandbox::registry::Command),
    /// Nguồn dữ liệu mẫu để đo / sample data sources for measurements.
    #[command(subcommand)]
    SandboxSources(command::sandbox::sources::Command),
    /// In tệp hoàn thành lệnh cho shell / print shell completions.
    Completions {
        /// Shell.
        shell: clap_complete::Shell,
    },
}

/// A reader that went away (`lienthong … | head`) ends the program quietly, as it ends other programs.
fn end_quietly_when_nobody_reads() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let text = info.payload_as_str().unwrap_or_default();
        if text.starts_with("failed printing to stdout") {
            if text.contains("Broken pipe") {
                std::process::exit(EXIT_NOBODY_READS);
            }
            eprintln!("lỗi / error: {text}");
            std::process::exit(EXIT_UNAVAILABLE.into());
        }
        usual(info);
    }));
}

fn main() -> ExitCode {
    end_quietly_when_nobody_reads();
    // Two providers could be in the program one day; this one is ours.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("internal error: another TLS provider is installed");
        return ExitCode::from(EXIT_UNAVAILABLE);
    }
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("lỗi / error: {error}");
            return ExitCode::from(EXIT_UNAVAILABLE);
        }
    };
    match runtime.block_on(run(cli.command)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("lỗi / error: {}", one_line(&error));
            let config = error.downcast_ref::<config::Mistakes>().is_some();
            ExitCode::from(if config { EXIT_CONFIG } else { EXIT_UNAVAILABLE })
        }
    }
}

/// The error with its causes, each said once.
fn one_line(error: &anyhow::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ")
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Init(args) => command::init::run(&args),
        Command::Run(args) => command::run::run(args).await,
        Command::Demo(args) => command::demo::run(args).await,
        Command::Call(args) => command::call::run(args).await,
        Command::CheckConfig(args) => command::check_config::run(&args),
        Command::Doctor(args) => command::doctor::run(args).await,
        Command::Authority(command) => command::authority::run(command).await,
        Command::Directory(command) => command::directory::run(command).await,
        Command::Keys(command) => command::keys::run(command),
        Command::Grants(command) => command::grants::run(command).await,
        Command::Registry(command) => command::registry::run(command).await,
        Command::Source(command) => command::source::run(command).await,
        Command::Process(command) => command::process::run(command).await,
        Command::SignIn(args) => command::api::sign_in(args).await,
        Command::SignOut(kept) => command::api::sign_out(kept).await,
        Command::Evidence(command) => command::evidence::run(command).await,
        Command::Sandbox(args) => command::sandbox::run(args).await,
        Command::SandboxRegistry(command) => command::sandbox::registry::run(command).await,
        Command::SandboxSources(command) => command::sandbox::sources::run(command).await,
        Command::SandboxBackend(args) => command::sandbox::backend(args).await,
        Command::Completions { shell } => {
            // First whole, then printed: the generator panics when its reader goes away.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "lienthong", &mut script);
            print!("{}", String::from_utf8_lossy(&script));
            Ok(ExitCode::SUCCESS)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
