//! Keys in a directory, encrypted.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Algorithm, CsrSubject, KeyError, KeyStore, Passphrase, PrivateKey, PublicKey, csr, sealed};
use crate::hash;

/// Longest label, in bytes: short enough for a file name with an ending everywhere.
const LABEL_BYTES_MAX: usize = 64;
/// Bytes of a symmetric secret.
const SECRET_BYTES: usize = 32;
const DIR_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// Keys in a directory: `LABEL.key` is encrypted PKCS#8 PEM that `openssl pkey` reads, `LABEL.secret` is ours.
///
/// All keys have one passphrase and are decrypted once, when the store is opened. Files with other endings may lie
/// beside them. Nothing is ever overwritten or removed.
pub struct FileKeyStore {
    dir: PathBuf,
    passphrase: Passphrase,
    keys: BTreeMap<String, PrivateKey>,
    secrets: BTreeMap<String, Zeroizing<Vec<u8>>>,
}

impl FileKeyStore {
    /// Opens the store in `dir`, which is made when missing, and decrypts every key in it.
    ///
    /// # Errors
    /// [`KeyError::WrongPassphrase`] when the passphrase does not open a key; [`KeyError::Permissions`] when other users
    /// of the machine could read a key or put their own in its place; [`KeyError::Malformed`], [`KeyError::Io`].
    pub fn open(dir: &Path, passphrase: &Passphrase) -> Result<Self, KeyError> {
        DirBuilder::new().recursive(true).mode(DIR_MODE).create(dir).map_err(io_error(dir))?;
        // Seeing the names of keys harms nobody, adding files does.
        check_mode(dir, 0o022, DIR_MODE)?;
        let mut store = Self {
            dir: dir.to_owned(),
            passphrase: passphrase.clone(),
            keys: BTreeMap::new(),
            secrets: BTreeMap::new(),
        };
        for entry in fs::read_dir(dir).map_err(io_error(dir))? {
            store.load(&entry.map_err(io_error(dir))?.path())?;
        }
        Ok(store)
    }

    /// Makes a key pair and writes it to disk before it is used.
    ///
    /// # Errors
    /// [`KeyError::Exists`], [`KeyError::BadLabel`], [`KeyError::Io`], [`KeyError::Library`].
    pub fn generate(&mut self, label: &str, algorithm: Algorithm) -> Result<PublicKey, KeyError> {
        check_label(label)?;
        self.add_key(label, PrivateKey::generate(algorithm)?)
    }

    /// Makes a symmetric secret of 32 bytes and writes it to disk before it is used.
    ///
    /// # Errors
    /// As [`Self::generate`].
    pub fn generate_secret(&mut self, label: &str) -> Result<(), KeyError> {
        check_label(label)?;
        let secret = Zeroizing::new(hash::random::<SECRET_BYTES>().to_vec());
        let text = sealed::seal_secret(&secret, &self.passphrase)?;
        write_new(&self.dir.join(format!("{label}.secret")), text.as_bytes())?;
        self.secrets.insert(label.to_owned(), secret);
        Ok(())
    }

    /// Takes over a key from PKCS#8 PEM and writes it to disk, encrypted with the store's own passphrase.
    ///
    /// # Errors
    /// As [`Self::generate`] and [`PrivateKey::from_pem`].
    pub fn import_pem(
        &mut self,
        label: &str,
        pem_text: &str,
        passphrase: Option<&Passphrase>,
    ) -> Result<PublicKey, KeyError> {
        check_label(label)?;
        self.add_key(label, PrivateKey::from_pem(pem_text, passphrase)?)
    }

    /// A certificate signing request in PEM for one of the keys.
    ///
    /// # Errors
    /// [`KeyError::Unknown`]; [`KeyError::Csr`] when the subject's identifier has characters that X.509 forbids.
    pub fn csr(&self, label: &str, subject: &CsrSubject) -> Result<String, KeyError> {
        csr::request(self.key(label)?, subject)
    }

