//! The communes people are placed in: facts from `communes.csv`, whose origin stands in the README beside it.

use serde::Deserialize;

/// One commune as it was until 30 June 2025 and the one it became part of.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Commune {
    pub(super) old_code: String,
    pub(super) old_name: String,
    pub(super) old_district_code: String,
    pub(super) old_district: String,
    pub(super) new_code: String,
    pub(super) new_name: String,
    pub(super) weight: u64,
    groups: String,
}

/// Legacy province code and name.
pub(super) const OLD_PROVINCE: (&str, &str) = ("49", "Tỉnh Quảng Nam");

/// Code and name of the province since the merger.
pub(super) const NEW_PROVINCE: (&str, &str) = ("48", "Thành phố Đà Nẵng");

/// The day districts were abolished and communes and provinces merged.
pub(super) const MERGED_ON: &str = "2025-07-01";

/// An ethnic group of the base, by its code in the list of the General Statistics Office.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Kinh = 1,
    XoDang = 14,
    CoTu = 26,
    GieTrieng = 27,
    Co = 30,
}

impl Group {
    /// Those who live here.
    pub(super) const ALL: [Self; 5] = [Self::Kinh, Self::XoDang, Self::CoTu, Self::GieTrieng, Self::Co];

    pub(super) fn of_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|group| i64::from(group.code()) == code)
    }

    pub(super) const fn code(self) -> u8 {
        self as u8
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Kinh => "Kinh",
            Self::XoDang => "Xơ-đăng",
            Self::CoTu => "Cơ-tu",
            Self::GieTrieng => "Gié-Triêng",
            Self::Co => "Co",
        }
    }
}

impl Commune {
    /// The groups that live here, with their shares per mille.
    pub(super) fn groups(&self) -> Vec<(Group, u32)> {
        let one = |text: &str| {
            let (code, share) = text.split_once(':')?;
            Some((Group::of_code(code.parse().ok()?)?, share.parse().ok()?))
        };
        self.groups.split(' ').filter_map(one).collect()
    }

    /// Whether it is a ward or a town: these have quarters (khối phố), the others villages (thôn).
    pub(super) fn is_urban(&self) -> bool {
        self.old_name.starts_with("Phường") || self.old_name.starts_with("Thị trấn")
    }

    /// An address within it, as it was written at registration.
    pub(super) fn detail(&self, hamlet: u8, house: u16) -> String {
        if self.is_urban() {
            format!("Số nhà {house}, khối phố {hamlet}")
        } else {
            format!("Tổ {house}, thôn {hamlet}")
        }
    }
}

/// All communes, in the order of the file.
pub(super) fn all() -> Vec<Commune> {
    csv::Reader::from_reader(include_str!("communes.csv").as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("the embedded file is read by a test")
}
