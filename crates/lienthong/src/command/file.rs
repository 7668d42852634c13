//! Files that commands read and write.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::Context as _;
use crypto::certificate::Certificate;

/// Readable by the owner only.
pub const PRIVATE: u32 = 0o600;
/// Readable by everybody: certificates and requests are no secrets.
pub const PUBLIC: u32 = 0o644;

/// Makes a folder, and those above it, that only its owner may enter; one that exists stays as it is.
pub fn make_dir(dir: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.with_context(|| {
        let dir = dir.display();
        format!(
            "không tạo được thư mục / cannot make the folder {dir}: kiểm tra quyền / check the access rights"
        )
    })
}

/// Writes a file that must not exist yet.
pub fn write_new(path: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(mode).open(path).with_context(|| {
            format!(
                "không tạo được tệp mới (không bao giờ ghi đè) / cannot make (nothing is overwritten) {}",
                path.display()
            )
        })?;
    file.write_all(bytes).and_then(|()| file.sync_all()).with_context(|| cannot_write(path))
}

/// Puts a file in the place of another, whole or not at all.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().permissions(permissions(mode)).tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    };
    write().with_context(|| cannot_write(path))
}

/// A text file.
pub fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("không đọc được / cannot read {}", path.display()))
}

/// A file with one certificate in PEM.
pub fn certificate(path: &Path) -> anyhow::Result<Certificate> {
    Certificate::from_pem(&read(path)?).with_context(|| {
        format!("{} không phải một chứng thư PEM / is not one certificate in PEM", path.display())
    })
}

fn permissions(mode: u32) -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

fn cannot_write(path: &Path) -> String {
    format!(
        "không ghi được / cannot write {}: kiểm tra đĩa và quyền / check the disk and access rights",
        path.display()
    )
}
