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

/// The first `count` services of the sample, `VN-BENCH/GOV/G01.NN/CSDL-N/dich-vu-NNNNN`, spread over 100 members.
pub fn services(count: usize) -> Vec<ServiceId> {
    let service = |index: usize| ServiceId {
        provider: SubsystemId { member: provider(index), code: part(&format!("CSDL-{}", index % 3)) },
        code: part(&format!("dich-vu-{index:05}")),
    };
    (0..count).map(service).collect()
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

/// Grant `index` of a sample over these services: service and consumer never come together twice as long as there are
/// at most [`CONSUMERS`] grants on a service. One in ten is suspended, one in ten ends at `until`.
///
/// # Panics
/// There are no services.
pub fn grant(index: usize, services: &[ServiceId], until: Ts) -> Grant {
    let (of_service, round) = (index % services.len(), index / services.len());
    let purpose = format!("TTHC-{:04}", index % 1_000);
    let suspended = index % 10 == 4;
    Grant {
        id: GrantId::new(2026, index as u64 + 1),
        // Neighbouring services have different consumers.
        to: consumer(of_service * 7 + round),
        service: services[of_service].clone(),
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
        force: if suspended { Force::Suspended } else { Force::Active },
        reason: suspended.then(|| "Chờ bổ sung biên bản kiểm tra".to_owned()),
    }
}

/// `count` grants over these services, folded as the registry folds them from its journal; each is an entry of its own,
/// the first with the number of `stamp`.
///
/// # Panics
/// There are no services.
pub fn grants(services: &[ServiceId], count: usize, stamp: &Stamp, until: Ts) -> Grants {
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
