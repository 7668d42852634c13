//! One change of the directory, as data.

use base::{GroupId, MemberId, NodeId, PartyId, SubsystemId};
use crypto::certificate::Certificate;
use directory::Content;
use directory::content::{Authority, Group, NoSuch, Node, TimestampAuthority};
use serde::{Deserialize, Serialize};

use super::Fingerprint;
use crate::RegistryError;
use crate::text::Text;

/// One change of the directory. `Put` adds an entry or replaces the one with the same identifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Admits a member, or renames it; its certificates and subsystems stay.
    PutMember {
        /// Which.
        id: MemberId,
        /// Its name.
        name: String,
    },
    /// Removes a member with its subsystems, nodes and places in groups.
    RemoveMember {
        /// Which.
        id: MemberId,
    },
    /// Registers a subsystem of a member, or renames it.
    PutSubsystem {
        /// Which.
        id: SubsystemId,
        /// Its name.
        name: String,
    },
    /// Removes a subsystem, also from nodes and groups.
    RemoveSubsystem {
        /// Which.
        id: SubsystemId,
    },
    /// Adds a certificate under which a member signs.
    PutSigningCertificate {
        /// Whose.
        member: MemberId,
        /// The certificate.
        certificate: Certificate,
    },
    /// Adds a certificate that a node may show.
    PutTlsCertificate {
        /// Whose.
        node: NodeId,
        /// The certificate.
        certificate: Certificate,
    },
    /// Removes a member's or node's certificate.
    RemoveCertificate {
        /// SHA-256 of the certificate.
        fingerprint: Fingerprint,
    },
    /// Registers a node, or replaces its entry.
    PutNode {
        /// Which.
        id: NodeId,
        /// Where other nodes reach it, `host:port`.
        addresses: Vec<String>,
        /// Certificates that it may show.
        tls_certificates: Vec<Certificate>,
        /// Subsystems that it serves.
        subsystems: Vec<SubsystemId>,
        /// Why it does not answer at present.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        maintenance: Option<String>,
    },
    /// Removes a node.
    RemoveNode {
        /// Which.
        id: NodeId,
    },
    /// Trusts a certification authority, or replaces the entry of that name.
    PutAuthority {
        /// Its name.
        name: String,
        /// The trust anchor.
        certificate: Certificate,
        /// Authorities below it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        intermediates: Vec<Certificate>,
        /// Where its revocation list is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        crl_url: Option<String>,
        /// Where it answers questions about one certificate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ocsp_url: Option<String>,
    },
    /// Trusts a certification authority no longer; its revocation lists go with it.
    RemoveAuthority {
        /// Its name.
        name: String,
    },
    /// Trusts a time-stamping authority, or replaces the entry of that name.
    PutTimestampAuthority {
        /// Its name.
        name: String,
        /// Where it answers.
        url: String,
        /// The trust anchor of its time-stamps.
        certificate: Certificate,
    },
    /// Trusts a time-stamping authority no longer.
    RemoveTimestampAuthority {
        /// Its name.
        name: String,
    },
    /// Makes a group, or replaces its parties.
    PutGroup {
        /// Which.
        id: GroupId,
        /// Members and subsystems in it.
        parties: Vec<PartyId>,
    },
    /// Removes a group.
    RemoveGroup {
        /// Which.
        id: GroupId,
    },
}

/// Puts a change into a content. Whether the result holds together is for [`Content::check`], once for all changes.
///
/// # Errors
/// What is to be changed is not there.
pub fn apply_to(content: &mut Content, change: &Change) -> Result<(), RegistryError> {
    put(content, change.clone()).map_err(|NoSuch { kind, name }| RegistryError::NoSuch { kind, name })
}

fn put(content: &mut Content, change: Change) -> Result<(), NoSuch> {
    match change {
        Change::PutMember { id, name } => content.put_member(id, &name),
        Change::RemoveMember { id } => content.remove_member(&id)?,
        Change::PutSubsystem { id, name } => content.put_subsystem(&id.member, &id.code, &name)?,
        Change::RemoveSubsystem { id } => content.remove_subsystem(&id)?,
        Change::PutSigningCertificate { member, certificate } => {
            content.put_signing_certificate(&member, certificate)?;
        }
        Change::PutTlsCertificate { node, certificate } => content.put_tls_certificate(&node, certificate)?,
        Change::RemoveCertificate { fingerprint } => content.remove_certificate(&fingerprint.0)?,
        Change::PutNode { id, addresses, tls_certificates, subsystems, maintenance } => {
            content.put_node(Node { id, addresses, tls_certificates, subsystems, maintenance });
        }
        Change::RemoveNode { id } => content.remove_node(&id)?,
        Change::PutAuthority { name, certificate, intermediates, crl_url, ocsp_url } => {
            content.put_authority(Authority { name, certificate, intermediates, crl_url, ocsp_url });
        }
        Change::RemoveAuthority { name } => content.remove_authority(&name)?,
        Change::PutTimestampAuthority { name, url, certificate } => {
            content.put_timestamp_authority(TimestampAuthority { name, url, certificate });
        }
        Change::RemoveTimestampAuthority { name } => content.remove_timestamp_authority(&name)?,
        Change::PutGroup { id, parties } => content.put_group(Group { id, parties }),
        Change::RemoveGroup { id } => content.remove_group(&id)?,
    }
    Ok(())
}

