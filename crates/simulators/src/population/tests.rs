#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{HashMap, HashSet};
use std::path::Path;

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::calendar::unpacked;
use super::generate::{Facts, Person, invent};
use super::household::Relation;
use super::number::{Sex, household_text, person_text};
use super::*;

const PLAN: Plan = Plan { people: 20_000, seed: 7 };

fn silent() -> Progress {
    Arc::new(|_, _| {})
}

fn facts(plan: &Plan) -> Facts {
    invent(plan, &commune::all(), &silent())
}

fn age(person: &Person) -> i32 {
    let born = unpacked(person.birth).unwrap();
    let day = calendar::REFERENCE;
    let before = (day.month(), day.day()) < (born.month(), born.day());
    i32::from(day.year() - born.year()) - i32::from(before)
}

fn by_number(facts: &Facts) -> HashMap<i64, &Person> {
    facts.people.iter().map(|person| (person.number, person)).collect()
}

/// FNV-1a, 64 bits: the same on every machine and in every version of the language.
fn fingerprint(facts: &Facts) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut add = |text: String| {
        for byte in text.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for one in &facts.people {
        let numbers = [one.number, one.father, one.mother, one.spouse];
        let small = [one.birth, one.since, one.household, one.relation.into(), one.group.code().into()];
        add(format!("{numbers:?}{small:?}{}", one.name()));
    }
    for one in &facts.households {
        add(format!(
            "{}{:?}",
            one.head,
            [one.registered, one.commune.into(), one.hamlet.into(), one.house.into()]
        ));
    }
    for one in &facts.stays {
        add(format!(
            "{}{:?}",
            one.person,
            [one.since, one.commune.into(), one.hamlet.into(), one.house.into()]
        ));
    }
    hash
}

#[test]
fn the_whole_province_has_the_reported_number_of_households() {
    assert_eq!(Plan::default().households(), HOUSEHOLDS);
    assert_eq!(PLAN.households(), 5267);
}

#[test]
fn a_population_has_exactly_the_people_and_households_of_its_plan() {
    for people in [PEOPLE_MIN, 101, 999, 20_000] {
        let plan = Plan { people, seed: 3 };
        let facts = facts(&plan);
        assert_eq!(facts.people.len(), people as usize);
        assert_eq!(facts.households.len(), plan.households() as usize);
    }
}

#[test]
fn the_same_plan_gives_the_same_facts_on_every_machine() {
    // A change of the rules changes this number and must raise FORMAT.
    assert_eq!(format!("{:016x}", fingerprint(&facts(&PLAN))), "3d491511b3aba630");
    assert_ne!(fingerprint(&facts(&PLAN)), fingerprint(&facts(&Plan { seed: 8, ..PLAN })));
}

#[test]
fn numbers_are_unique_and_agree_with_sex_and_birth() {
    let facts = facts(&PLAN);
    let mut seen = HashSet::new();
    for person in &facts.people {
        assert!(seen.insert(person.number));
        let text = person_text(person.number);
        let year = person.birth / 10_000;
        let digit = 2 * u32::from(year >= 2000) + u32::from(person.sex == Sex::Female);
        assert_eq!(text.len(), 12);
        assert!(text.starts_with(&format!("049{digit}{:02}9", year % 100)), "{text} {year}");
    }
}

#[test]
fn every_household_has_one_head_who_is_grown_up_and_lives_in_it() {
    let facts = facts(&PLAN);
    let mut heads = vec![0; facts.households.len()];
    for person in &facts.people {
        let place = person.household as usize;
        if person.relation == Relation::Head.code() {
            heads[place] += 1;
            assert_eq!(facts.households[place].head, person.number);
            assert!(age(person) >= 18, "{}", age(person));
        }
    }
    assert!(heads.iter().all(|count| *count == 1));
}

