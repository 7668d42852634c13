//! Whether the directory knows this node as it is configured.

use base::Ts;
use crypto::ocsp::{self, OcspStatus};
use directory::Snapshot;

use super::local::{Own, certificate_name};
use super::report::Report;
use crate::command::keys::Usage;
use crate::config::Config;

/// Whether anybody says that a certificate was revoked, and somebody would say so. That a list names it is found by the
/// check of its chain.
pub async fn revocation(directory: &Snapshot, own: &Own, now: Ts, report: &mut Report) {
    let content = directory.content();
    for (usage, certificate) in own {
        let (vi, en) = certificate_name(*usage);
        let name = ("Thu hồi", "revocation");
        let list = content.crls.iter().find(|crl| crl.issuer() == certificate.issuer());
        if let Some(list) = list {
            let next = list.next_update();
            report.good(name, format!("{vi} / {en}: danh sách đến / list until {next}"));
        }
        let issuers = content.authorities.iter().filter_map(|a| Some((a, a.ocsp_url.as_ref()?)));
        let mut issuers = issuers.flat_map(|(a, url)| {
            std::iter::once(&a.certificate).chain(&a.intermediates).map(move |c| (c, url))
        });
        let Some((issuer, url)) = issuers.find(|(issuer, _)| issuer.subject() == certificate.issuer()) else {
            if list.is_none() {
                let remedy = (
                    "đề nghị cơ quan quản lý danh bạ thêm danh sách thu hồi hoặc địa chỉ OCSP",
                    "have the holder of the directory add a revocation list or an OCSP address",
                );
                report.doubtful(
                    name,
                    format!("{vi} / {en}: không kiểm tra được / cannot be checked"),
                    remedy,
                );
            }
            continue;
        };
        let renew = (
            "xin cấp chứng thư mới ngay: `lienthong keys csr`",
            "have a new one issued at once: `lienthong keys csr`",
        );
        match ocsp::check(certificate, issuer, url, now).await {
            Ok(OcspStatus::Revoked { since }) => {
                report.wrong(name, format!("{vi} / {en}: bị thu hồi từ / revoked since {since}"), renew);
            }
            Ok(OcspStatus::Good { .. }) => report.good(name, format!("{vi} / {en}: OCSP {url}")),
            Ok(OcspStatus::Unknown) => report.unseen(name, format!("{vi} / {en}: OCSP {url}: unknown")),
            Err(error) => report.unseen(name, format!("{vi} / {en}: OCSP {url}: {error}")),
        }
    }
}

/// The node, its certificates and its subsystems are in the directory.
pub fn registered(config: &Config, directory: &Snapshot, own: &Own, now: Ts, report: &mut Report) {
    node(config, directory, report);
    for (usage, certificate) in own {
        let (vi, en) = certificate_name(*usage);
        let (id, name) = match usage {
            Usage::Signing => (
                config.node.owner.to_string(),
                ("Chứng thư ký trong danh bạ", "signing certificate in the directory"),
            ),
            Usage::Tls => {
                (config.node.to_string(), ("Chứng thư TLS trong danh bạ", "TLS certificate in the directory"))
            }
        };
        let print = certificate.fingerprint();
        let known = match usage {
            Usage::Signing => {
                directory.signing_certificate(&print).is_some_and(|(member, _)| *member == config.node.owner)
            }
            Usage::Tls => directory.node_by_tls(&print).is_some_and(|node| node.id == config.node),
        };
        if !known {
            let remedy = (
                format!("gửi chứng thư cho cơ quan quản lý danh bạ ({vi} của {id})"),
                format!("send it to the holder of the directory (the {en} of {id})"),
            );
            report.wrong(name, format!("chưa có / not there: {}", certificate.fingerprint_hex()), remedy);
            continue;
        }
        let checks =
            usage.purposes().iter().map(|purpose| directory.trust().check(certificate, *purpose, now));
        match checks.collect::<Result<(), _>>() {
            Ok(()) => report.good(name, id),
            Err(error) => {
                let remedy = (
                    "xin cấp chứng thư mới: `lienthong keys csr`",
                    "have a new one issued: `lienthong keys csr`",
                );
                report.wrong(name, error.to_string(), remedy);
            }
        }
    }
    subsystems(config, directory, report);
}

fn node(config: &Config, directory: &Snapshot, report: &mut Report) {
    let name = ("Nút trong danh bạ", "node in the directory");
    let Some(node) = directory.node(&config.node) else {
        let remedy = (
            "đề nghị cơ quan quản lý danh bạ đăng ký nút, hoặc sửa [node] id",
            "have the holder of the directory register it, or correct [node] id",
        );
        report.wrong(name, format!("không có / there is no {}", config.node), remedy);
        return;
    };
    match &node.maintenance {
        Some(notice) => {
            let remedy = (
                "kết thúc bằng `authority set-maintenance --off`",
                "end it with `authority set-maintenance --off`",
            );
            report.doubtful(name, format!("đang bảo trì / under maintenance: {notice}"), remedy);
        }
        None => report.good(name, node.addresses.join(", ")),
    }
}

fn subsystems(config: &Config, directory: &Snapshot, report: &mut Report) {
    let name = ("Hệ thống trong danh bạ", "subsystems in the directory");
    let here = |party: &base::PartyId| {
        let system = party.subsystem_id();
        system.is_some_and(|system| directory.nodes_of(&system).iter().any(|node| node.id == config.node))
    };
    let mut missing: Vec<String> =
        config.rights.parties().filter(|party| !here(party)).map(ToString::to_string).collect();
    missing.sort();
    if missing.is_empty() {
        report.good(name, config.rights.parties().count().to_string());
    } else {
        let remedy = (
            "đề nghị cơ quan quản lý danh bạ gắn hệ thống với nút này (add-subsystem, add-node --subsystem)",
            "have the holder of the directory add them to this node (add-subsystem, add-node --subsystem)",
        );
        report.wrong(name, format!("thiếu / missing: {}", missing.join(", ")), remedy);
    }
}
