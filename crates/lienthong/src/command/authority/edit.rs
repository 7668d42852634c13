//! Admitting members, subsystems, certificates, nodes, authorities, groups.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use base::{Clock as _, GroupId, MemberId, NodeId, Part, PartyId, SubsystemId, SystemClock, Ts};
use crypto::certificate::{Certificate, CertificateError, Crl, Purpose, Trust};
use directory::Content;
use directory::content::{Authority, Group, Node, TimestampAuthority};

use super::Place;
use crate::command::file;
use crate::command::terminal::until;

/// Commands that add to the directory.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Kết nạp hoặc đổi tên thành viên / admit or rename a member.
    AddMember(Edit<AddMember>),
    /// Thêm hoặc đổi tên hệ thống thông tin của thành viên / add or rename a member's information system.
    AddSubsystem(Edit<AddSubsystem>),
    /// Thêm chứng thư ký của thành viên / add a member's signing certificate.
    AddCertificate(Edit<AddCertificate>),
    /// Đăng ký nút, hoặc đổi thông tin của nút đã có / register a node, or change one.
    ///
    /// Với nút đã có: địa chỉ và hệ thống được thay khi nêu, chứng thư được thêm vào / of a node that exists, addresses
    /// and subsystems are replaced when given, certificates are added.
    AddNode(Edit<AddNode>),
    /// Bật hoặc tắt trạng thái bảo trì của nút / switch a node's maintenance on or off.
    SetMaintenance(Edit<SetMaintenance>),
    /// Tin cậy một tổ chức chứng thực / trust a certification authority.
    AddAuthority(Edit<AddAuthority>),
    /// Thêm danh sách thu hồi chứng thư mới / add a new revocation list.
    AddCrl(Edit<AddCrl>),
    /// Tin cậy một cơ quan cấp dấu thời gian RFC 3161 / trust a time-stamping authority.
    AddTimestampAuthority(Edit<AddTimestampAuthority>),
    /// Thêm vào nhóm, tạo nhóm nếu chưa có / add to a group, which is made when missing.
    AddToGroup(Edit<AddToGroup>),
}

/// An edit of the authority's content.
#[derive(clap::Args)]
pub struct Edit<C: clap::Args> {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    change: C,
}

/// What an edit does; the sentence says it in both languages.
pub trait Change: clap::Args {
    /// Changes the content.
    ///
    /// # Errors
    /// What it needs is not there, or what is given is of no use.
    fn apply(self, content: &mut Content, now: Ts) -> anyhow::Result<String>;
}

impl<C: Change> Edit<C> {
    /// Makes the change, checks the whole and saves it.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut authority = self.place.open()?;
        let mut content = authority.content().clone();
        let said = self.change.apply(&mut content, SystemClock.now())?;
        let edited = authority.edit(|old| {
            *old = content;
            Ok(())
        });
        edited.context("danh bạ không thay đổi / the directory is as before")?;
        println!("{said}");
        println!("Đã lưu, chưa công bố / saved, not published yet: lienthong authority publish");
        Ok(ExitCode::SUCCESS)
    }
}

/// Carries out one of the commands.
pub fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::AddMember(edit) => edit.run(),
        Command::AddSubsystem(edit) => edit.run(),
        Command::AddCertificate(edit) => edit.run(),
        Command::AddNode(edit) => edit.run(),
        Command::SetMaintenance(edit) => edit.run(),
        Command::AddAuthority(edit) => edit.run(),
        Command::AddCrl(edit) => edit.run(),
        Command::AddTimestampAuthority(edit) => edit.run(),
        Command::AddToGroup(edit) => edit.run(),
    }
}

/// Arguments of `add-member`.
#[derive(clap::Args)]
pub struct AddMember {
    /// Định danh / identifier, for example `VN-DEMO/GOV/G01`.
    #[arg(long)]
    id: MemberId,
    /// Tên cơ quan / the organisation's name.
    #[arg(long)]
    name: String,
}

impl Change for AddMember {
    fn apply(self, content: &mut Content, _now: Ts) -> anyhow::Result<String> {
        content.put_member(self.id.clone(), &self.name);
        Ok(format!("Thành viên / member {}: {}", self.id, self.name))
    }
}