#[test]
fn parents_are_at_least_sixteen_years_older_and_give_the_fathers_name() {
    let facts = facts(&PLAN);
    let people = by_number(&facts);
    let mut children = 0;
    for child in &facts.people {
        for (parent, sex) in [(child.father, Sex::Male), (child.mother, Sex::Female)] {
            if parent == 0 {
                continue;
            }
            children += 1;
            let parent = people[&parent];
            assert_eq!((parent.sex, parent.household), (sex, child.household));
            assert!(child.birth >= parent.birth + 160_000, "{} {}", child.birth, parent.birth);
        }
        if child.father != 0 {
            let father = people[&child.father].name();
            let name = child.name();
            // Two-word family names begin with the same word too.
            assert_eq!(name.split(' ').next(), father.split(' ').next());
        }
        if child.mother != 0 {
            let at_birth = i64::from(child.birth / 10_000) - i64::from(people[&child.mother].birth / 10_000);
            assert!(at_birth <= 47, "{at_birth}");
        }
    }
    assert!(children > 10_000, "{children}");
}

#[test]
fn brothers_and_sisters_are_more_than_nine_months_apart() {
    let facts = facts(&PLAN);
    let mut births: HashMap<i64, Vec<u32>> = HashMap::new();
    for person in facts.people.iter().filter(|person| person.mother != 0) {
        births.entry(person.mother).or_default().push(person.birth);
    }
    for mut days in births.into_values() {
        days.sort_unstable();
        for two in days.windows(2) {
            let [first, second] = [two[0], two[1]].map(|day| unpacked(day).unwrap());
            assert!((second - first).get_days() > 280, "{first} {second}");
        }
    }
}

#[test]
fn spouses_name_each_other_differ_in_sex_and_fit_in_age() {
    let facts = facts(&PLAN);
    let people = by_number(&facts);
    let married: Vec<_> = facts.people.iter().filter(|person| person.spouse != 0).collect();
    assert!(married.len() > 6_000, "{}", married.len());
    for one in married {
        let other = people[&one.spouse];
        assert_eq!((other.spouse, other.household), (one.number, one.household));
        assert_ne!(one.sex, other.sex);
        assert!((age(one) - age(other)).abs() <= 10 && age(one) >= 18);
    }
}

#[test]
fn relations_to_the_head_agree_with_sex_and_parents() {
    let facts = facts(&PLAN);
    let people = by_number(&facts);
    let mut seen = HashSet::new();
    for person in &facts.people {
        let head = people[&facts.households[person.household as usize].head];
        let text = Relation::ALL[usize::from(person.relation)].1;
        seen.insert(text);
        match text {
            "Vợ" => assert!(head.spouse == person.number && person.sex == Sex::Female),
            "Chồng" => assert!(head.spouse == person.number && person.sex == Sex::Male),
            "Cha" => assert_eq!(head.father, person.number),
            "Mẹ" => assert_eq!(head.mother, person.number),
            "Con" => assert!(person.father == head.number || person.mother == head.number),
            "Con dâu" | "Anh ruột" | "Chị ruột" => {
                assert_eq!(person.sex == Sex::Male, text == "Anh ruột");
            }
            _ => {}
        }
    }
    assert_eq!(seen.len(), 13, "{seen:?}");
}

#[test]
fn ages_form_a_plausible_pyramid_from_0_to_105() {
    let facts = facts(&Plan { people: 200_000, seed: 1 });
    let ages: Vec<i32> = facts.people.iter().map(age).collect();
    let share =
        |from: i32, to: i32| 1000 * ages.iter().filter(|age| (from..=to).contains(age)).count() / ages.len();
    let (young, working, old) = (share(0, 14), share(15, 64), share(65, 105));
    assert!((210..=270).contains(&young), "{young}");
    assert!((630..=710).contains(&working), "{working}");
    assert!((80..=130).contains(&old), "{old}");
    assert!(ages.iter().all(|age| (0..=105).contains(age)));
    assert!(
        ages.contains(&0) && share(0, 4) > 50 && share(100, 105) < 2 && ages.iter().any(|age| *age >= 100)
    );
    let women = 1000 * facts.people.iter().filter(|one| one.sex == Sex::Female).count() / ages.len();
    assert!((490..=530).contains(&women), "{women}");
    // Numbers of one sex and birth year must not run out in the largest base.
    let mut groups: HashMap<i64, u64> = HashMap::new();
    for person in &facts.people {
        *groups.entry(person.number / 1_000_000).or_default() += 1;
    }
    let fullest = groups.values().max().unwrap() * u64::from(PEOPLE_MAX) / facts.people.len() as u64;
    assert!(fullest < 70_000, "{fullest}");
}

