//! `lienthong authority …`: the holder of the directory admits members and nodes, publishes, and serves what is
//! published.

mod ca;
mod diff;
mod edit;
mod make;
mod publish;
mod remove;
pub mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use directory::Authority;

use super::passphrase;

/// Commands of `authority`.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Lập cơ quan quản lý danh bạ: khóa, tệp gốc, danh bạ trống / make the holder of a directory: keys, root file, an
    /// empty directory.
    Init(make::Init),
    /// Xem nội dung, phiên bản, hạn và khóa / show content, versions, expiries and keys.
    Show(make::Show),
    #[command(flatten)]
    Add(edit::Command),
    #[command(flatten)]
    Remove(remove::Command),
    #[command(flatten)]
    Publish(publish::Command),
    /// Phục vụ danh bạ qua HTTP cho các nút tải / serve the directory over HTTP for nodes to download.
    Serve(serve::Args),
    /// CA nhỏ, chỉ để thử nghiệm / a small certification authority, for demos and tests only.
    #[command(subcommand)]
    Ca(ca::Command),
}

/// Where the authority is.
#[derive(clap::Args, Clone, Debug)]
pub struct Place {
    /// Thư mục của cơ quan quản lý danh bạ / the authority's folder.
    #[arg(long)]
    dir: PathBuf,
    #[command(flatten)]
    passphrase: passphrase::Source,
}

impl Place {
    /// Opens the authority.
    fn open(&self) -> anyhow::Result<Authority> {
        let dir = self.dir.display();
        if !self.dir.join("authority.json").exists() {
            anyhow::bail!(
                "{dir} không phải thư mục của cơ quan quản lý danh bạ: `lienthong authority init` / is no authority's \
                 folder: make one with `lienthong authority init`"
            );
        }
        let passphrase = self.passphrase.open(&self.dir)?;
        Authority::open(&self.dir, &passphrase)
            .with_context(|| format!("cơ quan quản lý danh bạ / the authority in {dir}"))
    }
}

/// Does what the holder of the directory does.
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Init(args) => make::init(args).await,
        Command::Show(args) => make::show(&args),
        Command::Add(command) => edit::run(command),
        Command::Remove(command) => remove::run(command),
        Command::Publish(command) => publish::run(command).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Ca(command) => ca::run(command),
    }
}
