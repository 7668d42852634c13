//! Invented services for measurements and demonstrations: the same number always gives the same service.
//!
//! Nothing in them is real but the kinds of things that agencies keep; no personal data occur, invented or not.

use base::ServiceId;
use serde_json::{Map, Value, json};

use super::{DataClass, Document, Draft, Service, Stage, fields_of};
use crate::agency::AgencyCode;
use crate::text::Text;

/// What a service is about: Vietnamese, English, whether the data are about persons.
const SUBJECTS: [(&str, &str, bool); 24] = [
    ("công dân", "citizens", true),
    ("hộ gia đình", "households", true),
    ("cư trú", "residence", true),
    ("hộ tịch", "civil status", true),
    ("giấy phép lái xe", "driving licences", true),
    ("đăng ký xe", "vehicle registration", true),
    ("bảo hiểm xã hội", "social insurance", true),
    ("bảo hiểm y tế", "health insurance", true),
    ("hồ sơ sức khỏe", "health records", true),
    ("học sinh", "pupils", true),
    ("văn bằng, chứng chỉ", "diplomas and certificates", true),
    ("người có công", "people with merits", true),
    ("cán bộ, công chức", "civil servants", true),
    ("doanh nghiệp", "enterprises", false),
    ("hộ kinh doanh", "business households", false),
    ("thửa đất", "land parcels", false),
    ("quy hoạch sử dụng đất", "land use plans", false),
    ("giấy phép xây dựng", "building permits", false),
    ("thủ tục hành chính", "administrative procedures", false),
    ("hồ sơ một cửa", "one-stop dossiers", false),
    ("thuế", "taxes", false),
    ("giá đất", "land prices", false),
    ("quan trắc môi trường", "environmental measurements", false),
    ("văn bản quy phạm pháp luật", "legal documents", false),
];

/// What a service does: Vietnamese, English, code.
const FORMS: [(&str, &str, &str); 5] = [
    ("Tra cứu", "Look up", "tra-cuu"),
    ("Xác thực", "Confirm", "xac-thuc"),
    ("Danh sách", "List", "danh-sach"),
    ("Thống kê", "Statistics of", "thong-ke"),
    ("Đồng bộ", "Synchronise", "dong-bo"),
];

/// Fields of answers: name, title, type, whether it is about a person.
const FIELDS: [(&str, &str, &str, bool); 20] = [
    ("maSo", "Mã số / Number", "string", false),
    ("ten", "Tên / Name", "string", false),
    ("hoTen", "Họ, chữ đệm và tên / Full name", "string", true),
    ("soDinhDanh", "Số định danh cá nhân / Personal number", "string", true),
    ("ngaySinh", "Ngày sinh / Birth date", "date", true),
    ("gioiTinh", "Giới tính / Sex", "string", true),
    ("ngayCap", "Ngày cấp / Issued on", "date", false),
    ("ngayHetHan", "Ngày hết hạn / Valid until", "date", false),
    ("coQuanCap", "Cơ quan cấp / Issued by", "string", false),
    ("trangThai", "Trạng thái / State", "string", false),
    ("loai", "Loại / Kind", "string", false),
    ("soLuong", "Số lượng / Count", "integer", false),
    ("dienTich", "Diện tích, m² / Area, m²", "number", false),
    ("soTien", "Số tiền, đồng / Amount, dong", "integer", false),
    ("ghiChu", "Ghi chú / Remarks", "string", false),
    ("thoiDiemDuLieu", "Thời điểm của dữ liệu / The data are as of", "date", false),
    ("maThuTuc", "Mã thủ tục / Procedure code", "string", false),
    ("nguonDuLieu", "Nguồn dữ liệu / Source of the data", "string", false),
    ("phienBan", "Phiên bản danh mục / Version of the catalogue", "string", false),
    ("hieuLuc", "Còn hiệu lực / In force", "boolean", false),
];

