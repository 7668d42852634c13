//! `lienthong keys …`: a node's keys, requests for certificates, and the certificates that come back.

mod certificate;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use base::{Clock as _, SystemClock};
use crypto::certificate::{Certificate, Purpose};
use crypto::sign::{Algorithm, CsrSubject, FileKeyStore, KeyError, KeyStore as _, Passphrase};
use serde_json::json;

use super::file;
use super::terminal::{Table, until};
use crate::config::Config;

/// Commands of `keys`.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Liệt kê khóa và chứng thư / list keys and certificates.
    List(List),
    /// Tạo thêm một khóa / make another key.
    Generate(Generate),
    /// Lập yêu cầu cấp chứng thư (PKCS#10) / make a certificate request.
    Csr(Csr),
    /// Nhập chứng thư nhận được / import a certificate that was issued.
    ImportCertificate(certificate::Import),
    /// Nhập một khóa có sẵn / import a key that exists already.
    ImportKey(ImportKey),
    /// Chứng thư còn hạn bao lâu; mã thoát 1 khi còn dưới 30 ngày / how long the certificates are valid; exit code 1
    /// when one ends within 30 days.
    Expiry(certificate::Expiry),
}

/// Where the node's configuration is.
#[derive(clap::Args)]
pub struct Node {
    /// Tệp cấu hình / configuration file.
    #[arg(long, default_value = "lienthong.toml")]
    config: PathBuf,
}

/// Arguments of `keys list`.
#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    node: Node,
    /// Kết quả dạng JSON / output as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `keys generate`.
#[derive(clap::Args)]
pub struct Generate {
    #[command(flatten)]
    node: Node,
    /// Tên của khóa: a-z 0-9 . - _ / the key's label.
    label: String,
    /// Thuật toán / algorithm: `ecdsa-p256-sha256`, `ed25519`, `rsa-pss-sha512`.
    #[arg(long, default_value = "ecdsa-p256-sha256", conflicts_with = "secret")]
    algorithm: Algorithm,
    /// Tạo một bí mật đối xứng thay vì cặp khóa / make a symmetric secret and not a key pair.
    #[arg(long)]
    secret: bool,
}

/// Arguments of `keys csr`.
#[derive(clap::Args)]
pub struct Csr {
    #[command(flatten)]
    node: Node,
    /// Tên của khóa / the key's label.
    label: String,
    /// Tên cơ quan / the organisation's name.
    #[arg(long)]
    name: String,
    /// Chứng thư dùng để làm gì; mặc định theo cấu hình của khóa / what the certificate is for; by default what the
    /// configuration says of the key.
    #[arg(long, value_enum)]
    usage: Option<Usage>,
    /// Tên máy hoặc địa chỉ IP mà hệ thống gọi đến cổng HTTPS (nhiều lần được) / host name or IP address under which
    /// information systems reach the HTTPS port; may be repeated.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// Ghi vào tệp mới này thay vì in ra / write this new file and do not print.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Arguments of `keys import-key`.
#[derive(clap::Args)]
pub struct ImportKey {
    #[command(flatten)]
    node: Node,
    /// Tên mới của khóa / the new label of the key.
    label: String,
    /// Tệp PKCS#8 dạng PEM, có thể mã hóa / PKCS#8 file in PEM, which may be encrypted.
    file: PathBuf,
    /// Tệp chứa mật khẩu của tệp đó / file with that file's passphrase.
    #[arg(long, value_name = "FILE")]
    import_passphrase_file: Option<PathBuf>,
}

/// What a key of the configuration is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Usage {
    /// Ký thông điệp của thành viên / the member's messages.
    Signing,
    /// Kết nối giữa các nút / connections between nodes.
    Tls,
}

impl Usage {
    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Signing => "ký thông điệp / signing",
            Self::Tls => "kết nối / tls",
        }
    }

    /// For scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Tls => "tls",
        }
    }

    /// What its certificate must be issued for.
    pub fn purposes(self) -> &'static [Purpose] {
        match self {
            Self::Signing => &[Purpose::Sign],
            Self::Tls => &[Purpose::TlsServer, Purpose::TlsClient],
        }
    }
}

/// A key that the configuration names, and where its certificate is to be.
pub struct Configured<'a> {
    /// What for.
    pub usage: Usage,
    /// The key's label.
    pub label: &'a str,
    /// The certificate's file.
    pub path: &'a Path,
}

/// The two keys with certificates that a configuration names.
pub fn configured(config: &Config) -> [Configured<'_>; 2] {
    let keys = &config.keys;
    [
        Configured { usage: Usage::Signing, label: &keys.signing, path: &keys.signing_certificate },
        Configured { usage: Usage::Tls, label: &keys.tls, path: &keys.tls_certificate },
    ]
}

/// Looks after a node's keys.
pub fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::List(args) => list(&args),
        Command::Generate(args) => generate(&args),
        Command::Csr(args) => csr(&args),
        Command::ImportCertificate(args) => certificate::import(&args),
        Command::ImportKey(args) => import_key(&args),
        Command::Expiry(args) => certificate::expiry(&args),
    }
}

