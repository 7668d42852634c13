//! What TOML's types cannot say about a configuration.

mod process;
mod registry;
mod stores;

use std::path::{Path, PathBuf};
use std::time::Duration;

use base::{MemberId, PartyId, ServiceId, SubsystemId, Ts};
use crypto::certificate::Certificate;
use exchange::Limits;
use exchange::cut::FieldSet;
use exchange::rights::{
    Condition, Conditions, Connection, Description, Endpoint, Force, Grant, Grantee, Pattern, Rights, Service,
};
use exchange::signer::Mode;
use exchange::usage::Allowance;

use super::file::{
    ConnectionKind, EndpointSection, File, GrantSection, LimitsSection, ServiceSection, SigningMode,
    SubsystemSection,
};
use super::{
    Config, Directory, Evidence, Keys, Listen, Mistakes, RegistryElsewhere, RegistrySection, RightsSection,
    SourcesSection,
};
use crate::sources_role::{self, Found};

/// Longest call, seconds: evidence of a longer one would not verify, its times lie too far apart.
const TIMEOUT_S_MAX: u64 = 300;
/// Longest time for which rights may count that nobody confirmed: 30 days, as long as ended grants are told of.
const STALE_AFTER_S_MAX: u32 = 30 * 86_400;

/// Checks what TOML's types cannot; goes on after a mistake to find them all.
struct Checker<'a> {
    dir: &'a Path,
    owner: &'a MemberId,
    mistakes: Vec<String>,
    notices: Vec<String>,
    has_sources: bool,
    /// Pages from which people ask.
    has_console: bool,
}

