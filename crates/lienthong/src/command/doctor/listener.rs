//! The sockets on which a node of this configuration listens.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::Config;

/// What is spoken on a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// TLS 1.3, with other nodes.
    Nodes,
    /// HTTPS, with information systems or people.
    Https,
    /// HTTP in plain text.
    Plain,
}

/// A socket of the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Listener {
    /// Its key in the configuration.
    pub key: &'static str,
    /// Where it listens; port 0 is any.
    pub address: SocketAddr,
    /// What is spoken.
    pub speech: Speech,
    /// Whether the registry's API answers there.
    pub registry: bool,
}

/// Every socket of a configuration.
pub fn listeners(config: &Config) -> Vec<Listener> {
    let (listen, registry) = (&config.listen, config.registry.as_ref());
    let all = [
        ("nodes", Some(listen.nodes), Speech::Nodes, false),
        ("systems", listen.systems, Speech::Https, false),
        ("systems_plain", listen.systems_plain, Speech::Plain, false),
        ("ops", listen.ops, Speech::Plain, false),
        ("registry.listen", registry.and_then(|section| section.listen), Speech::Https, true),
        ("registry.plain", registry.and_then(|section| section.plain), Speech::Plain, true),
        ("sources", config.sources.as_ref().map(|section| section.listen), Speech::Plain, false),
    ];
    let given = |(key, address, speech, registry): (_, Option<SocketAddr>, _, _)| {
        address.map(|address| Listener { key, address, speech, registry })
    };
    all.into_iter().filter_map(given).collect()
}

impl Listener {
    /// The address at which this machine itself reaches it.
    pub fn reached_at(&self) -> SocketAddr {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, self.address.port())
    }

    /// Whether an open socket is this one.
    pub fn is(&self, open: SocketAddr) -> bool {
        let port = self.address.port();
        self.address.ip() == open.ip() && (port == 0 || port == open.port())
    }
}

impl std::fmt::Display for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.key, self.address)
    }
}
