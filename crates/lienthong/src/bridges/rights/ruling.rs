//! The registry's words for grants, gates and services in the gateway's words.

use std::collections::HashMap;

use exchange::cut::FieldSet;
use exchange::rights::{
    ClosedGate, ClosedService, Condition, ConditionReader, Conditions, Failing, Force, Grant, Grantee, Ruling,
};
use exchange::usage::Allowance;
use registry::grant::GrantId;
use registry::snapshot::{self, Snapshot};
use registry::{gate, grant};

/// The registry's snapshot in the gateway's words.
pub(super) fn ruling(snapshot: &Snapshot, reader: &mut ConditionReader) -> Ruling {
    let mut of_grants: HashMap<&GrantId, Vec<ClosedGate>> = HashMap::new();
    let mut gates = Vec::new();
    for gate in &snapshot.gates {
        match &gate.grant {
            Some(grant) => of_grants.entry(grant).or_default().push(closed_gate(gate)),
            None => gates.push(closed_gate(gate)),
        }
    }
    let mut with_gates = |grant: &grant::Grant| {
        let gates = of_grants.remove(&grant.id).unwrap_or_default();
        Grant { gates, ..granted(grant, reader) }
    };
    Ruling {
        member: snapshot.member.clone(),
        grants: snapshot.grants.iter().map(&mut with_gates).collect(),
        gates,
        closed: snapshot.closed.iter().map(closed_service).collect(),
    }
}

/// A grant; what this gateway does not understand of it allows nothing.
fn granted(from: &grant::Grant, reader: &mut ConditionReader) -> Grant {
    let refused = |what: &str, error: &dyn std::fmt::Display| {
        tracing::error!(grant = %from.id, what, %error, "a grant of the registry is not understood and allows nothing");
    };
    let terms = &from.terms;
    let cut_to = |paths: &[String]| {
        FieldSet::new(paths).unwrap_or_else(|error| {
            refused("fields", &error);
            FieldSet::new::<&str>([]).expect("no path is a malformed path")
        })
    };
    let cedar = terms.conditions.cedar.as_deref().map(|text| {
        reader.read(text).unwrap_or_else(|error| {
            refused("condition", &error);
            Condition::never(text)
        })
    });
    let conditions = Conditions {
        dossier: terms.conditions.dossier,
        officer: terms.conditions.officer,
        sign_in: terms.conditions.sign_in,
        cedar,
    };
    Grant {
        id: Some(from.id.to_string()),
        fields: (!terms.fields.is_empty()).then(|| cut_to(&terms.fields)),
        purposes: terms.purposes.clone(),
        conditions,
        allowance: Allowance { quota_day: terms.quota_day, rate_s: terms.rate_s },
        until: terms.until,
        legal_basis: Some(terms.legal_basis.clone()),
        force: match from.force {
            grant::Force::Active => Force::Active,
            grant::Force::Suspended => Force::Suspended,
            grant::Force::Revoked => Force::Revoked,
        },
        reason: from.reason.clone(),
        ..Grant::new(Grantee::Party(from.to.clone()), from.service.clone())
    }
}

fn closed_gate(from: &snapshot::ClosedGate) -> ClosedGate {
    ClosedGate {
        party: from.party.clone(),
        from: from.from,
        failing: from.failing.iter().map(failing).collect(),
    }
}

fn failing(from: &gate::Failing) -> Failing {
    Failing {
        item: from.item.clone(),
        title_vi: from.title.vi.clone(),
        title_en: from.title.en.clone(),
        ended: from.ended,
    }
}

fn closed_service(from: &snapshot::ClosedService) -> ClosedService {
    ClosedService { service: from.service.clone(), notice: from.notice.clone() }
}
