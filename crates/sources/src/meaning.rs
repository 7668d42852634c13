//! What a column probably means: by its name and by the form of its values, each guess with a confidence.

use serde::{Deserialize, Serialize};

use crate::engine::Column;
use crate::value::Kind;

/// What a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// Personal number of 12 digits (Luật Căn cước 26/2023/QH15, Điều 12).
    PersonalNumber,
    /// Number of the old identity card, 9 digits.
    OldIdentityCard,
    /// Name of a person.
    PersonName,
    /// Day of birth.
    BirthDate,
    /// Sex.
    Sex,
    /// Phone number.
    Phone,
    /// E-mail address.
    Email,
    /// Address of a person.
    Address,
    /// Code of a commune, 5 digits.
    CommuneCode,
    /// Code of a province, 2 digits.
    ProvinceCode,
    /// Code of an agency (QCVN 102:2016, QĐ 20/2020).
    AgencyCode,
    /// Tax number, 10 or 13 digits.
    TaxNumber,
    /// Ethnic group.
    EthnicGroup,
    /// Religion.
    Religion,
    /// Health.
    Health,
    /// Moment of the last change.
    ChangedAt,
}

/// Class of personal data (Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15, Điều 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Personal {
    /// Basic.
    Basic,
    /// Sensitive.
    Sensitive,
}

impl Meaning {
    /// The class of data that it is; nothing when it says nothing of a person.
    pub const fn personal(self) -> Option<Personal> {
        match self {
            Self::PersonalNumber
            | Self::OldIdentityCard
            | Self::PersonName
            | Self::BirthDate
            | Self::Sex
            | Self::Phone
            | Self::Email
            | Self::Address => Some(Personal::Basic),
            Self::EthnicGroup | Self::Religion | Self::Health => Some(Personal::Sensitive),
            Self::CommuneCode | Self::ProvinceCode | Self::AgencyCode | Self::TaxNumber | Self::ChangedAt => {
                None
            }
        }
    }

    /// In words.
    pub const fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::PersonalNumber => ("số định danh cá nhân", "personal number"),
            Self::OldIdentityCard => ("số CMND 9 số", "old identity card"),
            Self::PersonName => ("họ và tên", "name of a person"),
            Self::BirthDate => ("ngày sinh", "day of birth"),
            Self::Sex => ("giới tính", "sex"),
            Self::Phone => ("số điện thoại", "phone number"),
            Self::Email => ("thư điện tử", "e-mail"),
            Self::Address => ("địa chỉ", "address"),
            Self::CommuneCode => ("mã xã", "code of a commune"),
            Self::ProvinceCode => ("mã tỉnh", "code of a province"),
            Self::AgencyCode => ("mã cơ quan", "code of an agency"),
            Self::TaxNumber => ("mã số thuế", "tax number"),
            Self::EthnicGroup => ("dân tộc", "ethnic group"),
            Self::Religion => ("tôn giáo", "religion"),
            Self::Health => ("sức khỏe", "health"),
            Self::ChangedAt => ("thời điểm thay đổi", "moment of change"),
        }
    }

    /// Words of column names, folded, without separators.
    const fn words(self) -> &'static [&'static str] {
        match self {
            Self::PersonalNumber => &[
                "sodinhdanh",
                "cccd",
                "socancuoc",
                "madinhdanhcanhan",
                "sodddcn",
                "sodd",
                "personalnumber",
                "citizenid",
            ],
            Self::OldIdentityCard => &["cmnd", "socmt", "cmt"],
            Self::PersonName => &["hoten", "hovaten", "tencongdan", "fullname", "tennguoi", "hotenkhaisinh"],
            Self::BirthDate => {
                &["ngaysinh", "ngaythangnamsinh", "birthdate", "dateofbirth", "dob", "namsinh"]
            }
            Self::Sex => &["gioitinh", "sex", "gender", "phai"],
            Self::Phone => &["dienthoai", "sodienthoai", "sdt", "phone", "mobile", "didong"],
            Self::Email => &["email", "thudientu", "mail"],
            Self::Address => &["diachi", "thuongtru", "tamtru", "noio", "choohientai", "address", "quequan"],
            Self::CommuneCode => &["maxa", "maphuongxa", "madvhcxa", "communecode", "wardcode"],
            Self::ProvinceCode => &["matinh", "madvhctinh", "provincecode"],
            Self::AgencyCode => &["macoquan", "madonvi", "madinhdanhcoquan", "agencycode"],
            Self::TaxNumber => &["masothue", "mst", "taxcode", "taxnumber"],
            Self::EthnicGroup => &["dantoc", "ethnic"],
            Self::Religion => &["tongiao", "religion"],
            Self::Health => &["benhly", "chandoan", "suckhoe", "nhommau", "benhan", "khuyettat", "hiv"],
            Self::ChangedAt => &[
                "capnhat",
                "ngaycapnhat",
                "thoidiemcapnhat",
                "updatedat",
                "modifiedat",
                "lastmodified",
                "suadoi",
            ],
        }
    }

    /// Whether a value has the form; nothing where the form says nothing.
    fn fits(self, text: &str) -> Option<bool> {
        let digits = |count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        Some(match self {
            Self::PersonalNumber => digits(12) && text.starts_with('0'),
            Self::OldIdentityCard => digits(9),
            Self::PersonName => {
                let words = text.split_whitespace().count();
                (2..=8).contains(&words) && text.chars().all(|c| c.is_alphabetic() || c == ' ' || c == '\'')
            }
            Self::BirthDate => Kind::Date.fits(text) || (digits(4) && ("1900".."2100").contains(&text)),
            Self::Phone => {
                let plain: String = text.chars().filter(|c| !" .-()".contains(*c)).collect();
                let national =
                    plain.strip_prefix("+84").map_or_else(|| plain.clone(), |rest| format!("0{rest}"));
                (10..=11).contains(&national.len())
                    && national.starts_with('0')
                    && national.bytes().all(|b| b.is_ascii_digit())
            }
            Self::Email => {
                text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
            }
            Self::CommuneCode => digits(5),
            Self::ProvinceCode => digits(2),
            Self::AgencyCode => {
                let parts: Vec<_> = text.split('.').collect();
                (2..=4).contains(&parts.len())
                    && parts.iter().all(|part| {
                        (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
                    })
            }
            Self::TaxNumber => digits(10) || digits(13) || (text.len() == 14 && text.as_bytes()[10] == b'-'),
            Self::Sex
            | Self::Address
            | Self::EthnicGroup
            | Self::Religion
            | Self::Health
            | Self::ChangedAt => return None,
        })
    }
}

