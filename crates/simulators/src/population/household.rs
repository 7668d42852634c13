//! Who lives together: roles, ages and relations that fit, for a household of a given size.

use super::number::Sex;
use super::rng::Rng;

/// Largest household; its members always find a place below.
pub(super) const SIZE_MAX: u8 = 10;

/// Whole years between a parent and a child, at least. One less is certain between the birthdays.
const PARENT_GAP: i32 = 18;

/// A mother is at most this old at a birth, in completed years.
const LAST_BIRTH: i32 = 45;

/// Place of a person in the three generations a household can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Grandfather,
    Grandmother,
    /// The one the others are told by: child of the grandparents, parent of the children.
    Parent,
    /// Wife or husband of the parent.
    Partner,
    /// Brother or sister of the parent.
    Sibling,
    Child,
}

/// Whose family name a person has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The grandfather's, parent's and siblings'.
    House,
    /// The partner's own.
    Partner,
    /// The grandmother's own.
    Grandmother,
}

/// Relation to the head of the household (quan hệ với chủ hộ).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Relation {
    Head,
    Wife,
    Husband,
    Child,
    DaughterInLaw,
    SonInLaw,
    Father,
    Mother,
    SonsChild,
    DaughtersChild,
    ElderBrother,
    ElderSister,
    YoungerSibling,
}

impl Relation {
    /// All, with their Vietnamese words.
    pub(super) const ALL: [(Self, &'static str); 13] = [
        (Self::Head, "Chủ hộ"),
        (Self::Wife, "Vợ"),
        (Self::Husband, "Chồng"),
        (Self::Child, "Con"),
        (Self::DaughterInLaw, "Con dâu"),
        (Self::SonInLaw, "Con rể"),
        (Self::Father, "Cha"),
        (Self::Mother, "Mẹ"),
        (Self::SonsChild, "Cháu nội"),
        (Self::DaughtersChild, "Cháu ngoại"),
        (Self::ElderBrother, "Anh ruột"),
        (Self::ElderSister, "Chị ruột"),
        (Self::YoungerSibling, "Em ruột"),
    ];

    pub(super) const fn code(self) -> u8 {
        self as u8
    }

    /// Its code in the list of the base: two digits, from 01.
    pub(super) fn list_code(self) -> String {
        Self::list_code_of(self.code())
    }

    /// The code in the list for a stored relation.
    pub(super) fn list_code_of(code: u8) -> String {
        format!("{:02}", code + 1)
    }
}

/// One member before birthday, number and name are known; the others are told by their place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draft {
    pub(super) role: Role,
    pub(super) sex: Sex,
    /// Completed years on the reference day.
    pub(super) age: i32,
    pub(super) line: Line,
    pub(super) father: Option<usize>,
    pub(super) mother: Option<usize>,
    pub(super) spouse: Option<usize>,
    pub(super) relation: Relation,
}

/// Which roles a household has.
#[expect(clippy::struct_excessive_bools, reason = "each role is there or not, independent of the others")]
#[derive(Clone, Copy, Debug, Default)]
struct Plan {
    grandfather: bool,
    grandmother: bool,
    parent: bool,
    partner: bool,
    siblings: i32,
    children: i32,
}

/// Years of age with weights: first, last, weight.
type Bands = &'static [((i32, i32), u32)];

const ELDERS: Bands = &[
    ((60, 64), 260),
    ((65, 69), 220),
    ((70, 74), 165),
    ((75, 79), 120),
    ((80, 84), 90),
    ((85, 89), 60),
    ((90, 94), 26),
    ((95, 99), 8),
    ((100, 105), 2),
];
const ALONE: Bands = &[((20, 29), 16), ((30, 39), 14), ((40, 49), 10), ((50, 59), 14)];
const COUPLE: Bands = &[((22, 34), 22), ((35, 49), 8), ((50, 59), 24)];
const WITH_CHILDREN: Bands = &[
    ((22, 26), 4),
    ((27, 31), 15),
    ((32, 36), 18),
    ((37, 41), 18),
    ((42, 46), 15),
    ((47, 51), 13),
    ((52, 56), 12),
    ((57, 63), 11),
    ((64, 80), 4),
];
const MIDDLE: Bands = &[
    ((24, 28), 12),
    ((29, 33), 20),
    ((34, 38), 22),
    ((39, 43), 18),
    ((44, 48), 13),
    ((49, 54), 10),
    ((55, 62), 6),
];
const YOUNG: Bands = &[((20, 24), 3), ((25, 32), 3), ((33, 42), 1)];
const GRANDPARENTS: Bands = &[((53, 59), 3), ((60, 69), 5), ((70, 78), 2)];
const FIRST_BIRTH: Bands = &[((19, 21), 14), ((22, 24), 28), ((25, 27), 28), ((28, 30), 18), ((31, 35), 12)];

