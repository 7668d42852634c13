//! What the services answer. Field names are the services' own; `openapi/` describes them.

use serde::{Deserialize, Serialize};

use super::commune::{MERGED_ON, NEW_PROVINCE, OLD_PROVINCE};

/// The day the data are as of, in every answer.
pub(super) const AS_OF: &str = "2026-11-01";

/// A person of the base to try the services with.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// Personal number.
    #[serde(rename = "soDinhDanh")]
    pub number: String,
    /// Full name.
    #[serde(rename = "hoTen")]
    pub name: String,
    /// Birth date, `YYYY-MM-DD`.
    #[serde(rename = "ngaySinh")]
    pub birth: String,
    /// Household number.
    #[serde(rename = "soHo")]
    pub household: String,
}

impl std::fmt::Debug for Sample {
    /// Invented, but of the form of personal data: not shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sample(..)")
    }
}

/// The question of `xac-thuc-cong-dan`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claim {
    #[serde(rename = "soDinhDanh")]
    pub(super) number: String,
    #[serde(rename = "hoTen")]
    pub(super) name: String,
    #[serde(rename = "ngaySinh", default)]
    pub(super) birth: Option<String>,
}

/// The answer of `xac-thuc-cong-dan`.
#[derive(Serialize)]
pub(super) struct Verdict {
    #[serde(rename = "ketQua")]
    pub(super) matches: bool,
}

/// A person named by another one's record.
#[derive(Serialize)]
pub(super) struct Named {
    #[serde(rename = "soDinhDanh")]
    pub(super) number: String,
    #[serde(rename = "hoTen")]
    pub(super) name: String,
}

#[derive(Serialize)]
pub(super) struct EthnicGroup {
    #[serde(rename = "ma")]
    pub(super) code: String,
    #[serde(rename = "ten")]
    pub(super) name: &'static str,
}

/// An address: what was written at registration, and what the place is called since the merger.
#[derive(Serialize)]
pub(super) struct Address {
    #[serde(rename = "chiTiet")]
    pub(super) detail: String,
    #[serde(rename = "hienNay")]
    pub(super) now: AddressNow,
    #[serde(rename = "truocSapNhap")]
    pub(super) before: AddressBefore,
    #[serde(rename = "sapNhapTuNgay")]
    pub(super) merged_on: &'static str,
}

#[derive(Serialize)]
pub(super) struct AddressNow {
    #[serde(rename = "maXa")]
    commune_code: String,
    #[serde(rename = "xa")]
    commune: String,
    #[serde(rename = "maTinh")]
    province_code: &'static str,
    #[serde(rename = "tinh")]
    province: &'static str,
}

#[derive(Serialize)]
pub(super) struct AddressBefore {
    #[serde(rename = "maXa")]
    commune_code: String,
    #[serde(rename = "xa")]
    commune: String,
    #[serde(rename = "maHuyen")]
    district_code: String,
    #[serde(rename = "huyen")]
    district: String,
    #[serde(rename = "maTinh")]
    province_code: &'static str,
    #[serde(rename = "tinh")]
    province: &'static str,
}

/// A row of the commune table.
#[derive(Clone, Debug)]
pub(super) struct CommuneRow {
    pub(super) old: (String, String),
    pub(super) district: (String, String),
    pub(super) new: (String, String),
    pub(super) people: i64,
    pub(super) households: i64,
}

impl Address {
    pub(super) fn of(commune: &CommuneRow, detail: String) -> Self {
        Self {
            detail,
            now: AddressNow {
                commune_code: commune.new.0.clone(),
                commune: commune.new.1.clone(),
                province_code: NEW_PROVINCE.0,
                province: NEW_PROVINCE.1,
            },
            before: AddressBefore {
                commune_code: commune.old.0.clone(),
                commune: commune.old.1.clone(),
                district_code: commune.district.0.clone(),
                district: commune.district.1.clone(),
                province_code: OLD_PROVINCE.0,
                province: OLD_PROVINCE.1,
            },
            merged_on: MERGED_ON,
        }
    }
}