/// Arguments of `add-subsystem`.
#[derive(clap::Args)]
pub struct AddSubsystem {
    /// Định danh / identifier, for example `VN-DEMO/GOV/G01/DANCU`.
    #[arg(long)]
    id: SubsystemId,
    /// Tên hệ thống / the system's name.
    #[arg(long)]
    name: String,
}

impl Change for AddSubsystem {
    fn apply(self, content: &mut Content, _now: Ts) -> anyhow::Result<String> {
        let added = content.put_subsystem(&self.id.member, &self.id.code, &self.name);
        added.context("thêm thành viên trước bằng / add the member first with `authority add-member`")?;
        Ok(format!("Hệ thống / subsystem {}: {}", self.id, self.name))
    }
}

/// Arguments of `add-certificate`.
#[derive(clap::Args)]
pub struct AddCertificate {
    /// Thành viên / the member.
    #[arg(long)]
    member: MemberId,
    /// Tệp chứng thư PEM / certificate file in PEM.
    #[arg(long)]
    file: PathBuf,
}

impl Change for AddCertificate {
    fn apply(self, content: &mut Content, now: Ts) -> anyhow::Result<String> {
        let certificate = file::certificate(&self.file)?;
        check(&certificate, &[Purpose::Sign], content, now)?;
        let (expected, holder) = (self.member.to_string(), certificate.subject_serial_number());
        if holder != Some(&expected) {
            let found = holder.unwrap_or("-");
            bail!(
                "chứng thư mang serialNumber {found}, cần {expected}; chứng cứ sẽ không kiểm được / the certificate's \
                 subject has the serialNumber {found}, {expected} is needed: evidence could not be verified"
            );
        }
        let added = content.put_signing_certificate(&self.member, certificate.clone());
        added.context("thêm thành viên trước bằng / add the member first with `authority add-member`")?;
        Ok(format!("Chứng thư ký / signing certificate {expected}: {}", until(certificate.not_after(), now)))
    }
}

/// Issued by an authority of the directory, for this use, and neither expired nor revoked; it may begin later.
fn check(certificate: &Certificate, purposes: &[Purpose], content: &Content, now: Ts) -> anyhow::Result<()> {
    let trust = Trust {
        authorities: content.authorities.iter().map(|authority| authority.certificate.clone()).collect(),
        intermediates: content
            .authorities
            .iter()
            .flat_map(|authority| authority.intermediates.clone())
            .collect(),
        crls: content.crls.clone(),
    };
    let at = now.max(certificate.not_before());
    for purpose in purposes {
        match trust.check(certificate, *purpose, at) {
            Ok(()) => {}
            Err(CertificateError::UnknownAuthority | CertificateError::BadSignature) => bail!(
                "nơi cấp chưa được tin cậy; thêm bằng `authority add-authority` / its issuer is not trusted yet, add it \
                 with `authority add-authority`: {}",
                certificate.issuer()
            ),
            Err(error @ CertificateError::CrlExpired { .. }) => {
                return Err(error)
                    .context("thêm danh sách thu hồi mới bằng / add the new list with `authority add-crl`");
            }
            Err(error) => {
                let subject = certificate.subject();
                return Err(error).with_context(|| {
                    format!("chứng thư không dùng được / the certificate is of no use: {subject}")
                });
            }
        }
    }
    Ok(())
}

/// Arguments of `add-node`.
#[derive(clap::Args)]
pub struct AddNode {
    /// Định danh / identifier, for example `VN-DEMO/GOV/G01/NUT-1`.
    #[arg(long)]
    id: NodeId,
    /// Địa chỉ cho các nút khác, nêu được nhiều lần / address for other nodes, may be repeated: `HOST:PORT`.
    #[arg(long)]
    address: Vec<String>,
    /// Tệp chứng thư TLS của nút, PEM, nêu được nhiều lần / the node's TLS certificate, PEM, may be repeated.
    #[arg(long, value_name = "FILE")]
    tls: Vec<PathBuf>,
    /// Hệ thống đi qua nút, nêu được nhiều lần; mã đủ với hệ thống của chủ nút / subsystem that goes through the node,
    /// may be repeated; the code is enough for one of the node's owner.
    #[arg(long)]
    subsystem: Vec<String>,
}

