//! Making the content known, keeping it valid, and changing keys.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use base::{Clock as _, FakeClock, SystemClock, Ts};
use directory::authority::OnlineRole;
use directory::{Authority, Client, Content, Limits};

use super::Place;
use super::diff::{Difference, differences};
use crate::command::file;
use crate::command::terminal::until;

/// Commands that concern the whole content or the keys.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Công bố nội dung hiện tại / publish the present content.
    Publish(Publish),
    /// Ký lại để bản đã công bố còn hiệu lực; chạy hằng ngày / sign anew so that the publication stays valid; run daily.
    Renew(Renew),
    /// Thay một khóa gốc, kể cả khi đã mất / replace a root key, also one that was lost.
    RotateRootKey(RotateRootKey),
    /// Thay khóa của vai trò targets, snapshot hoặc timestamp / replace the key of targets, snapshot or timestamp.
    RotateRoleKey(RotateRoleKey),
    /// Thay toàn bộ nội dung bằng một tệp / replace the whole content by a file.
    Import(Import),
    /// In nội dung dạng tệp danh bạ / print the content in the form of the directory's file.
    Export(Export),
}

/// Arguments of `authority publish`.
#[derive(clap::Args)]
pub struct Publish {
    #[command(flatten)]
    place: Place,
    /// Chỉ xem khác gì so với bản đã công bố / only show what differs from what is published.
    #[arg(long)]
    dry_run: bool,
}

/// Arguments of `authority renew`.
#[derive(clap::Args)]
pub struct Renew {
    #[command(flatten)]
    place: Place,
    /// Ký lại cả tệp gốc, cần các khóa gốc / sign the root file anew too, which needs root keys.
    #[arg(long)]
    root: bool,
}

/// Arguments of `authority rotate-root-key`.
#[derive(clap::Args)]
pub struct RotateRootKey {
    #[command(flatten)]
    place: Place,
    /// Nhãn hoặc mã của khóa cần thay / label or identifier of the key to be replaced, for example `root-1`.
    #[arg(long)]
    key: String,
}

/// Arguments of `authority rotate-role-key`.
#[derive(clap::Args)]
pub struct RotateRoleKey {
    #[command(flatten)]
    place: Place,
    /// Vai trò / the role.
    #[arg(long, value_enum)]
    role: Role,
}

/// A role with one key.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Role {
    /// Ký nội dung / signs the content.
    Targets,
    /// Ký danh mục tệp / signs which files belong together.
    Snapshot,
    /// Ký bản mới nhất / signs which is the newest.
    Timestamp,
}

/// Arguments of `authority import`.
#[derive(clap::Args)]
pub struct Import {
    #[command(flatten)]
    place: Place,
    /// Tệp nội dung / content file.
    file: PathBuf,
    /// Chỉ xem sẽ thay đổi gì / only show what would change.
    #[arg(long)]
    dry_run: bool,
}

/// Arguments of `authority export`.
#[derive(clap::Args)]
pub struct Export {
    #[command(flatten)]
    place: Place,
    /// Ghi vào tệp mới này thay vì in ra / write this new file and do not print.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Carries out one of the commands.
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Publish(args) => publish(&args).await,
        Command::Renew(args) => renew(&args).await,
        Command::RotateRootKey(args) => rotate_root_key(&args).await,
        Command::RotateRoleKey(args) => rotate_role_key(&args).await,
        Command::Import(args) => import(&args),
        Command::Export(args) => export(&args),
    }
}

async fn publish(args: &Publish) -> anyhow::Result<ExitCode> {
    let mut authority = args.place.open()?;
    let published = published(&authority).await?;
    let changes = differences(&published, authority.content());
    print_changes(&changes);
    if args.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    let now = SystemClock.now();
    let number = authority
        .publish(now)
        .await
        .context("không công bố được, bản cũ còn hiệu lực / not published, the old one stands")?;
    println!("Đã công bố danh bạ số / published the directory number {number}");
    print_expiry(&authority, now)?;
    Ok(ExitCode::SUCCESS)
}

fn print_changes(changes: &[Difference]) {
    if changes.is_empty() {
        println!("Nội dung không khác / the content does not differ");
    }
    for change in changes {
        println!("  {change}");
    }
}

