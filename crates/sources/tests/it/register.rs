//! An invented register of families in which some persons are there twice, with slips as clerks make them, and the truth.

use std::fmt::Write as _;

/// A row, as a database holds it.
#[derive(Clone, Default)]
pub struct Entry {
    pub id: usize,
    /// Who it is. Nothing that is compared knows it.
    pub person: usize,
    pub number: String,
    pub name: String,
    pub birth: String,
    pub sex: String,
    pub card: String,
    pub commune: String,
    pub phone: String,
    pub father: String,
    pub mother: String,
}

/// Family names with their shares of a thousand, as counted for the whole country.
const FAMILIES: [(&str, u64); 16] = [
    ("Nguyễn", 384),
    ("Trần", 121),
    ("Lê", 95),
    ("Phạm", 70),
    ("Hoàng", 51),
    ("Phan", 45),
    ("Võ", 39),
    ("Đặng", 21),
    ("Bùi", 20),
    ("Đỗ", 14),
    ("Hồ", 13),
    ("Ngô", 13),
    ("Dương", 10),
    ("Lý", 5),
    ("Đinh", 5),
    ("Mai", 4),
];
const MIDDLE: [&[&str]; 2] = [
    &["Văn", "Văn", "Văn", "Hữu", "Đức", "Công", "Quang", "Minh", "Quốc", "Đình"],
    &["Thị", "Thị", "Thị", "Thị", "Thị", "Ngọc", "Thanh", "Thu", "Phương", "Kim"],
];
const GIVEN: [&[&str]; 2] = [
    &[
        "Hùng", "Dũng", "Tuấn", "Minh", "Nam", "Hải", "Long", "Sơn", "Thắng", "Hoàng", "Huy", "Đức", "Bình",
        "Cường", "Phúc", "An", "Khánh", "Tài", "Toàn", "Trung", "Việt", "Quân", "Kiên", "Lâm", "Phong",
        "Hưng", "Đạt", "Tiến", "Thành", "Hòa", "Vinh", "Tú",
    ],
    &[
        "Hương",
        "Lan",
        "Hoa",
        "Mai",
        "Linh",
        "Trang",
        "Thảo",
        "Ngọc",
        "Anh",
        "Hà",
        "Thủy",
        "Yến",
        "Nga",
        "Hạnh",
        "Phượng",
        "Dung",
        "Loan",
        "Nhung",
        "Vân",
        "Tâm",
        "Chi",
        "My",
        "Quyên",
        "Trinh",
        "Diệp",
        "Oanh",
        "Xuân",
        "Hiền",
        "Liên",
        "Đào",
        "Thu",
        "Bích",
    ],
];

/// Numbers by chance, the same for the same seed.
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31) % limit
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[usize::try_from(self.below(list.len() as u64)).unwrap()]
    }

    fn family(&mut self) -> &'static str {
        let mut at = self.below(910);
        FAMILIES.iter().find(|(_, share)| at.checked_sub(*share).map(|left| at = left).is_none()).unwrap().0
    }

    fn name(&mut self, family: &str, sex: usize) -> String {
        format!("{family} {} {}", self.of(MIDDLE[sex]), self.of(GIVEN[sex]))
    }
}

/// A register of about so many persons, of whom one in `second` is there twice.
pub fn register(persons: usize, second: u64, seed: u64) -> Vec<Entry> {
    let mut chance = Chance(seed);
    let mut all: Vec<Entry> = Vec::new();
    while all.len() < persons {
        household(&mut chance, &mut all);
    }
    for at in 0..all.len() {
        if chance.one_in(second) {
            let again = slipped(&all[at], &mut chance);
            all.push(again);
        }
    }
    // Second rows stand anywhere.
    for at in (1..all.len()).rev() {
        let other = usize::try_from(chance.below(at as u64 + 1)).unwrap();
        all.swap(at, other);
    }
    (0..).zip(&mut all).for_each(|(id, entry)| entry.id = id + 1);
    all
}

/// Two parents and up to four children, one child in a hundred with a twin.
fn household(chance: &mut Chance, all: &mut Vec<Entry>) {
    let family = chance.family();
    let (commune, phone) = (format!("{:05}", 20_000 + chance.below(100) * 3), phone(chance));
    let start = 1935 + chance.below(55);
    let mother_family = chance.family();
    let parents = [chance.name(family, 0), chance.name(mother_family, 1)];
    for (sex, name) in parents.iter().enumerate() {
        let family = if sex == 0 { family } else { mother_family };
        let born = start + chance.below(6);
        let entry = person(chance, (born, sex), name.clone(), &[family, mother_family]);
        all.push(Entry { person: all.len(), commune: commune.clone(), phone: self::phone(chance), ..entry });
    }
    for _ in 0..chance.below(5) {
        let year = (start + 22 + chance.below(14)).min(2025);
        let sex = usize::from(chance.one_in(2));
        // No two children of a family have one name.
        let mut name = chance.name(family, sex);
        while all.iter().rev().take(8).any(|other| other.name == name) {
            name = chance.name(family, sex);
        }
        let mut entry = person(chance, (year, sex), name, &[family, mother_family]);
        entry = Entry { commune: commune.clone(), phone: phone.clone(), ..entry };
        entry.father.clone_from(&parents[0]);
        entry.mother.clone_from(&parents[1]);
        let twin = chance.one_in(100);
        all.push(Entry { person: all.len(), ..entry.clone() });
        if twin {
            let mut name = entry.name.clone();
            while name == entry.name {
                let (front, _) = name.rsplit_once(' ').unwrap();
                name = format!("{front} {}", chance.of(GIVEN[sex]));
            }
            let number = format!("{}{:06}", &entry.number[..6], chance.below(1_000_000));
            all.push(Entry { person: all.len(), name, number, card: String::new(), ..entry });
        }
    }
}