fn age_of(bands: Bands, rng: &mut Rng) -> i32 {
    let (first, last) = *rng.pick(bands);
    rng.between(first, last)
}

/// Fills `out` with a household of `size` people; exactly one is the head.
pub(super) fn compose(size: u8, rng: &mut Rng, out: &mut Vec<Draft>) {
    out.clear();
    let plan = plan(i32::from(size.clamp(1, SIZE_MAX)), rng);
    if plan.parent {
        middle_generation(plan, rng, out);
        grandparents(plan, rng, out);
        siblings(plan, rng, out);
        children(plan, rng, out);
    } else {
        grandparents_with_grandchildren(plan, rng, out);
    }
    let head = head(out, rng);
    let relations: Vec<Relation> = (0..out.len()).map(|one| relation(out, head, one)).collect();
    for (draft, relation) in out.iter_mut().zip(relations) {
        draft.relation = relation;
    }
}

fn plan(size: i32, rng: &mut Rng) -> Plan {
    match size {
        1 => Plan { parent: true, ..Plan::default() },
        2 => plan_of_two(rng),
        _ => plan_of_many(size, rng),
    }
}

fn plan_of_two(rng: &mut Rng) -> Plan {
    let parent = Plan { parent: true, ..Plan::default() };
    match rng.below(100) {
        0..56 => Plan { partner: true, ..parent },
        56..84 => Plan { children: 1, ..parent },
        84..92 => Plan { siblings: 1, ..parent },
        92..96 => Plan { grandmother: true, ..parent },
        _ => Plan { grandmother: true, children: 1, ..Plan::default() },
    }
}

fn plan_of_many(size: i32, rng: &mut Rng) -> Plan {
    if size <= 4 && rng.chance(35) {
        let grandfather = size == 4 || rng.chance(600);
        let elders = 1 + i32::from(grandfather);
        return Plan { grandfather, grandmother: true, children: size - elders, ..Plan::default() };
    }
    let (three_generations, both) = match size {
        3 => (130, 0),
        4 => (230, 350),
        5 => (520, 480),
        _ => (820, 640),
    };
    let elders = rng.chance(three_generations);
    let both = elders && rng.chance(both);
    let grandfather = both || (elders && rng.chance(250));
    let mut plan = Plan {
        grandfather,
        grandmother: both || (elders && !grandfather),
        parent: true,
        partner: rng.chance(930),
        ..Plan::default()
    };
    plan.siblings = i32::from(size >= 4 && size > plan.adults() && rng.chance(90));
    plan.children = size - plan.adults();
    while plan.children > 4 {
        plan.siblings += 1;
        plan.children -= 1;
    }
    plan
}

impl Plan {
    fn adults(self) -> i32 {
        let [gf, gm, p, s] = [self.grandfather, self.grandmother, self.parent, self.partner].map(i32::from);
        gf + gm + p + s + self.siblings
    }

    const fn elders(self) -> bool {
        self.grandfather || self.grandmother
    }
}

fn draft(role: Role, sex: Sex, age: i32, line: Line) -> Draft {
    Draft { role, sex, age, line, father: None, mother: None, spouse: None, relation: Relation::Head }
}

fn sex(male_per_mille: u32, rng: &mut Rng) -> Sex {
    if rng.chance(male_per_mille) { Sex::Male } else { Sex::Female }
}

fn place(out: &[Draft], role: Role) -> Option<usize> {
    out.iter().position(|one| one.role == role)
}

