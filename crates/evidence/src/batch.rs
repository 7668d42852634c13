//! One signature over many messages.
//!
//! Under load a node signs the root of a Merkle tree whose leaves are the signature bases of the messages that wait;
//! each message carries its place in the tree. Whoever knows the base finds the root again and checks one signature.

use std::fmt::Write as _;

use crypto::b64;
use crypto::hash::Digest;

use crate::merkle;
use crate::text::{digest_of_b64, number};

/// Most messages under one signature. Enough to make the signature's cost vanish; a path has at most 10 hashes.
pub const BATCH_LEAVES_MAX: u32 = 1024;

/// The leaf of a message: the leaf hash of its signature base.
pub fn leaf(base: &str) -> Digest {
    merkle::leaf_hash(base.as_bytes())
}

/// The root over the leaves, and the path of each leaf in order.
///
/// # Panics
/// When there are no leaves: there is nothing to sign.
pub fn batch_tree(leaves: &[Digest]) -> (Digest, Vec<Vec<Digest>>) {
    assert!(!leaves.is_empty(), "a batch has at least one message");
    let mut paths = vec![Vec::with_capacity(10); leaves.len()];
    let mut level = leaves.to_vec();
    let mut height = 0;
    while level.len() > 1 {
        for (place, path) in paths.iter_mut().enumerate() {
            // The last node of an odd level has no sibling and rises unchanged.
            if let Some(sibling) = level.get((place >> height) ^ 1) {
                path.push(*sibling);
            }
        }
        let join =
            |pair: &[Digest]| if pair.len() == 2 { merkle::node_hash(&pair[0], &pair[1]) } else { pair[0] };
        level = level.chunks(2).map(join).collect();
        height += 1;
    }
    (level[0], paths)
}

/// The root that a leaf and its place lead to, or nothing when the path does not fit index and size.
pub fn batch_root(leaf: &Digest, place: &BatchPlace) -> Option<Digest> {
    merkle::root_from_path(leaf, place.index.into(), place.size.into(), &place.path)
}

/// The bytes that are signed for a batch: `lienthong-batch/1`, a line with the root in base64.
pub fn batch_text(root: &Digest) -> String {
    let mut text = String::with_capacity(64);
    text.push_str("lienthong-batch/1\n");
    b64::encode_onto(root, &mut text);
    text.push('\n');
    text
}

/// Where a message stands in its batch: the header `lienthong-batch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchPlace {
    index: u32,
    size: u32,
    path: Vec<Digest>,
}

/// The text is not the place of a message in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a place in a batch: expected `index=.., size=.., path=(..)` with at most {BATCH_LEAVES_MAX} messages and a path of fitting length"
)]
pub struct NotABatchPlace;

impl BatchPlace {
    /// Place `index` of `size`, with the sibling hashes from the leaf up.
    ///
    /// # Errors
    /// The batch is too large, the index outside of it, or the path has another length than the place needs.
    pub fn new(index: u32, size: u32, path: Vec<Digest>) -> Result<Self, NotABatchPlace> {
        let inside = index < size && size <= BATCH_LEAVES_MAX;
        // Only the length matters here, and any leaf shows it.
        let fits = inside && merkle::root_from_path(&[0; 32], index.into(), size.into(), &path).is_some();
        if fits { Ok(Self { index, size, path }) } else { Err(NotABatchPlace) }
    }

    /// Position from the left, from 0.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// How many messages the batch has.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// The sibling hashes, from the leaf up.
    pub fn path(&self) -> &[Digest] {
        &self.path
    }

    /// The header's value, a dictionary of RFC 9651: `index=3, size=8, path=(:..: :..:)`.
    pub fn encode(&self) -> String {
        let mut text = String::with_capacity(32 + 47 * self.path.len());
        write!(text, "index={}, size={}, path=(", self.index, self.size).expect("a String takes any text");
        for (nth, hash) in self.path.iter().enumerate() {
            text.push_str(if nth == 0 { ":" } else { " :" });
            b64::encode_onto(hash, &mut text);
            text.push(':');
        }
        text.push(')');
        text
    }