const ALL: [Meaning; 16] = [
    Meaning::PersonalNumber,
    Meaning::OldIdentityCard,
    Meaning::PersonName,
    Meaning::BirthDate,
    Meaning::Sex,
    Meaning::Phone,
    Meaning::Email,
    Meaning::Address,
    Meaning::CommuneCode,
    Meaning::ProvinceCode,
    Meaning::AgencyCode,
    Meaning::TaxNumber,
    Meaning::EthnicGroup,
    Meaning::Religion,
    Meaning::Health,
    Meaning::ChangedAt,
];

/// A guess.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Guess {
    /// What the column probably means.
    pub meaning: Meaning,
    /// How sure, from 1 to 100: name and values agree 95, one of the two alone 60.
    pub confidence: u8,
}

/// What a column means, by its name and a sample of its values. A name whose values do not fit is no guess.
pub fn guess(column: &Column, sample: &[&str]) -> Option<Guess> {
    let name = folded(&column.name);
    let named = ALL.into_iter().filter(|m| m.words().iter().any(|word| name.contains(word)));
    // The longest word is the most telling: `sodienthoai` before `sodd`.
    let named =
        named.max_by_key(|m| m.words().iter().filter(|word| name.contains(**word)).map(|w| w.len()).max());
    // Beside another word it says whose the value is: the number, the telephone of a representative.
    let named = named.or_else(|| name.contains("nguoidaidien").then_some(Meaning::PersonName));
    if let Some(meaning) = named {
        // A column of numbers has lost the zero that telephone numbers begin with.
        let is_number = matches!(column.kind, Some(Kind::Integer | Kind::Decimal));
        let zero = if meaning == Meaning::Phone && is_number { "0" } else { "" };
        let whole: Vec<String> = sample.iter().map(|text| format!("{zero}{text}")).collect();
        let whole: Vec<&str> = whole.iter().map(String::as_str).collect();
        return match fitting(meaning, &whole) {
            None => Some(Guess { meaning, confidence: if sample.is_empty() { 60 } else { 80 } }),
            Some(share) if share >= 80 => Some(Guess { meaning, confidence: 95 }),
            Some(share) if share >= 40 => Some(Guess { meaning, confidence: 60 }),
            Some(_) => None,
        };
    }
    // Two digits or five are too little to go by; ten could be a phone number.
    let telling = [Meaning::PersonalNumber, Meaning::Email, Meaning::Phone];
    let by_form =
        |meaning: &Meaning| sample.len() >= 5 && fitting(*meaning, sample).is_some_and(|share| share >= 95);
    telling.into_iter().find(by_form).map(|meaning| Guess { meaning, confidence: 60 })
}