impl Checker<'_> {
    fn wrong(&mut self, place: &str, what: impl std::fmt::Display) {
        self.mistakes.push(format!("{place}: {what}"));
    }

    fn no_repetition(&mut self, place: &str, mut names: Vec<String>) {
        names.sort_unstable();
        for pair in names.windows(2).filter(|pair| pair[0] == pair[1]) {
            self.wrong(place, format!("{} stands more than once", pair[0]));
        }
    }

    fn path(&self, path: &Path) -> PathBuf {
        self.dir.join(path)
    }

    fn keys(&self, keys: &Keys) -> Keys {
        Keys {
            dir: self.path(&keys.dir),
            passphrase_file: keys.passphrase_file.as_ref().map(|path| self.path(path)),
            signing_certificate: self.path(&keys.signing_certificate),
            tls_certificate: self.path(&keys.tls_certificate),
            ..keys.clone()
        }
    }

    fn sockets(&mut self, listen: &Listen) {
        if let Some(plain) = listen.systems_plain
            && !plain.ip().is_loopback()
        {
            self.wrong(
                "[listen] systems_plain",
                format!("{plain}: plain HTTP is allowed on loopback only; use `systems` for HTTPS"),
            );
        }
        if !(1..=3600).contains(&listen.head_s) {
            self.wrong("[listen]", "head_s: allowed are 1 to 3600");
        }
        if !(1..=100_000).contains(&listen.connections_max) {
            self.wrong("[listen]", "connections_max: allowed are 1 to 100000");
        }
    }

    fn evidence(&mut self, evidence: &Evidence) {
        if !(10..=600_000).contains(&evidence.checkpoint_ms) {
            self.wrong("[evidence]", "checkpoint_ms: allowed are 10 to 600000");
        }
        if evidence.timestamp_url.as_ref().is_some_and(|url| !url.starts_with("http://")) {
            self.wrong(
                "[evidence]",
                "timestamp_url must begin with http:// (time-stamps are signed; https is not supported yet)",
            );
        }
    }

    fn sources(
        &mut self,
        section: &SourcesSection,
        (log, registry): (&str, Option<&RegistrySection>),
    ) -> SourcesSection {
        let same = |other: &str| self.same_store(other, &section.store);
        if same(log) || registry.is_some_and(|registry| same(&registry.store)) {
            self.wrong(
                "[sources]",
                "store: give the sources a store of their own, not that of the message log or the registry",
            );
        }
        if !section.listen.ip().is_loopback() {
            self.wrong("[sources]", "listen must be a loopback address, such as 127.0.0.1:7491");
        }
        if section.listen.port() == 0 {
            self.wrong("[sources]", "listen: name the port; the gateway asks there");
        }
        SourcesSection {
            dir: self.path(&section.dir),
            listen: section.listen,
            store: self.store("[sources] store", &section.store),
        }
    }

    /// The services of the file, then those of the definitions.
    fn services(
        &mut self,
        mut services: Vec<ServiceSection>,
        sources: Option<&SourcesSection>,
    ) -> Vec<ServiceSection> {
        let codes = services.iter().map(|s| format!("{}/{}", s.subsystem, s.code));
        self.no_repetition("[[service]]", codes.collect());
        if let Some(section) = sources {
            self.defined(section, &mut services);
        }
        services
    }

    /// A service for each definition of the folder. One with mistakes, or of a service that is there already, is left out:
    /// no file of the folder may keep the rest of the configuration from counting.
    fn defined(&mut self, section: &SourcesSection, services: &mut Vec<ServiceSection>) {
        let found = sources_role::definitions(&section.dir).unwrap_or_else(|error| {
            self.wrong("[sources]", format!("dir {}: {error}", section.dir.display()));
            Vec::new()
        });
        for Found { path, definition } in found {
            let service = definition.map(|definition| defined_service(section, &definition));
            let (vi, en) = match service {
                Ok(Some(service)) if services.iter().all(|known| !known.is_same_as(&service)) => {
                    services.push(service);
                    continue;
                }
                Ok(_) => ("dịch vụ đã có ở chỗ khác".to_owned(), "the service is there already".to_owned()),
                Err(error) => (error.code().to_owned(), error.to_string()),
            };
            self.notices.push(format!("{}: {vi} / {en}", path.display()));
        }
    }

    /// Where rights come from, if not from the file alone.
    fn rights(&mut self, section: RightsSection, has_role: bool) -> Option<RegistryElsewhere> {
        let place = "[rights]";
        if !(1..=STALE_AFTER_S_MAX).contains(&section.stale_after_s) {
            self.wrong(place, format!("stale_after_s: allowed are 1 to {STALE_AFTER_S_MAX}"));
        }
        match (section.registry, section.registry_member) {
            (Some(_), _) if has_role => {
                self.wrong(
                    place,
                    "registry: this node has the section [registry] and follows its own registry",
                );
                None
            }
            (Some(url), Some(member)) => {
                let url = url.strip_suffix('/').unwrap_or(&url).to_owned();
                let parsed = url.parse::<hyper::Uri>().ok();
                let fits = parsed.is_some_and(|uri| {
                    uri.scheme_str() == Some("https")
                        && uri.host().is_some()
                        && matches!(uri.path(), "" | "/")
                });
                if !fits || url.ends_with('/') || url.contains(['?', '#', '@']) {
                    self.wrong(place, "registry must be of the form https://HOST:PORT, without a path");
                }
                Some(RegistryElsewhere { url, member })
            }
            (Some(_), None) => {
                self.wrong(
                    place,
                    "registry_member is needed: the member that keeps the registry, such as VN/GOV/H17",
                );
                None
            }
            (None, Some(_)) => {
                self.wrong(place, "registry_member without registry");
                None
            }
            (None, None) => {
                if !has_role {
                    self.wrong(place, "registry is needed, or the section [registry]");
                }
                None
            }
        }
    }

    fn certificates(&mut self, place: &str, paths: &[PathBuf]) -> Vec<Certificate> {
        let mut read = Vec::new();
        for path in paths {
            let path = self.path(path);
            let text = std::fs::read_to_string(&path).map_err(|e| e.to_string());
            match text.and_then(|text| Certificate::from_pem(&text).map_err(|e| e.to_string())) {
                Ok(certificate) => read.push(certificate),
                Err(error) => self.wrong(place, format!("{}: {error}", path.display())),
            }
        }
        read
    }

    fn subsystem(&mut self, section: SubsystemSection, listen: &Listen) -> (PartyId, Connection) {
        let place = format!("[[subsystem]] {}", section.code);
        let certificates = self.certificates(&place, &section.certificates);
        match section.connection {
            ConnectionKind::Plain if listen.systems_plain.is_none() && !self.has_console => {
                self.wrong(
                    &place,
                    "connection = \"plain\" needs [listen] systems_plain, or [registry.console] for test calls",
                );
            }
            ConnectionKind::Tls | ConnectionKind::Mutual if listen.systems.is_none() => {
                self.wrong(&place, "an HTTPS connection needs [listen] systems");
            }
            ConnectionKind::Mutual if section.certificates.is_empty() => {
                self.wrong(&place, "connection = \"mutual\" needs certificates");
            }
            _ => {}
        }
        let connection = match section.connection {
            ConnectionKind::Plain => Connection::PlainLoopback,
            ConnectionKind::Tls => Connection::Tls,
            ConnectionKind::Mutual => Connection::Mutual(certificates),
        };
        (PartyId { member: self.owner.clone(), subsystem: Some(section.code) }, connection)
    }

    fn service(&mut self, section: ServiceSection, call_s: u64) -> Service {
        let provider = SubsystemId { member: self.owner.clone(), code: section.subsystem };
        let id = ServiceId { provider, code: section.code };
        let place = format!("[[service]] {id}");
        let certificates = self.certificates(&place, &section.certificates);
        let scheme = section.url.split("://").next().unwrap_or("");
        match scheme {
            "https" if certificates.is_empty() => {
                self.wrong(&place, "an https url needs the certificates that the system may show");
            }
            "http" | "https" => {}
            _ => self.wrong(&place, "url must begin with http:// or https://"),
        }
        if section.url.parse::<hyper::Uri>().is_err() {
            self.wrong(&place, "url is not a URL");
        }
        if section.timeout_s.is_some_and(|s| !(1..=TIMEOUT_S_MAX).contains(&s)) {
            self.wrong(&place, format!("timeout_s: allowed are 1 to {TIMEOUT_S_MAX}"));
        }
        // The consumer's node waits `call_s`; a little less lets the reason travel back.
        let timeout_s = section.timeout_s.unwrap_or_else(|| call_s.saturating_sub(5).max(1));
        let description = section.openapi.and_then(|source| self.description(&place, source));
        Service {
            id,
            url: section.url,
            timeout: Duration::from_secs(timeout_s),
            description,
            subject_segment: section.subject_segment,
            disabled: section.disabled,
            certificates,
        }
    }

    fn description(&mut self, place: &str, source: String) -> Option<Description> {
        if source.starts_with("http://") || source.starts_with("https://") {
            return Some(Description::Url(source));
        }
        let path = self.path(Path::new(&source));
        match std::fs::read_to_string(&path) {
            Ok(text) => Some(Description::Text(text)),
            Err(error) => {
                self.wrong(place, format!("openapi {}: {error}", path.display()));
                None
            }
        }
    }

    fn grant(&mut self, section: GrantSection, services: &[Service]) -> Option<Grant> {
        let place = format!("[[grant]] {}", section.service);
        let full = if section.service.split('/').count() == 2 {
            format!("{}/{}", self.owner, section.service)
        } else {
            section.service.clone()
        };
        let service: Option<ServiceId> = full.parse().map_err(|e| self.wrong(&place, e)).ok();
        if service.as_ref().is_some_and(|id| !services.iter().any(|s| s.id == *id)) {
            self.without_service(&place);
        }
        let conditions = self.conditions(&place, &section);
        let to = match (section.to, section.group) {
            (Some(party), None) => Some(Grantee::Party(party)),
            (None, Some(group)) => Some(Grantee::Group(group)),
            _ => {
                self.wrong(&place, "exactly one of `to` and `group` is needed");
                None
            }
        };
        let until = section.until.and_then(|text| {
            Ts::parse(&text)
                .map_err(|e| self.wrong(&place, format!("until: {e} (example: 2027-12-31T00:00:00Z)")))
                .ok()
        });
        let fields = Some(section.fields).filter(|fields| !fields.is_empty());
        let fields = fields.and_then(|f| FieldSet::new(f).map_err(|e| self.wrong(&place, e)).ok());
        let allowance = Allowance { quota_day: section.quota_day, rate_s: section.rate_s };
        if allowance.quota_day == Some(0) || allowance.rate_s == Some(0) {
            self.wrong(&place, "quota_day and rate_s are at least 1; without a call there is no grant");
        }
        let endpoints = section.endpoints.into_iter().filter_map(|e| self.endpoint(&place, &e)).collect();
        Some(Grant {
            id: section.id,
            to: to?,
            service: service?,
            endpoints,
            fields,
            purposes: section.purposes,
            conditions,
            allowance,
            until,
            legal_basis: section.legal_basis,
            force: Force::Active,
            reason: None,
            gates: Vec::new(),
        })
    }

    /// A definition of a data source comes and goes while the node runs: its grants must not keep the node from starting.
    fn without_service(&mut self, place: &str) {
        if self.has_sources {
            let vi = "chưa có dịch vụ này; đưa định nghĩa vào bằng `lienthong source publish`";
            let en = "there is no such service yet: put its definition in with `lienthong source publish`";
            self.notices.push(format!("{place}: {vi} / {en}"));
        } else {
            self.wrong(place, "no [[service]] of that name");
        }
    }

    fn conditions(&mut self, place: &str, section: &GrantSection) -> Conditions {
        if section.sign_in > 3 {
            self.wrong(place, "sign_in: allowed are 1 to 3, and 0 for any");
        }
        let cedar = section.condition.as_deref().map(Condition::parse).transpose();
        let cedar = cedar.map_err(|e| self.wrong(place, format!("condition: {e}"))).ok().flatten();
        Conditions { dossier: section.dossier, officer: section.officer, sign_in: section.sign_in, cedar }
    }

    fn endpoint(&mut self, place: &str, section: &EndpointSection) -> Option<Endpoint> {
        let path = Pattern::new(&section.path)
            .map_err(|e| self.wrong(place, format!("{:?}: {e}", section.path)))
            .ok()?;
        let method = section.method.as_deref().filter(|m| *m != "*");
        let method = method.map(|m| m.to_ascii_uppercase().parse()).transpose();
        let method = method.map_err(|_| self.wrong(place, "method is not an HTTP method")).ok()?;
        Some(Endpoint { method, path })
    }

    fn limits(&mut self, section: &LimitsSection) -> Limits {
        let mut within = |key: &str, value: u64, min: u64, max: u64| {
            if !(min..=max).contains(&value) {
                self.wrong("[limits]", format!("{key} = {value}: allowed are {min} to {max}"));
            }
        };
        within("body_bytes_max", section.body_bytes_max, 1024, 1 << 40);
        within("cut_bytes_max", section.cut_bytes_max, 1024, 64 * 1024 * 1024);
        within("head_bytes_max", section.head_bytes_max as u64, 1024, 100 * 1024);
        within("call_s", section.call_s, 1, TIMEOUT_S_MAX);
        within("calls_max", section.calls_max as u64, 1, 100_000);
        within("clock_skew_max_s", u64::try_from(section.clock_skew_max_s).unwrap_or(u64::MAX), 1, 300);
        Limits {
            body_bytes_max: section.body_bytes_max,
            cut_bytes_max: section.cut_bytes_max,
            head_bytes_max: section.head_bytes_max,
            call_s: section.call_s,
            calls_max: section.calls_max,
            clock_skew_max_s: section.clock_skew_max_s,
        }
    }
}