#[test]
fn communes_are_those_of_the_province_each_with_one_successor() {
    let communes = commune::all();
    assert_eq!(communes.len(), 233);
    assert_eq!(communes.iter().map(|one| &one.old_code).collect::<HashSet<_>>().len(), 233);
    assert_eq!(communes.iter().map(|one| &one.new_code).collect::<HashSet<_>>().len(), 78);
    let names: HashSet<_> = communes.iter().map(|one| (&one.new_code, &one.new_name)).collect();
    assert_eq!(names.len(), 78);
    for one in &communes {
        assert_eq!(one.groups().iter().map(|group| group.1).sum::<u32>(), 1000, "{}", one.old_name);
        assert!(["Phường ", "Xã ", "Thị trấn "].iter().any(|kind| one.old_name.starts_with(kind)));
        assert!(["Phường ", "Xã "].iter().any(|kind| one.new_name.starts_with(kind)));
        assert!(one.weight > 0 && one.old_district_code.len() == 3);
    }
}

#[test]
fn the_highlands_have_their_peoples() {
    let facts = facts(&PLAN);
    let communes = commune::all();
    let share = |district: &str, group: commune::Group| {
        let of = |person: &&Person| {
            let household = &facts.households[person.household as usize];
            communes[usize::from(household.commune)].old_district == district
        };
        let all: Vec<_> = facts.people.iter().filter(of).collect();
        100 * all.iter().filter(|person| person.group == group).count() / all.len()
    };
    assert!(share("Huyện Tây Giang", commune::Group::CoTu) > 80);
    assert!(share("Huyện Nam Trà My", commune::Group::XoDang) > 70);
    assert!(share("Huyện Phước Sơn", commune::Group::GieTrieng) > 50);
    assert_eq!(share("Thành phố Hội An", commune::Group::Kinh), 100);
}

#[test]
fn days_of_registration_lie_between_birth_and_the_reference_day() {
    let facts = facts(&PLAN);
    let last = 20_261_101;
    for person in &facts.people {
        let household = &facts.households[person.household as usize];
        assert!(person.since >= person.birth && person.since <= last);
        assert!(person.since >= household.registered);
    }
    assert!(facts.stays.len() > 200, "{}", facts.stays.len());
    let people = by_number(&facts);
    for stay in &facts.stays {
        let person = people[&stay.person];
        // Thirty days make a residence; after two years it has ended or been renewed.
        assert!(stay.since > 20_241_201 && stay.since <= 20_261_001 && stay.since >= person.since);
        assert_ne!(stay.commune, facts.households[person.household as usize].commune);
    }
}

#[tokio::test]
async fn a_finished_file_is_reused_and_another_one_is_recognised() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("dan-cu.sqlite");
    let plan = Plan { people: 500, seed: 1 };
    let last = Arc::new(std::sync::Mutex::new((0, 0)));
    let seen = Arc::clone(&last);
    let progress: Progress = Arc::new(move |done, total| *seen.lock().unwrap() = (done, total));
    assert_eq!(ensure(&path, &plan, progress).await.unwrap(), Outcome::Built);
    assert_eq!(*last.lock().unwrap(), (1000, 1000));
    assert!(!dir.path().join("dan-cu.sqlite.partial").exists());
    assert_eq!(ensure(&path, &plan, silent()).await.unwrap(), Outcome::Reused);
    for other in [Plan { people: 501, ..plan }, Plan { seed: 2, ..plan }] {
        let refused = ensure(&path, &other, silent()).await.unwrap_err();
        assert!(matches!(refused, PopulationError::Other { .. }), "{refused}");
    }
    let first = std::fs::read(&path).unwrap();
    build(&path, &plan, silent()).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), first);
}

