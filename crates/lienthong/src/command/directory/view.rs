//! A directory's content as tables.

use base::{SubsystemId, Ts};
use crypto::certificate::Certificate;
use directory::Content;

use crate::command::terminal::{Nearness, Table, until};

/// Prints every part of the content.
pub fn print(content: &Content, now: Ts) {
    for table in tables(content, now) {
        table.print();
    }
}

fn tables(content: &Content, now: Ts) -> [Table; 7] {
    [
        members(content, now),
        subsystems(content),
        nodes(content, now),
        authorities(content, now),
        revocation_lists(content, now),
        timestamp_authorities(content, now),
        groups(content),
    ]
}

/// How many certificates there are, and when the last of them ends: until then the holder can work.
fn certificates(list: &[Certificate], now: Ts) -> String {
    match list.iter().map(Certificate::not_after).max() {
        None => "✗ chưa có / none".to_owned(),
        Some(end) => format!("{} {} × {}", Nearness::of(end, now).mark(), list.len(), until(end, now)),
    }
}

fn members(content: &Content, now: Ts) -> Table {
    let columns = ["Định danh / id", "Tên / name", "Chứng thư ký / signing certificates"];
    let mut table = Table::new("Thành viên / members", columns);
    for member in &content.members {
        let signing = certificates(&member.signing_certificates, now);
        table.row([member.id.to_string(), member.name.clone(), signing]);
    }
    table
}

fn subsystems(content: &Content) -> Table {
    let mut table = Table::new("Hệ thống / subsystems", ["Định danh / id", "Tên / name", "Nút / nodes"]);
    for member in &content.members {
        for system in &member.subsystems {
            let id = SubsystemId { member: member.id.clone(), code: system.code.clone() };
            let nodes = content.nodes.iter().filter(|node| node.subsystems.contains(&id));
            let nodes = listed(nodes.map(|node| node.id.to_string()));
            table.row([id.to_string(), system.name.clone(), nodes]);
        }
    }
    table
}

fn nodes(content: &Content, now: Ts) -> Table {
    let columns = [
        "Định danh / id",
        "Địa chỉ / addresses",
        "Chứng thư TLS / TLS certificates",
        "Bảo trì / maintenance",
    ];
    let mut table = Table::new("Nút / nodes", columns);
    for node in &content.nodes {
        let maintenance = node.maintenance.clone().unwrap_or_else(|| "-".to_owned());
        let tls = certificates(&node.tls_certificates, now);
        table.row([node.id.to_string(), listed(node.addresses.iter().cloned()), tls, maintenance]);
    }
    table
}

fn authorities(content: &Content, now: Ts) -> Table {
    let mut table = Table::new(
        "Tổ chức chứng thực / certification authorities",
        ["", "Tên / name", "Hết hạn / ends", "CRL", "OCSP"],
    );
    for authority in &content.authorities {
        let ends = authority.certificate.not_after();
        let address = |url: &Option<String>| url.clone().unwrap_or_else(|| "-".to_owned());
        table.row([
            Nearness::of(ends, now).mark().to_owned(),
            authority.name.clone(),
            until(ends, now),
            address(&authority.crl_url),
            address(&authority.ocsp_url),
        ]);
    }
    table
}

fn revocation_lists(content: &Content, now: Ts) -> Table {
    let mut table =
        Table::new("Danh sách thu hồi / revocation lists", ["Nơi cấp / issuer", "Bản kế tiếp / next list"]);
    for crl in &content.crls {
        table.row([crl.issuer().to_owned(), until(crl.next_update(), now)]);
    }
    table
}

fn timestamp_authorities(content: &Content, now: Ts) -> Table {
    let columns = ["Tên / name", "Địa chỉ / address", "Hết hạn / ends"];
    let mut table = Table::new("Cơ quan cấp dấu thời gian / time-stamping authorities", columns);
    for authority in &content.timestamp_authorities {
        let ends = until(authority.certificate.not_after(), now);
        table.row([authority.name.clone(), authority.url.clone(), ends]);
    }
    table
}

fn groups(content: &Content) -> Table {
    let mut table = Table::new("Nhóm / groups", ["Định danh / id", "Các bên / parties"]);
    for group in &content.groups {
        table.row([group.id.to_string(), listed(group.parties.iter().map(ToString::to_string))]);
    }
    table
}

fn listed(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<String> = texts.collect();
    if texts.is_empty() { "-".to_owned() } else { texts.join(", ") }
}
