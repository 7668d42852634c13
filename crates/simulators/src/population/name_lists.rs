//! The words names are made of. Weights follow what is common in Quảng Nam; they are invented, not counted.

use super::commune::Group;
use super::number::Sex;

/// Words with their weights.
pub(super) type List = &'static [(&'static str, u32)];

/// The words of one sex and generation. An empty word means that the part is left out.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) middle: List,
    pub(super) second: List,
    pub(super) second_per_mille: u32,
    pub(super) given: List,
}

/// The family names of a group.
pub(super) const fn families(group: Group) -> List {
    match group {
        Group::Kinh => KINH_FAMILIES,
        Group::CoTu => CO_TU_FAMILIES,
        Group::XoDang | Group::Co => TRA_MY_FAMILIES,
        Group::GieTrieng => GIE_TRIENG_FAMILIES,
    }
}

/// The words for somebody of this group, sex and birth year.
pub(super) const fn words(group: Group, sex: Sex, birth_year: u32) -> &'static Words {
    let era = match birth_year {
        ..1980 => 0,
        1980..2000 => 1,
        2000.. => 2,
    };
    match (group, sex) {
        (Group::Kinh, Sex::Male) => &KINH_MEN[era],
        (Group::Kinh, Sex::Female) => &KINH_WOMEN[era],
        (Group::CoTu | Group::GieTrieng, Sex::Male) => &CO_TU_MEN,
        (Group::CoTu | Group::GieTrieng, Sex::Female) => &CO_TU_WOMEN,
        (Group::XoDang | Group::Co, Sex::Male) => &TRA_MY_MEN,
        (Group::XoDang | Group::Co, Sex::Female) => &TRA_MY_WOMEN,
    }
}

#[rustfmt::skip]
const KINH_FAMILIES: List = &[
    ("Nguyễn", 320), ("Trần", 112), ("Lê", 104), ("Phạm", 62), ("Huỳnh", 58), ("Võ", 54), ("Phan", 46),
    ("Đặng", 30), ("Trương", 30), ("Hồ", 26), ("Ngô", 23), ("Bùi", 20), ("Đoàn", 18), ("Đỗ", 15), ("Dương", 14),
    ("Mai", 11), ("Hà", 9), ("Lương", 9), ("Đinh", 8), ("Thái", 7), ("Châu", 6), ("Cao", 6), ("Lý", 5), ("Tạ", 4),
    ("Văn", 4), ("Phùng", 4), ("Doãn", 3), ("Lưu", 3), ("Trịnh", 3), ("Ung", 2), ("Tăng", 2), ("Lâm", 2),
];

#[rustfmt::skip]
const CO_TU_FAMILIES: List = &[
    ("Alăng", 18), ("Arất", 12), ("Bhling", 9), ("Bhnướch", 8), ("Blúp", 7), ("Bríu", 9), ("Clâu", 8), ("Coor", 7),
    ("Hiên", 5), ("Hốih", 7), ("Pơloong", 10), ("Ríah", 7), ("Tơngôl", 5), ("Zơrâm", 9), ("Ating", 6), ("Rapát", 4),
];

#[rustfmt::skip]
const GIE_TRIENG_FAMILIES: List = &[
    ("Hồ", 40), ("Kring", 12), ("Brôl", 10), ("Chờ Rum", 8), ("Tơ Ngôl", 8), ("Blúp", 5), ("Xiêng", 7), ("Zơrâm", 4),
    ("Nguyễn", 4), ("Đinh", 2),
];

#[rustfmt::skip]
const TRA_MY_FAMILIES: List = &[
    ("Hồ", 60), ("Nguyễn", 14), ("Đinh", 9), ("Trần", 6), ("Lê", 5), ("Phạm", 3), ("Huỳnh", 3),
];