fn marry(out: &mut [Draft], one: Role, other: Role) {
    if let (Some(one), Some(other)) = (place(out, one), place(out, other)) {
        out[one].spouse = Some(other);
        out[other].spouse = Some(one);
    }
}

const fn middle_bands(plan: Plan, old: bool) -> Bands {
    if old {
        ELDERS
    } else if plan.elders() {
        MIDDLE
    } else if plan.children > 0 {
        WITH_CHILDREN
    } else if plan.partner {
        COUPLE
    } else if plan.siblings > 0 {
        YOUNG
    } else {
        ALONE
    }
}

fn middle_generation(plan: Plan, rng: &mut Rng, out: &mut Vec<Draft>) {
    let lonely = !plan.partner && !plan.elders() && plan.children == 0;
    let old = (lonely && plan.siblings == 0 && rng.chance(480))
        || (plan.partner && !plan.elders() && plan.children == 0 && rng.chance(520));
    let age = age_of(middle_bands(plan, old), rng);
    let male = match (plan.partner, plan.elders()) {
        (true, true) => 880,
        (true, false) => 1000,
        (false, _) if plan.children > 0 => 250,
        (false, _) if old => 320,
        (false, _) => 540,
    };
    out.push(draft(Role::Parent, sex(male, rng), age, Line::House));
    if plan.partner {
        // Husbands are three years older than their wives on the whole.
        let older = rng.between(-2, 4) + rng.between(-1, 4);
        let (sex, age) = match out[0].sex {
            Sex::Male => (Sex::Female, age - older),
            Sex::Female => (Sex::Male, age + older),
        };
        out.push(draft(Role::Partner, sex, age.min(super::calendar::AGE_MAX), Line::Partner));
        marry(out, Role::Parent, Role::Partner);
    }
    // Room for the children, four years each, and nobody marries under 19.
    let youngest = out.iter().map(|one| one.age).min().unwrap_or(0);
    let least = if plan.children > 0 { PARENT_GAP + 4 * plan.children } else { 19 };
    if youngest < least {
        let later = least - youngest + rng.between(0, 9);
        for one in out.iter_mut() {
            one.age += later;
        }
    }
}

fn grandparents(plan: Plan, rng: &mut Rng, out: &mut Vec<Draft>) {
    if !plan.elders() {
        return;
    }
    // With brothers and sisters in the house the mother must have been young enough for all of them.
    let widest = if plan.siblings > 0 { 27 } else { 34 };
    let mother_age = out[0].age + rng.between(PARENT_GAP + 2, widest);
    elders(plan, mother_age, rng, out);
    out[0].father = place(out, Role::Grandfather);
    out[0].mother = place(out, Role::Grandmother);
}

fn elders(plan: Plan, mother_age: i32, rng: &mut Rng, out: &mut Vec<Draft>) {
    if plan.grandfather {
        let age = mother_age + rng.between(-2, 6);
        out.push(draft(Role::Grandfather, Sex::Male, age, Line::House));
    }
    if plan.grandmother {
        out.push(draft(Role::Grandmother, Sex::Female, mother_age, Line::Grandmother));
    }
    marry(out, Role::Grandfather, Role::Grandmother);
}

fn siblings(plan: Plan, rng: &mut Rng, out: &mut Vec<Draft>) {
    let (father, mother) = (place(out, Role::Grandfather), place(out, Role::Grandmother));
    let oldest = [father, mother].into_iter().flatten().map(|one| out[one].age - PARENT_GAP).min();
    let mut last = out[0].age;
    for count in 0..plan.siblings {
        let elder = out[0].age + rng.between(2, 5);
        let age = if count == 0 && rng.chance(300) && oldest.is_none_or(|oldest| elder <= oldest) {
            elder
        } else {
            last -= 2 + rng.between(0, 1);
            last
        };
        let age = age.max(0);
        out.push(Draft { father, mother, ..draft(Role::Sibling, sex(520, rng), age, Line::House) });
    }
}

