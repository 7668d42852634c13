//! Invents the whole population from a seed: the same on every machine.

use super::calendar::{AGE_MAX, Calendar, Day};
use super::commune::{Commune, Group};
use super::household::{Draft, Line, SIZE_MAX, compose};
use super::name::{Named, full_name, pick_family};
use super::number::Sex;
use super::rng::Rng;
use super::{Plan, Progress};

/// Household sizes with weights; their mean is a little under the 3.8 of the reported figures.
const SIZES: [(u8, u32); 8] = [(1, 85), (2, 145), (3, 200), (4, 265), (5, 165), (6, 85), (7, 38), (8, 17)];

/// Invented people have sequence numbers from here on: the top tenth, while real numbers are given out from below.
const SEQUENCE_FIRST: u64 = 900_002;

/// How many sequence numbers there are for one sex and birth year: the largest prime below 100,000, so that
/// steps of any width visit every number once.
const SEQUENCE_COUNT: u64 = 99_991;

/// Width of the steps, so that neighbours do not have neighbouring numbers.
const SEQUENCE_STEP: u64 = 38_197;

/// Most people a base can have; no sex and birth year then runs out of numbers.
pub(super) const PEOPLE_MAX: u32 = 5_000_000;

/// One person; days are `yyyymmdd`, other people are named by number, 0 is nobody.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) number: i64,
    pub(super) father: i64,
    pub(super) mother: i64,
    pub(super) spouse: i64,
    pub(super) birth: u32,
    pub(super) since: u32,
    pub(super) household: u32,
    name_seed: u32,
    family: u8,
    pub(super) group: Group,
    pub(super) sex: Sex,
    pub(super) relation: u8,
}

impl Person {
    pub(super) fn name(&self) -> String {
        let (group, sex, birth_year) = (self.group, self.sex, self.birth / 10_000);
        full_name(Named { group, sex, birth_year, family: self.family, seed: self.name_seed })
    }
}

/// One household; its number follows from its place.
#[derive(Clone, Debug)]
pub(super) struct Household {
    pub(super) head: i64,
    pub(super) registered: u32,
    /// Place in the list of communes.
    pub(super) commune: u8,
    /// Village or quarter.
    pub(super) hamlet: u8,
    /// House or neighbourhood group.
    pub(super) house: u16,
}

/// A registered temporary residence outside the commune of the household.
#[derive(Clone, Debug)]
pub(super) struct Stay {
    pub(super) person: i64,
    pub(super) since: u32,
    pub(super) commune: u8,
    pub(super) hamlet: u8,
    pub(super) house: u16,
}

/// Everything that is invented. People stand in the order of their numbers, households in theirs.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) people: Vec<Person>,
    pub(super) households: Vec<Household>,
    pub(super) stays: Vec<Stay>,
}

/// Invents the population of a plan.
pub(super) fn invent(plan: &Plan, communes: &[Commune], progress: &Progress) -> Facts {
    let sizes = sizes(plan);
    let mut inventor = Inventor::new(plan, communes, &sizes);
    let mut place = 0;
    for (commune, households) in households_by_commune(communes, sizes.len()).into_iter().enumerate() {
        for _ in 0..households {
            inventor.household(place, commune, sizes[place]);
            place += 1;
            if place % 10_000 == 0 {
                progress(inventor.facts.people.len() as u64, 2 * u64::from(plan.people));
            }
        }
    }
    let mut facts = inventor.facts;
    facts.people.sort_unstable_by_key(|person| person.number);
    facts.stays.sort_unstable_by_key(|stay| stay.person);
    facts
}

/// A size for every household; together they make exactly the people wanted.
fn sizes(plan: &Plan) -> Vec<u8> {
    let mut rng = Rng::stream(plan.seed, u64::MAX);
    let households = plan.households();
    let mut sizes: Vec<u8> = (0..households).map(|_| *rng.pick(&SIZES)).collect();
    let mut missing = i64::from(plan.people) - sizes.iter().map(|size| i64::from(*size)).sum::<i64>();
    while missing != 0 {
        let size = &mut sizes[rng.below(households) as usize];
        if missing > 0 && *size < SIZE_MAX {
            *size += 1;
            missing -= 1;
        } else if missing < 0 && *size > 1 {
            *size -= 1;
            missing += 1;
        }
    }
    sizes
}

/// Shares households out by weight; rounding never loses or adds one.
fn households_by_commune(communes: &[Commune], households: usize) -> Vec<usize> {
    let total: u64 = communes.iter().map(|commune| commune.weight).sum();
    let share = |weight: u64| usize::try_from(households as u64 * weight / total.max(1)).unwrap_or(0);
    let mut sum = 0;
    let upto = |commune: &Commune| {
        let before = share(sum);
        sum += commune.weight;
        share(sum) - before
    };
    communes.iter().map(upto).collect()
}

/// Where a household stands in the lists, and since when it is registered.
struct Home {
    place: usize,
    commune: usize,
    registered: Day,
}

struct Inventor<'a> {
    seed: u64,
    communes: &'a [Commune],
    groups: Vec<Vec<(Group, u32)>>,
    /// Where people go to work: towns and the communes with industry weigh by their size.
    attraction: Vec<u32>,
    calendar: Calendar,
    /// Numbers given out so far, by birth year since 1900 and sex.
    given: Vec<[u64; 2]>,
    drafts: Vec<Draft>,
    facts: Facts,
}

