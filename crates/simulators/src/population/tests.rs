#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{HashMap, HashSet};

use super::calendar::unpacked;
use super::generate::{Facts, Person, household_number, invent};
use super::household::Relation;
use super::number::Sex;
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
        let text = PersonNumber(person.number).to_string();
        let year = person.birth / 10_000;
        let digit = 2 * u32::from(year >= 2000) + u32::from(person.sex == Sex::Female);
        assert_eq!(text.len(), 12);
        assert!(text.starts_with(&format!("049{digit}{:02}9", year % 100)), "{text} {year}");
        assert_eq!(PersonNumber(person.number).sex(), person.sex);
        assert_eq!(text.parse(), Ok(PersonNumber(person.number)));
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
        let text = Relation::text(person.relation.into()).unwrap();
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
    assert!(matches!(Population::open(&path).await, Err(PopulationError::Missing(_))));
    std::fs::write(&path, "no database at all, only some text").unwrap();
    assert!(matches!(inspect(&path).await, Err(PopulationError::Foreign { .. })));
    assert!(matches!(Population::open(&path).await, Err(PopulationError::Foreign { .. })));
    std::fs::write(dir.path().join("dan-cu.sqlite.partial"), "rest of an interrupted build").unwrap();
    build(&path, &Plan { people: 200, seed: 1 }, silent()).await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::query("UPDATE meta SET value = '99' WHERE key = 'format'").execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let refused = Population::open(&path).await.unwrap_err();
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
fn numbers_that_are_not_of_the_form_are_refused_without_being_repeated() {
    for text in
        ["", "49099000001", "0490990000011", "04909900000a", "149099000001", " 049099000001", "٠٤٩٠٩٩٠٠٠٠٠١"]
    {
        let refused = text.parse::<PersonNumber>().unwrap_err();
        assert!(text.is_empty() || !refused.to_string().contains(text));
    }
    for text in ["", "49000001", "4900000011", "500000001", "49000000x"] {
        assert!(text.parse::<HouseholdNumber>().is_err(), "{text}");
    }
    assert_eq!("490000001".parse(), Ok(HouseholdNumber(household_number(0))));
    assert_eq!(format!("{:?}", PersonNumber(49_099_900_001)), "PersonNumber(..)");
}