fn children(plan: Plan, rng: &mut Rng, out: &mut Vec<Draft>) {
    let parent = out[0];
    let partner = place(out, Role::Partner);
    let partner_age = partner.map_or(parent.age, |one| out[one].age);
    let (father, mother, mother_age) = match parent.sex {
        Sex::Male => (Some(0), partner, partner_age),
        Sex::Female => (partner, Some(0), parent.age),
    };
    // The father's family name; a mother alone gives hers.
    let line = if parent.sex == Sex::Female && partner.is_some() { Line::Partner } else { Line::House };
    let youngest = (mother_age - LAST_BIRTH).max(0);
    let oldest = parent.age.min(partner_age) - PARENT_GAP;
    let mut age = mother_age - age_of(FIRST_BIRTH, rng);
    if age > 29 && rng.chance(650) {
        // Most grown-up children have a household of their own.
        age = rng.between(15, 29);
    }
    let least = youngest + 2 * (plan.children - 1);
    if age < least {
        // The children must find room after the first birth, so it came earlier than the lot said.
        age = rng.between(least, least + 8);
    }
    age = age.min(oldest);
    for left in (0..plan.children).rev() {
        out.push(Draft { father, mother, ..draft(Role::Child, sex(520, rng), age, line) });
        // Two completed years apart are certainly more than nine months.
        age = rng.between((age - 6).max(youngest + 2 * (left - 1)), age - 2);
    }
}

fn grandparents_with_grandchildren(plan: Plan, rng: &mut Rng, out: &mut Vec<Draft>) {
    let age = age_of(GRANDPARENTS, rng);
    elders(plan, age, rng, out);
    let mut age = rng.between(2 * plan.children, 16);
    for _ in 0..plan.children {
        out.push(draft(Role::Child, sex(520, rng), age, Line::House));
        age -= 2;
    }
}

fn head(out: &[Draft], rng: &mut Rng) -> usize {
    let grandfather = place(out, Role::Grandfather);
    let grandmother = place(out, Role::Grandmother);
    let Some(parent) = place(out, Role::Parent) else {
        return grandfather.or(grandmother).unwrap_or(0);
    };
    if let Some(elder) = grandfather.filter(|one| out[*one].age < 80 && rng.chance(520)) {
        return elder;
    }
    if let (None, Some(elder)) = (grandfather, grandmother)
        && out[elder].age < 78
        && rng.chance(400)
    {
        return elder;
    }
    // A partner heads a household only where nobody is told by the parent's side.
    let plain = out.iter().all(|one| matches!(one.role, Role::Parent | Role::Partner | Role::Child));
    place(out, Role::Partner).filter(|_| plain && rng.chance(190)).unwrap_or(parent)
}

fn relation(out: &[Draft], head: usize, one: usize) -> Relation {
    let (first, person) = (out[head], out[one]);
    if head == one {
        return Relation::Head;
    }
    if first.spouse == Some(one) {
        return if person.sex == Sex::Female { Relation::Wife } else { Relation::Husband };
    }
    match first.role {
        Role::Grandfather | Role::Grandmother => relation_to_elder(out, person),
        _ => relation_to_parent(first, person),
    }
}

fn relation_to_elder(out: &[Draft], person: Draft) -> Relation {
    let parent_sex = place(out, Role::Parent).map(|one| out[one].sex);
    match (person.role, person.sex) {
        (Role::Partner, Sex::Female) => Relation::DaughterInLaw,
        (Role::Partner, Sex::Male) => Relation::SonInLaw,
        (Role::Child, _) if parent_sex == Some(Sex::Female) => Relation::DaughtersChild,
        (Role::Child, _) => Relation::SonsChild,
        _ => Relation::Child,
    }
}

fn relation_to_parent(first: Draft, person: Draft) -> Relation {
    match (person.role, person.sex) {
        (Role::Grandfather, _) => Relation::Father,
        (Role::Grandmother, _) => Relation::Mother,
        (Role::Sibling, Sex::Male) if person.age > first.age => Relation::ElderBrother,
        (Role::Sibling, Sex::Female) if person.age > first.age => Relation::ElderSister,
        (Role::Sibling, _) => Relation::YoungerSibling,
        _ => Relation::Child,
    }
}
