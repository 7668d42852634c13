//! The files of one verified publication, kept together in one file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::DirectoryError;

const FORMAT: &str = "lienthong-mirror/1";

/// The repository's files by their names below its address, for example `metadata/timestamp.json`.
///
/// One file on disk, because one rename is atomic and several are not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Mirror(pub BTreeMap<String, String>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    files: Mirror,
}

impl Mirror {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The root files with their versions.
    pub fn roots(&self) -> impl Iterator<Item = (u64, &str)> {
        self.0.iter().filter_map(|(name, text)| Some((root_version(name)?, text.as_str())))
    }

    pub fn newest_root(&self) -> Option<&str> {
        self.roots().max_by_key(|(version, _)| *version).map(|(_, text)| text)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let file = File { format: FORMAT.to_owned(), files: self.clone() };
        serde_json::to_vec(&file).expect("names and texts have a JSON form")
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DirectoryError> {
        let malformed =
            |reason: String| DirectoryError::Malformed { file: "the directory cache".to_owned(), reason };
        let file: File = serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        if file.format != FORMAT {
            return Err(malformed(format!("its format is {:?}, not {FORMAT:?}", file.format)));
        }
        Ok(file.files)
    }
}

/// The version in `metadata/VERSION.root.json`.
pub(super) fn root_version(name: &str) -> Option<u64> {
    name.strip_prefix("metadata/")?.strip_suffix(".root.json")?.parse().ok()
}

/// The name of a root file.
pub(super) fn root_name(version: u64) -> String {
    format!("metadata/{version}.root.json")
}
