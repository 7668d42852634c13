//! Certificates that come back from the certification authority, and how long they last.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use base::{Clock as _, SystemClock, Ts};
use crypto::certificate::{Certificate, CertificateError, Trust};
use crypto::sign::FileKeyStore;
use serde_json::{Value, json};

use super::{Configured, Node, Usage, belongs, configured, open};
use crate::EXIT_CHECK_FAILED;
use crate::command::file;
use crate::command::terminal::{Nearness, Table, day, days_left, until};
use crate::config::Config;

/// Arguments of `keys import-certificate`.
#[derive(clap::Args)]
pub struct Import {
    #[command(flatten)]
    node: Node,
    /// Tệp chứng thư PEM / certificate file in PEM.
    file: PathBuf,
}

/// Arguments of `keys expiry`.
#[derive(clap::Args)]
pub struct Expiry {
    #[command(flatten)]
    node: Node,
    /// Kết quả dạng JSON / output as JSON.
    #[arg(long)]
    json: bool,
}

/// Checks a certificate and puts it where the configuration wants it.
pub fn import(args: &Import) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.node.config)?;
    let store = open(&config)?;
    let certificate = file::certificate(&args.file)?;
    let now = SystemClock.now();
    let places: Vec<Configured<'_>> =
        configured(&config).into_iter().filter(|key| belongs(&certificate, &store, key.label)).collect();
    if places.is_empty() {
        bail!("{}", foreign(&certificate, &store, &config));
    }
    for place in &places {
        check(&certificate, place.usage, &config, now)?;
    }
    for place in &places {
        let kept = put(place.path, &certificate, now)?;
        println!(
            "Đã nhập chứng thư / imported the certificate ({}): {}",
            place.usage.text(),
            place.path.display()
        );
        if let Some(kept) = kept {
            println!("  Bản cũ được giữ / the old one is kept: {}", kept.display());
        }
    }
    println!("  Chủ thể / subject:   {}", certificate.subject());
    println!("  Nơi cấp / issuer:    {}", certificate.issuer());
    println!(
        "  Hiệu lực / valid:    {} → {}",
        day(certificate.not_before()),
        until(certificate.not_after(), now)
    );
    println!("  Vân tay / sha256:    {}", certificate.fingerprint_hex());
    println!("Tiếp theo: gửi chứng thư này cho cơ quan quản lý danh bạ, chạy lại nút sau khi danh bạ có nó");
    println!("Next: send it to the holder of the directory, and restart the node once the directory has it:");
    for place in &places {
        println!("  {}", admission(place.usage, &config, &args.file));
    }
    Ok(ExitCode::SUCCESS)
}

/// What the directory's holder does with a certificate.
fn admission(usage: Usage, config: &Config, file: &Path) -> String {
    let (node, file) = (&config.node, file.display());
    match usage {
        Usage::Signing => {
            format!("lienthong authority add-certificate --dir … --member {} --file {file}", node.owner)
        }
        Usage::Tls => format!("lienthong authority add-node --dir … --id {node} --tls {file}"),
    }
}

/// The text for a certificate of no configured key.
fn foreign(certificate: &Certificate, store: &FileKeyStore, config: &Config) -> String {
    let other =
        crypto::sign::KeyStore::labels(store).into_iter().find(|label| belongs(certificate, store, label));
    if let Some(label) = other {
        return format!(
            "chứng thư thuộc khóa {label}, cấu hình dùng khóa khác: sửa [keys] signing hoặc tls trước / the certificate \
             belongs to the key {label}, which the configuration does not use: set [keys] signing or tls first"
        );
    }
    let keys = &config.keys;
    format!(
        "chứng thư không thuộc khóa {0} hay {1} của nút này: xin cấp lại bằng yêu cầu từ `lienthong keys csr` / the \
         certificate belongs neither to the key {0} nor to {1} of this node: have it issued for the request that \
         `lienthong keys csr` makes (subject: {2})",
        keys.signing,
        keys.tls,
        certificate.subject()
    )
}

/// In force now, issued for this use, and naming the right holder.
fn check(certificate: &Certificate, usage: Usage, config: &Config, now: Ts) -> anyhow::Result<()> {
    for purpose in usage.purposes() {
        // Who issued it is the directory's matter; `doctor` looks at that. Period and use are checked here.
        match Trust::default().check(certificate, *purpose, now) {
            Ok(()) | Err(CertificateError::UnknownAuthority) => {}
            Err(error) => {
                let usage = usage.text();
                let text =
                    format!("chứng thư không dùng được cho / the certificate is of no use for {usage}");
                return Err(error).context(text);
            }
        }
    }
    let expected = match usage {
        Usage::Signing => config.node.owner.to_string(),
        Usage::Tls => config.node.to_string(),
    };
    match certificate.subject_serial_number() {
        Some(found) if found == expected => Ok(()),
        // A node's certificate is compared whole; only members are known by their identifier.
        None if usage == Usage::Tls => Ok(()),
        found => {
            let found = found.unwrap_or("-");
            bail!(
                "chứng thư mang serialNumber {found}, cần {expected}: xin cấp lại / its subject has the serialNumber \
                 {found}, {expected} is needed: have it issued again"
            )
        }
    }
}