/// How many of a hundred values have the form of a meaning.
fn fitting(meaning: Meaning, sample: &[&str]) -> Option<usize> {
    if sample.is_empty() {
        return None;
    }
    let fits: Option<Vec<bool>> = sample.iter().map(|text| meaning.fits(text.trim())).collect();
    fits.map(|fits| fits.iter().filter(|fit| **fit).count() * 100 / sample.len())
}

/// A name without tone marks, case and separators.
pub fn folded(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    use unicode_normalization::char::is_combining_mark;
    let plain = name.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    plain.map(|c| if c == 'đ' { 'd' } else { c }).filter(|c| c.is_alphanumeric()).collect()
}

/// A person's name as it is compared: case, blanks and the place of the tone mark within a syllable do not count, tone
/// and letters do: `Hoà` is `HÒA`, and not `Hoa`.
pub fn name_folded(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let mut folded = String::with_capacity(name.len() + 8);
    for word in name.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        let decomposed = word.nfc().collect::<String>().to_lowercase();
        let (tones, letters): (String, String) = decomposed.nfd().partition(|c| is_tone(*c));
        folded.extend(letters.nfc());
        folded.push_str(&tones);
    }
    folded
}

/// Grave, acute, tilde, hook above and dot below: the five written tones.
const fn is_tone(c: char) -> bool {
    matches!(c, '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str) -> Column {
        Column {
            name: name.into(),
            type_name: "text".into(),
            kind: Some(Kind::Text),
            nullable: true,
            comment: String::new(),
        }
    }

    #[track_caller]
    fn check(name: &str, sample: &[&str], expected: Option<(Meaning, u8)>) {
        let guessed = guess(&column(name), sample).map(|guess| (guess.meaning, guess.confidence));
        assert_eq!(guessed, expected, "{name}");
    }

    #[test]
    fn name_and_values_tell_what_a_column_means() {
        check("so_dinh_danh", &["049062981763", "001099000001"], Some((Meaning::PersonalNumber, 95)));
        check("SoDienThoai", &["0905 123 456", "+84 236 3821 234"], Some((Meaning::Phone, 95)));
        check("ho_ten", &["Nguyễn Thị Mẫu"], Some((Meaning::PersonName, 95)));
        check("Ngày sinh", &["1990-02-28"], Some((Meaning::BirthDate, 95)));
        check("cot_a", &["049062981763"; 5], Some((Meaning::PersonalNumber, 60)));
        check("gioi_tinh", &["1"], Some((Meaning::Sex, 80)));
        check("dan_toc", &[], Some((Meaning::EthnicGroup, 60)));
    }

    #[test]
    fn a_telephone_number_is_one_without_its_zero_where_a_column_is_of_numbers() {
        let number = Column { kind: Some(Kind::Integer), ..column("Điện thoại") };
        let guessed = guess(&number, &["905123456", "2363821234"]).map(|guess| guess.meaning);
        assert_eq!(guessed, Some(Meaning::Phone));
        check("Điện thoại", &["905123456", "2363821234"], None);
        check("nguoi_dai_dien", &["Nguyễn Thị Mẫu"], Some((Meaning::PersonName, 95)));
    }

    #[test]
    fn a_name_whose_values_do_not_fit_is_no_guess() {
        check("cccd_path", &["/tep/1.pdf", "/tep/2.pdf"], None);
        check("ghi_chu", &["x"], None);
    }

    #[test]
    fn names_are_compared_as_people_write_them() {
        use unicode_normalization::UnicodeNormalization as _;
        let same = |left: &str, right: &str| name_folded(left) == name_folded(right);
        assert!(same("Nguyễn Thị Hoà", "  NGUYỄN  thị\u{a0}HÒA "));
        assert!(same("Đặng Thúy", "đặng thuý"));
        assert!(same("Trần Bường", &"TRẦN BƯỜNG".nfd().collect::<String>()));
        for (left, right) in
            [("Hà", "Hạ"), ("Hà", "Ha"), ("Đô", "Do"), ("Mơ", "Mo"), ("An Bình", "AnBình"), ("An", "An An")]
        {
            assert!(!same(left, right), "{left} {right}");
        }
    }
}
