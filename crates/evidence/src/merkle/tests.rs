#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use proptest::prelude::*;

/// MTH of RFC 9162, section 2.1.1, as it is written there.
fn naive_root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let k = naive_split(leaves.len());
            sha256(&[&[1], &naive_root(&leaves[..k]), &naive_root(&leaves[k..])])
        }
    }
}

fn naive_split(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

/// PATH of section 2.1.3.1.
fn naive_path(m: usize, leaves: &[Digest]) -> Vec<Digest> {
    if leaves.len() == 1 {
        return vec![];
    }
    let k = naive_split(leaves.len());
    let (mut path, sibling) = if m < k {
        (naive_path(m, &leaves[..k]), naive_root(&leaves[k..]))
    } else {
        (naive_path(m - k, &leaves[k..]), naive_root(&leaves[..k]))
    };
    path.push(sibling);
    path
}

/// SUBPROOF of section 2.1.4.1.
fn naive_subproof(m: usize, leaves: &[Digest], known: bool) -> Vec<Digest> {
    if m == leaves.len() {
        return if known { vec![] } else { vec![naive_root(leaves)] };
    }
    let k = naive_split(leaves.len());
    let (mut path, sibling) = if m <= k {
        (naive_subproof(m, &leaves[..k], known), naive_root(&leaves[k..]))
    } else {
        (naive_subproof(m - k, &leaves[k..], false), naive_root(&leaves[..k]))
    };
    path.push(sibling);
    path
}

fn leaves(n: usize) -> Vec<Digest> {
    (0..n as u64).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

/// The eight leaves and the roots that the Certificate Transparency implementations share as test vectors.
const VECTOR_LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const VECTOR_ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

#[test]
fn roots_are_those_of_the_known_vectors() {
    let leaves: Vec<Digest> =
        VECTOR_LEAVES.iter().map(|leaf| leaf_hash(&hex::decode(leaf).unwrap())).collect();
    for (size, root) in VECTOR_ROOTS.iter().enumerate() {
        assert_eq!(hex::encode(root_of(&leaves[..size])), *root, "size {size}");
        assert_eq!(hex::encode(naive_root(&leaves[..size])), *root, "size {size}");
    }
}

#[test]
fn the_example_paths_of_rfc_9162_section_2_1_5_come_out() {
    let d = leaves(7);
    let tree = WholeTree::new(d.clone());
    let pair = |left: usize| node_hash(&d[left], &d[left + 1]);
    let (first, last) = (node_hash(&pair(0), &pair(2)), node_hash(&pair(4), &d[6]));
    assert_eq!(tree.inclusion_path(0, 7), [d[1], pair(2), last]);
    assert_eq!(tree.inclusion_path(3, 7), [d[2], pair(0), last]);
    assert_eq!(tree.inclusion_path(4, 7), [d[5], d[6], first]);
    assert_eq!(tree.inclusion_path(6, 7), [pair(4), first]);
    assert_eq!(tree.consistency_path(3, 7), [d[2], d[3], pair(0), last]);
    assert_eq!(tree.consistency_path(4, 7), [last]);
    assert_eq!(tree.consistency_path(6, 7), [pair(4), d[6], first]);
}

#[test]
fn the_frontier_has_the_naive_root_and_reports_every_complete_node() {
    let mut frontier = Frontier::new();
    let mut completed = Vec::new();
    let all = leaves(300);
    for (size, leaf) in all.iter().enumerate() {
        assert_eq!(frontier.root(), naive_root(&all[..size]), "size {size}");
        frontier.append(*leaf, &mut completed);
    }
    let tree = WholeTree::new(all);
    let inner: usize = tree.0[1..].iter().map(Vec::len).sum();
    assert_eq!(completed.len(), inner);
    for node in &completed {
        assert_eq!(tree.hash(node.level, node.index), node.hash);
    }
}

#[test]
fn a_frontier_is_restored_from_its_peaks() {
    let all = leaves(130);
    let tree = WholeTree::new(all.clone());
    let mut frontier = Frontier::new();
    for size in 0..=130_u64 {
        let hashes: Vec<Digest> = peaks(size).map(|(level, index)| tree.hash(level, index)).collect();
        assert_eq!(Frontier::from_parts(size, hashes.clone()).unwrap(), frontier);
        assert_eq!(Frontier::from_parts(size ^ 1 << 40, hashes), None);
        if let Some(leaf) = all.get(usize::try_from(size).unwrap()) {
            frontier.append(*leaf, &mut vec![]);
        }
    }
}

#[test]
fn the_largest_sizes_have_peaks() {
    assert_eq!(peaks(u64::MAX).count(), 64);
    assert_eq!(peaks(1 << 63).collect::<Vec<_>>(), [(63, 0)]);
    assert_eq!(peaks((1 << 63) + 1).collect::<Vec<_>>(), [(63, 0), (0, 1 << 63)]);
}

#[test]
fn every_small_inclusion_path_is_the_naive_one_and_proves_only_its_leaf() {
    let all = leaves(40);
    let tree = WholeTree::new(all.clone());
    for size in 1..=40_usize {
        let root = naive_root(&all[..size]);
        for index in 0..size {
            let (size64, index64) = (size as u64, index as u64);
            let path = tree.inclusion_path(index64, size64);
            assert_eq!(path, naive_path(index, &all[..size]));
            for other in 0..size + 2 {
                let proven = verify_inclusion(&all[index], other as u64, size64, &path, &root);
                assert_eq!(proven, other == index, "leaf {index} as {other} of {size}");
            }
            assert!(!verify_inclusion(&all[(index + 1) % 40], index64, size64, &path, &root));
            assert!(!verify_inclusion(&all[index], index64, size64, &[&path[..], &[root]].concat(), &root));
            if let Some((_, shorter)) = path.split_last() {
                assert!(!verify_inclusion(&all[index], index64, size64, shorter, &root));
            }
        }
    }
}

#[test]
fn every_small_consistency_path_is_the_naive_one_and_proves_only_its_pair() {
    let all = leaves(33);
    let tree = WholeTree::new(all.clone());
    let named = |size: usize| Tree { size: size as u64, root: naive_root(&all[..size]) };
    for second in 0..=33_usize {
        for first in 0..=second {
            let path = tree.consistency_path(first as u64, second as u64);
            if first > 0 {
                assert_eq!(path, naive_subproof(first, &all[..second], true), "{first} {second}");
            }
            assert!(verify_consistency(&named(first), &named(second), &path), "{first} {second}");
            let mut wrong = named(first);
            wrong.root[0] ^= 1;
            assert!(!verify_consistency(&wrong, &named(second), &path), "{first} {second}");
            let mut wrong = named(second);
            wrong.root[0] ^= 1;
            // Only of the empty tree is every other tree a continuation.
            assert!(first == 0 && second > 0 || !verify_consistency(&named(first), &wrong, &path));
            assert!(!verify_consistency(&named(first), &named(second), &[&path[..], &[wrong.root]].concat()));
            assert!(first == second || !verify_consistency(&named(second), &named(first), &path));
        }
    }
}

#[test]
fn a_failing_store_is_reported_and_not_hidden() {
    let mut failing = |_: u8, _: u64| Err("gone");
    assert_eq!(inclusion_path(1, 3, &mut failing), Err("gone"));
    assert_eq!(consistency_path(1, 3, &mut failing), Err("gone"));
    assert_eq!(inclusion_path(3, 3, &mut failing), Ok(vec![]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn large_trees_prove_their_leaves_and_their_beginnings(
        second in 1_usize..5000, index in any::<prop::sample::Index>(), first in any::<prop::sample::Index>(),
    ) {
        let all = leaves(second);
        let tree = WholeTree::new(all.clone());
        let (index, first) = (index.index(second), first.index(second) + 1);
        let root = root_of(&all);
        let path = tree.inclusion_path(index as u64, second as u64);
        prop_assert!(verify_inclusion(&all[index], index as u64, second as u64, &path, &root));
        let (old, new) =
            (Tree { size: first as u64, root: root_of(&all[..first]) }, Tree { size: second as u64, root });
        let mut proof = tree.consistency_path(first as u64, second as u64);
        prop_assert!(verify_consistency(&old, &new, &proof));
        if let Some(hash) = proof.last_mut() {
            hash[31] ^= 1;
            prop_assert!(!verify_consistency(&old, &new, &proof));
        }
    }

    #[test]
    fn no_path_makes_the_verifier_panic(
        index in any::<u64>(), size in any::<u64>(), path in prop::collection::vec(any::<Digest>(), 0..70),
    ) {
        let leaf = [0; 32];
        prop_assert!(!verify_inclusion(&leaf, index, size, &path, &leaf) || path.is_empty());
        for size in [size, size.saturating_add(1), u64::MAX, 1 << 63] {
            verify_consistency(&Tree { size: index, root: leaf }, &Tree { size, root: leaf }, &path);
            verify_inclusion(&leaf, index, size, &path, &leaf);
        }
    }
}