/// The answer of `tra-cuu-cong-dan`.
#[derive(Serialize)]
pub(super) struct Person {
    #[serde(rename = "soDinhDanh")]
    pub(super) number: String,
    #[serde(rename = "hoTen")]
    pub(super) name: String,
    #[serde(rename = "ngaySinh")]
    pub(super) birth: String,
    #[serde(rename = "gioiTinh")]
    pub(super) sex: &'static str,
    #[serde(rename = "danToc")]
    pub(super) ethnic_group: EthnicGroup,
    #[serde(rename = "quocTich")]
    pub(super) nationality: &'static str,
    #[serde(rename = "noiDangKyKhaiSinh")]
    pub(super) birth_registered_in: &'static str,
    #[serde(rename = "noiThuongTru")]
    pub(super) residence: Address,
    #[serde(rename = "soHo")]
    pub(super) household: String,
    #[serde(rename = "quanHeVoiChuHo")]
    pub(super) relation: &'static str,
    #[serde(rename = "cha")]
    pub(super) father: Option<Named>,
    #[serde(rename = "me")]
    pub(super) mother: Option<Named>,
    #[serde(rename = "voChong")]
    pub(super) spouse: Option<Named>,
    #[serde(rename = "thoiDiemDuLieu")]
    pub(super) as_of: &'static str,
}

/// The answer of `tra-cuu-ho`.
#[derive(Serialize)]
pub(super) struct Household {
    #[serde(rename = "soHo")]
    pub(super) number: String,
    #[serde(rename = "chuHo")]
    pub(super) head: Named,
    #[serde(rename = "diaChi")]
    pub(super) address: Address,
    #[serde(rename = "dangKyTuNgay")]
    pub(super) registered: String,
    #[serde(rename = "soThanhVien")]
    pub(super) count: usize,
    #[serde(rename = "thanhVien")]
    pub(super) members: Vec<Member>,
    #[serde(rename = "thoiDiemDuLieu")]
    pub(super) as_of: &'static str,
}

#[derive(Serialize)]
pub(super) struct Member {
    #[serde(rename = "soDinhDanh")]
    pub(super) number: String,
    #[serde(rename = "hoTen")]
    pub(super) name: String,
    #[serde(rename = "ngaySinh")]
    pub(super) birth: String,
    #[serde(rename = "gioiTinh")]
    pub(super) sex: &'static str,
    #[serde(rename = "quanHeVoiChuHo")]
    pub(super) relation: &'static str,
}

/// The answer of `tra-cuu-cu-tru`.
#[derive(Serialize)]
pub(super) struct Residence {
    #[serde(rename = "soDinhDanh")]
    pub(super) number: String,
    #[serde(rename = "hoTen")]
    pub(super) name: String,
    #[serde(rename = "ngaySinh")]
    pub(super) birth: String,
    #[serde(rename = "thuongTru")]
    pub(super) permanent: Permanent,
    #[serde(rename = "tamTru")]
    pub(super) temporary: Option<Temporary>,
    #[serde(rename = "noiOHienTai")]
    pub(super) lives_at: Address,
    #[serde(rename = "thoiDiemDuLieu")]
    pub(super) as_of: &'static str,
}

#[derive(Serialize)]
pub(super) struct Permanent {
    #[serde(rename = "diaChi")]
    pub(super) address: Address,
    #[serde(rename = "soHo")]
    pub(super) household: String,
    #[serde(rename = "chuHo")]
    pub(super) head: Named,
    #[serde(rename = "quanHeVoiChuHo")]
    pub(super) relation: &'static str,
    #[serde(rename = "tuNgay")]
    pub(super) since: String,
}

#[derive(Serialize)]
pub(super) struct Temporary {
    #[serde(rename = "diaChi")]
    pub(super) address: Address,
    #[serde(rename = "tuNgay")]
    pub(super) since: String,
    #[serde(rename = "denNgay")]
    pub(super) until: String,
}

/// The answer of `thong-ke-dan-cu`.
#[derive(Serialize)]
pub(super) struct Statistics {
    #[serde(rename = "tongNhanKhau")]
    pub(super) people: i64,
    #[serde(rename = "tongSoHo")]
    pub(super) households: i64,
    #[serde(rename = "xaPhuong")]
    pub(super) communes: Vec<CommuneCount>,
    #[serde(rename = "thoiDiemDuLieu")]
    pub(super) as_of: &'static str,
}

#[derive(Serialize)]
pub(super) struct CommuneCount {
    #[serde(rename = "maXa")]
    pub(super) code: String,
    #[serde(rename = "xa")]
    pub(super) name: String,
    #[serde(rename = "nhanKhau")]
    pub(super) people: i64,
    #[serde(rename = "soHo")]
    pub(super) households: i64,
}
