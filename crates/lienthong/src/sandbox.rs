//! A whole environment on one machine: centre, small CA, two nodes. For the demo, the tests and the benchmarks.
//!
//! **Never for production:** the CA's key and both members' keys lie in one folder.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use base::{Clock as _, MemberId, NodeId, Part, SubsystemId, SystemClock, Ts};
use crypto::ca::{Profile, SmallCa};
use crypto::certificate::Certificate;
use crypto::sign::{Algorithm, CsrSubject, FileKeyStore, Passphrase};
use directory::Authority;
use directory::authority::Options;
use directory::content;

/// What the folder says of its form; another form is another folder.
const FORMAT: &str = "lienthong-sandbox/5";
/// Validity of sandbox certificates and revocation lists.
const VALID_DAYS: i64 = 365;
/// The instance of every sandbox.
pub const INSTANCE: &str = "VN-DEMO";
/// The provider's member.
pub const PROVIDER: &str = "VN-DEMO/GOV/G01";
/// The provider's subsystem.
pub const PROVIDER_SUBSYSTEM: &str = "DANCU";
/// The provider's own system for test calls.
pub const TEST_SUBSYSTEM: &str = "THU";
/// The consumer's member.
pub const CONSUMER: &str = "VN-DEMO/GOV/H17";
/// The consumer's subsystem.
pub const CONSUMER_SUBSYSTEM: &str = "MOTCUA";

/// The consumer's other subsystem: the civil-status system of a department, which has no grant yet.
pub const SECOND_SUBSYSTEM: &str = "HOTICH";

/// Below the provider's folder, in the demo.
pub const REGISTRY_STORE: &str = "registry.db";
/// Who may sign in to the registry; below the provider's folder, in the demo.
pub const PEOPLE: &str = "people.toml";

/// Ports of a sandbox: nine in a row from `base`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The first.
    pub base: u16,
}

impl Ports {
    fn at(self, offset: u16) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.base.saturating_add(offset)).into()
    }

    /// Where the consumer's information system asks: plain HTTP.
    pub fn ask(self) -> SocketAddr {
        self.at(0)
    }

    /// The consumer's node for other nodes.
    pub fn consumer_nodes(self) -> SocketAddr {
        self.at(1)
    }

    /// The consumer's health and metrics.
    pub fn consumer_ops(self) -> SocketAddr {
        self.at(2)
    }

    /// The provider's node for other nodes.
    pub fn provider_nodes(self) -> SocketAddr {
        self.at(3)
    }

    /// The provider's health and metrics.
    pub fn provider_ops(self) -> SocketAddr {
        self.at(4)
    }

    /// The directory's repository.
    pub fn directory(self) -> SocketAddr {
        self.at(5)
    }

    /// The provider's data services, in the demo.
    pub fn provider_sources(self) -> SocketAddr {
        self.at(6)
    }

    /// The registry's API, plain HTTP, in the demo.
    pub fn registry(self) -> SocketAddr {
        self.at(7)
    }

    /// The consumer's data services, in the demo.
    pub fn consumer_sources(self) -> SocketAddr {
        self.at(8)
    }

    /// The console, plain HTTP, in the demo.
    pub fn console(self) -> SocketAddr {
        self.at(9)
    }

    /// Whether every port is free.
    ///
    /// # Errors
    /// One is in use; the text names it and the remedy.
    pub fn check_free(self) -> anyhow::Result<()> {
        if self.base > u16::MAX - 10 {
            bail!("--port-base {}: lớn nhất là / at most {}", self.base, u16::MAX - 10);
        }
        for offset in 0..10 {
            let address = self.at(offset);
            std::net::TcpListener::bind(address).with_context(|| {
                format!("cổng {} đang được dùng; chọn dãy khác bằng --port-base N / port {} is in use; choose others with --port-base N", address.port(), address.port())
            })?;
        }
        Ok(())
    }
}

/// One service of the provider's subsystem; its first path segment is a personal number.
#[derive(Clone, Debug)]
pub struct SandboxService {
    /// Its code.
    pub code: &'static str,
    /// Where it is.
    pub url: String,
    /// Whether the consumer may call it.
    pub granted: bool,
}

/// What environment to make.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The folder.
    pub dir: PathBuf,
    /// The ports.
    pub ports: Ports,
    /// Services of the provider's information system.
    pub services: Vec<SandboxService>,
    /// Message logs of consumer and provider; `None` means SQLite files in the folder.
    pub stores: Option<[String; 2]>,
    /// `single` or `batch`.
    pub sign: String,
    /// More lines for both configurations, for example `[limits]`.
    pub more: String,
    /// Sections at the end of the configuration of consumer and provider: what they offer, and to whom.
    pub offers: [String; 2],
    /// Whether the provider's node runs the registry. Its grants then count, not those of the file.
    pub registry: bool,
    /// RFC 3161 authority: address and trust anchor.
    pub timestamp: Option<(String, Certificate)>,
}

