//! What the tests of services begin with: a household's description, a draft, a state that acts can be done on.

use base::{ServiceId, SubsystemId, Ts};
use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::{Draft, Entry, Given, Publication, Service, publish, put};
use crate::agency::Agency;
use crate::text::Text;
use crate::{Event, Mistake, Moment, RegistryError, Rules, Stamp, State};

pub const TODAY: Date = date(2026, 11, 21);

/// A registry in which one act follows the other.
pub struct Registry {
    pub state: State,
    pub rules: Rules,
    pub today: Date,
}

impl Registry {
    pub fn new() -> Self {
        let mut state = State::default();
        let mut closed = Agency::new("H47".parse().unwrap(), "Tỉnh Quảng Nam", date(2020, 1, 1));
        (closed.valid_to, closed.successor) = (Some(date(2025, 6, 30)), "H17".parse().ok());
        let mut police = Agency::new("G01".parse().unwrap(), "Bộ Công an", date(2020, 1, 1));
        police.also = "000.00.00.G01".parse().ok();
        let city = Agency::new("H17".parse().unwrap(), "Thành phố Đà Nẵng", date(2020, 1, 1));
        let coming = Agency::new("H99".parse().unwrap(), "Sẽ có", date(2030, 1, 1));
        for agency in [closed, police, city, coming] {
            let stamp = Stamp { seq: -1, at: Ts::from_secs(0), by: "an.nguyen".parse().unwrap() };
            state.apply(&stamp, Event::Agency(crate::agency::Event::Put(agency)));
        }
        Self { state, rules: Rules::built_in().unwrap(), today: TODAY }
    }

    pub fn moment(&self) -> Moment {
        Moment { now: Ts::from_secs(0), today: self.today, by: "an.nguyen".parse().unwrap() }
    }

    /// Applies what was decided; yields the places or the name of what was refused.
    pub fn take(&mut self, decided: Result<Vec<Event>, RegistryError>) -> Result<(), RegistryError> {
        for event in decided? {
            // As it comes back from the journal.
            let event = serde_json::from_str(&serde_json::to_string(&event).unwrap()).unwrap();
            let stamp = Stamp { seq: self.state.seq, at: Ts::from_secs(0), by: self.moment().by };
            self.state.apply(&stamp, event);
        }
        Ok(())
    }

    pub fn put(&mut self, draft: &Draft) -> Result<(), RegistryError> {
        let decided = put(&self.state, &self.rules, &self.moment(), draft, given(None));
        self.take(decided)
    }

    pub fn publish(&mut self, draft: &Draft) -> Result<(), RegistryError> {
        self.put(draft)?;
        let asked = publication(&draft.id, version(draft));
        let decided = publish(&self.state, &self.rules, &self.moment(), &asked);
        self.take(decided)
    }

    pub fn service(&self, id: &ServiceId) -> &Service {
        self.state.services.get(id).unwrap()
    }

    pub fn entry(&self, id: &ServiceId) -> &Entry {
        self.state.services.entry(id).unwrap()
    }
}

pub fn given(if_version: Option<i64>) -> Given<'static> {
    let in_directory = |subsystem: &SubsystemId| subsystem.member.code.as_str() != "UNKNOWN";
    Given { if_version, in_directory: Box::leak(Box::new(in_directory)) }
}

pub fn publication(id: &ServiceId, version: &str) -> Publication {
    Publication { id: id.clone(), version: version.to_owned(), previous_until: None, if_version: None }
}

pub fn id(code: &str) -> ServiceId {
    format!("VN-DEMO/GOV/G01/DANCU/{code}").parse().unwrap()
}

fn version(draft: &Draft) -> &str {
    draft.openapi["info"]["version"].as_str().unwrap()
}

