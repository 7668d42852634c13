//! `lienthong init`: keys, certificate requests and a commented configuration of a new node.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use base::NodeId;
use crypto::sign::{Algorithm, CsrSubject, FileKeyStore, Passphrase};

use super::file;
use super::passphrase::{self, Origin};

const TEMPLATE: &str = include_str!("init/lienthong.toml");
/// Stands in the configuration until the operator knows better.
const URL_UNKNOWN: &str = "http://danh-ba.example.vn/";

/// Arguments of `init`.
#[derive(clap::Args)]
pub struct Args {
    /// Định danh của nút / the node's identifier, for example `VN-DEMO/GOV/G01/NUT-1`.
    #[arg(long)]
    node: NodeId,
    /// Tên cơ quan, ghi vào yêu cầu cấp chứng thư / the organisation's name, for the certificate requests.
    #[arg(long)]
    name: String,
    /// Thư mục của nút, được tạo nếu chưa có / the node's folder, made when missing.
    #[arg(long)]
    dir: PathBuf,
    /// Thuật toán của hai khóa / algorithm of both keys: `ecdsa-p256-sha256`, `ed25519`, `rsa-pss-sha512`.
    #[arg(long, default_value = "ecdsa-p256-sha256")]
    algorithm: Algorithm,
    /// Nơi tải danh bạ / where the directory is downloaded from.
    #[arg(long, value_name = "URL", default_value = URL_UNKNOWN)]
    directory_url: String,
    /// Tệp gốc tin cậy của danh bạ, được sao vào thư mục / the directory's trusted root file, copied into the folder.
    #[arg(long, value_name = "FILE")]
    root: Option<PathBuf>,
    /// Tên máy hoặc địa chỉ IP mà hệ thống gọi đến cổng HTTPS (nhiều lần được) / host name or IP address under which
    /// information systems reach the HTTPS port; may be repeated.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    #[command(flatten)]
    passphrase: passphrase::Source,
}

/// Makes everything that a new node needs before it has certificates.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.name.trim().is_empty() || args.name.chars().any(char::is_control) {
        bail!("--name: cần tên cơ quan / the organisation's name is needed");
    }
    let root = args.root.as_deref().map(file::read).transpose()?;
    refuse_existing(&args.dir)?;
    file::make_dir(&args.dir)?;
    let dir = std::path::absolute(&args.dir).with_context(|| args.dir.display().to_string())?;
    let (passphrase, origin) = args.passphrase.open_or_make(&dir)?;
    let [sign, tls] = make_keys(args, &dir, &passphrase)?;
    file::write_new(&dir.join("sign.csr"), sign.as_bytes(), file::PUBLIC)?;
    file::write_new(&dir.join("tls.csr"), tls.as_bytes(), file::PUBLIC)?;
    if let Some(root) = &root {
        file::write_new(&dir.join("root.json"), root.as_bytes(), file::PUBLIC)?;
    }
    let text = configuration(&args.node, &args.directory_url, &origin, &dir);
    // Last: the folder is a node's when its configuration is there.
    file::write_new(&dir.join("lienthong.toml"), text.as_bytes(), file::PRIVATE)?;
    print_next(args, &origin);
    Ok(ExitCode::SUCCESS)
}

/// Looks before anything is made, so that a second `init` changes nothing.
fn refuse_existing(dir: &Path) -> anyhow::Result<()> {
    let names =
        ["lienthong.toml", "keys/sign.key", "keys/tls.key", "keys/pseudonyms.secret", "sign.csr", "tls.csr"];
    for path in names.into_iter().chain(["root.json"]).map(|name| dir.join(name)) {
        if path.exists() {
            let path = path.display();
            bail!(
                "{path} đã có; init không ghi đè: chọn thư mục khác, hoặc chuyển tệp đi / exists and init overwrites \
                 nothing: choose another folder, or move it away"
            );
        }
    }
    Ok(())
}

/// The three keys, and the requests for the two that need certificates.
fn make_keys(args: &Args, dir: &Path, passphrase: &Passphrase) -> anyhow::Result<[String; 2]> {
    let mut store = FileKeyStore::open(&dir.join("keys"), passphrase)?;
    store.generate("sign", args.algorithm)?;
    store.generate("tls", args.algorithm)?;
    store.generate_secret("pseudonyms")?;
    let subject = |identifier: String, common_name: String| CsrSubject {
        organization: args.name.trim().to_owned(),
        identifier,
        common_name,
        hosts: Vec::new(),
    };
    let (node, member) = (args.node.to_string(), args.node.owner.to_string());
    Ok([
        store.csr("sign", &subject(member, args.name.trim().to_owned()))?,
        store.csr(
            "tls",
            &CsrSubject { hosts: args.hosts.clone(), ..subject(node, args.node.code.to_string()) },
        )?,
    ])
}

/// The configuration file.
fn configuration(node: &NodeId, url: &str, origin: &Origin, dir: &Path) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let passphrase_file = match origin {
        Origin::File(path) | Origin::Made(path) => {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            let path = path.strip_prefix(dir).unwrap_or(&path).display().to_string();
            format!("passphrase_file = {}", quoted(&path))
        }
        Origin::Variable => "#passphrase_file = \"passphrase\"".to_owned(),
    };
    TEMPLATE
        .replace("@NODE@", &quoted(&node.to_string()))
        .replace("@PASSPHRASE@", &passphrase_file)
        .replace("@URL@", &quoted(url))
}

fn print_next(args: &Args, origin: &Origin) {
    let (dir, node) = (args.dir.display(), &args.node);
    let config = args.dir.join("lienthong.toml");
    let config = config.display();
    println!("Đã tạo nút / made the node {node}: {dir}");
    match origin {
        Origin::Made(path) => println!(
            "  Mật khẩu ngẫu nhiên của khóa ở / a random passphrase of the keys is in {} (0600): sao lưu riêng với khóa / \
             back it up apart from the keys",
            path.display()
        ),
        Origin::File(path) => {
            println!("  Mật khẩu của khóa ở / the keys' passphrase is in {}", path.display());
        }
        Origin::Variable => println!(
            "  Mật khẩu của khóa là giá trị LIENTHONG_PASSPHRASE hiện tại; nút cần nó khi chạy / the keys' passphrase is \
             the present LIENTHONG_PASSPHRASE; the node needs it to run"
        ),
    }
    println!("\nViệc tiếp theo / next:");
    println!(
        "  1. Gửi hai yêu cầu này cho tổ chức chứng thực / send both requests to your certification authority:"
    );
    println!("       {dir}/sign.csr   ký thông điệp / signing messages ({})", node.owner);
    println!("       {dir}/tls.csr    kết nối giữa các nút / connections between nodes ({node})");
    println!("  2. Nhập chứng thư nhận được / import the certificates:");
    println!("       lienthong keys import-certificate --config {config} sign-received.pem");
    println!("       lienthong keys import-certificate --config {config} tls-received.pem");
    println!(
        "  3. Gửi hai chứng thư và địa chỉ nút cho cơ quan quản lý danh bạ, nhận tệp gốc tin cậy / send both"
    );
    println!(
        "     certificates and the node's address to the holder of the directory, receive the trusted root file:"
    );
    println!("       {dir}/root.json");
    println!("  4. Sửa / edit {config}: [directory] url, [listen], [[subsystem]]");
    println!("  5. lienthong doctor --config {config}");
    println!("     lienthong run --config {config}");
}

#[cfg(test)]
mod tests;