fn phone(chance: &mut Chance) -> String {
    format!("09{:08}", chance.below(100_000_000))
}

fn person(chance: &mut Chance, (year, sex): (u64, usize), name: String, families: &[&str; 2]) -> Entry {
    let province = ["048", "049", "046", "051", "079"][usize::try_from(chance.below(5)).unwrap()];
    let century = sex as u64 + 2 * ((year - 1900) / 100);
    Entry {
        number: format!("{province}{century}{:02}{:06}", year % 100, chance.below(1_000_000)),
        birth: format!("{year}-{:02}-{:02}", chance.below(12) + 1, chance.below(28) + 1),
        sex: ["Nam", "Nữ"][sex].into(),
        card: if year < 2000 { format!("2{:08}", chance.below(100_000_000)) } else { String::new() },
        father: chance.name(families[0], 0),
        mother: chance.name(families[1], 1),
        name,
        ..Entry::default()
    }
}

/// The same person, written down a second time: moved, another phone, no number yet, slips of the hand.
fn slipped(of: &Entry, chance: &mut Chance) -> Entry {
    let mut entry = of.clone();
    match chance.below(100) {
        0..12 => entry.name = sources::meaning::name_folded(&plain(&entry.name)),
        12..20 => entry.name = with_slip(&entry.name, chance),
        20..23 => {
            let kept = |word: &&str| *word != "Thị" && *word != "Văn";
            entry.name = entry.name.split(' ').filter(kept).collect::<Vec<_>>().join(" ");
        }
        23..40 => entry.name = entry.name.to_uppercase(),
        _ => {}
    }
    let (year, month, day) = (&of.birth[..4], &of.birth[5..7], &of.birth[8..]);
    match chance.below(100) {
        0..3 if day <= "12" => entry.birth = format!("{year}-{day}-{month}"),
        3..6 => entry.birth = format!("{year}-{month}-{:02}", chance.below(28) + 1),
        6..8 => entry.birth = year.into(),
        _ => {}
    }
    match chance.below(100) {
        0..25 => entry.number = String::new(),
        25..29 => entry.number = digit_slip(&entry.number, chance),
        29..31 => entry.number = format!("{}{:06}", &of.number[..6], chance.below(1_000_000)),
        _ => {}
    }
    if chance.percent(50) {
        entry.card = String::new();
    }
    if chance.percent(25) {
        entry.commune = format!("{:05}", 20_000 + chance.below(100) * 3);
    }
    if chance.percent(50) {
        entry.phone = if chance.percent(40) { String::new() } else { phone(chance) };
    }
    if chance.percent(30) {
        (entry.father, entry.mother) = (String::new(), String::new());
    } else if chance.percent(10) {
        entry.mother = plain(&entry.mother);
    }
    if chance.percent(1) {
        entry.sex = if of.sex == "Nam" { "Nữ" } else { "Nam" }.into();
    }
    entry
}

fn plain(name: &str) -> String {
    name.split(' ').map(sources::meaning::folded).collect::<Vec<_>>().join(" ")
}

fn with_slip(name: &str, chance: &mut Chance) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let at = 1 + usize::try_from(chance.below(letters.len() as u64 - 2)).unwrap();
    if chance.one_in(2) {
        letters.swap(at, at + 1);
    } else {
        letters.remove(at);
    }
    letters.into_iter().collect()
}

fn digit_slip(number: &str, chance: &mut Chance) -> String {
    let at = 6 + usize::try_from(chance.below(6)).unwrap();
    let digit = (number.as_bytes()[at] - b'0' + 1) % 10;
    format!("{}{digit}{}", &number[..at], &number[at + 1..])
}

/// The table of the register and its rows, in SQL that every engine takes.
pub fn sql(entries: &[Entry]) -> Vec<String> {
    let mut all = vec![
        "CREATE TABLE nguoi (id integer PRIMARY KEY, so_dinh_danh varchar(20), ho_ten varchar(200), ngay_sinh varchar(10), \
         gioi_tinh varchar(3), cmnd varchar(9), ma_xa varchar(5), dien_thoai varchar(12), ho_ten_cha varchar(200), ho_ten_me varchar(200))"
            .to_owned(),
    ];
    for part in entries.chunks(1_000) {
        let mut insert = "INSERT INTO nguoi VALUES ".to_owned();
        for (place, entry) in part.iter().enumerate() {
            let texts =
                values(entry).map(|text| if text.is_empty() { "NULL".into() } else { format!("'{text}'") });
            let comma = if place == 0 { "" } else { "," };
            write!(insert, "{comma}({},{})", entry.id, texts.join(",")).unwrap();
        }
        all.push(insert);
    }
    all
}

/// Everything but who it is.
pub fn values(entry: &Entry) -> [&String; 9] {
    let Entry { number, name, birth, sex, card, commune, phone, father, mother, .. } = entry;
    [number, name, birth, sex, card, commune, phone, father, mother]
}