/// Chance that is the same each time (`SplitMix64`).
fn chance(number: usize, salt: u64) -> usize {
    let mut bits = (number as u64).wrapping_add(salt.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    // Fifteen bits are enough for every list here, and fit everywhere.
    usize::from(u16::try_from((bits ^ (bits >> 31)) & 0x7FFF).unwrap_or_default())
}

/// The first `count` invented services, published, version 1.0.0, without the rules having been asked.
///
/// Ids are `VN-DEMO/GOV/Hnn/HTnnn/…`, owners `000.00.nn.Hnn`; titles are in Vietnamese and English; each description
/// has two to four thousand bytes and 8 to 20 fields.
pub fn services(count: usize) -> impl Iterator<Item = Service> {
    (0..count).map(service)
}

/// Invented service number `number`, as its owner would hand it in.
pub fn draft(number: usize) -> Draft {
    let service = service(number);
    Draft {
        id: service.id,
        owner: service.owner,
        title: service.title,
        summary: service.summary,
        data_class: service.data_class.code().to_owned(),
        sharing: service.sharing,
        method: service.method,
        legal_basis: service.legal_basis,
        master_of: None,
        impact_assessment: service.impact_assessment,
        response_ms: service.response_ms,
        personal: Vec::new(),
        openapi: service.openapi.value(),
    }
}

/// Invented service number `number`.
pub fn service(number: usize) -> Service {
    let (subject, subject_en, personal) = SUBJECTS[chance(number, 1) % SUBJECTS.len()];
    let (form, form_en, code) = FORMS[chance(number, 2) % FORMS.len()];
    let (province, unit) = (1 + chance(number, 3) % 63, 1 + chance(number, 4) % 40);
    let title = Text {
        vi: format!("{form} {subject} (mẫu {number})"),
        en: format!("{form_en} {subject_en} (sample {number})"),
    };
    let sharing = ["mandatory", "mandatory", "on_request", "special"][chance(number, 5) % 4];
    let openapi = document(number, &title, personal);
    Service {
        id: id(number, province, code),
        version: "1.0.0".to_owned(),
        owner: owner(province, unit),
        summary: Text {
            vi: format!("{form} dữ liệu {subject} phục vụ giải quyết thủ tục hành chính; dữ liệu hư cấu"),
            en: format!("{form_en} {subject_en} for administrative procedures; all data are invented"),
        },
        title,
        stage: Stage::Published,
        data_class: if personal { DataClass::PersonalBasic } else { DataClass::Internal },
        sharing: sharing.to_owned(),
        method: "query".to_owned(),
        legal_basis: "Nghị định 278/2025/NĐ-CP".to_owned(),
        master_of: None,
        impact_assessment: (sharing == "special").then(|| format!("{number}/ĐGTĐ-MAU")),
        response_ms: Some(200 + 100 * u32::try_from(chance(number, 6) % 20).unwrap_or_default()),
        sunset: None,
        replacement: None,
        fields: fields_of(&openapi).unwrap_or_default(),
        openapi: Document::from(openapi),
    }
}

fn id(number: usize, province: usize, code: &str) -> ServiceId {
    let text = format!("VN-DEMO/GOV/H{province:02}/HT{:03}/{code}-{number}", number % 500);
    text.parse().expect("made of letters, digits and hyphens only")
}

fn owner(province: usize, unit: usize) -> AgencyCode {
    format!("000.00.{unit:02}.H{province:02}")
        .parse()
        .expect("three, two and two digits, then H and two digits")
}

fn document(number: usize, title: &Text, personal: bool) -> Value {
    let count = 8 + chance(number, 7) % 13;
    let start = chance(number, 8);
    let chosen = (0..FIELDS.len()).map(|step| FIELDS[(start + step) % FIELDS.len()]);
    let properties: Map<String, Value> = chosen
        .filter(|(.., about_person)| personal || !about_person)
        .take(count)
        .map(|(name, title, kind, about_person)| (name.to_owned(), property(title, kind, about_person)))
        .collect();
    let error = json!({ "description": "Lỗi / An error", "content": { "application/json": { "schema": {
        "type": "object", "properties": { "thongBao": { "type": "string", "description": "Giải thích" } } } } } });
    json!({
        "openapi": "3.1.1",
        "info": { "title": format!("{} / {}", title.vi, title.en), "version": "1.0.0" },
        "paths": { "/{maSo}": { "get": {
            "operationId": format!("mau{number}"),
            "summary": title.vi,
            "parameters": [{ "name": "maSo", "in": "path", "required": true,
                "description": "Mã số / Number", "schema": { "type": "string", "pattern": "^MAU[0-9]{6}$" } }],
            "responses": {
                "200": { "description": "Kết quả / The answer", "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/KetQua" } } } },
                "400": error, "404": error,
            },
        } } },
        "components": { "schemas": {
            "KetQua": { "type": "object", "properties": {
                "tongSo": { "type": "integer", "description": "Tổng số / Total" },
                "danhSach": { "type": "array", "description": "Danh sách / The list",
                    "items": { "$ref": "#/components/schemas/BanGhi" } },
            } },
            "BanGhi": { "type": "object", "properties": properties },
        } },
    })
}

fn property(title: &str, kind: &str, about_person: bool) -> Value {
    let mut schema = match kind {
        "date" => json!({ "type": "string", "format": "date", "description": title }),
        kind => json!({ "type": kind, "description": title }),
    };
    if about_person {
        schema["x-lienthong-personal"] = Value::Bool(true);
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_gives_the_same_service() {
        assert_eq!(service(77), service(77));
        assert_ne!(service(77).title, service(78).title);
    }

    #[test]
    fn every_sample_has_its_own_id_and_fields_from_a_good_description() {
        let all: Vec<Service> = services(500).collect();
        let ids: std::collections::BTreeSet<_> = all.iter().map(|service| &service.id).collect();
        assert_eq!(ids.len(), all.len());
        for service in &all {
            let size = service.openapi.as_str().len();
            assert!((10..=22).contains(&service.fields.len()), "{}: {}", service.id, service.fields.len());
            assert!((1_000..=5_000).contains(&size), "{}: {size}", service.id);
            assert_eq!(fields_of(&service.openapi.value()).unwrap(), service.fields);
        }
    }
}
