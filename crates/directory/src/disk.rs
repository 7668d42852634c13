//! Files that are either the old one or the new one, never half of both.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Readable by everybody: what is in it is published.
pub(crate) const PUBLIC: u32 = 0o644;
/// Readable by the owner.
pub(crate) const PRIVATE: u32 = 0o600;

/// Writes `path` so that a crash at any moment leaves the old file or the new one.
pub(crate) fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The new name itself must survive a power cut too.
    std::fs::File::open(folder)?.sync_all()
}
