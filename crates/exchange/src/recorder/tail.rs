//! The tree over the log, out of what the store keeps: inner nodes from level 8 up, leaves below.

use crypto::hash::Digest;
use evidence::merkle::{Frontier, node_hash, peaks};
use store::{STORED_LEVEL_MIN, TreeNode};

/// The right edge of the tree; `None` when a node is missing.
pub fn frontier_of(size: i64, nodes: &[TreeNode], leaves: &[Digest]) -> Option<Frontier> {
    let size = u64::try_from(size).ok()?;
    let mut hashes = Vec::new();
    let mut rest = leaves;
    for (level, index) in peaks(size) {
        if i16::from(level) >= STORED_LEVEL_MIN {
            let here = |n: &&TreeNode| n.level == i16::from(level) && u64::try_from(n.index) == Ok(index);
            hashes.push(nodes.iter().find(here)?.hash);
        } else {
            let (subtree, right) = rest.split_at_checked(1 << level)?;
            hashes.push(hash_of_level(subtree)?);
            rest = right;
        }
    }
    Frontier::from_parts(size, hashes)
}

/// The root of a complete subtree over these leaves; their number is a power of two.
pub fn hash_of_level(leaves: &[Digest]) -> Option<Digest> {
    match leaves {
        [] => None,
        [leaf] => Some(*leaf),
        _ => {
            let (left, right) = leaves.split_at(leaves.len() / 2);
            Some(node_hash(&hash_of_level(left)?, &hash_of_level(right)?))
        }
    }
}
