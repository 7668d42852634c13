//! What can be wrong with the address of a store.

use std::path::Path;

use super::Checker;

impl Checker<'_> {
    /// Whether two addresses are one store, however their paths are written.
    pub(super) fn same_store(&self, one: &str, other: &str) -> bool {
        let place = |url: &str| {
            let path = self.path(Path::new(url.strip_prefix("sqlite:")?));
            Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?))
        };
        one == other || place(one).is_some_and(|one| place(other) == Some(one))
    }

    /// The address of a store: `sqlite:PATH` relative to the configuration file, anything else as it is.
    pub(super) fn store(&mut self, place: &str, url: &str) -> String {
        if let Some(mistake) = store::Db::mistake_in(url) {
            self.wrong(place, mistake);
        }
        let Some(path) = url.strip_prefix("sqlite:") else { return url.to_owned() };
        let path = self.path(Path::new(path));
        // A disk that is mounted later is no mistake of the file.
        if let Some(folder) =
            path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())
        {
            let vi = "chưa có thư mục này";
            self.notices.push(format!("{place}: {vi} / the folder is not there: {}", folder.display()));
        }
        format!("sqlite:{}", path.display())
    }
}