impl Change for AddNode {
    fn apply(self, content: &mut Content, now: Ts) -> anyhow::Result<String> {
        let known = content.nodes.iter().find(|node| node.id == self.id).cloned();
        if known.is_none() && (self.address.is_empty() || self.tls.is_empty()) {
            bail!("nút mới cần --address và --tls / a new node needs --address and --tls");
        }
        let empty = || Node {
            id: self.id.clone(),
            addresses: Vec::new(),
            tls_certificates: Vec::new(),
            subsystems: Vec::new(),
            maintenance: None,
        };
        let mut node = known.unwrap_or_else(empty);
        if !self.address.is_empty() {
            node.addresses = self.address;
        }
        if !self.subsystem.is_empty() {
            let full = |text: &String| full_subsystem(text, &self.id);
            node.subsystems = self.subsystem.iter().map(full).collect::<anyhow::Result<_>>()?;
        }
        for path in &self.tls {
            let certificate = file::certificate(path)?;
            check(&certificate, &[Purpose::TlsServer, Purpose::TlsClient], content, now)
                .with_context(|| path.display().to_string())?;
            if !node.tls_certificates.contains(&certificate) {
                node.tls_certificates.push(certificate);
            }
        }
        let list = |texts: Vec<String>| if texts.is_empty() { "-".to_owned() } else { texts.join(" ") };
        let said = format!(
            "Nút / node {}: {}; chứng thư / certificates: {}; hệ thống / subsystems: {}",
            node.id,
            list(node.addresses.clone()),
            node.tls_certificates.len(),
            list(node.subsystems.iter().map(ToString::to_string).collect())
        );
        content.put_node(node);
        Ok(said)
    }
}

fn full_subsystem(text: &str, node: &NodeId) -> anyhow::Result<SubsystemId> {
    if !text.contains('/') {
        let code: Part = text.parse().with_context(|| text.to_owned())?;
        return Ok(SubsystemId { member: node.owner.clone(), code });
    }
    text.parse().with_context(|| text.to_owned())
}

/// Arguments of `set-maintenance`.
#[derive(clap::Args)]
pub struct SetMaintenance {
    /// Nút / the node.
    #[arg(long)]
    node: NodeId,
    /// Thông báo cho bên gọi / the notice to callers.
    #[arg(long, required_unless_present = "off")]
    notice: Option<String>,
    /// Kết thúc bảo trì / end the maintenance.
    #[arg(long, conflicts_with = "notice")]
    off: bool,
}

impl Change for SetMaintenance {
    fn apply(self, content: &mut Content, _now: Ts) -> anyhow::Result<String> {
        let id = &self.node;
        let node = content.nodes.iter_mut().find(|node| node.id == *id);
        let node = node.with_context(|| format!("danh bạ không có nút / the directory has no node {id}"))?;
        node.maintenance = self.notice.filter(|_| !self.off);
        Ok(match &node.maintenance {
            Some(notice) => format!("Nút đang bảo trì / node under maintenance {id}: {notice}"),
            None => format!("Nút hoạt động / node in operation: {id}"),
        })
    }
}

/// Arguments of `add-authority`.
#[derive(clap::Args)]
pub struct AddAuthority {
    /// Tên gọi, duy nhất trong danh bạ / its name, unique in the directory.
    #[arg(long)]
    name: String,
    /// Chứng thư gốc của tổ chức, PEM / the authority's own certificate, PEM.
    #[arg(long)]
    file: PathBuf,
    /// Chứng thư trung gian, PEM, nêu được nhiều lần / intermediate certificate, PEM, may be repeated.
    #[arg(long, value_name = "FILE")]
    intermediate: Vec<PathBuf>,
    /// Nơi công bố danh sách thu hồi / where it publishes its revocation list.
    #[arg(long, value_name = "URL")]
    crl_url: Option<String>,
    /// Nơi trả lời về từng chứng thư / where it answers questions about a certificate.
    #[arg(long, value_name = "URL")]
    ocsp_url: Option<String>,
}

