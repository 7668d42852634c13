//! The provinces of Vietnam: 63 until 30/6/2025, 34 since, with the code that their agencies have.
//!
//! Facts: which provinces were joined is Nghị quyết 202/2025/QH15. The codes of agencies follow the alphabetical rule of
//! QCVN 102:2016/BTTTT; twelve of them were found in published documents, the others are to be checked against the annex of
//! Quyết định 09/2025/QĐ-TTg, as those of the agencies that the registry begins with. Names of shapes are those of
//! `@svg-maps/vietnam`.

/// A province of before 1/7/2025.
#[derive(Clone, Copy, Debug)]
pub struct Province {
    /// Level-1 code of its agencies, such as `H17`.
    pub code: &'static str,
    /// Its shape.
    pub shape: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Code of the province that it belongs to today: its own when it kept it.
    pub today: &'static str,
}

/// Shapes of islands, with the code of the province that they belong to: Hoàng Sa to Đà Nẵng, Trường Sa to Khánh Hòa.
pub const ISLANDS: [(&str, &str); 2] = [("hoangsa", "H17"), ("truongsa", "H32")];

/// Code, shape, name, code of today.
#[rustfmt::skip]
const BEFORE: [(&str, &str, &str, &str); 63] = [
    ("H01", "angiang", "An Giang", "H01"),
    ("H02", "bacgiang", "Bắc Giang", "H05"),
    ("H03", "backan", "Bắc Kạn", "H55"),
    ("H04", "baclieu", "Bạc Liêu", "H12"),
    ("H05", "bacninh", "Bắc Ninh", "H05"),
    ("H06", "baria", "Bà Rịa - Vũng Tàu", "H29"),
    ("H07", "bentre", "Bến Tre", "H61"),
    ("H08", "binhdinh", "Bình Định", "H21"),
    ("H09", "binhduong", "Bình Dương", "H29"),
    ("H10", "binhphuoc", "Bình Phước", "H19"),
    ("H11", "binhthuan", "Bình Thuận", "H36"),
    ("H12", "camau", "Cà Mau", "H12"),
    ("H13", "cantho", "Cần Thơ", "H13"),
    ("H14", "caobang", "Cao Bằng", "H14"),
    ("H15", "daklak", "Đắk Lắk", "H15"),
    ("H16", "daknong", "Đắk Nông", "H36"),
    ("H17", "danang", "Đà Nẵng", "H17"),
    ("H18", "dienbien", "Điện Biên", "H18"),
    ("H19", "dongnai", "Đồng Nai", "H19"),
    ("H20", "dongthap", "Đồng Tháp", "H20"),
    ("H21", "gialai", "Gia Lai", "H21"),
    ("H22", "hagiang", "Hà Giang", "H60"),
    ("H23", "haiduong", "Hải Dương", "H24"),
    ("H24", "haiphong", "Hải Phòng", "H24"),
    ("H25", "hanam", "Hà Nam", "H42"),
    ("H26", "hanoi", "Hà Nội", "H26"),
    ("H27", "hatinh", "Hà Tĩnh", "H27"),
    ("H28", "hoabinh", "Hòa Bình", "H44"),
    ("H29", "hcm", "Hồ Chí Minh", "H29"),
    ("H30", "haugiang", "Hậu Giang", "H13"),
    ("H31", "hungyen", "Hưng Yên", "H31"),
    ("H32", "khanhhoa", "Khánh Hòa", "H32"),
    ("H33", "kiengiang", "Kiên Giang", "H01"),
    ("H34", "kontum", "Kon Tum", "H48"),
    ("H35", "laichau", "Lai Châu", "H35"),
    ("H36", "lamdong", "Lâm Đồng", "H36"),
    ("H37", "langson", "Lạng Sơn", "H37"),
    ("H38", "laocai", "Lào Cai", "H38"),
    ("H39", "longan", "Long An", "H53"),
    ("H40", "namdinh", "Nam Định", "H42"),
    ("H41", "nghean", "Nghệ An", "H41"),
    ("H42", "ninhbinh", "Ninh Bình", "H42"),
    ("H43", "ninhthuan", "Ninh Thuận", "H32"),
    ("H44", "phutho", "Phú Thọ", "H44"),
    ("H45", "phuyen", "Phú Yên", "H15"),
    ("H46", "quangbinh", "Quảng Bình", "H50"),
    ("H47", "quangnam", "Quảng Nam", "H17"),
    ("H48", "quangngai", "Quảng Ngãi", "H48"),
    ("H49", "quangninh", "Quảng Ninh", "H49"),
    ("H50", "quangtri", "Quảng Trị", "H50"),
    ("H51", "soctrang", "Sóc Trăng", "H13"),
    ("H52", "sonla", "Sơn La", "H52"),
    ("H53", "tayninh", "Tây Ninh", "H53"),
    ("H54", "thaibinh", "Thái Bình", "H31"),
    ("H55", "thainguyen", "Thái Nguyên", "H55"),
    ("H56", "thanhhoa", "Thanh Hóa", "H56"),
    ("H57", "tthue", "Thừa Thiên Huế", "H57"),
    ("H58", "tiengiang", "Tiền Giang", "H20"),
    ("H59", "travinh", "Trà Vinh", "H61"),
    ("H60", "tuyenquang", "Tuyên Quang", "H60"),
    ("H61", "vinhlong", "Vĩnh Long", "H61"),
    ("H62", "vinhphuc", "Vĩnh Phúc", "H44"),
    ("H63", "yenbai", "Yên Bái", "H38"),
];

