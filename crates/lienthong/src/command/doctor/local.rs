//! What lies on this machine: keys, certificates, access rights, disk, message log.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use base::Ts;
use crypto::certificate::Certificate;
use crypto::sign::{FileKeyStore, KeyStore as _};
use store::{Db, LogWriter, StoreError};

use super::report::{Both, Report};
use crate::command::file;
use crate::command::keys::{self, Usage};
use crate::command::terminal::{Nearness, until};
use crate::config::Config;

/// Under this the node will stop soon.
const SPACE_MIN: u64 = 256 * 1024 * 1024;
/// Under this an operator should look: about two million calls of log.
const SPACE_LOW: u64 = 4 * 1024 * 1024 * 1024;

/// The keys open with the passphrase, and those of the configuration are there.
pub fn keys(config: &Config, report: &mut Report) -> Option<FileKeyStore> {
    let name = ("Khóa", "keys");
    let store = match keys::open(config) {
        Ok(store) => store,
        Err(error) => {
            let remedy = (
                "kiểm tra [keys] dir, passphrase_file hoặc biến LIENTHONG_PASSPHRASE",
                "check [keys] dir, passphrase_file or the variable LIENTHONG_PASSPHRASE",
            );
            report.wrong(name, format!("{error:#}"), remedy);
            return None;
        }
    };
    let labels = [&config.keys.signing, &config.keys.tls].map(|label| (label, store.public_key(label).err()));
    let secret = (&config.keys.pseudonyms, store.secret(&config.keys.pseudonyms).err());
    let missing: Vec<&str> = labels
        .iter()
        .chain([&secret])
        .filter(|(_, error)| error.is_some())
        .map(|(label, _)| label.as_str())
        .collect();
    if missing.is_empty() {
        report.good(
            name,
            format!("{}: {}, {}, {}", config.keys.dir.display(), labels[0].0, labels[1].0, secret.0),
        );
    } else {
        let remedy = (
            "tạo bằng `lienthong keys generate` (bí mật: --secret)",
            "make with `lienthong keys generate` (a secret: --secret)",
        );
        report.wrong(name, format!("thiếu / missing: {}", missing.join(", ")), remedy);
    }
    Some(store)
}

/// Certificates of the node that are there.
pub type Own = Vec<(Usage, Certificate)>;

/// Each certificate is there, belongs to its key and is in force.
pub fn certificates(config: &Config, store: Option<&FileKeyStore>, now: Ts, report: &mut Report) -> Own {
    let mut own = Vec::new();
    for key in keys::configured(config) {
        let name = certificate_name(key.usage);
        let certificate = match file::certificate(key.path) {
            Ok(certificate) => certificate,
            Err(error) => {
                let remedy = (
                    "nhập bằng `lienthong keys import-certificate`",
                    "import it with `lienthong keys import-certificate`",
                );
                report.wrong(name, format!("{error:#}"), remedy);
                continue;
            }
        };
        let ends = until(certificate.not_after(), now);
        let nearness = Nearness::of(certificate.not_after(), now);
        if store.is_some_and(|store| !keys::belongs(&certificate, store, key.label)) {
            let remedy = (
                "nhập chứng thư của đúng khóa, hoặc sửa [keys]",
                "import the certificate of this key, or correct [keys]",
            );
            report.wrong(
                name,
                format!("không thuộc khóa / does not belong to the key {}", key.label),
                remedy,
            );
        } else if certificate.not_before() > now {
            let begins = certificate.not_before();
            let remedy = ("kiểm tra đồng hồ, hoặc chờ", "check the clock, or wait");
            report.wrong(name, format!("có hiệu lực từ / valid from {begins}"), remedy);
        } else if nearness == Nearness::Past {
            report.wrong(name, ends, RENEW);
        } else if nearness == Nearness::Far {
            report.good(name, ends);
        } else {
            report.doubtful(name, ends, RENEW);
        }
        own.push((key.usage, certificate));
    }
    own
}

const RENEW: Both = ("gia hạn: `lienthong keys csr`", "renew it: `lienthong keys csr`");

/// The name of the checks of a certificate.
pub fn certificate_name(usage: Usage) -> Both {
    match usage {
        Usage::Signing => ("Chứng thư ký", "signing certificate"),
        Usage::Tls => ("Chứng thư TLS", "TLS certificate"),
    }
}

