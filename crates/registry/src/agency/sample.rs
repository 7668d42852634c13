//! Invented agencies in any number, always the same ones: for tests and for `cargo xtask bench registry`.
//!
//! Shape and names are like those of a state with provinces, departments, communes and their units, so that searching and
//! importing cost what they would cost there. No name or code means a real body; never import them into a registry that
//! people use.

use jiff::civil::date;

use super::{Agency, AgencyCode};

const PROVINCES: usize = 45;
const DEPARTMENTS: usize = 20;
const UNITS_OF_DEPARTMENT: usize = 30;
const COMMUNES: usize = 95;
const UNITS_OF_COMMUNE: usize = 25;

const FIRST: [&str; 15] = [
    "An", "Bình", "Châu", "Đông", "Đức", "Giang", "Hòa", "Khánh", "Long", "Mỹ", "Phú", "Quảng", "Tân",
    "Thạnh", "Vĩnh",
];
const SECOND: [&str; 19] = [
    "Bảo", "Cường", "Dương", "Hải", "Hưng", "Kiên", "Lạc", "Lộc", "Minh", "Nghĩa", "Phước", "Sơn", "Thắng",
    "Thịnh", "Thuận", "Trạch", "Trị", "Xuân", "Yên",
];
const DEPARTMENT: [&str; DEPARTMENTS] = [
    "Sở Nội vụ",
    "Sở Tài chính",
    "Sở Tư pháp",
    "Sở Xây dựng",
    "Sở Y tế",
    "Sở Công Thương",
    "Sở Giáo dục và Đào tạo",
    "Sở Khoa học và Công nghệ",
    "Sở Nông nghiệp và Môi trường",
    "Sở Văn hóa, Thể thao và Du lịch",
    "Thanh tra tỉnh",
    "Văn phòng Ủy ban nhân dân",
    "Ban Quản lý khu kinh tế",
    "Sở Dân tộc và Tôn giáo",
    "Trung tâm Phục vụ hành chính công",
    "Ban Quản lý dự án giao thông",
    "Đài Phát thanh và Truyền hình",
    "Trường Cao đẳng",
    "Quỹ Phát triển đất",
    "Viện Quy hoạch",
];
const UNIT: [&str; UNITS_OF_DEPARTMENT] = [
    "Văn phòng",
    "Phòng Tổ chức cán bộ",
    "Phòng Kế hoạch và Tài chính",
    "Phòng Nghiệp vụ",
    "Thanh tra",
    "Chi cục Quản lý chất lượng",
    "Chi cục Bảo vệ môi trường",
    "Trung tâm Công nghệ thông tin",
    "Trung tâm Dịch vụ việc làm",
    "Trung tâm Kiểm nghiệm",
    "Trung tâm Lưu trữ lịch sử",
    "Trung tâm Trợ giúp pháp lý",
    "Văn phòng Đăng ký đất đai",
    "Bệnh viện Đa khoa",
    "Bệnh viện Phục hồi chức năng",
    "Trường Trung học phổ thông chuyên",
    "Ban Quản lý rừng phòng hộ",
    "Bảo tàng",
    "Thư viện",
    "Đoàn Nghệ thuật",
    "Hạt Kiểm lâm",
    "Trạm Thú y",
    "Trạm Khuyến nông",
    "Đội Quản lý thị trường",
    "Phòng Công chứng",
    "Phòng Quản lý đô thị",
    "Phòng Giáo dục nghề nghiệp",
    "Phòng Bảo trợ xã hội",
    "Phòng Đăng ký kinh doanh",
    "Phòng Hợp tác quốc tế",
];
const UNIT_OF_COMMUNE: [&str; 5] =
    ["Trường Mầm non", "Trường Tiểu học", "Trường Trung học cơ sở", "Trạm Y tế", "Phòng Kinh tế"];

/// The first `count` of 139,095 invented agencies, each behind the one above it; all count from 2020 on.
pub fn units(count: usize) -> Vec<Agency> {
    let mut all = Vec::with_capacity(count);
    let top = (0..PROVINCES).map(province).take(count);
    all.extend(top);
    for number in 0..PROVINCES {
        if all.len() >= count {
            break;
        }
        departments(number, &mut all);
        communes(number, &mut all);
    }
    all.truncate(count);
    all
}

/// What people might type, for measuring: with and without marks, codes, frequent and rare words, nonsense.
pub fn queries() -> Vec<String> {
    let fixed = ["s", "phong", "truong tieu hoc", "Trung tâm", "000.00.05.H17", "H17", "khong co ai", "xa"];
    let mut all: Vec<String> = fixed.map(str::to_owned).into();
    for number in 0..40 {
        let name = place(number * 7 + 3);
        all.push(format!("{} {name}", DEPARTMENT[number % DEPARTMENTS]));
        all.push(crate::text::fold(&format!("xã {name}")));
        all.push(format!("000.{:02}.{:02}.H{:02}", number % 30 + 1, number % 20 + 1, number + 1));
    }
    all
}

fn place(number: usize) -> String {
    // The two counts have no common divisor, so all pairs come up before one comes again.
    format!("{} {}", FIRST[number % FIRST.len()], SECOND[number % SECOND.len()])
}

fn province(number: usize) -> Agency {
    agency(
        &level1(number),
        Some(format!("000.00.00.{}", level1(number))),
        None,
        &format!("Tỉnh {}", place(number)),
    )
}

fn level1(number: usize) -> String {
    format!("H{:02}", number + 1)
}

fn departments(province: usize, all: &mut Vec<Agency>) {
    let top = level1(province);
    for (second, department) in (1..).zip(DEPARTMENT) {
        let code = format!("{top}.{second:02}");
        let old = format!("000.00.{second:02}.{top}");
        all.push(agency(&code, Some(old), Some(&top), &format!("{department} {}", place(province))));
        for (third, unit) in (1..).zip(UNIT) {
            let old = format!("000.{third:02}.{second:02}.{top}");
            let name = format!("{unit}, {department} {}", place(province));
            all.push(agency(&format!("{code}.{third:02}"), Some(old), Some(&code), &name));
        }
    }
}

fn communes(province: usize, all: &mut Vec<Agency>) {
    let top = level1(province);
    for commune in 0..COMMUNES {
        let code = format!("{top}.{}", 100 + commune);
        let name = place(province * 11 + commune);
        all.push(agency(&code, None, Some(&top), &format!("Ủy ban nhân dân xã {name}")));
        for unit in 0..UNITS_OF_COMMUNE {
            let kind = UNIT_OF_COMMUNE[unit % UNIT_OF_COMMUNE.len()];
            let title = format!("{kind} {} xã {name}", place(province + commune * 3 + unit));
            all.push(agency(&format!("{code}.{:02}", unit + 1), None, Some(&code), &title));
        }
    }
}

fn agency(own: &str, also: Option<String>, parent: Option<&str>, name: &str) -> Agency {
    let code = |text: &str| -> AgencyCode { text.parse().expect("written in a form of agency codes") };
    Agency {
        also: also.map(|text| code(&text)),
        parent: parent.map(code),
        ..Agency::new(code(own), name, date(2020, 1, 1))
    }
}
