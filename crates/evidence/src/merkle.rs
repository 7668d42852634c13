//! Merkle tree hashes and proofs of RFC 9162, section 2.1 (SHA-256).
//!
//! A node is addressed by its level (0: the leaves) and its index from the left. A node is *complete* when all the
//! leaves below it exist; complete nodes never change, so they alone are stored and asked for.

use std::convert::Infallible;

use crypto::hash::{Digest, sha256};

/// A complete inner node that came into being.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// How far above the leaves: 1 joins two leaves.
    pub level: u8,
    /// Position from the left among the nodes of its level.
    pub index: u64,
    /// Its hash.
    pub hash: Digest,
}

/// The hash of a leaf: SHA-256 of a zero byte and the data.
pub fn leaf_hash(data: &[u8]) -> Digest {
    sha256(&[&[0], data])
}

/// The hash of an inner node: SHA-256 of a one byte and both children.
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    sha256(&[&[1], left, right])
}

/// The root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Digest {
    sha256(&[])
}

/// The largest complete subtrees of a tree of `size` leaves, from left to right, as level and index.
///
/// These are the nodes from which a [`Frontier`] is restored.
pub fn peaks(size: u64) -> impl Iterator<Item = (u8, u64)> {
    peaks_from(0, size)
}

/// As [`peaks`], for `size` leaves from leaf `start` on; `start` is a multiple of the power of two above `size`.
fn peaks_from(start: u64, size: u64) -> impl Iterator<Item = (u8, u64)> {
    let levels = (0..64_u8).rev().filter(move |level| size >> level & 1 == 1);
    levels.map(move |level| {
        let before = if level == 63 { 0 } else { size >> (level + 1) << (level + 1) };
        (level, (start + before) >> level)
    })
}

/// The right edge of a growing tree: enough to append and to know the root, log2(size) hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Digest>,
}

impl Frontier {
    /// The tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tree of `size` leaves with the hashes of its [`peaks`], or nothing when their number does not fit the size.
    pub fn from_parts(size: u64, hashes: Vec<Digest>) -> Option<Self> {
        (peaks(size).count() == hashes.len()).then_some(Self { size, hashes })
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf and reports each inner node that this completes, lowest first.
    ///
    /// # Panics
    /// Never: the number of hashes always fits the size.
    pub fn append(&mut self, leaf: Digest, completed: &mut Vec<Node>) {
        let mut node = Node { level: 0, index: self.size, hash: leaf };
        while node.index & 1 == 1 {
            let left = self.hashes.pop().expect("there is one hash for each set bit of the size");
            node = Node { level: node.level + 1, index: node.index >> 1, hash: node_hash(&left, &node.hash) };
            completed.push(node);
        }
        self.hashes.push(node.hash);
        self.size += 1;
    }

    /// The root of the tree.
    pub fn root(&self) -> Digest {
        join(&self.hashes)
    }
}

/// The root over subtrees that lie side by side, largest first.
fn join(peaks: &[Digest]) -> Digest {
    match peaks.split_last() {
        Some((last, rest)) => rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)),
        None => empty_root(),
    }
}

/// The root of a tree, given all its leaf hashes.
pub fn root_of(leaves: &[Digest]) -> Digest {
    let mut frontier = Frontier::new();
    let mut ignored = Vec::new();
    for leaf in leaves {
        frontier.append(*leaf, &mut ignored);
        ignored.clear();
    }
    frontier.root()
}

/// How [`inclusion_path`] and [`consistency_path`] learn the hash of a complete node from its level and index.
pub type HashOf<'a, E> = dyn FnMut(u8, u64) -> Result<Digest, E> + 'a;

/// The root over `size` leaves from leaf `start` on.
fn range_root<E>(start: u64, size: u64, hash_of: &mut HashOf<'_, E>) -> Result<Digest, E> {
    let hashes = peaks_from(start, size).map(|(level, index)| hash_of(level, index));
    Ok(join(&hashes.collect::<Result<Vec<_>, E>>()?))
}