/// Puts the certificate in place; gives where the old one is kept.
fn put(path: &Path, certificate: &Certificate, now: Ts) -> anyhow::Result<Option<PathBuf>> {
    let text = certificate.pem();
    let old = match std::fs::read(path) {
        Ok(old) => old,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            file::replace(path, text.as_bytes(), file::PUBLIC)?;
            return Ok(None);
        }
        Err(error) => {
            return Err(error).with_context(|| format!("không đọc được / cannot read {}", path.display()));
        }
    };
    if old == text.as_bytes() {
        return Ok(None);
    }
    let kept = free_name(path, now);
    file::write_new(&kept, &old, file::PUBLIC)?;
    file::replace(path, text.as_bytes(), file::PUBLIC)?;
    Ok(Some(kept))
}

/// `NAME.old-2026-12-31`, or with a number when there were several that day.
fn free_name(path: &Path, now: Ts) -> PathBuf {
    let with = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let day = day(now);
    let mut name = with(&format!(".old-{day}"));
    let mut count = 1;
    while name.exists() {
        count += 1;
        name = with(&format!(".old-{day}-{count}"));
    }
    name
}

/// A certificate for scripts.
pub fn facts(certificate: &Certificate) -> Value {
    json!({
        "subject": certificate.subject(),
        "issuer": certificate.issuer(),
        "serial": certificate.serial_hex(),
        "not_before": certificate.not_before().to_string(),
        "not_after": certificate.not_after().to_string(),
        "sha256": certificate.fingerprint_hex(),
    })
}

/// How long the node's certificates last.
pub fn expiry(args: &Expiry) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.node.config)?;
    let now = SystemClock.now();
    let columns = ["", "Dùng để / use", "Hết hạn / ends", "Chủ thể / subject"];
    let mut table = Table::new("Chứng thư của nút / the node's certificates", columns);
    let (mut rows, mut good) = (Vec::new(), true);
    for key in configured(&config) {
        let found = if key.path.exists() { Some(file::certificate(key.path)?) } else { None };
        let nearness = found.as_ref().map(|found| Nearness::of(found.not_after(), now));
        good &= nearness == Some(Nearness::Far);
        let (ends, subject) = match &found {
            Some(found) => (until(found.not_after(), now), found.subject().to_owned()),
            None => ("chưa có / none: keys import-certificate".to_owned(), key.path.display().to_string()),
        };
        table.row([
            nearness.map_or("✗", Nearness::mark).to_owned(),
            key.usage.text().to_owned(),
            ends,
            subject,
        ]);
        rows.push(json!({
            "use": key.usage.as_str(),
            "path": key.path,
            "state": nearness.map_or("missing", Nearness::as_str),
            "days_left": found.as_ref().map(|found| days_left(found.not_after(), now)),
            "certificate": found.as_ref().map(facts),
        }));
    }
    if args.json {
        println!("{:#}", json!({ "ok": good, "certificates": rows }));
    } else {
        table.print();
        if !good {
            println!(
                "Gia hạn / to renew: `lienthong keys csr`, rồi / then `lienthong keys import-certificate`"
            );
        }
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(EXIT_CHECK_FAILED) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn the_old_certificate_is_kept_under_a_name_of_its_day() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sign.pem");
        let now = Ts::parse("2026-11-21T03:00:00Z").unwrap();
        let algorithm = crypto::sign::Algorithm::Ed25519;
        let make = |name| crypto::ca::SmallCa::create(name, algorithm, now).unwrap().certificate();
        let (first, second, third) = (make("1"), make("2"), make("3"));
        assert_eq!(put(&path, &first, now).unwrap(), None);
        assert_eq!(put(&path, &first, now).unwrap(), None);
        assert_eq!(put(&path, &second, now).unwrap().unwrap(), dir.path().join("sign.pem.old-2026-11-21"));
        assert_eq!(put(&path, &third, now).unwrap().unwrap(), dir.path().join("sign.pem.old-2026-11-21-2"));
        assert_eq!(file::certificate(&path).unwrap(), third);
        assert_eq!(file::certificate(&dir.path().join("sign.pem.old-2026-11-21")).unwrap(), first);
    }
}