#[tokio::test]
async fn a_missing_foreign_or_newer_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("dan-cu.sqlite");
    assert!(matches!(sample(&path).await, Err(PopulationError::Missing(_))));
    std::fs::write(&path, "no database at all, only some text").unwrap();
    assert!(matches!(inspect(&path).await, Err(PopulationError::Foreign { .. })));
    assert!(matches!(sample(&path).await, Err(PopulationError::Foreign { .. })));
    std::fs::write(dir.path().join("dan-cu.sqlite.partial"), "rest of an interrupted build").unwrap();
    build(&path, &Plan { people: 200, seed: 1 }, silent()).await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::query("UPDATE thong_tin SET gia_tri = '99' WHERE khoa = 'phien_ban'")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let refused = sample(&path).await.unwrap_err();
    assert!(matches!(refused, PopulationError::Other { found: Meta { format: 99, .. }, .. }), "{refused}");
}

#[tokio::test]
async fn a_plan_out_of_bounds_is_refused() {
    for people in [0, PEOPLE_MIN - 1, PEOPLE_MAX + 1] {
        let refused = build(std::path::Path::new("/nowhere/x"), &Plan { people, seed: 1 }, silent()).await;
        assert!(matches!(refused, Err(PopulationError::People(_))));
    }
}

#[test]
fn household_numbers_are_nine_digits_in_the_order_of_places() {
    assert_eq!(household_text(0), "490000001");
    assert_eq!(household_text(452_130), "490452131");
}

/// A finished base of some thousand people.
struct Built {
    path: std::path::PathBuf,
    _dir: tempfile::TempDir,
}

impl Built {
    async fn new(people: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("dan-cu.sqlite");
        build(&path, &Plan { people, seed: 5 }, silent()).await.unwrap();
        Self { path, _dir: dir }
    }

    async fn open(&self) -> SqliteConnection {
        open(Path::new(&self.path)).await.unwrap()
    }
}

/// All rows of a statement as text, nothing where a value is empty.
async fn rows(connection: &mut SqliteConnection, sql: &str) -> Vec<Vec<String>> {
    let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(connection).await.unwrap();
    let text = |row: &sqlx::sqlite::SqliteRow, at| {
        row.try_get_unchecked::<Option<String>, _>(at).unwrap().unwrap_or_default()
    };
    rows.iter().map(|row| (0..row.len()).map(|at| text(row, at)).collect()).collect()
}

#[tokio::test]
async fn every_row_that_is_referred_to_exists() {
    let built = Built::new(3000).await;
    let mut open = built.open().await;
    assert_eq!(rows(&mut open, "PRAGMA foreign_key_check").await, Vec::<Vec<String>>::new());
    for (view, table) in
        [("chia_se_cong_dan", "cong_dan"), ("chia_se_cu_tru", "cong_dan"), ("chia_se_ho", "ho_gia_dinh")]
    {
        let sql = format!("SELECT (SELECT count(*) FROM {view}), (SELECT count(*) FROM {table})");
        let counts = rows(&mut open, &sql).await.remove(0);
        assert_eq!(counts[0], counts[1], "{view}");
    }
}

