//! Where a command finds the passphrase of the keys it works with.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use crypto::sign::Passphrase;

use super::file;
use crate::config::PASSPHRASE_VARIABLE;

/// The file that `init` makes when it is given no passphrase.
pub const FILE: &str = "passphrase";

/// Option of every command that opens keys without a configuration file.
#[derive(clap::Args, Clone, Debug)]
pub struct Source {
    /// Tệp chứa mật khẩu của kho khóa; nếu không có thì dùng biến `LIENTHONG_PASSPHRASE`, rồi tệp `passphrase` trong
    /// thư mục / file with the passphrase of the keys; without it the variable `LIENTHONG_PASSPHRASE` counts, then
    /// the file `passphrase` in the folder.
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// Where a passphrase came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file that was there.
    File(PathBuf),
    /// The environment variable.
    Variable,
    /// A file that was just made.
    Made(PathBuf),
}

impl Source {
    /// The passphrase of keys that exist in `dir`.
    pub fn open(&self, dir: &Path) -> anyhow::Result<Passphrase> {
        Ok(self.find(dir)?.0)
    }

    /// The passphrase for keys that are about to be made in `dir`; a random one when none is given.
    pub fn open_or_make(&self, dir: &Path) -> anyhow::Result<(Passphrase, Origin)> {
        let own = dir.join(FILE);
        let given = self.passphrase_file.is_some() || std::env::var_os(PASSPHRASE_VARIABLE).is_some();
        if given || own.exists() {
            return self.find(dir);
        }
        let text = hex::encode(crypto::hash::random::<24>());
        file::write_new(&own, format!("{text}\n").as_bytes(), file::PRIVATE)?;
        Ok((Passphrase::new(text)?, Origin::Made(own)))
    }

    fn find(&self, dir: &Path) -> anyhow::Result<(Passphrase, Origin)> {
        let from_file = |path: &Path| {
            let text = || format!("tệp mật khẩu / the passphrase file {}", path.display());
            anyhow::Ok((Passphrase::from_file(path).with_context(text)?, Origin::File(path.to_owned())))
        };
        if let Some(path) = &self.passphrase_file {
            return from_file(path);
        }
        let own = dir.join(FILE);
        if std::env::var_os(PASSPHRASE_VARIABLE).is_none() && own.exists() {
            return from_file(&own);
        }
        let passphrase = Passphrase::from_env(PASSPHRASE_VARIABLE).with_context(|| {
            format!(
                "thiếu mật khẩu: đặt biến {PASSPHRASE_VARIABLE} hoặc dùng --passphrase-file / no passphrase: set \
                 {PASSPHRASE_VARIABLE} or give --passphrase-file"
            )
        })?;
        Ok((passphrase, Origin::Variable))
    }
}