/// The service that a definition is.
fn defined_service(section: &SourcesSection, definition: &sources::Offer) -> Option<ServiceSection> {
    let (service, url) = (definition.about(), sources_role::url(section.listen, definition));
    Some(ServiceSection {
        subsystem: service.subsystem.parse().ok()?,
        code: service.code.parse().ok()?,
        openapi: Some(format!("{url}/_openapi.json")),
        url,
        timeout_s: None,
        subject_segment: service.about_person.then_some(0),
        disabled: None,
        certificates: Vec::new(),
    })
}

/// Checks everything; reports every mistake at once.
pub(super) fn check(file: File, dir: &Path) -> Result<Config, Mistakes> {
    let mut checker = Checker {
        dir,
        owner: &file.node.id.owner,
        mistakes: Vec::new(),
        notices: Vec::new(),
        has_sources: file.sources.is_some(),
        has_console: file.registry.as_ref().is_some_and(|registry| registry.console.is_some()),
    };
    let listen = file.listen;
    checker.sockets(&listen);
    checker.evidence(&file.evidence);
    if file.signing.window_us > 100_000 {
        checker.wrong("[signing]", "window_us: at most 100000");
    }
    let codes = file.subsystems.iter().map(|s| s.code.to_string());
    checker.no_repetition("[[subsystem]]", codes.collect());
    let stores = (&*file.store.url, file.registry.as_ref());
    let sources = file.sources.as_ref().map(|section| checker.sources(section, stores));
    let services = checker.services(file.services, sources.as_ref());
    let numbers = file.grants.iter().filter_map(|g| g.id.clone());
    checker.no_repetition("[[grant]]", numbers.collect());
    let limits = checker.limits(&file.limits);
    let subsystems = file.subsystems.into_iter().map(|s| checker.subsystem(s, &listen)).collect();
    let services: Vec<Service> = services.into_iter().map(|s| checker.service(s, limits.call_s)).collect();
    let has_grants = !file.grants.is_empty();
    let grants = file.grants.into_iter().filter_map(|g| checker.grant(g, &services)).collect();
    let mode = if file.signing.mode == SigningMode::Single {
        Mode::Single
    } else {
        Mode::Batch { window_us: file.signing.window_us }
    };
    let keys = checker.keys(&file.keys);
    let directory = Directory { root: checker.path(&file.directory.root), ..file.directory.clone() };
    let registry = file.registry.as_ref().map(|section| checker.registry(section, &file.store.url));
    let has_role = registry.is_some();
    let others = [Some(&*file.store.url), file.registry.as_ref().map(|registry| &*registry.store)];
    let others = [&others[..], &[file.sources.as_ref().map(|sources| &*sources.store)]].concat();
    let process = file.process.as_ref().map(|section| checker.process(section, &others, has_role));
    let stale_after_s =
        file.rights.as_ref().map_or(RightsSection::default().stale_after_s, |r| r.stale_after_s);
    let registry_elsewhere = file.rights.and_then(|section| checker.rights(section, has_role));
    let (data_dir, store_url) =
        (checker.path(&file.node.data), checker.store("[store] url", &file.store.url));
    if !checker.mistakes.is_empty() {
        return Err(Mistakes(checker.mistakes));
    }
    let mut notices = checker.notices;
    if has_grants && (registry.is_some() || registry_elsewhere.is_some()) {
        let vi = "không có hiệu lực trên nút này: quyền do sổ đăng ký cấp";
        notices.push(format!("[[grant]]: {vi} / do not count on this node: the registry grants"));
    }
    let rights = Rights::new(subsystems, services, grants);
    Ok(Config {
        notices,
        node: file.node.id,
        data_dir,
        keys,
        directory,
        store_url,
        listen,
        signing: mode,
        evidence: file.evidence,
        limits,
        rights,
        registry,
        sources,
        process,
        registry_elsewhere,
        stale_after_s,
    })
}