#[rustfmt::skip]
const KINH_MEN: [Words; 3] = [
    Words {
        middle: &[("Văn", 40), ("Hữu", 8), ("Đình", 8), ("Công", 6), ("Đức", 5), ("Xuân", 5), ("Ngọc", 6), ("Tấn", 6),
            ("Viết", 4), ("Thanh", 4), ("Quang", 5), ("Minh", 3)],
        second: &[], second_per_mille: 0,
        given: &[("Hùng", 8), ("Dũng", 7), ("Sơn", 7), ("Hải", 6), ("Bình", 7), ("Minh", 6), ("Tâm", 5), ("Thành", 6),
            ("Long", 5), ("Phước", 6), ("Lợi", 5), ("Tài", 4), ("Đức", 4), ("Hòa", 5), ("Thắng", 5), ("Chiến", 4),
            ("Quang", 4), ("Vinh", 4), ("Hiền", 4), ("Nam", 4), ("An", 4), ("Cường", 4), ("Tuấn", 4), ("Hưng", 4),
            ("Trung", 4), ("Xuân", 3), ("Ba", 2), ("Tư", 2), ("Năm", 2), ("Sáu", 2), ("Bảy", 2), ("Tám", 1),
            ("Chín", 1), ("Mười", 2), ("Út", 1), ("Lực", 2), ("Nghĩa", 3), ("Đông", 3), ("Thọ", 3)],
    },
    Words {
        middle: &[("Văn", 24), ("Hữu", 8), ("Đình", 8), ("Công", 8), ("Đức", 7), ("Xuân", 4), ("Ngọc", 8), ("Tấn", 7),
            ("Viết", 4), ("Thanh", 7), ("Quang", 8), ("Minh", 7), ("Anh", 3), ("Quốc", 6), ("Hoàng", 5), ("Duy", 4)],
        second: &[], second_per_mille: 0,
        given: &[("Tuấn", 8), ("Anh", 5), ("Hùng", 6), ("Dũng", 5), ("Cường", 5), ("Tùng", 4), ("Hải", 5), ("Nam", 5),
            ("Long", 5), ("Hiếu", 5), ("Trung", 5), ("Thành", 5), ("Đạt", 5), ("Duy", 4), ("Vũ", 5), ("Phong", 4),
            ("Quân", 4), ("Hoàng", 5), ("Linh", 3), ("Khoa", 3), ("Tín", 4), ("Thịnh", 4), ("Vinh", 4), ("Việt", 4),
            ("Sơn", 4), ("Tài", 4), ("Toàn", 4), ("Huy", 5), ("Lâm", 3), ("Nhân", 3), ("Phúc", 4), ("Thiện", 3),
            ("Sinh", 2), ("Thạch", 1), ("Pháp", 1), ("Phương", 2)],
    },
    Words {
        middle: &[("Văn", 6), ("Gia", 12), ("Minh", 12), ("Quốc", 9), ("Hoàng", 9), ("Bảo", 7), ("Anh", 7), ("Đức", 8),
            ("Quang", 6), ("Nhật", 6), ("Duy", 6), ("Đăng", 4), ("Ngọc", 4), ("Hữu", 4), ("Công", 3), ("Tấn", 3),
            ("Thiên", 3), ("Khánh", 3)],
        second: &[("Minh", 4), ("Gia", 4), ("Anh", 3), ("Quốc", 3), ("Hoàng", 3), ("Bảo", 3), ("Nhật", 2)],
        second_per_mille: 90,
        given: &[("Huy", 8), ("Khang", 7), ("Bảo", 7), ("Minh", 6), ("Phúc", 6), ("Anh", 5), ("Khoa", 5), ("Phát", 5),
            ("Đạt", 5), ("Khôi", 5), ("Long", 5), ("Nam", 4), ("Duy", 4), ("Quân", 5), ("Kiệt", 5), ("Thịnh", 4),
            ("Tuấn", 3), ("Hưng", 4), ("Hoàng", 4), ("Hiếu", 4), ("Nhân", 3), ("Trí", 4), ("Tài", 3), ("Phong", 4),
            ("Nguyên", 4), ("Phú", 3), ("Thành", 3), ("Đức", 3), ("Dũng", 2), ("Lâm", 3), ("Quang", 3), ("Vũ", 3),
            ("Kiên", 3), ("Thiên", 3), ("An", 3), ("Vinh", 3)],
    },
];