/// An environment on disk.
pub struct Sandbox {
    /// The consumer's configuration.
    pub consumer: PathBuf,
    /// The provider's configuration.
    pub provider: PathBuf,
    /// The directory's files, to be served.
    pub repository: PathBuf,
    /// The trusted root.
    pub root: PathBuf,
    /// Held while this lives: another one would rewrite the files of a running environment.
    _lock: File,
}

/// Makes the environment, or takes over the one in the folder and publishes its directory anew.
///
/// # Errors
/// The folder belongs to something else, or cannot be written.
pub async fn prepare(plan: &Plan) -> anyhow::Result<Sandbox> {
    let dir = std::path::absolute(&plan.dir)?;
    let (passphrase, lock) = open_folder(&dir)?;
    let now = SystemClock.now();
    let centre = dir.join("centre");
    let ca_dir = centre.join("ca");
    let fresh = !ca_dir.join("ca.pem").exists();
    let ca = if fresh {
        let ca = SmallCa::create("Liên Thông Demo CA", Algorithm::EcdsaP256Sha256, now)?;
        ca.save(&ca_dir, &passphrase)?;
        ca
    } else {
        SmallCa::load(&ca_dir, &passphrase)?
    };
    let mut authority = if centre.join("authority.json").exists() {
        Authority::open(&centre, &passphrase)?
    } else {
        Authority::create(&centre, Options::new(INSTANCE.parse()?), &passphrase, now).await?
    };
    let provider = Party::prepare(&dir, "provider", PROVIDER, &ca, &passphrase)?;
    let consumer = Party::prepare(&dir, "consumer", CONSUMER, &ca, &passphrase)?;
    let crl = ca.crl(now, now.plus_secs(VALID_DAYS * 86_400))?;
    let made = directory_content(plan, &ca, crl, [&provider, &consumer])?;
    authority.edit(|content| {
        let (number, created) = (content.number, content.created);
        *content = content::Content { number, created, ..made };
        Ok(())
    })?;
    authority.publish(now).await?;
    let root = authority.root_path();
    let (consumer, provider) =
        (write_config(plan, &consumer, &root, now)?, write_config(plan, &provider, &root, now)?);
    Ok(Sandbox { consumer, provider, repository: authority.repository_path(), root, _lock: lock })
}

/// Marks the folder as a sandbox and locks it; gives the passphrase of all its keys.
fn open_folder(dir: &Path) -> anyhow::Result<(Passphrase, File)> {
    let mark = dir.join("format");
    match std::fs::read_to_string(&mark) {
        Ok(found) if found.trim() == FORMAT => {}
        Ok(found) => bail!(
            "thư mục {0} thuộc phiên bản khác ({1}); chọn thư mục khác bằng --data hoặc xóa nó / the folder {0} is of another version ({1}); choose another with --data or remove it",
            dir.display(),
            found.trim()
        ),
        Err(_) if dir.read_dir().is_ok_and(|mut entries| entries.next().is_some()) => bail!(
            "thư mục {0} có dữ liệu khác; chọn thư mục khác bằng --data / the folder {0} holds other data; choose another with --data",
            dir.display()
        ),
        Err(_) => {
            std::fs::create_dir_all(dir)
                .with_context(|| format!("không tạo được / cannot make {}", dir.display()))?;
            write_private(&dir.join("passphrase"), &hex::encode(crypto::hash::random::<16>()))?;
            std::fs::write(&mark, FORMAT)?;
        }
    }
    let lock = File::open(&mark)?;
    if lock.try_lock().is_err() {
        bail!(
            "thư mục {0} đang được bản khác dùng; dừng bản đó hoặc chọn thư mục khác bằng --data / the folder {0} is in use by another one; stop it or choose another with --data",
            dir.display()
        );
    }
    Ok((Passphrase::from_file(&dir.join("passphrase"))?, lock))
}

/// Writes a file that only its owner may read.
///
/// # Errors
/// It exists already, or cannot be written.
pub fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

/// One of the two members with its node.
struct Party {
    role: &'static str,
    dir: PathBuf,
    member: MemberId,
    node: NodeId,
    sign: Certificate,
    tls: Certificate,
}