#[tokio::test]
async fn look_ups_and_pages_of_the_views_read_by_keys_only() {
    let built = Built::new(500).await;
    let mut open = built.open().await;
    for (view, column) in [
        ("chia_se_cong_dan", "so_dinh_danh"),
        ("chia_se_cu_tru", "so_dinh_danh"),
        ("chia_se_ho", "so_ho"),
        ("chia_se_thanh_vien", "so_ho"),
    ] {
        for how in ["t.C = '1' ORDER BY t.C LIMIT 2", "(t.C > '1') ORDER BY t.C LIMIT 51"] {
            let how = how.replace('C', column);
            let plan =
                rows(&mut open, &format!("EXPLAIN QUERY PLAN SELECT * FROM {view} AS t WHERE {how}")).await;
            let steps: Vec<&str> = plan.iter().map(|row| &*row[3]).collect();
            let by_key = |step: &&str| step.starts_with("SEARCH") || step.starts_with("CORRELATED");
            assert!(steps.len() > 1 && steps.iter().all(by_key), "{view}, {how}: {steps:?}");
        }
    }
}

#[tokio::test]
async fn what_the_views_say_of_a_household_agrees() {
    let built = Built::new(3000).await;
    let Sample { number, name, birth, household } = sample(&built.path).await.unwrap();
    let mut open = built.open().await;
    let person = format!(
        "SELECT ho_ten, ngay_sinh, so_ho, quan_he, ten_tinh_cu, ten_tinh, vo_chong_so FROM chia_se_cong_dan WHERE so_dinh_danh = '{number}'"
    );
    let person = rows(&mut open, &person).await.remove(0);
    assert_eq!(person[..6], [&*name, &birth, &household, "Chủ hộ", "Tỉnh Quảng Nam", "Thành phố Đà Nẵng"]);
    let home = format!(
        "SELECT so_dinh_danh_chu_ho, ten_chu_ho, so_thanh_vien FROM chia_se_ho WHERE so_ho = '{household}'"
    );
    let home = rows(&mut open, &home).await.remove(0);
    let members = format!(
        "SELECT so_dinh_danh, quan_he FROM chia_se_thanh_vien WHERE so_ho = '{household}' ORDER BY ma_quan_he, ngay_sinh"
    );
    let members = rows(&mut open, &members).await;
    assert_eq!((&home[..2], &home[2]), (&[number.clone(), name][..], &members.len().to_string()));
    assert!(members.len() >= 4 && members[0] == [number, "Chủ hộ".into()]);
    assert!(members.iter().any(|one| one[0] == person[6]), "the spouse lives there");
    for member in members {
        let sql = format!(
            "SELECT so_ho, ten_chu_ho, quan_he, tt_dia_chi, dia_chi, ht_dia_chi FROM chia_se_cu_tru WHERE so_dinh_danh = '{}'",
            member[0]
        );
        let row = rows(&mut open, &sql).await.remove(0);
        assert_eq!(row[..3], [&*household, &home[1], &member[1]]);
        assert_eq!(row[5], row[if row[3].is_empty() { 4 } else { 3 }]);
    }
}

#[tokio::test]
async fn a_temporary_residence_lasts_two_years_at_most() {
    let built = Built::new(3000).await;
    let stays = rows(
        &mut built.open().await,
        "SELECT tt_tu_ngay, tt_den_ngay FROM chia_se_cu_tru WHERE tt_tu_ngay IS NOT NULL",
    )
    .await;
    assert!(stays.len() > 20, "{}", stays.len());
    for stay in stays {
        let [since, until] = [0, 1].map(|at| stay[at].parse::<jiff::civil::Date>().unwrap());
        assert!((729..=730).contains(&(until - since).get_days()), "{since} {until}");
    }
}

#[tokio::test]
async fn statistics_add_up_to_the_whole_population() {
    let built = Built::new(3000).await;
    let mut open = built.open().await;
    let whole =
        rows(&mut open, "SELECT ma_tinh_cu, tong_nhan_khau, tong_so_ho FROM chia_se_thong_ke_tinh").await;
    let parts = rows(&mut open, "SELECT '49', sum(nhan_khau), sum(so_ho) FROM chia_se_thong_ke_xa").await;
    assert_eq!((&whole[0][1], &whole), (&"3000".to_owned(), &parts));
    let counted = rows(&mut open, "SELECT count(*) FROM chia_se_thong_ke_xa").await;
    assert_eq!(counted[0][0], "78");
}
