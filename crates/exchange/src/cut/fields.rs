//! Sets of fields: paths of names, lists passed through.

use std::fmt;
use std::sync::Arc;

/// Fields in a set at most.
pub const FIELDS_MAX: usize = 1_000;
/// Longest path of a field, bytes.
pub const PATH_BYTES_MAX: usize = 500;

/// Fields of an answer: `hoTen`, `thuongTru.xa`. A list is passed through, so `thanhVien.hoTen` is the name of each
/// member of the list `thanhVien`; a path that leads to an object or a list grants all that is in it. Names are compared
/// whole, letter by letter. A name with a dot in it cannot be granted by itself.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldSet(Arc<Node>);

/// What is granted below a place.
#[derive(PartialEq, Eq)]
pub(super) enum Node {
    /// All of it.
    All,
    /// These names, sorted.
    Some(Vec<(Box<str>, Node)>),
}

/// Why texts are no set of fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// An empty path, or a dot with nothing before or behind it.
    #[error("{0:?}: a field is names joined by dots")]
    Empty(String),
    /// Longer than [`PATH_BYTES_MAX`].
    #[error("{0:?}: a field's path has at most {PATH_BYTES_MAX} bytes")]
    TooLong(String),
    /// More than [`FIELDS_MAX`].
    #[error("at most {FIELDS_MAX} fields")]
    TooMany,
}

impl FieldSet {
    /// Reads paths; none of them grants nothing.
    ///
    /// # Errors
    /// A path that is none, or too many.
    pub fn new<T: AsRef<str>>(paths: impl IntoIterator<Item = T>) -> Result<Self, FieldError> {
        let mut root = Node::Some(Vec::new());
        for (count, path) in paths.into_iter().enumerate() {
            let path = path.as_ref();
            if count == FIELDS_MAX {
                return Err(FieldError::TooMany);
            }
            if path.len() > PATH_BYTES_MAX {
                return Err(FieldError::TooLong(path.to_owned()));
            }
            if path.split('.').any(str::is_empty) {
                return Err(FieldError::Empty(path.to_owned()));
            }
            path.split('.').fold(&mut root, Node::descend).open();
        }
        Ok(Self(Arc::new(root)))
    }

    /// The paths, sorted, without those that another one includes.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.0.collect("", &mut paths);
        paths
    }

    pub(super) fn root(&self) -> &Node {
        &self.0
    }
}

impl fmt::Debug for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.paths()).finish()
    }
}

impl Node {
    /// What is granted of a member; `None` is nothing.
    pub(super) fn below(&self, name: &str) -> Option<&Self> {
        match self {
            Self::All => Some(self),
            Self::Some(names) => {
                let found = names.binary_search_by(|(other, _)| (**other).cmp(name));
                found.ok().and_then(|at| names.get(at)).map(|(_, node)| node)
            }
        }
    }

    fn descend(&mut self, name: &str) -> &mut Self {
        match self {
            Self::All => self,
            Self::Some(names) => {
                let at = match names.binary_search_by(|(other, _)| (**other).cmp(name)) {
                    Ok(at) => at,
                    Err(at) => {
                        names.insert(at, (name.into(), Self::Some(Vec::new())));
                        at
                    }
                };
                &mut names[at].1
            }
        }
    }

    fn open(&mut self) {
        *self = Self::All;
    }

    fn collect(&self, prefix: &str, paths: &mut Vec<String>) {
        match self {
            Self::All => paths.push(prefix.to_owned()),
            Self::Some(names) => {
                for (name, node) in names {
                    let path = if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
                    node.collect(&path, paths);
                }
            }
        }
    }
}
