mod decisions;
mod files;
mod looking;

use base::Ts;
use jiff::civil::{Date, date};
use serde_json::json;

use super::*;
use crate::error::{Mistake, RegistryError};
use crate::state::{Moment, State};

const TODAY: Date = date(2026, 11, 22);

/// Two ministries, a province and another that was merged into it on 1 July 2025.
fn state() -> State {
    let mut state = State::default();
    for agency in [
        json!({"code": "000.00.00.G01", "name": "Bộ Công an", "valid_from": "2016-01-01"}),
        json!({"code": "000.00.00.G15", "name": "Bộ Tư pháp", "valid_from": "2016-01-01"}),
        json!({"code": "000.00.00.H17", "name": "Đà Nẵng", "valid_from": "2016-01-01"}),
        json!({"code": "000.00.00.H57", "name": "Huế", "valid_from": "2016-01-01"}),
        json!({"code": "000.00.00.H47", "name": "Quảng Nam", "valid_from": "2016-01-01",
               "valid_to": "2025-06-30", "successor": "000.00.00.H17"}),
        json!({"code": "000.00.00.H99", "name": "Sắp có", "valid_from": "2027-01-01"}),
    ] {
        enter_agency(&mut state, agency);
    }
    state
}

fn enter_agency(state: &mut State, agency: serde_json::Value) {
    let agency = serde_json::from_value(agency).unwrap();
    let stamp = stamp(state.seq);
    state.apply(&stamp, crate::Event::Agency(crate::agency::Event::Put(agency)));
}

fn stamp(seq: i64) -> Stamp {
    Stamp { seq, at: Ts::from_secs(seq), by: "lan@demo".parse().unwrap() }
}

fn moment(today: Date) -> Moment {
    Moment { now: Ts::from_secs(0), today, by: "lan@demo".parse().unwrap() }
}

fn apply(state: &mut State, events: Vec<crate::Event>) {
    for event in events {
        let stamp = stamp(state.seq);
        state.apply(&stamp, event);
    }
}

fn code(text: &str) -> HoldingCode {
    text.parse().unwrap()
}

/// A database of Đà Nẵng with nothing but what must be there.
fn bare(name: &str) -> Holding {
    let owner = "000.00.00.H17".parse().unwrap();
    let mut holding = Holding::new(code(name), Kind::Database, Scope::Province, owner);
    name.clone_into(&mut holding.name);
    holding
}

/// An entry in which every column is filled.
fn full(name: &str) -> Holding {
    serde_json::from_value(json!({
        "code": name, "kind": "information_system", "name": "Hệ thống một cửa điện tử", "short_name": "Một cửa",
        "owner": "000.00.00.H17", "steward": "Trung tâm Phục vụ hành chính công",
        "contacts": {
            "business": {"post": "Trưởng phòng", "phone": "+84 236 000 0001", "email": "nghiepvu@demo.gov.vn"},
            "technical": {"post": "Quản trị hệ thống", "phone": "0236 000 0002", "email": "kythuat@demo.gov.vn"},
            "security": {"post": "Trực an toàn", "phone": "(0236) 000-0003", "email": "antoan@demo.gov.vn"}},
        "purpose": "=cmd|'/c calc'!A1; giải quyết thủ tục \"một cửa\",\ndòng hai", "legal_basis": "'=QĐ 01/QĐ-UBND",
        "objects": [
            {"object": "ho-so", "title": "Hồ sơ, thủ tục", "fields": ["maHoSo", "ngayNhan"]},
            {"object": "cong-dan", "fields": ["hoTen", "ngaySinh"]},
            {"object": "can-bo"}],
        "levels": ["province", "district", "commune"], "sharing": "platform", "shares_through": "LGSP; NDXP",
        "asks": ["cong-dan:hoTen", "soNha"], "vendor": "@Công ty Mẫu", "contract_from": "2024-01-01",
        "contract_to": "2026-12-31", "security_level": 3, "security_decision": "12/QĐ-UBND",
        "security_date": "2025-03-04", "catalogues": ["dan-toc", "ton-giao"],
        "services": ["VN-DEMO/GOV/H17/MOTCUA/tra-cuu", "VN-DEMO/GOV/H17/MOTCUA/so(1),a=b"],
        "scope": "province", "stage": "closed", "used_from": "2020-02-29", "used_to": "2026-11-01",
        "successor": "MC-2", "source": "_x0041_ kê khai 2026\t-"
    }))
    .unwrap()
}

fn entered(holdings: impl IntoIterator<Item = Holding>) -> State {
    let mut state = state();
    for holding in holdings {
        let events = vec![crate::Event::Inventory(Event::Put(Box::new(holding)))];
        apply(&mut state, events);
    }
    state
}

/// The mistakes of a refusal.
fn mistakes<T: std::fmt::Debug>(outcome: Result<T, RegistryError>) -> Vec<Mistake> {
    match outcome {
        Err(RegistryError::Invalid(mistakes) | RegistryError::Import(mistakes)) => mistakes,
        other => panic!("expected mistakes, got {other:?}"),
    }
}

fn places(mistakes: &[Mistake]) -> Vec<&str> {
    mistakes.iter().map(|mistake| mistake.place.as_str()).collect()
}