#[rustfmt::skip]
const KINH_WOMEN: [Words; 3] = [
    Words {
        middle: &[("Thị", 86), ("Ngọc", 3), ("Kim", 4), ("Thanh", 3), ("Thu", 2), ("Xuân", 2)],
        second: &[("Thu", 3), ("Kim", 3), ("Ngọc", 2), ("Thanh", 2), ("Bích", 1), ("Xuân", 2), ("Tuyết", 1)],
        second_per_mille: 110,
        given: &[("Lan", 7), ("Hoa", 7), ("Hồng", 6), ("Nga", 5), ("Hương", 5), ("Thu", 5), ("Mai", 5), ("Liên", 6),
            ("Nguyệt", 4), ("Tuyết", 4), ("Xuân", 5), ("Hạnh", 4), ("Phượng", 4), ("Bông", 2), ("Ba", 2), ("Bốn", 2),
            ("Năm", 2), ("Sáu", 2), ("Bảy", 2), ("Tám", 2), ("Lài", 2), ("Cúc", 4), ("Sen", 3), ("Thơm", 2),
            ("Nhung", 3), ("Thủy", 5), ("Hà", 4), ("Loan", 4), ("Yến", 3), ("Vân", 5), ("Đào", 3), ("Lý", 2),
            ("Tâm", 4), ("Sương", 3), ("Hiền", 3), ("Dung", 3), ("Phước", 2), ("Lợi", 2), ("Út", 1)],
    },
    Words {
        middle: &[("Thị", 56), ("Ngọc", 6), ("Kim", 5), ("Thanh", 6), ("Thu", 6), ("Mỹ", 4), ("Bích", 4), ("Hồng", 4),
            ("Phương", 4), ("Thúy", 4), ("Minh", 2)],
        second: &[("Thu", 4), ("Kim", 4), ("Ngọc", 4), ("Thanh", 4), ("Bích", 3), ("Hồng", 3), ("Mỹ", 3),
            ("Phương", 3), ("Thúy", 3), ("Xuân", 2), ("Diệu", 2), ("Lệ", 2), ("Ánh", 1), ("Cẩm", 1), ("Tuyết", 1)],
        second_per_mille: 300,
        given: &[("Hương", 5), ("Thảo", 5), ("Trang", 5), ("Linh", 5), ("Hà", 5), ("Thủy", 5), ("Hằng", 5), ("Nga", 4),
            ("Ngân", 3), ("Nhung", 4), ("Phương", 5), ("Oanh", 3), ("Vân", 5), ("Yến", 4), ("Tuyền", 3), ("Trinh", 3),
            ("Diễm", 3), ("Hiền", 5), ("Huyền", 4), ("Loan", 3), ("Lan", 3), ("Mai", 3), ("My", 2), ("Ngọc", 3),
            ("Tâm", 3), ("Thu", 3), ("Thúy", 4), ("Trâm", 4), ("Uyên", 3), ("Vy", 3), ("Xuân", 2), ("Dung", 4),
            ("Quyên", 3), ("Tiên", 3), ("Hạnh", 4), ("Lài", 1), ("Sương", 2)],
    },
    Words {
        middle: &[("Thị", 14), ("Ngọc", 12), ("Bảo", 8), ("Khánh", 6), ("Minh", 6), ("Phương", 7), ("Thanh", 6),
            ("Gia", 5), ("Quỳnh", 4), ("Thảo", 5), ("Như", 4), ("Kim", 4), ("Anh", 5), ("Hoàng", 3), ("Tường", 2),
            ("Trúc", 2)],
        second: &[("Ngọc", 4), ("Bảo", 4), ("Khánh", 3), ("Minh", 3), ("Phương", 3), ("Quỳnh", 3), ("Thảo", 3),
            ("Như", 3), ("Kim", 2), ("Anh", 2), ("Mỹ", 2), ("Cẩm", 1)],
        second_per_mille: 260,
        given: &[("Anh", 7), ("Linh", 5), ("Ngân", 6), ("Vy", 6), ("Trân", 5), ("Trâm", 5), ("My", 5), ("Nhi", 6),
            ("Như", 5), ("Ngọc", 5), ("Hân", 6), ("Thư", 6), ("Uyên", 5), ("Quỳnh", 4), ("Phương", 4), ("Thảo", 4),
            ("Trang", 4), ("Chi", 4), ("Châu", 4), ("Hà", 3), ("Ly", 3), ("Mai", 3), ("Yến", 3), ("Tiên", 3),
            ("Diệp", 2), ("An", 4), ("Nguyên", 3), ("Khuê", 2), ("Thy", 3), ("Trúc", 3), ("Quyên", 2), ("Vân", 2),
            ("Giang", 2), ("Duyên", 2)],
    },
];

