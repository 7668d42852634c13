//! What can be wrong with `[registry]` and its console.

use super::super::{AuthoritySection, ConsoleSection, RegistrySection};
use super::Checker;

impl Checker<'_> {
    pub(super) fn registry(&mut self, section: &RegistrySection, log: &str) -> RegistrySection {
        if self.same_store(&section.store, log) {
            self.wrong(
                "[registry]",
                "store: give the registry a store of its own, not that of the message log",
            );
        }
        if section.plain.is_some_and(|address| !address.ip().is_loopback()) {
            self.wrong("[registry]", "plain must be a loopback address, such as 127.0.0.1:7490");
        }
        if section.listen.is_none() && section.plain.is_none() {
            self.wrong("[registry]", "listen or plain is needed");
        }
        if let Some(console) = section.console {
            self.console(console, section);
        }
        let reachable = section.listen.or(section.console.and_then(|console| console.listen));
        let proxied = section.console.is_some_and(|console| console.behind_tls);
        if section.password_only && (reachable.is_some() || proxied) {
            self.wrong(
                "[registry]",
                "password_only: only with plain addresses; others could sign in with a password alone",
            );
        }
        RegistrySection {
            store: self.store("[registry] store", &section.store),
            people: self.path(&section.people),
            attachments: self.path(&section.attachments),
            authority: section.authority.as_ref().map(|authority| AuthoritySection {
                dir: self.path(&authority.dir),
                passphrase_file: self.path(&authority.passphrase_file),
            }),
            ..*section
        }
    }

    fn console(&mut self, console: ConsoleSection, api: &RegistrySection) {
        let ports = [api.listen, api.plain, console.listen, console.plain].into_iter().flatten();
        let ports: Vec<_> = ports.filter(|address| address.port() != 0).collect();
        if (1..ports.len()).any(|at| ports[..at].contains(&ports[at])) {
            self.wrong("[registry.console]", "every address is for one listener: give each another port");
        }
        if console.behind_tls && console.plain.is_none() {
            self.wrong("[registry.console]", "behind_tls: the proxy comes to `plain`, which is missing");
        }
        if console.plain.is_some_and(|address| !address.ip().is_loopback()) {
            self.wrong("[registry.console]", "plain must be a loopback address, such as 127.0.0.1:7489");
        }
        if console.listen.is_none() && console.plain.is_none() {
            self.wrong("[registry.console]", "listen or plain is needed");
        }
    }
}