impl Party {
    fn prepare(
        dir: &Path,
        role: &'static str,
        member: &str,
        ca: &SmallCa,
        passphrase: &Passphrase,
    ) -> anyhow::Result<Self> {
        let dir = dir.join(role);
        let member: MemberId = member.parse()?;
        let node = NodeId { owner: member.clone(), code: "NUT-1".parse()? };
        let mut keys = FileKeyStore::open(&dir.join("keys"), passphrase)?;
        if !dir.join("tls.pem").exists() {
            keys.generate("sign", Algorithm::EcdsaP256Sha256)?;
            keys.generate("tls", Algorithm::EcdsaP256Sha256)?;
            keys.generate_secret("pseudonyms")?;
            issue(&dir, &keys, ca, "sign", &member.to_string())?;
            issue(&dir, &keys, ca, "tls", &node.to_string())?;
        }
        let (sign, tls) = (
            crate::node::certificate(&dir.join("sign.pem"))?,
            crate::node::certificate(&dir.join("tls.pem"))?,
        );
        Ok(Self { role, dir, member, node, sign, tls })
    }

    fn name(&self) -> &'static str {
        if self.role == "provider" { "Bộ Công an" } else { "Thành phố Đà Nẵng" }
    }

    /// Code and name of each subsystem; that for test calls only where people could ask from the console.
    fn subsystems(&self, console: bool) -> anyhow::Result<Vec<content::Subsystem>> {
        let all: &[(&str, &str)] = match self.role {
            "provider" => &[
                (PROVIDER_SUBSYSTEM, "Cơ sở dữ liệu quốc gia về dân cư (mô phỏng)"),
                (TEST_SUBSYSTEM, "Hệ thống gọi thử của Bộ Công an"),
            ],
            _ => &[
                (CONSUMER_SUBSYSTEM, "Hệ thống một cửa điện tử"),
                (SECOND_SUBSYSTEM, "Hệ thống đăng ký hộ tịch của Sở Tư pháp"),
            ],
        };
        let named = |&(code, name): &(&str, &str)| {
            Ok(content::Subsystem { code: code.parse::<Part>()?, name: name.into() })
        };
        all.iter().filter(|(code, _)| console || *code != TEST_SUBSYSTEM).map(named).collect()
    }
}

fn issue(dir: &Path, keys: &FileKeyStore, ca: &SmallCa, label: &str, identifier: &str) -> anyhow::Result<()> {
    let subject = CsrSubject {
        organization: "Liên Thông Demo".into(),
        identifier: identifier.into(),
        common_name: format!("{identifier} {label}"),
        hosts: if label == "tls" { vec!["localhost".into(), "127.0.0.1".into()] } else { Vec::new() },
    };
    let hosts = subject.hosts.clone();
    let profile = if label == "tls" { Profile::Node } else { Profile::Signing };
    let now = SystemClock.now();
    // An hour of the past, for machines whose clocks differ a little.
    let validity = (now.plus_secs(-3600), now.plus_secs(VALID_DAYS * 86_400));
    let certificate = ca.issue_for(&keys.csr(label, &subject)?, profile, validity, &hosts)?;
    std::fs::write(dir.join(format!("{label}.pem")), certificate.pem())?;
    Ok(())
}

fn directory_content(
    plan: &Plan,
    ca: &SmallCa,
    crl: crypto::certificate::Crl,
    parties: [&Party; 2],
) -> anyhow::Result<content::Content> {
    let mut content = content::Content::empty(INSTANCE.parse()?, Ts::default());
    for party in parties {
        let subsystems = party.subsystems(plan.registry)?;
        let address =
            if party.role == "provider" { plan.ports.provider_nodes() } else { plan.ports.consumer_nodes() };
        let of = |code: &Part| SubsystemId { member: party.member.clone(), code: code.clone() };
        let served = subsystems.iter().map(|subsystem| of(&subsystem.code)).collect();
        content.members.push(content::Member {
            id: party.member.clone(),
            name: party.name().into(),
            signing_certificates: vec![party.sign.clone()],
            subsystems,
        });
        content.nodes.push(content::Node {
            id: party.node.clone(),
            addresses: vec![address.to_string()],
            tls_certificates: vec![party.tls.clone()],
            subsystems: served,
            maintenance: None,
        });
    }
    content.authorities.push(content::Authority {
        name: "Liên Thông Demo CA".into(),
        certificate: ca.certificate(),
        intermediates: vec![],
        crl_url: None,
        ocsp_url: None,
    });
    content.crls.push(crl);
    if let Some((url, certificate)) = &plan.timestamp {
        content.timestamp_authorities.push(content::TimestampAuthority {
            name: "TSA".into(),
            url: url.clone(),
            certificate: certificate.clone(),
        });
    }
    content.groups.push(content::Group {
        id: format!("{INSTANCE}/MOT-CUA").parse()?,
        parties: vec![format!("{CONSUMER}/{CONSUMER_SUBSYSTEM}").parse()?],
    });
    Ok(content)
}