/// Code and name of those that there are since 1/7/2025.
#[rustfmt::skip]
const TODAY: [(&str, &str); 34] = [
    ("H01", "Tỉnh An Giang"),
    ("H05", "Tỉnh Bắc Ninh"),
    ("H12", "Tỉnh Cà Mau"),
    ("H13", "Thành phố Cần Thơ"),
    ("H14", "Tỉnh Cao Bằng"),
    ("H15", "Tỉnh Đắk Lắk"),
    ("H17", "Thành phố Đà Nẵng"),
    ("H18", "Tỉnh Điện Biên"),
    ("H19", "Thành phố Đồng Nai"),
    ("H20", "Tỉnh Đồng Tháp"),
    ("H21", "Tỉnh Gia Lai"),
    ("H24", "Thành phố Hải Phòng"),
    ("H26", "Thành phố Hà Nội"),
    ("H27", "Tỉnh Hà Tĩnh"),
    ("H29", "Thành phố Hồ Chí Minh"),
    ("H31", "Tỉnh Hưng Yên"),
    ("H32", "Tỉnh Khánh Hòa"),
    ("H35", "Tỉnh Lai Châu"),
    ("H36", "Tỉnh Lâm Đồng"),
    ("H37", "Tỉnh Lạng Sơn"),
    ("H38", "Tỉnh Lào Cai"),
    ("H41", "Tỉnh Nghệ An"),
    ("H42", "Tỉnh Ninh Bình"),
    ("H44", "Tỉnh Phú Thọ"),
    ("H48", "Tỉnh Quảng Ngãi"),
    ("H49", "Tỉnh Quảng Ninh"),
    ("H50", "Tỉnh Quảng Trị"),
    ("H52", "Tỉnh Sơn La"),
    ("H53", "Tỉnh Tây Ninh"),
    ("H55", "Tỉnh Thái Nguyên"),
    ("H56", "Tỉnh Thanh Hóa"),
    ("H57", "Thành phố Huế"),
    ("H60", "Tỉnh Tuyên Quang"),
    ("H61", "Tỉnh Vĩnh Long"),
];

/// All 63 of before.
pub fn before() -> impl Iterator<Item = Province> {
    BEFORE.into_iter().map(|(code, shape, name, today)| Province { code, shape, name, today })
}

/// Code and name of the 34 of today.
pub fn today() -> impl Iterator<Item = (&'static str, &'static str)> {
    TODAY.into_iter()
}

/// Code of today of a code of either time.
pub fn today_of(code: &str) -> Option<&'static str> {
    before().find(|province| province.code == code).map(|province| province.today)
}

/// Shapes of a province, as it was or as it is, with its islands.
pub fn shapes(code: &str, merged: bool) -> Vec<&'static str> {
    let own = before().filter(|province| code == if merged { province.today } else { province.code });
    let islands = ISLANDS.into_iter().filter(|(_, of)| *of == code).map(|(shape, _)| shape);
    own.map(|province| province.shape).chain(islands).collect()
}

/// Code of the province of an agency, from its own code of either form: `000.00.11.H17`, `H17.11`.
pub fn of_agency(code: &str) -> Option<&'static str> {
    let long = code.starts_with("000.");
    let first = if long { code.rsplit('.').next() } else { code.split('.').next() };
    before().map(|province| province.code).find(|own| Some(*own) == first)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_shape_stands_once_before_and_after() {
        let count = |codes: Vec<&str>, merged: bool| {
            let shapes: Vec<_> = codes.iter().flat_map(|code| shapes(code, merged)).collect();
            let unique: BTreeSet<_> = shapes.iter().collect();
            (shapes.len(), unique.len())
        };
        assert_eq!(count(before().map(|province| province.code).collect(), false), (65, 65));
        assert_eq!(count(today().map(|(code, _)| code).collect(), true), (65, 65));
    }

    #[test]
    fn the_joined_provinces_are_those_of_the_resolution() {
        assert_eq!(shapes("H17", true), ["danang", "quangnam", "hoangsa"]);
        assert_eq!(shapes("H32", true), ["khanhhoa", "ninhthuan", "truongsa"]);
        assert_eq!(shapes("H29", true), ["baria", "binhduong", "hcm"]);
        assert_eq!(shapes("H26", true), ["hanoi"]);
        let codes: BTreeSet<_> = today().map(|(code, _)| code).collect();
        assert!(before().all(|province| codes.contains(province.today)));
        assert!(codes.iter().all(|code| today_of(code) == Some(*code)), "who kept a code kept it");
    }

    #[test]
    fn agencies_belong_to_the_province_in_their_code() {
        let of = ["000.00.00.H17", "H17", "H17.11", "000.00.11.H47", "H99", "000.00.00.G01", "G01.1"]
            .map(of_agency);
        assert_eq!(of, [Some("H17"), Some("H17"), Some("H17"), Some("H47"), None, None, None]);
    }
}