/// Nobody else may read secrets or change what the node believes.
pub fn permissions(config: &Config, config_path: &Path, report: &mut Report) {
    let log = config.store_url.strip_prefix("sqlite:").map(PathBuf::from);
    // The keys themselves are checked whenever they are opened.
    let secret = config.keys.passphrase_file.iter().map(|path| (path.as_path(), 0o077, "600"));
    let log = log.iter().map(|path| (path.as_path(), 0o077, "600"));
    let trusted = [config_path, &config.directory.root, &config.data_dir].map(|path| (path, 0o022, "go-w"));
    let mut open = Vec::new();
    for (path, forbidden, wanted) in secret.chain(log).chain(trusted) {
        // What is missing is another check's matter.
        let Ok(meta) = std::fs::metadata(path) else { continue };
        let mode = meta.permissions().mode() & 0o777;
        if mode & forbidden != 0 {
            open.push((path.display().to_string(), mode, format!("chmod {wanted} '{}'", path.display())));
        }
    }
    let name = ("Quyền truy cập tệp", "file permissions");
    if open.is_empty() {
        report.good(name, "chỉ nút đọc và ghi được / only the node may read and write them");
        return;
    }
    let detail: Vec<String> = open.iter().map(|(path, mode, _)| format!("{path} ({mode:03o})")).collect();
    let remedy: Vec<String> = open.iter().map(|(_, _, remedy)| remedy.clone()).collect();
    let remedy = remedy.join("; ");
    report.wrong(name, detail.join(", "), (format!("chạy: {remedy}"), format!("run: {remedy}")));
}

/// Room on each disk that the node writes to.
pub fn space(config: &Config, report: &mut Report) {
    let log = config.store_url.strip_prefix("sqlite:").map(PathBuf::from);
    let mut devices = Vec::new();
    for path in [Some(config.data_dir.clone()), log].into_iter().flatten() {
        let Some(existing) = path.ancestors().find(|path| path.exists()) else { continue };
        let Ok(device) = std::fs::metadata(existing).map(|meta| meta.dev()) else { continue };
        if !devices.contains(&device) {
            devices.push(device);
            space_at(existing, report);
        }
    }
}

fn space_at(path: &Path, report: &mut Report) {
    let name = ("Đĩa", "disk");
    let stat = match rustix::fs::statvfs(path) {
        Ok(stat) => stat,
        Err(error) => {
            let remedy = ("kiểm tra đĩa", "check the disk");
            report.doubtful(name, format!("{}: {error}", path.display()), remedy);
            return;
        }
    };
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let detail = format!("còn / free {} MiB: {}", free / (1024 * 1024), path.display());
    let remedy = (
        "giải phóng đĩa; đầy đĩa thì mọi cuộc gọi bị từ chối",
        "free space; calls are refused when the disk is full",
    );
    if free < SPACE_MIN {
        report.wrong(name, detail, remedy);
    } else if free < SPACE_LOW {
        report.doubtful(name, detail, remedy);
    } else {
        report.good(name, detail);
    }
}

/// The message log can be opened and written, or a running node does it; tells whether one runs.
pub async fn store(config: &Config, report: &mut Report) -> bool {
    let name = ("Kho nhật ký", "message log");
    if let Some(path) = config.store_url.strip_prefix("sqlite:").map(Path::new)
        && !path.exists()
    {
        new_store(path, report);
        return false;
    }
    let opened = match Db::open(&config.store_url).await {
        Ok(db) => LogWriter::open(&db).await.map(drop),
        Err(error) => Err(error),
    };
    match opened {
        Ok(()) => report.good(name, "mở được, ghi được / can be opened and written"),
        Err(StoreError::Locked { .. }) => {
            report.good(name, "nút đang chạy giữ quyền ghi / a running node writes to it");
            return true;
        }
        Err(error) => {
            let remedy = (
                "kiểm tra [store] url, đĩa và máy chủ cơ sở dữ liệu",
                "check [store] url, the disk and the database server",
            );
            report.wrong(name, error.to_string(), remedy);
        }
    }
    false
}

/// The file of a node that never ran is not made here: it would belong to whoever called the doctor.
fn new_store(path: &Path, report: &mut Report) {
    let name = ("Kho nhật ký", "message log");
    let folder = path.parent().unwrap_or(Path::new("."));
    let writable = rustix::fs::access(folder, rustix::fs::Access::WRITE_OK);
    match writable {
        Ok(()) => report.good(
            name,
            format!("được tạo khi nút chạy lần đầu / made when the node first runs: {}", path.display()),
        ),
        Err(error) => {
            let remedy = ("tạo thư mục và cho phép nút ghi", "make the folder and let the node write to it");
            report.wrong(name, format!("{}: {error}", folder.display()), remedy);
        }
    }
}
