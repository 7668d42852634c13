//! Files that commands read and write.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, fchown};
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

/// Changes a text file that people and programs share, whole or not at all: who owns it and who may read it stays as it
/// is, and whoever else changes it so waits. `change` gets the text, which is empty when there is no file yet; a new one
/// is private.
pub fn edit(path: &Path, change: impl FnOnce(&str) -> anyhow::Result<String>) -> anyhow::Result<()> {
    // Behind a link it is the file that is changed, not the link.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The file itself is another one after each change, so that the folder is locked; until this ends.
    let locked = File::open(folder).with_context(|| cannot_write(&path))?;
    locked.lock().with_context(|| cannot_write(&path))?;
    let old = if path.exists() { read(&path)? } else { String::new() };
    let text = change(&old)?;
    let write = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().permissions(permissions(PRIVATE)).tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        if let Some(known) = path.exists().then(|| path.metadata()).transpose()? {
            let own = file.as_file().metadata()?;
            if (own.uid(), own.gid()) != (known.uid(), known.gid()) {
                fchown(file.as_file(), Some(known.uid()), Some(known.gid()))?;
            }
            file.as_file().set_permissions(known.permissions())?;
        }
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        locked.sync_all()
    };
    write().with_context(|| {
        format!(
            "{}; chạy bằng tài khoản chủ tệp hoặc root / run it as the owner of the file, or as root",
            cannot_write(&path)
        )
    })
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn an_edited_file_keeps_its_mode_and_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("people.toml"), dir.path().join("link.toml"));
        edit(&path, |old| Ok(format!("{old}1"))).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, PRIVATE);
        std::fs::set_permissions(&path, permissions(0o640)).unwrap();
        // Only root may give a file away; for others the owner is who runs the test.
        let _ = std::os::unix::fs::chown(&path, Some(12_345), Some(54_321));
        let before = path.metadata().unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        edit(&link, |old| Ok(format!("{old}2"))).unwrap();
        let after = path.metadata().unwrap();
        assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
        assert_eq!((read(&path).unwrap().as_str(), link.is_symlink()), ("12", true));
    }

    #[test]
    fn of_many_who_edit_a_file_at_the_same_time_none_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("people.toml");
        let all: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || {
                    let add = |old: &str| {
                        std::thread::yield_now();
                        Ok(format!("{old}x"))
                    };
                    for _ in 0..10 {
                        edit(&path, add).unwrap();
                    }
                })
            })
            .collect();
        for thread in all {
            thread.join().unwrap();
        }
        assert_eq!(read(&path).unwrap().len(), 80);
        let nothing = edit(&path, |_| anyhow::bail!("no"));
        assert_eq!((nothing.is_err(), read(&path).unwrap().len()), (true, 80));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
