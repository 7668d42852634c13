//! Taking members, systems, certificates, nodes, authorities and groups out of the directory.

use std::process::ExitCode;

use anyhow::Context as _;
use base::{GroupId, MemberId, NodeId, PartyId, SubsystemId, Ts};
use directory::Content;
use directory::content::Group;

use super::edit::{Change, Edit};

/// Commands that take out of the directory; what refers to a removed entry goes with it.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Xóa thành viên cùng hệ thống, nút và chỗ trong nhóm / remove a member with its systems, nodes, places in groups.
    #[command(name = "remove-member")]
    Member(Edit<RemoveMember>),
    /// Xóa hệ thống thông tin / remove a subsystem.
    #[command(name = "remove-subsystem")]
    Subsystem(Edit<RemoveSubsystem>),
    /// Xóa chứng thư ký hoặc TLS theo vân tay / remove a signing or TLS certificate by its fingerprint.
    #[command(name = "remove-certificate")]
    Certificate(Edit<RemoveCertificate>),
    /// Xóa nút / remove a node.
    #[command(name = "remove-node")]
    Node(Edit<RemoveNode>),
    /// Thôi tin cậy tổ chức chứng thực / trust a certification authority no longer.
    #[command(name = "remove-authority")]
    Authority(Edit<RemoveAuthority>),
    /// Thôi tin cậy cơ quan cấp dấu thời gian / trust a time-stamping authority no longer.
    #[command(name = "remove-timestamp-authority")]
    TimestampAuthority(Edit<RemoveTimestampAuthority>),
    /// Đưa ra khỏi nhóm / take out of a group.
    #[command(name = "remove-from-group")]
    FromGroup(Edit<RemoveFromGroup>),
    /// Xóa nhóm / remove a group.
    #[command(name = "remove-group")]
    Group(Edit<RemoveGroup>),
}

/// Carries out one of the commands.
pub fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Member(edit) => edit.run(),
        Command::Subsystem(edit) => edit.run(),
        Command::Certificate(edit) => edit.run(),
        Command::Node(edit) => edit.run(),
        Command::Authority(edit) => edit.run(),
        Command::TimestampAuthority(edit) => edit.run(),
        Command::FromGroup(edit) => edit.run(),
        Command::Group(edit) => edit.run(),
    }
}

/// Where to look what there is.
const LOOK: &str = "xem bằng / look with `lienthong authority show`";

/// Arguments of `remove-member`.
#[derive(clap::Args)]
pub struct RemoveMember {
    /// Thành viên / the member.
    #[arg(long)]
    id: MemberId,
}

impl Change for RemoveMember {
    fn apply(self, content: &mut Content, _now: Ts) -> anyhow::Result<String> {
        content.remove_member(&self.id).context(LOOK)?;
        Ok(format!("Đã xóa thành viên / removed the member {}", self.id))
    }
}

/// Arguments of `remove-subsystem`.
#[derive(clap::Args)]
pub struct RemoveSubsystem {
    /// Hệ thống / the subsystem.
    #[arg(long)]
    id: SubsystemId,
}

impl Change for RemoveSubsystem {
    fn apply(self, content: &mut Content, _now: Ts) -> anyhow::Result<String> {
        content.remove_subsystem(&self.id).context(LOOK)?;
        Ok(format!("Đã xóa hệ thống / removed the subsystem {}", self.id))
    }
}

/// Arguments of `remove-certificate`.
#[derive(clap::Args)]
pub struct RemoveCertificate {
    /// Vân tay SHA-256, 64 chữ số thập lục phân / SHA-256 fingerprint, 64 hexadecimal digits.
    #[arg(long, value_parser = fingerprint)]
    fingerprint: [u8; 32],
}

fn fingerprint(text: &str) -> Result<[u8; 32], String> {
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    let bytes = hex::decode(digits).map_err(|error| error.to_string())?;
    bytes.try_into().map_err(|_| "cần 64 chữ số thập lục phân / 64 hexadecimal digits are needed".to_owned())
}

impl Change for RemoveCertificate {
    fn apply(self, content: &mut Content, _now: Ts) -> anyhow::Result<String> {
        content.remove_certificate(&self.fingerprint).context(LOOK)?;
        Ok(format!("Đã xóa chứng thư / removed the certificate {}", hex::encode(self.fingerprint)))
    }
}

/// Arguments of `remove-node`.
#[derive(clap::Args)]
pub struct RemoveNode {
    /// Nút / the node.
    #[arg(long)]
    id: NodeId,
}

impl Change for RemoveNode {
    fn apply(self, content: &mut Content, _now: Ts) -> anyhow::Result<String> {
        content.remove_node(&self.id).context(LOOK)?;
        Ok(format!("Đã xóa nút / removed the node {}", self.id))
    }
}

/// Arguments of `remove-authority`.
#[derive(clap::Args)]
pub struct RemoveAuthority {
    /// Tên gọi / its name.
    #[arg(long)]
    name: String,
}

impl Change for RemoveAuthority {
    fn apply(self, content: &mut Content, _now: Ts) -> anyhow::Result<String> {
        content.remove_authority(&self.name).context(LOOK)?;
        Ok(format!("Thôi tin cậy / no longer trusted: {}", self.name))
    }
}

/// Arguments of `remove-timestamp-authority`.
#[derive(clap::Args)]
pub struct RemoveTimestampAuthority {
    /// Tên gọi / its name.
    #[arg(long)]
    name: String,
}

impl Change for RemoveTimestampAuthority {
    fn apply(self, content: &mut Content, _now: Ts) -> anyhow::Result<String> {
        content.remove_timestamp_authority(&self.name).context(LOOK)?;
        Ok(format!("Thôi tin cậy / no longer trusted: {}", self.name))
    }
}

/// Arguments of `remove-from-group`.
#[derive(clap::Args)]
pub struct RemoveFromGroup {
    /// Nhóm / the group.
    #[arg(long)]
    group: GroupId,
    /// Thành viên hoặc hệ thống, nêu được nhiều lần / member or subsystem, may be repeated.
    #[arg(long, required = true)]
    party: Vec<PartyId>,
}

impl Change for RemoveFromGroup {
    fn apply(self, content: &mut Content, _now: Ts) -> anyhow::Result<String> {
        let id = &self.group;
        let known = content.groups.iter().find(|group| group.id == *id);
        let known = known.with_context(|| format!("không có nhóm / there is no group {id}")).context(LOOK)?;
        if let Some(stranger) = self.party.iter().find(|party| !known.parties.contains(party)) {
            anyhow::bail!("{stranger} không thuộc nhóm / is not in the group {id}");
        }
        let parties: Vec<PartyId> =
            known.parties.iter().filter(|party| !self.party.contains(party)).cloned().collect();
        let said = format!("Nhóm / group {id}: {} bên / parties", parties.len());
        content.put_group(Group { id: self.group, parties });
        Ok(said)
    }
}

/// Arguments of `remove-group`.
#[derive(clap::Args)]
pub struct RemoveGroup {
    /// Nhóm / the group.
    #[arg(long)]
    id: GroupId,
}

impl Change for RemoveGroup {
    fn apply(self, content: &mut Content, _now: Ts) -> anyhow::Result<String> {
        content.remove_group(&self.id).context(LOOK)?;
        Ok(format!("Đã xóa nhóm / removed the group {}", self.id))
    }
}
