//! Which crate may import which: the table of docs/ARCHITECTURE.md, checked against what cargo sees.

use super::Finding;
use crate::repository::Package;

const RULE: &str = "arrow";
/// May import everything of ours: it wires all the others together.
const WIRING: &str = "lienthong";
/// May be imported by the tests of every crate.
const TEST_HELP: &str = "testkit";

/// Each crate and the crates of ours that it may import. A new arrow needs a decision record in docs/decisions/.
const ALLOWED: [(&str, &[&str]); 17] = [
    ("base", &[]),
    ("crypto", &["base"]),
    ("evidence", &["base", "crypto"]),
    ("directory", &["base", "crypto", "evidence"]),
    ("store", &["base"]),
    ("web", &["base"]),
    ("worktime", &["base"]),
    ("audit", &["base", "crypto", "evidence", "store"]),
    ("registry", &["audit", "base", "crypto", "directory", "store", "web", "worktime"]),
    ("exchange", &["base", "crypto", "evidence", "directory", "store", "web"]),
    ("sources", &["base", "crypto", "store", "web"]),
    ("process", &["audit", "base", "crypto", "store", "web", "worktime"]),
    ("simulators", &["base", "crypto", "web"]),
    ("ui", &["base", "crypto", "web"]),
    (TEST_HELP, &["base", "crypto", "store", "web"]),
    (WIRING, &[]),
    ("xtask", &[]),
];

/// The only crates that talk SQL: `store` for us, `sources` to databases of others, the other two for stand-ins and tests.
const SQL_CRATES: [&str; 4] = ["store", "sources", "simulators", TEST_HELP];

pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(check_one).collect()
}

fn check_one(package: &Package) -> Vec<Finding> {
    let name = package.name.as_str();
    let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
        let text = "is not in the table of xtask/src/tidy/arrows.rs: add it, with a decision record";
        return vec![Finding::new(RULE, name, text)];
    };
    let mut findings = Vec::new();
    for dependency in &package.dependencies {
        let target = dependency.name.as_str();
        let for_tests = dependency.kind.as_deref() == Some("dev");
        let place = || format!("{name}->{target}");
        if dependency.path.is_some() {
            if name != WIRING && !allowed.contains(&target) && !(for_tests && target == TEST_HELP) {
                findings.push(Finding::new(
                    RULE,
                    place(),
                    "this import is not allowed by the table of arrows",
                ));
            }
        } else if target == "sqlx" && !for_tests && !SQL_CRATES.contains(&name) {
            findings.push(Finding::new(RULE, place(), format!("SQL belongs into {}", SQL_CRATES.join(", "))));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::Dependency;

    fn findings(name: &str, dependency: &str, kind: Option<&str>, ours: bool) -> Vec<String> {
        let dependency = Dependency {
            name: dependency.to_owned(),
            kind: kind.map(str::to_owned),
            path: ours.then(|| "somewhere".into()),
        };
        let package = Package { name: name.to_owned(), dependencies: vec![dependency] };
        check(&[package]).into_iter().map(|finding| finding.place).collect()
    }

    #[test]
    fn an_arrow_of_the_table_is_allowed_and_its_reverse_is_not() {
        assert!(findings("crypto", "base", None, true).is_empty());
        assert_eq!(findings("base", "crypto", None, true), ["base->crypto"]);
    }

    #[test]
    fn a_build_dependency_is_an_arrow_too() {
        assert_eq!(findings("base", "crypto", Some("build"), true), ["base->crypto"]);
    }

    #[test]
    fn only_tests_may_use_the_test_kit() {
        assert!(findings("evidence", "testkit", Some("dev"), true).is_empty());
        assert_eq!(findings("evidence", "testkit", None, true), ["evidence->testkit"]);
    }

    #[test]
    fn the_binary_may_import_everything_of_ours_but_no_sql() {
        assert!(findings("lienthong", "exchange", None, true).is_empty());
        assert_eq!(findings("lienthong", "sqlx", None, false), ["lienthong->sqlx"]);
        assert!(findings("lienthong", "sqlx", Some("dev"), false).is_empty());
        assert!(findings("store", "sqlx", None, false).is_empty());
    }

    #[test]
    fn a_crate_that_the_table_does_not_know_is_found() {
        let package = Package { name: "newcomer".to_owned(), dependencies: Vec::new() };
        assert_eq!(check(&[package]).len(), 1);
    }

    #[test]
    fn the_table_has_no_cycle() {
        // Peels off crates whose imports have all been peeled off; a cycle would remain.
        let mut left: Vec<_> = ALLOWED.to_vec();
        while let Some(next) =
            left.iter().position(|(_, to)| to.iter().all(|name| left.iter().all(|(other, _)| other != name)))
        {
            left.remove(next);
        }
        assert!(left.is_empty(), "{left:?}");
    }
}