    /// Reads a header's value in exactly the form that [`BatchPlace::encode`] writes.
    ///
    /// # Errors
    /// Any other text, also one that RFC 9651 would take for the same dictionary.
    pub fn parse(header: &str) -> Result<Self, NotABatchPlace> {
        Self::read(header).ok_or(NotABatchPlace)
    }

    fn read(header: &str) -> Option<Self> {
        let rest = header.strip_prefix("index=")?;
        let (index, rest) = rest.split_once(", size=")?;
        let (size, rest) = rest.split_once(", path=(")?;
        let hashes = rest.strip_suffix(')')?;
        let hash = |item: &str| digest_of_b64(item.strip_prefix(':')?.strip_suffix(':')?);
        let path = match hashes {
            "" => Vec::new(),
            hashes => hashes.split(' ').map(hash).collect::<Option<_>>()?,
        };
        Self::new(number(index)?, number(size)?, path).ok()
    }
}

impl serde::Serialize for BatchPlace {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encode())
    }
}

impl<'de> serde::Deserialize<'de> for BatchPlace {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use proptest::prelude::*;

    fn leaves(n: u32) -> Vec<Digest> {
        (0..n).map(|i| leaf(&format!("base {i}"))).collect()
    }

    #[test]
    fn every_message_of_a_batch_finds_the_root_and_no_other_message_does() {
        for size in (1..=40).chain([1023, 1024]) {
            let leaves = leaves(size);
            let (root, paths) = batch_tree(&leaves);
            assert_eq!(root, merkle::root_of(&leaves), "size {size}");
            for (index, (leaf, path)) in leaves.iter().zip(paths).enumerate() {
                let place = BatchPlace::new(u32::try_from(index).unwrap(), size, path).unwrap();
                assert_eq!(batch_root(leaf, &place), Some(root));
                assert_ne!(batch_root(&[7; 32], &place), Some(root));
                assert_eq!(BatchPlace::parse(&place.encode()), Ok(place));
            }
        }
    }

    #[test]
    fn the_signed_text_is_the_documented_one() {
        assert_eq!(batch_text(&[0; 32]), "lienthong-batch/1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    }

    #[test]
    fn only_the_canonical_header_is_read() {
        let (_, paths) = batch_tree(&leaves(3));
        let good = BatchPlace::new(1, 3, paths[1].clone()).unwrap().encode();
        assert!(BatchPlace::parse(&good).is_ok());
        for wrong in [
            good.replace("index=1", "index=01"),
            good.replace("index=1", "index=+1"),
            good.replace("index=1", "index=3"),
            good.replace("index=1", "index=2"),
            good.replace("size=3", "size=2"),
            good.replace("size=3", "size=5"),
            good.replace(", ", ","),
            good.replace(": :", ":  :"),
            good.replace(": :", "::"),
            format!("{good} "),
            format!(" {good}"),
            good.replace("=:", "=;a:"),
            "index=0, size=0, path=()".to_owned(),
            "index=0, size=2, path=()".to_owned(),
            "size=1, index=0, path=()".to_owned(),
        ] {
            assert_eq!(BatchPlace::parse(&wrong), Err(NotABatchPlace), "{wrong}");
        }
        assert!(BatchPlace::parse("index=0, size=1, path=()").is_ok());
        assert_eq!(BatchPlace::new(0, 1025, vec![[0; 32]; 11]), Err(NotABatchPlace));
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_written_the_same(text in "(index=[0-9]{1,4}, size=[0-9]{1,4}, path=\\((:[A-Za-z0-9+/]{43}=:( |\\)))*)|\\PC*") {
            if let Ok(place) = BatchPlace::parse(&text) {
                prop_assert_eq!(place.encode(), text);
            }
        }
    }
}
