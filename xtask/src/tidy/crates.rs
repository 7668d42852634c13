//! One implementation of cryptography in the binary, and no library of the system.

use anyhow::{Result, ensure};

use super::Finding;
use crate::repository;

const RULE: &str = "banned-crate";

/// Crates that must not be built for any target. `deny.toml` bans them too; this needs no extra tool.
const BANNED: [(&str, &str); 3] = [
    ("ring", "a second cryptography provider: rustls would not know which to take; find who switches it on"),
    ("openssl-sys", "needs the system's OpenSSL: the binary stands alone"),
    ("native-tls", "TLS is rustls with aws-lc-rs everywhere"),
];

pub(super) fn check() -> Result<Vec<Finding>> {
    // The tree follows features; the lock file also names crates that nothing switches on.
    let tree = ["tree", "--workspace", "--target=all", "--edges=all", "--prefix=none", "--format={p}"];
    let output = repository::cargo(&tree).output()?;
    ensure!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(find(&String::from_utf8_lossy(&output.stdout)))
}

/// Looks through lines such as `ring v0.17.14`.
fn find(tree: &str) -> Vec<Finding> {
    BANNED
        .iter()
        .filter(|(name, _)| tree.lines().any(|line| line.split(' ').next() == Some(name)))
        .map(|(name, reason)| Finding::new(RULE, *name, *reason))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banned_crate_is_found_by_its_whole_name() {
        assert_eq!(find("aws-lc-rs v1.19.0\nring v0.17.14 (*)\n").len(), 1);
        assert!(find("ring-buffer v1.0.0\nstring v0.1.0\n").is_empty());
    }
}