impl<'a> Inventor<'a> {
    fn new(plan: &Plan, communes: &'a [Commune], sizes: &[u8]) -> Self {
        let attraction = |commune: &Commune| {
            if commune.is_urban() { u32::try_from(commune.weight).unwrap_or(0) } else { 0 }
        };
        Self {
            seed: plan.seed,
            communes,
            groups: communes.iter().map(Commune::groups).collect(),
            attraction: communes.iter().map(attraction).collect(),
            calendar: Calendar::new(),
            given: vec![[0; 2]; 200],
            drafts: Vec::with_capacity(usize::from(SIZE_MAX)),
            facts: Facts {
                people: Vec::with_capacity(plan.people as usize),
                households: Vec::with_capacity(sizes.len()),
                stays: Vec::new(),
            },
        }
    }

    fn household(&mut self, place: usize, commune: usize, size: u8) {
        let mut rng = Rng::stream(self.seed, place as u64);
        let mut drafts = std::mem::take(&mut self.drafts);
        compose(size, &mut rng, &mut drafts);
        let head = drafts.iter().position(|one| one.relation.code() == 0).unwrap_or(0);
        let registered = self.registration(drafts[head].age, &mut rng);
        let first = self.facts.people.len();
        self.members(&drafts, &Home { place, commune, registered }, &mut rng);
        let (hamlet, house) = self.door(commune, &mut rng);
        self.facts.households.push(Household {
            head: self.facts.people[first + head].number,
            registered: self.calendar.packed(registered),
            commune: u8::try_from(commune).unwrap_or(0),
            hamlet,
            house,
        });
        self.drafts = drafts;
    }

    /// The day the household was registered: when the head was 19 to 40, and not in the last month.
    fn registration(&self, head_age: i32, rng: &mut Rng) -> Day {
        let earliest = self.calendar.years_ago((head_age - 19).clamp(1, 50));
        let latest = self.calendar.years_ago((head_age - 40).clamp(0, 30)).min(self.calendar.last() - 31);
        self.day(earliest.min(latest), latest, rng)
    }

    fn day(&self, first: Day, last: Day, rng: &mut Rng) -> Day {
        let width = u32::try_from(last.saturating_sub(first)).unwrap_or(0);
        (first + rng.below(width + 1) as usize).min(self.calendar.last())
    }

    /// Village and house: a few dozen houses to a village in the country, more in a town.
    fn door(&self, commune: usize, rng: &mut Rng) -> (u8, u16) {
        let (hamlets, houses) = if self.communes[commune].is_urban() { (12, 240) } else { (9, 14) };
        let hamlet = 1 + rng.below(hamlets);
        (u8::try_from(hamlet).unwrap_or(1), u16::try_from(1 + rng.below(houses)).unwrap_or(1))
    }

    fn members(&mut self, drafts: &[Draft], home: &Home, rng: &mut Rng) {
        let group = *rng.pick(&self.groups[home.commune]);
        let families = [(); 3].map(|()| pick_family(group, rng));
        let first = self.facts.people.len();
        for draft in drafts {
            let (earliest, latest) = self.calendar.births(draft.age.clamp(0, AGE_MAX));
            let born = self.day(earliest, latest, rng);
            let birth = self.calendar.packed(born);
            // A birth is registered within two months.
            let since = home.registered.max(born + 5 + rng.below(55) as usize);
            let family = match draft.line {
                Line::House => families[0],
                Line::Partner => families[1],
                Line::Grandmother => families[2],
            };
            let person = Person {
                number: self.number(draft.sex, birth / 10_000),
                father: 0,
                mother: 0,
                spouse: 0,
                birth,
                since: self.calendar.packed(since),
                household: u32::try_from(home.place).unwrap_or(u32::MAX),
                name_seed: rng.below(u32::MAX),
                family,
                group,
                sex: draft.sex,
                relation: draft.relation.code(),
            };
            self.stay(&person, draft.age, home.commune, rng);
            self.facts.people.push(person);
        }
        self.link(drafts, first);
    }

    fn link(&mut self, drafts: &[Draft], first: usize) {
        for (place, draft) in drafts.iter().enumerate() {
            let number =
                |other: Option<usize>| other.map_or(0, |other| self.facts.people[first + other].number);
            let (father, mother, spouse) = (number(draft.father), number(draft.mother), number(draft.spouse));
            let person = &mut self.facts.people[first + place];
            (person.father, person.mother, person.spouse) = (father, mother, spouse);
        }
    }

    /// The next free number: 049, century and sex, year, a sequence number that looks drawn by lot.
    fn number(&mut self, sex: Sex, year: u32) -> i64 {
        let place = (year - 1900) as usize;
        let odd = u64::from(sex == Sex::Female);
        let count = &mut self.given[place][usize::from(sex == Sex::Female)];
        let start = Rng::stream(self.seed, 0x6e75_6d62 + 2 * u64::from(year) + odd).next() % SEQUENCE_COUNT;
        let sequence = SEQUENCE_FIRST + (start + *count * SEQUENCE_STEP) % SEQUENCE_COUNT;
        *count += 1;
        let century = 2 * u64::from(year >= 2000) + odd;
        let number = 49_000_000_000 + century * 100_000_000 + u64::from(year % 100) * 1_000_000 + sequence;
        i64::try_from(number).unwrap_or(0)
    }

    /// Some of the young live in a town for work or study and are registered there for up to two years.
    fn stay(&mut self, person: &Person, age: i32, commune: usize, rng: &mut Rng) {
        if !(18..=45).contains(&age) || !rng.chance(90) {
            return;
        }
        let town = rng.pick_index(self.attraction.iter().copied());
        if town == commune {
            return;
        }
        let since = self.day(self.calendar.years_ago(2) + 32, self.calendar.last() - 31, rng);
        let (hamlet, house) = self.door(town, rng);
        self.facts.stays.push(Stay {
            person: person.number,
            since: self.calendar.packed(since).max(person.since),
            commune: u8::try_from(town).unwrap_or(0),
            hamlet,
            house,
        });
    }
}