/// The largest power of two smaller than `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The audit path of leaf `index` in the tree of `size` leaves, lowest sibling first; empty when there is no such leaf.
///
/// Asks `hash_of` only for complete nodes.
///
/// # Errors
/// Whatever `hash_of` fails with.
pub fn inclusion_path<E>(index: u64, size: u64, hash_of: &mut HashOf<'_, E>) -> Result<Vec<Digest>, E> {
    let mut path = Vec::new();
    if index >= size {
        return Ok(path);
    }
    let (mut start, mut size) = (0, size);
    while size > 1 {
        let left = split(size);
        if index - start < left {
            path.push(range_root(start + left, size - left, hash_of)?);
            size = left;
        } else {
            path.push(range_root(start, left, hash_of)?);
            start += left;
            size -= left;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `first` leaves is the beginning of the tree of `second`; empty when they are equal,
/// when `first` is 0, and when there is no such proof.
///
/// # Errors
/// Whatever `hash_of` fails with.
pub fn consistency_path<E>(first: u64, second: u64, hash_of: &mut HashOf<'_, E>) -> Result<Vec<Digest>, E> {
    let mut path = Vec::new();
    if first == 0 || first >= second {
        return Ok(path);
    }
    let (mut start, mut size, mut first) = (0, second, first);
    while first != size {
        let left = split(size);
        if first <= left {
            path.push(range_root(start + left, size - left, hash_of)?);
            size = left;
        } else {
            path.push(range_root(start, left, hash_of)?);
            start += left;
            first -= left;
            size -= left;
        }
    }
    // The verifier knows the old root itself, unless the old tree was cut in pieces above.
    if start != 0 {
        path.push(range_root(start, size, hash_of)?);
    }
    path.reverse();
    Ok(path)
}

/// The root that a leaf and its path lead to, or nothing when the path does not fit index and size.
///
/// The algorithm of RFC 9162, section 2.1.3.2.
pub fn root_from_path(leaf: &Digest, index: u64, size: u64, path: &[Digest]) -> Option<Digest> {
    if index >= size {
        return None;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // A node without a sibling on its level rises unchanged.
            let rise = if node & 1 == 1 { 0 } else { node.trailing_zeros() };
            node >>= rise;
            last >>= rise;
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}

/// Whether the path proves that the leaf is number `index` of the tree with this size and root.
pub fn verify_inclusion(leaf: &Digest, index: u64, size: u64, path: &[Digest], root: &Digest) -> bool {
    root_from_path(leaf, index, size, path).as_ref() == Some(root)
}

/// A tree as a checkpoint names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tree {
    /// How many leaves it has.
    pub size: u64,
    /// Its root.
    pub root: Digest,
}

/// Whether the path proves that the first tree is the beginning of the second.
///
/// The algorithm of RFC 9162, section 2.1.4.2; the empty tree is the beginning of every tree.
pub fn verify_consistency(first: &Tree, second: &Tree, path: &[Digest]) -> bool {
    if first.size == 0 || first.size >= second.size {
        let empty_first = first.size == 0 && first.root == empty_root();
        return path.is_empty()
            && (empty_first && (second.size > 0 || second.root == first.root) || first == second);
    }
    // The old root stands for itself when the old tree is one complete subtree.
    let (start, path) = match path {
        _ if first.size.is_power_of_two() => (first.root, path),
        [start, rest @ ..] => (*start, rest),
        [] => return false,
    };
    let shift = (first.size - 1).trailing_ones();
    let (mut node, mut last) = ((first.size - 1) >> shift, (second.size - 1) >> shift);
    let (mut old, mut new) = (start, start);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            let rise = if node & 1 == 1 { 0 } else { node.trailing_zeros() };
            node >>= rise;
            last >>= rise;
        } else {
            new = node_hash(&new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old == first.root && new == second.root
}

/// For [`inclusion_path`] and [`consistency_path`] over a whole tree in memory: hashes by level.
#[derive(Clone, Debug)]
pub struct WholeTree(Vec<Vec<Digest>>);

impl WholeTree {
    /// The complete nodes over these leaf hashes.
    pub fn new(leaves: Vec<Digest>) -> Self {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let level = below.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
            levels.push(level);
        }
        Self(levels)
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.0[0].len() as u64
    }

    /// The audit path of a leaf in the tree of the first `size` leaves.
    ///
    /// # Panics
    /// When `size` is larger than the tree.
    pub fn inclusion_path(&self, index: u64, size: u64) -> Vec<Digest> {
        let path: Result<_, Infallible> =
            inclusion_path(index, size, &mut |level, index| Ok(self.hash(level, index)));
        path.unwrap_or_else(|never| match never {})
    }

    /// The proof that the tree of the first `first` leaves is the beginning of that of the first `second`.
    ///
    /// # Panics
    /// When `second` is larger than the tree.
    pub fn consistency_path(&self, first: u64, second: u64) -> Vec<Digest> {
        let path: Result<_, Infallible> =
            consistency_path(first, second, &mut |level, index| Ok(self.hash(level, index)));
        path.unwrap_or_else(|never| match never {})
    }

    fn hash(&self, level: u8, index: u64) -> Digest {
        let index = usize::try_from(index).expect("the tree is in memory");
        self.0[usize::from(level)][index]
    }
}

#[cfg(test)]
mod tests;