#[rustfmt::skip]
const CO_TU_MEN: Words = Words {
    middle: &[("", 50), ("Văn", 38), ("Xuân", 4), ("Minh", 4), ("Ngọc", 4)],
    second: &[], second_per_mille: 0,
    given: &[("Nhơm", 4), ("Bhớt", 3), ("Đhơn", 4), ("Nhâm", 4), ("Reo", 4), ("Chiến", 5), ("Tuấn", 4), ("Vươn", 3),
        ("Avin", 3), ("Bốc", 2), ("Bhiu", 3), ("Nghĩa", 4), ("Plênh", 2), ("Dứp", 2), ("Buôn", 3), ("Trưng", 3),
        ("Thương", 3), ("Nhiếp", 2), ("Lơ", 2), ("Sơn", 3), ("Hùng", 3), ("Đạt", 3), ("Zích", 2), ("Crốt", 2),
        ("Tiến", 3), ("Bảy", 3), ("Mười", 2), ("Hoàng", 3), ("Brao", 2), ("Nao", 2)],
};

#[rustfmt::skip]
const CO_TU_WOMEN: Words = Words {
    middle: &[("Thị", 62), ("", 38)],
    second: &[], second_per_mille: 0,
    given: &[("Nhíp", 4), ("Bơ", 3), ("Nhứi", 4), ("Lan", 4), ("Hương", 4), ("Mười", 3), ("Tơ", 3), ("Mia", 3),
        ("Nhêng", 3), ("Blé", 2), ("Đơm", 3), ("Nhung", 4), ("Hoa", 4), ("Xíu", 2), ("Bhứ", 2), ("Nem", 2),
        ("Hiền", 3), ("Thảo", 3), ("Ly", 3), ("Avớt", 2), ("Hơ", 2), ("Nga", 3), ("Dung", 3), ("Rơ", 2), ("Chúc", 2)],
};

#[rustfmt::skip]
const TRA_MY_MEN: Words = Words {
    middle: &[("Văn", 80), ("Minh", 6), ("Thanh", 7), ("Xuân", 7)],
    second: &[], second_per_mille: 0,
    given: &[("Dũng", 5), ("Nghĩa", 5), ("Lương", 4), ("Đoan", 3), ("Dương", 4), ("Vút", 2), ("Lượng", 4), ("Tiến", 5),
        ("Thiết", 4), ("Lực", 4), ("Hiếu", 5), ("Lân", 3), ("Điền", 4), ("Nhiều", 2), ("Mười", 3), ("Chung", 4),
        ("Linh", 4), ("Nông", 2), ("Đông", 4), ("Thắng", 4), ("Ngoan", 2), ("Đép", 2), ("Ghe", 1), ("Trung", 4)],
};

#[rustfmt::skip]
const TRA_MY_WOMEN: Words = Words {
    middle: &[("Thị", 92), ("Thanh", 4), ("Kim", 4)],
    second: &[], second_per_mille: 0,
    given: &[("Liên", 5), ("Hoa", 5), ("Thúy", 4), ("Mười", 3), ("Lành", 4), ("Nhung", 4), ("Hiền", 5), ("Hạnh", 4),
        ("Lệ", 4), ("Bông", 3), ("Xuân", 4), ("Thảo", 4), ("Ly", 4), ("Duyên", 4), ("Đang", 2), ("Hai", 2),
        ("Nhoi", 2), ("Dem", 1), ("Diệu", 3), ("Hằng", 4), ("Vân", 4), ("Thôi", 2)],
};
