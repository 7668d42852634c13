//! The small certification authority of demos and tests.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use base::{Clock as _, SystemClock, Ts};
use crypto::ca::{Profile, SmallCa};
use crypto::sign::Algorithm;

use crate::command::file;
use crate::command::passphrase::{self, Origin};
use crate::command::terminal::until;

const DAY_SECS: i64 = 86_400;
/// Certificates begin a little earlier, so that a clock that is slow by minutes accepts them at once.
const EARLIER_SECS: i64 = 300;

/// Commands of `authority ca`.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Tạo CA thử nghiệm / make a certification authority for tests.
    Init(Init),
    /// Cấp chứng thư từ yêu cầu / issue a certificate for a request.
    Issue(Issue),
    /// Thu hồi chứng thư / revoke a certificate.
    Revoke(Revoke),
    /// Ký danh sách thu hồi / sign the revocation list.
    Crl(CrlArgs),
}

/// Where the small authority is.
#[derive(clap::Args)]
pub struct Place {
    /// Thư mục của CA / the folder of the small authority.
    #[arg(long)]
    dir: PathBuf,
    #[command(flatten)]
    passphrase: passphrase::Source,
}

/// Arguments of `authority ca init`.
#[derive(clap::Args)]
pub struct Init {
    #[command(flatten)]
    place: Place,
    /// Tên của CA / its name.
    #[arg(long, default_value = "CA thu nghiem Lien thong")]
    name: String,
    /// Thuật toán / algorithm: `ecdsa-p256-sha256`, `ed25519`, `rsa-pss-sha512`.
    #[arg(long, default_value = "ecdsa-p256-sha256")]
    algorithm: Algorithm,
}

/// Arguments of `authority ca issue`.
#[derive(clap::Args)]
pub struct Issue {
    #[command(flatten)]
    place: Place,
    /// Yêu cầu PKCS#10, PEM / the PKCS#10 request, PEM.
    #[arg(long, value_name = "FILE")]
    csr: PathBuf,
    /// Chứng thư để làm gì / what the certificate is for.
    #[arg(long, value_enum)]
    profile: Use,
    /// Số ngày hiệu lực / days of validity.
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(i64).range(1..=3650))]
    days: i64,
    /// Tên máy hoặc địa chỉ IP đã kiểm tra là của nút (nhiều lần được); tên ghi trong yêu cầu không được tự nhận / host name
    /// or IP address that was checked to be the node's, may be repeated; names in the request do not count by themselves.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// Ghi vào tệp mới này thay vì in ra / write this new file and do not print.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Use {
    /// Ký thông điệp của thành viên / a member's messages.
    Signing,
    /// Kết nối TLS giữa các nút / a node's TLS connections.
    Node,
}

/// Arguments of `authority ca revoke`.
#[derive(clap::Args)]
pub struct Revoke {
    #[command(flatten)]
    place: Place,
    /// Số hiệu chứng thư, thập lục phân / the certificate's serial number, hexadecimal.
    #[arg(long)]
    serial: String,
}

/// Arguments of `authority ca crl`.
#[derive(clap::Args)]
pub struct CrlArgs {
    #[command(flatten)]
    place: Place,
    /// Số ngày đến danh sách kế tiếp / days until the next list.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(i64).range(1..=3650))]
    days: i64,
    /// Ghi vào tệp này thay vì in ra; bản cũ được thay / write this file and do not print; an old one is replaced.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Carries out one of the commands.
pub fn run(command: Command) -> anyhow::Result<ExitCode> {
    eprintln!("Chú ý: CA này chỉ để thử nghiệm; chứng thư thật do tổ chức chứng thực được cấp phép cấp.");
    eprintln!(
        "Note: this authority is for demos and tests; production certificates come from a licensed one."
    );
    match command {
        Command::Init(args) => init(&args),
        Command::Issue(args) => issue(&args),
        Command::Revoke(args) => revoke(&args),
        Command::Crl(args) => crl(&args),
    }
}

impl Place {
    fn load(&self) -> anyhow::Result<SmallCa> {
        let dir = &self.dir;
        if !dir.join("ca.pem").exists() {
            let dir = dir.display();
            bail!(
                "{dir} không có CA: `lienthong authority ca init` / holds no CA: make one with `lienthong authority ca init`"
            );
        }
        SmallCa::load(dir, &self.passphrase.open(dir)?).with_context(|| format!("CA: {}", dir.display()))
    }