/// Tells until when nodes go on with what is published, and what must be done before.
fn print_expiry(authority: &Authority, now: Ts) -> anyhow::Result<()> {
    let roles = authority.status()?;
    let first = roles.iter().filter_map(|role| role.published.map(|(_, expires)| (expires, role.role))).min();
    if let Some((expires, role)) = first {
        println!("Hiệu lực đến / valid until {} — {role}", until(expires, now));
        let remedy = match role {
            "root" => "authority renew --root",
            "targets" => "authority publish",
            _ => "authority renew",
        };
        println!("Trước đó phải chạy / before that run: lienthong {remedy}");
    }
    Ok(())
}

/// What is published now, even when it has expired; an empty content before the first publication.
async fn published(authority: &Authority) -> anyhow::Result<Content> {
    let content = authority.content();
    if content.number == 0 {
        return Ok(Content::empty(content.instance.clone(), content.created));
    }
    let cache = tempfile::tempdir().context("thư mục tạm / a temporary folder")?;
    let repository = std::path::absolute(authority.repository_path())?;
    let url = format!("file://{}", percent_encoded(&repository.display().to_string()));
    let client = Client::new(&authority.root_path(), cache.path(), &url, Limits::default())?;
    // What has expired is still what nodes have: a clock before all expiries asks for it.
    let client = client.with_clock(Arc::new(FakeClock::at(Ts(0))));
    let snapshot = client.refresh().await.context("bản đã công bố / what is published")?;
    Ok(snapshot.content().clone())
}

/// A path for a `file://` address.
fn percent_encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    path.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

async fn renew(args: &Renew) -> anyhow::Result<ExitCode> {
    let mut authority = args.place.open()?;
    let now = SystemClock.now();
    if args.root {
        authority
            .renew_root(now)
            .await
            .context("không ký lại được tệp gốc / the root file was not signed")?;
        println!("Đã ký lại tệp gốc / signed the root file anew");
    }
    authority.renew(now).await.context("không ký lại được / not signed anew")?;
    println!("Đã ký lại / signed anew: snapshot, timestamp");
    print_expiry(&authority, now)?;
    Ok(ExitCode::SUCCESS)
}

async fn rotate_root_key(args: &RotateRootKey) -> anyhow::Result<ExitCode> {
    let mut authority = args.place.open()?;
    let label = authority.rotate_root_key(&args.key, SystemClock.now()).await;
    let label = label.context("không thay khóa / no key was replaced")?;
    println!("Khóa gốc {0} được thay bằng {1} / the root key {0} is replaced by {1}", args.key, label);
    println!(
        "Cất khóa mới riêng và hủy khóa cũ / keep the new key apart and destroy the old one: keys/{label}.key"
    );
    Ok(ExitCode::SUCCESS)
}

async fn rotate_role_key(args: &RotateRoleKey) -> anyhow::Result<ExitCode> {
    let mut authority = args.place.open()?;
    let role = match args.role {
        Role::Targets => OnlineRole::Targets,
        Role::Snapshot => OnlineRole::Snapshot,
        Role::Timestamp => OnlineRole::Timestamp,
    };
    let label = authority
        .rotate_role_key(role, SystemClock.now())
        .await
        .context("không thay khóa / no key was replaced")?;
    println!("Khóa mới của vai trò / the role's new key: {label}");
    Ok(ExitCode::SUCCESS)
}

fn import(args: &Import) -> anyhow::Result<ExitCode> {
    let mut authority = args.place.open()?;
    let text = file::read(&args.file)?;
    let named = || format!("nội dung không đổi / the content is as before: {}", args.file.display());
    let content = Content::parse(text.as_bytes()).with_context(named)?;
    print_changes(&differences(authority.content(), &content));
    if args.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    authority.replace(text.as_bytes()).with_context(named)?;
    println!("Đã lưu, chưa công bố / saved, not published yet: lienthong authority publish");
    Ok(ExitCode::SUCCESS)
}

fn export(args: &Export) -> anyhow::Result<ExitCode> {
    let authority = args.place.open()?;
    let text = authority.content().to_json();
    match &args.out {
        None => print!("{text}"),
        Some(path) => {
            file::write_new(path, text.as_bytes(), file::PUBLIC)?;
            println!("Đã ghi / wrote {}", path.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_spaces_and_letters_becomes_an_address() {
        assert_eq!(percent_encoded("/a b/Đ#?%"), "/a%20b/%C4%90%23%3F%25");
    }
}
