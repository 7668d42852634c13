//! Grants by number, the same each time: what benchmarks and load tests measure with. Nothing of it is real.

use base::{MemberId, Part, PartyId, ServiceId, SubsystemId, Ts};

use super::{Conditions, Event, Force, Grant, GrantId, Grants, Terms};
use crate::state::Stamp;

/// Members that offer the services.
const PROVIDERS: usize = 100;
/// Systems that ask: at most this many grants on one service.
pub const CONSUMERS: usize = 5_000;
/// Systems of one consumer.
const SYSTEMS: usize = 25;

/// Service `index` of the sample: `VN-BENCH/GOV/G01.NN/CSDL-N/dich-vu-NNNNN`, spread over 100 members.
pub fn service(index: usize) -> ServiceId {
    let provider =
        SubsystemId { member: provider(index % PROVIDERS), code: part(&format!("CSDL-{}", index % 3)) };
    ServiceId { provider, code: part(&format!("dich-vu-{index:05}")) }
}

/// Member `index` of those that offer services.
pub fn provider(index: usize) -> MemberId {
    member(&format!("G01.{:02}", index % PROVIDERS))
}

/// Consumer `index` of the sample: one of 25 systems of one of 200 members.
pub fn consumer(index: usize) -> PartyId {
    let index = index % CONSUMERS;
    let system = part(&format!("MOT-CUA-{:02}", index % SYSTEMS));
    PartyId { member: member(&format!("H01.{:03}", index / SYSTEMS)), subsystem: Some(system) }
}

/// Grant `index` of a sample over so many services: service and consumer never come together twice as long as there are
/// at most [`CONSUMERS`] grants on a service. One in ten is suspended, one in ten ends at `until`.
///
/// # Panics
/// `services` is 0.
pub fn grant(index: usize, services: usize, until: Ts) -> Grant {
    let (of_service, round) = (index % services, index / services);
    let purpose = format!("TTHC-{:04}", index % 1_000);
    Grant {
        id: GrantId::new(2026, index as u64 + 1),
        // Seven has no factor in common with the number of consumers: neighbours have different ones.
        to: consumer(of_service * 7 + round),
        service: service(of_service),
        terms: Terms {
            fields: ["hoTen", "ngaySinh", "thuongTru.tinh", "thuongTru.xa"].map(str::to_owned).to_vec(),
            purposes: vec![purpose, "giai-quyet-tthc".to_owned()],
            legal_basis: "Điều 7 Nghị định 278/2025/NĐ-CP".to_owned(),
            quota_day: Some(1_000),
            rate_s: Some(10),
            until: (index % 10 == 9).then_some(until),
            conditions: Conditions { dossier: true, officer: true, sign_in: 2, cedar: None },
        },
        decision: format!("YC-2026-{:06}", index + 1),
        force: if index % 10 == 4 { Force::Suspended } else { Force::Active },
        reason: (index % 10 == 4).then(|| "Chờ bổ sung biên bản kiểm tra".to_owned()),
    }
}

/// `count` grants over `services` services, folded as the registry folds them from its journal.
pub fn grants(services: usize, count: usize, stamp: &Stamp, until: Ts) -> Grants {
    let mut all = Grants::default();
    for index in 0..count {
        let stamp = Stamp { seq: stamp.seq.saturating_add_unsigned(index as u64), ..stamp.clone() };
        all.apply(&stamp, Event::Issued(Box::new(grant(index, services, until))));
    }
    all
}

fn member(code: &str) -> MemberId {
    MemberId { instance: part("VN-BENCH"), class: part("GOV"), code: part(code) }
}

fn part(text: &str) -> Part {
    Part::new(text).expect("letters, digits, '.' and '-' only")
}