    /// The key itself, for what [`KeyStore`] does not offer.
    ///
    /// # Errors
    /// [`KeyError::Unknown`].
    pub fn key(&self, label: &str) -> Result<&PrivateKey, KeyError> {
        self.keys.get(label).ok_or_else(|| self.unknown(label))
    }

    fn add_key(&mut self, label: &str, key: PrivateKey) -> Result<PublicKey, KeyError> {
        let text = key.to_encrypted_pem(&self.passphrase)?;
        write_new(&self.dir.join(format!("{label}.key")), text.as_bytes())?;
        let public = key.public_key().clone();
        self.keys.insert(label.to_owned(), key);
        Ok(public)
    }

    fn load(&mut self, path: &Path) -> Result<(), KeyError> {
        let part = |part: Option<&std::ffi::OsStr>| {
            part.and_then(|text| text.to_str()).unwrap_or_default().to_owned()
        };
        let (label, ending) = (part(path.file_stem()), part(path.extension()));
        if ending != "key" && ending != "secret" {
            return Ok(());
        }
        check_label(&label)?;
        check_mode(path, 0o077, FILE_MODE)?;
        let text = Zeroizing::new(fs::read_to_string(path).map_err(io_error(path))?);
        let what = path.display().to_string();
        if ending == "key" {
            let key = PrivateKey::from_pkcs8(sealed::open_key(&text, &self.passphrase, &what)?)?;
            self.keys.insert(label, key);
        } else {
            self.secrets.insert(label, sealed::open_secret(&text, &self.passphrase, &what)?);
        }
        Ok(())
    }

    fn unknown(&self, label: &str) -> KeyError {
        KeyError::Unknown { label: label.to_owned(), store: self.dir.display().to_string() }
    }
}

impl KeyStore for FileKeyStore {
    fn labels(&self) -> Vec<String> {
        self.keys.keys().cloned().collect()
    }

    fn public_key(&self, label: &str) -> Result<PublicKey, KeyError> {
        Ok(self.key(label)?.public_key().clone())
    }

    fn sign(&self, label: &str, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.key(label)?.sign(message)
    }

    fn tls_key(&self, label: &str) -> Result<Arc<dyn rustls::sign::SigningKey>, KeyError> {
        self.key(label)?.tls_key()
    }

    fn secret(&self, label: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.secrets.get(label).cloned().ok_or_else(|| self.unknown(label))
    }
}

impl std::fmt::Debug for FileKeyStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileKeyStore")
            .field("dir", &self.dir)
            .field("labels", &self.labels())
            .finish_non_exhaustive()
    }
}

fn check_label(label: &str) -> Result<(), KeyError> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let first_fits = label.bytes().next().is_some_and(letter);
    let all_fit = label.bytes().all(|byte| letter(byte) || b".-_".contains(&byte));
    if first_fits && all_fit && label.len() <= LABEL_BYTES_MAX {
        Ok(())
    } else {
        Err(KeyError::BadLabel(label.to_owned()))
    }
}

/// Refuses a file or directory that gives any of the `forbidden` permission bits.
fn check_mode(path: &Path, forbidden: u32, wanted: u32) -> Result<(), KeyError> {
    let mode = fs::metadata(path).map_err(io_error(path))?.permissions().mode() & 0o777;
    if mode & forbidden == 0 {
        Ok(())
    } else {
        Err(KeyError::Permissions { path: path.to_owned(), mode, wanted })
    }
}

/// Writes a file that must not exist yet and makes it durable. What could not be written whole is removed.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path);
    let mut file = file.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyError::Exists { path: path.to_owned() },
        _ => KeyError::Io { path: path.to_owned(), source },
    })?;
    let dir = path.parent().unwrap_or(Path::new("."));
    let written =
        file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| File::open(dir)?.sync_all());
    written.map_err(|source| {
        // The first error is the one to report; a rest that stays is refused at the next start, with its name.
        let _ = fs::remove_file(path);
        KeyError::Io { path: path.to_owned(), source }
    })
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> KeyError + '_ {
    move |source| KeyError::Io { path: path.to_owned(), source }
}