impl Change {
    /// Whether it needs no second person: registering or renaming a subsystem of a member that was admitted.
    pub const fn is_routine(&self) -> bool {
        matches!(self, Self::PutSubsystem { .. })
    }

    /// The member whom it is about, for the role of who proposes it; `None` when it is about the whole instance.
    pub const fn member(&self) -> Option<&MemberId> {
        match self {
            Self::PutMember { id, .. } | Self::RemoveMember { id } => Some(id),
            Self::PutSubsystem { id, .. } | Self::RemoveSubsystem { id } => Some(&id.member),
            Self::PutSigningCertificate { member, .. } => Some(member),
            Self::PutTlsCertificate { node, .. } => Some(&node.owner),
            Self::PutNode { id, .. } | Self::RemoveNode { id } => Some(&id.owner),
            Self::RemoveCertificate { .. }
            | Self::PutAuthority { .. }
            | Self::RemoveAuthority { .. }
            | Self::PutTimestampAuthority { .. }
            | Self::RemoveTimestampAuthority { .. }
            | Self::PutGroup { .. }
            | Self::RemoveGroup { .. } => None,
        }
    }

    /// The change in a sentence.
    pub fn summary(&self) -> Text {
        let (vi, en) = match self {
            Self::PutMember { id, name } => (
                format!("Kết nạp hoặc đổi tên thành viên {id}: {name}"),
                format!("Admit or rename member {id}: {name}"),
            ),
            Self::RemoveMember { id } => (format!("Đưa thành viên {id} ra"), format!("Remove member {id}")),
            Self::PutSubsystem { id, name } => {
                (format!("Đăng ký hệ thống {id}: {name}"), format!("Register subsystem {id}: {name}"))
            }
            Self::RemoveSubsystem { id } => (format!("Bỏ hệ thống {id}"), format!("Remove subsystem {id}")),
            Self::PutSigningCertificate { member, certificate } => {
                let print = certificate.fingerprint_hex();
                (
                    format!("Thêm chứng thư ký {print} của {member}"),
                    format!("Add signing certificate {print} of {member}"),
                )
            }
            Self::PutTlsCertificate { node, certificate } => {
                let print = certificate.fingerprint_hex();
                (
                    format!("Thêm chứng thư {print} của nút {node}"),
                    format!("Add certificate {print} of node {node}"),
                )
            }
            Self::RemoveCertificate { fingerprint } => {
                (format!("Bỏ chứng thư {fingerprint}"), format!("Remove certificate {fingerprint}"))
            }
            Self::PutNode { id, addresses, .. } => {
                let at = addresses.join(", ");
                (format!("Đăng ký nút {id} tại {at}"), format!("Register node {id} at {at}"))
            }
            Self::RemoveNode { id } => (format!("Bỏ nút {id}"), format!("Remove node {id}")),
            Self::PutAuthority { name, .. } => {
                (format!("Tin cậy tổ chức chứng thực {name}"), format!("Trust authority {name}"))
            }
            Self::RemoveAuthority { name } => (
                format!("Thôi tin cậy tổ chức chứng thực {name}"),
                format!("Trust authority {name} no longer"),
            ),
            Self::PutTimestampAuthority { name, .. } => (
                format!("Tin cậy tổ chức cấp dấu thời gian {name}"),
                format!("Trust time-stamping authority {name}"),
            ),
            Self::RemoveTimestampAuthority { name } => (
                format!("Thôi tin cậy tổ chức cấp dấu thời gian {name}"),
                format!("Trust time-stamping authority {name} no longer"),
            ),
            Self::PutGroup { id, parties } => {
                let count = parties.len();
                (format!("Đặt nhóm {id} gồm {count} bên"), format!("Set group {id} to {count} parties"))
            }
            Self::RemoveGroup { id } => (format!("Bỏ nhóm {id}"), format!("Remove group {id}")),
        };
        Text { vi, en }
    }
}