/// The household service, with this code.
pub fn draft(code: &str) -> Draft {
    Draft {
        id: id(code),
        owner: "G01".parse().unwrap(),
        title: Text { vi: "Tra cứu hộ gia đình".into(), en: "Look up a household".into() },
        summary: Text::vi("Hộ gia đình theo số hộ"),
        data_class: "personal_basic".into(),
        sharing: "on_request".into(),
        method: "query".into(),
        legal_basis: "Luật Cư trú 68/2020/QH14".into(),
        master_of: None,
        impact_assessment: None,
        response_ms: Some(500),
        personal: Vec::new(),
        openapi: household("1.0.0"),
    }
}

pub fn of_version(mut draft: Draft, version: &str) -> Draft {
    draft.openapi["info"]["version"] = version.into();
    draft
}

/// The household service of a population database, in its own words.
pub fn household(version: &str) -> Value {
    let person = json!({ "type": "object", "x-lienthong-personal": true, "properties": {
        "hoTen": { "type": "string", "description": "Họ, chữ đệm và tên / Full name" },
        "ngaySinh": { "type": "string", "format": "date", "description": "Ngày sinh / Birth date" },
    } });
    json!({
        "openapi": "3.1.1",
        "info": { "title": "Tra cứu hộ gia đình", "version": version },
        "servers": [{ "url": "/tra-cuu-ho" }],
        "paths": { "/{soHo}": { "get": {
            "operationId": "traCuuHo",
            "summary": "Tra cứu theo số hộ / Look up by household number",
            "parameters": [{ "name": "soHo", "in": "path", "required": true,
                "schema": { "type": "string", "pattern": "^49[0-9]{7}$" } }],
            "responses": {
                "200": { "description": "Hộ gia đình", "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/HoGiaDinh" } } } },
                "404": { "$ref": "#/components/responses/KhongTimThay" },
            },
        } } },
        "components": {
            "schemas": {
                "NguoiThamChieu": person,
                "ThanhVien": { "allOf": [
                    { "$ref": "#/components/schemas/NguoiThamChieu" },
                    { "type": "object", "properties": {
                        "quanHeVoiChuHo": { "type": "string", "description": "Quan hệ với chủ hộ" } } },
                ] },
                "DiaChi": { "type": "object", "description": "Địa chỉ", "properties": {
                    "xa": { "type": "string", "description": "Xã, phường", "examples": ["Phường Tam Kỳ"] },
                    "chiTiet": { "type": "string", "title": "Số nhà" } } },
                "HoGiaDinh": { "type": "object", "properties": {
                    "soHo": { "type": "string", "description": "Số hộ", "examples": ["490000000"] },
                    "chuHo": { "$ref": "#/components/schemas/NguoiThamChieu", "description": "Chủ hộ" },
                    "diaChi": { "$ref": "#/components/schemas/DiaChi" },
                    "soThanhVien": { "type": "integer", "description": "Số thành viên", "minimum": 1 },
                    "thanhVien": { "type": "array", "description": "Chủ hộ đứng đầu",
                        "items": { "$ref": "#/components/schemas/ThanhVien" } },
                } },
                "Loi": { "type": "object", "properties": { "ma": { "type": "string" } } },
            },
            "responses": { "KhongTimThay": { "description": "Không tìm thấy", "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/Loi" } } } } },
        },
    })
}

/// A description with one answer of this schema, and these schemas to refer to.
#[expect(clippy::needless_pass_by_value, reason = "called with values that are written in place")]
pub fn answering(schema: Value, schemas: Value) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Thử", "version": "1" },
        "paths": { "/": { "get": { "responses": { "200": { "description": "", "content": {
            "application/json": { "schema": schema } } } } } } },
        "components": { "schemas": schemas },
    })
}

pub fn mistakes<T: std::fmt::Debug>(result: Result<T, RegistryError>) -> Vec<Mistake> {
    match result {
        Err(RegistryError::Invalid(mistakes)) => mistakes,
        other => panic!("{other:?}"),
    }
}

pub fn places<T: std::fmt::Debug>(result: Result<T, RegistryError>) -> Vec<String> {
    mistakes(result).into_iter().map(|mistake| mistake.place).collect()
}