impl Change for AddAuthority {
    fn apply(self, content: &mut Content, now: Ts) -> anyhow::Result<String> {
        let certificate = file::certificate(&self.file)?;
        let intermediates =
            self.intermediate.iter().map(|path| file::certificate(path)).collect::<anyhow::Result<_>>()?;
        let (subject, ends) = (certificate.subject().to_owned(), until(certificate.not_after(), now));
        let said = format!("Tổ chức chứng thực / authority {}: {subject}, {ends}", self.name);
        let Self { name, crl_url, ocsp_url, .. } = self;
        content.put_authority(Authority { name, certificate, intermediates, crl_url, ocsp_url });
        Ok(said)
    }
}

/// Arguments of `add-crl`.
#[derive(clap::Args)]
pub struct AddCrl {
    /// Danh sách thu hồi, PEM hoặc DER / the revocation list, PEM or DER.
    #[arg(long)]
    file: PathBuf,
}

impl Change for AddCrl {
    fn apply(self, content: &mut Content, now: Ts) -> anyhow::Result<String> {
        let path = self.file.display();
        let bytes =
            std::fs::read(&self.file).with_context(|| format!("không đọc được / cannot read {path}"))?;
        let crl = match str::from_utf8(&bytes) {
            Ok(text) if text.contains("-----BEGIN") => Crl::from_pem(text),
            _ => Crl::from_der(bytes),
        };
        let crl =
            crl.with_context(|| format!("{path} không phải danh sách thu hồi / is no revocation list"))?;
        if crl.next_update() <= now {
            let ended = crl.next_update();
            bail!(
                "danh sách đã quá hạn, lấy bản mới / the list is out of date since {ended}, fetch the new one: {path}"
            );
        }
        let newer = content
            .crls
            .iter()
            .find(|old| old.issuer() == crl.issuer() && old.this_update() > crl.this_update());
        if let Some(newer) = newer {
            bail!(
                "danh bạ đã có danh sách mới hơn / the directory has a newer list: {}",
                newer.this_update()
            );
        }
        let said = format!(
            "Danh sách thu hồi / revocation list {}: {}",
            crl.issuer(),
            until(crl.next_update(), now)
        );
        content.put_crl(crl);
        Ok(said)
    }
}

/// Arguments of `add-timestamp-authority`.
#[derive(clap::Args)]
pub struct AddTimestampAuthority {
    /// Tên gọi, duy nhất trong danh bạ / its name, unique in the directory.
    #[arg(long)]
    name: String,
    /// Địa chỉ RFC 3161 / its RFC 3161 address.
    #[arg(long)]
    url: String,
    /// Chứng thư gốc của dấu thời gian, PEM / the trust anchor of its time-stamps, PEM.
    #[arg(long)]
    file: PathBuf,
}

impl Change for AddTimestampAuthority {
    fn apply(self, content: &mut Content, now: Ts) -> anyhow::Result<String> {
        let Self { name, url, file } = self;
        let certificate = file::certificate(&file)?;
        let ends = until(certificate.not_after(), now);
        let said = format!("Cơ quan cấp dấu thời gian / time-stamping authority {name}: {url}, {ends}");
        content.put_timestamp_authority(TimestampAuthority { name, url, certificate });
        Ok(said)
    }
}

/// Arguments of `add-to-group`.
#[derive(clap::Args)]
pub struct AddToGroup {
    /// Nhóm / the group, for example `VN-DEMO/MOT-CUA-CAP-TINH`.
    #[arg(long)]
    group: GroupId,
    /// Thành viên hoặc hệ thống, nêu được nhiều lần / member or subsystem, may be repeated.
    #[arg(long, required = true)]
    party: Vec<PartyId>,
}

impl Change for AddToGroup {
    fn apply(self, content: &mut Content, _now: Ts) -> anyhow::Result<String> {
        let known = content.groups.iter().find(|group| group.id == self.group);
        let mut parties = known.map(|group| group.parties.clone()).unwrap_or_default();
        for party in self.party {
            if !parties.contains(&party) {
                parties.push(party);
            }
        }
        let said = format!("Nhóm / group {}: {} bên / parties", self.group, parties.len());
        content.put_group(Group { id: self.group, parties });
        Ok(said)
    }
}