    fn save(&self, ca: &SmallCa) -> anyhow::Result<()> {
        ca.save(&self.dir, &self.passphrase.open(&self.dir)?)
            .with_context(|| format!("CA: {}", self.dir.display()))
    }
}

fn init(args: &Init) -> anyhow::Result<ExitCode> {
    let dir = &args.place.dir;
    if dir.join("ca.pem").exists() || dir.join("ca.key").exists() {
        bail!(
            "đã có CA ở {0}, không thay đổi gì / there is a CA in {0} already, nothing was changed",
            dir.display()
        );
    }
    file::make_dir(dir)?;
    let (passphrase, origin) = args.place.passphrase.open_or_make(dir)?;
    let now = SystemClock.now();
    let ca = SmallCa::create(&args.name, args.algorithm, now)?;
    ca.save(dir, &passphrase)?;
    println!("Đã tạo CA / made the CA {}: {}", args.name, dir.join("ca.pem").display());
    println!("  Hết hạn / ends {}", until(ca.certificate().not_after(), now));
    if let Origin::Made(path) = origin {
        println!("  Mật khẩu ở / its passphrase is in {}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn issue(args: &Issue) -> anyhow::Result<ExitCode> {
    let ca = args.place.load()?;
    let request = file::read(&args.csr)?;
    let now = SystemClock.now();
    let validity = validity(args.days, ca.certificate().not_after(), now)?;
    let profile = match args.profile {
        Use::Signing => Profile::Signing,
        Use::Node => Profile::Node,
    };
    let issued = ca.issue_for(&request, profile, validity, &args.hosts);
    let issued = issued.with_context(|| format!("yêu cầu / the request {}", args.csr.display()))?;
    give(args.out.as_deref(), &issued.pem(), false)?;
    eprintln!("Chủ thể / subject: {}", issued.subject());
    eprintln!("Số hiệu / serial: {}; hết hạn / ends {}", issued.serial_hex(), until(issued.not_after(), now));
    Ok(ExitCode::SUCCESS)
}

/// From a little before now; not beyond the authority's own end, which every check would refuse.
fn validity(days: i64, authority_ends: Ts, now: Ts) -> anyhow::Result<(Ts, Ts)> {
    let end = now.plus_secs(days * DAY_SECS);
    if end > authority_ends {
        let left = authority_ends.micros_since(now).div_euclid(DAY_SECS * 1_000_000);
        bail!("CA chỉ còn hạn {left} ngày, giảm --days / the CA itself ends in {left} days: lower --days");
    }
    Ok((now.plus_secs(-EARLIER_SECS), end))
}

fn revoke(args: &Revoke) -> anyhow::Result<ExitCode> {
    let mut ca = args.place.load()?;
    ca.revoke(&args.serial.to_ascii_lowercase().replace(':', ""), SystemClock.now())?;
    args.place.save(&ca)?;
    println!("Đã thu hồi / revoked {}", args.serial);
    println!("Tiếp theo / next: authority ca crl, rồi / then authority add-crl, publish");
    Ok(ExitCode::SUCCESS)
}

fn crl(args: &CrlArgs) -> anyhow::Result<ExitCode> {
    let ca = args.place.load()?;
    let now = SystemClock.now();
    let list = ca.crl(now, now.plus_secs(args.days * DAY_SECS))?;
    give(args.out.as_deref(), &list.pem(), true)?;
    eprintln!("Danh sách kế tiếp / next list: {}", until(list.next_update(), now));
    Ok(ExitCode::SUCCESS)
}

/// Writes the file, or prints.
fn give(out: Option<&Path>, text: &str, may_replace: bool) -> anyhow::Result<()> {
    match out {
        None => print!("{text}"),
        Some(path) if may_replace => file::replace(path, text.as_bytes(), file::PUBLIC)?,
        Some(path) => file::write_new(path, text.as_bytes(), file::PUBLIC)?,
    }
    if let Some(path) = out {
        println!("Đã ghi / wrote {}", path.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn no_certificate_outlives_the_authority() {
        let now = Ts::from_secs(1_800_000_000);
        let ends = now.plus_secs(10 * DAY_SECS);
        assert_eq!(validity(10, ends, now).unwrap(), (now.plus_secs(-300), ends));
        assert!(validity(11, ends, now).unwrap_err().to_string().contains("10 days"));
    }
}