/// Opens the keys of a configuration; a missing folder is a mistake here and not made.
pub fn open(config: &Config) -> anyhow::Result<FileKeyStore> {
    let dir = &config.keys.dir;
    if !dir.is_dir() {
        let dir = dir.display();
        bail!(
            "không có thư mục khóa / there is no keys folder {dir}: `lienthong init`, hoặc sửa / or correct [keys] dir"
        );
    }
    let passphrase = config.passphrase().context("mật khẩu của kho khóa / the passphrase of the keys")?;
    FileKeyStore::open(dir, &passphrase).context("kho khóa / the keys")
}

fn list(args: &List) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.node.config)?;
    let (store, now) = (open(&config)?, SystemClock.now());
    let mut table = Table::new(
        "Khóa / keys",
        ["Tên / label", "Thuật toán / algorithm", "Dùng để / use", "Chứng thư / certificate"],
    );
    let mut rows = Vec::new();
    for label in store.labels() {
        let algorithm = store.public_key(&label)?.algorithm();
        let used: Vec<Configured<'_>> =
            configured(&config).into_iter().filter(|key| key.label == label).collect();
        let names = used.iter().map(|key| key.usage.text()).collect::<Vec<_>>().join(", ");
        let certificate = used.first().and_then(|key| file::certificate(key.path).ok());
        let certificate = certificate.filter(|certificate| belongs(certificate, &store, &label));
        let missing = if used.is_empty() { "-" } else { "chưa có / none" };
        let text = certificate.as_ref().map_or(missing.to_owned(), |found| until(found.not_after(), now));
        table.row([
            label.clone(),
            algorithm.to_string(),
            if names.is_empty() { "-".into() } else { names },
            text,
        ]);
        rows.push(json!({
            "label": label,
            "algorithm": algorithm.as_str(),
            "use": used.iter().map(|key| key.usage.as_str()).collect::<Vec<_>>(),
            "certificate": certificate.as_ref().map(certificate::facts),
        }));
    }
    let secret = store.secret(&config.keys.pseudonyms).is_ok();
    if args.json {
        println!("{:#}", json!({ "keys": rows, "pseudonyms": secret }));
        return Ok(ExitCode::SUCCESS);
    }
    table.print();
    let label = &config.keys.pseudonyms;
    if secret {
        println!("Bí mật tạo bí danh / secret of pseudonyms: {label} ✓");
    } else {
        println!(
            "Bí mật tạo bí danh / secret of pseudonyms: chưa có / none: `lienthong keys generate --secret {label}`"
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether the certificate speaks of the key.
pub fn belongs(certificate: &Certificate, store: &FileKeyStore, label: &str) -> bool {
    match (certificate.public_key(), store.public_key(label)) {
        (Ok(certified), Ok(own)) => *certified == own,
        _ => false,
    }
}

fn generate(args: &Generate) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.node.config)?;
    let mut store = open(&config)?;
    let label = &args.label;
    if args.secret {
        store.generate_secret(label)?;
        println!("Đã tạo bí mật / made the secret {label}");
        return Ok(ExitCode::SUCCESS);
    }
    store.generate(label, args.algorithm)?;
    println!("Đã tạo khóa / made the key {label} ({})", args.algorithm);
    println!("Tiếp theo / next: lienthong keys csr --config {} {label} --name …", args.node.config.display());
    Ok(ExitCode::SUCCESS)
}

fn csr(args: &Csr) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.node.config)?;
    let store = open(&config)?;
    let by_configuration =
        || configured(&config).into_iter().find(|key| key.label == args.label).map(|key| key.usage);
    let usage = args.usage.or_else(by_configuration).with_context(|| {
        let label = &args.label;
        format!("cấu hình không dùng khóa {label}: thêm / the configuration does not use the key {label}: add --usage signing|tls")
    })?;
    let (identifier, common_name) = match usage {
        Usage::Signing => (config.node.owner.to_string(), args.name.clone()),
        Usage::Tls => (config.node.to_string(), config.node.code.to_string()),
    };
    let hosts = args.hosts.clone();
    let subject = CsrSubject { organization: args.name.clone(), identifier, common_name, hosts };
    let text = store.csr(&args.label, &subject)?;
    match &args.out {
        None => print!("{text}"),
        Some(path) => {
            file::write_new(path, text.as_bytes(), file::PUBLIC)?;
            println!("Đã ghi / wrote {}", path.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn import_key(args: &ImportKey) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.node.config)?;
    let mut store = open(&config)?;
    let text = zeroize::Zeroizing::new(file::read(&args.file)?);
    let passphrase = args.import_passphrase_file.as_deref().map(Passphrase::from_file).transpose()?;
    let key = match store.import_pem(&args.label, &text, passphrase.as_ref()) {
        Err(KeyError::ImportPassphrase) => {
            bail!("tệp khóa được mã hóa: thêm / the key file is encrypted: add --import-passphrase-file FILE")
        }
        other => other?,
    };
    println!("Đã nhập khóa / imported the key {} ({})", args.label, key.algorithm());
    println!("Hãy xóa tệp nguồn / now remove the source file {}", args.file.display());
    Ok(ExitCode::SUCCESS)
}
