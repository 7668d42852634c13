//! The two commands that a newcomer needs stand where a newcomer looks.

use super::Finding;
use crate::repository::File;

const RULE: &str = "commands";
const READMES: [&str; 2] = ["README.md", "README.vi.md"];
const COMMANDS: [&str; 2] = ["cargo xtask demo", "cargo xtask test"];

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in READMES {
        let text = files.iter().find(|file| file.path == path).map_or("", |file| file.text.as_str());
        for command in COMMANDS.iter().filter(|command| !text.contains(**command)) {
            findings.push(Finding::new(RULE, path, format!("does not name `{command}`")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_readme_names_both_commands() {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let both = COMMANDS.join("\n");
        assert!(check(&[file(READMES[0], &both), file(READMES[1], &both)]).is_empty());
        assert_eq!(check(&[file(READMES[0], &both), file(READMES[1], COMMANDS[0])]).len(), 1);
        assert_eq!(check(&[file(READMES[0], &both)]).len(), 2);
    }
}