/// Writes a node's configuration unless there is one for the same ports, which its owner may have changed.
fn write_config(plan: &Plan, party: &Party, root: &Path, now: Ts) -> anyhow::Result<PathBuf> {
    let path = party.dir.join("lienthong.toml");
    let text = config_text(plan, party, root, now);
    let mark = text.lines().next().unwrap_or_default().to_owned();
    let kept = std::fs::read_to_string(&path).is_ok_and(|old| old.lines().next() == Some(&mark));
    if !kept {
        std::fs::write(&path, text)?;
    }
    Ok(path)
}

fn config_text(plan: &Plan, party: &Party, root: &Path, now: Ts) -> String {
    let ports = plan.ports;
    let provider = party.role == "provider";
    let store = match &plan.stores {
        Some(stores) => stores[usize::from(provider)].clone(),
        None => "sqlite:log.db".into(),
    };
    let listen = if provider {
        format!("nodes = \"{}\"\nops = \"{}\"\n", ports.provider_nodes(), ports.provider_ops())
    } else {
        format!(
            "nodes = \"{}\"\nsystems_plain = \"{}\"\nops = \"{}\"\n",
            ports.consumer_nodes(),
            ports.ask(),
            ports.consumer_ops()
        )
    };
    let stamping = plan
        .timestamp
        .as_ref()
        .map(|(url, _)| format!("\n[evidence]\ntimestamp_url = \"{url}\"\ntimestamp_s = 1\n"));
    let text = format!(
        "# Sandbox, ports from {base}, signing {sign}. Services and grants count within a second of a change; other sections at the next start.\n\n\
         [node]\nid = \"{node}\"\n\n[keys]\ndir = \"keys\"\npassphrase_file = \"../passphrase\"\nsigning_certificate = \"sign.pem\"\ntls_certificate = \"tls.pem\"\n\n\
         [directory]\nroot = {root}\nurl = \"http://{directory}/\"\n\n[store]\nurl = \"{store}\"\n\n[listen]\n{listen}\n[signing]\nmode = \"{sign}\"\n{stamping}\n{more}\n",
        base = ports.base,
        sign = plan.sign,
        node = party.node,
        root = toml::Value::from(root.display().to_string()),
        directory = ports.directory(),
        stamping = stamping.unwrap_or_default(),
        more = plan.more,
    );
    let asking: &[&str] = match (provider, plan.registry) {
        (false, _) => &[CONSUMER_SUBSYSTEM, SECOND_SUBSYSTEM],
        (true, true) => &[TEST_SUBSYSTEM],
        (true, false) => &[],
    };
    let asks = |code: &&str| format!("[[subsystem]]\ncode = \"{code}\"\nconnection = \"plain\"\n\n");
    let mut system: String = asking.iter().map(asks).collect();
    if provider {
        system.extend(plan.services.iter().map(|service| service_text(service, now)));
    }
    let registry = if provider && plan.registry {
        format!(
            "\n[registry]\nstore = \"sqlite:{REGISTRY_STORE}\"\npeople = \"{PEOPLE}\"\nplain = \"{}\"\npassword_only = true\n\n\
             [registry.console]\nplain = \"{}\"\n",
            ports.registry(),
            ports.console(),
        )
    } else {
        String::new()
    };
    text + system.as_str() + registry.as_str() + plan.offers[usize::from(provider)].as_str()
}

fn service_text(service: &SandboxService, now: Ts) -> String {
    let SandboxService { code, url, granted } = service;
    let until = Ts::from_secs(now.secs()).plus_secs(VALID_DAYS * 86_400);
    let grant = format!(
        "\n[[grant]]\nto = \"{CONSUMER}/{CONSUMER_SUBSYSTEM}\"\nservice = \"{PROVIDER_SUBSYSTEM}/{code}\"\n\
         until = \"{until}\"\nlegal_basis = \"Quyết định mẫu 01/QĐ-DEMO\"\n"
    );
    let grant = if *granted { grant } else { String::new() };
    format!(
        "[[service]]\nsubsystem = \"{PROVIDER_SUBSYSTEM}\"\ncode = \"{code}\"\nurl = \"{url}\"\nsubject_segment = 0\n{grant}\n"
    )
}
