//! Names: how invented people are called.

use super::commune::Group;
use super::name_lists::{Words, families, words};
use super::number::Sex;
use super::rng::Rng;

/// A family name of this group, as a place in its list.
pub(super) fn pick_family(group: Group, rng: &mut Rng) -> u8 {
    let place = rng.pick_index(families(group).iter().map(|entry| entry.1));
    u8::try_from(place).unwrap_or(0)
}

/// Who is to be named.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) group: Group,
    pub(super) sex: Sex,
    pub(super) birth_year: u32,
    /// Place of the family name in the group's list.
    pub(super) family: u8,
    pub(super) seed: u32,
}

/// The full name: family name, middle names that fit sex and generation, given name.
pub(super) fn full_name(person: Named) -> String {
    let mut rng = Rng::stream(u64::from(person.seed), 0x6e61_6d65);
    let Words { middle, second, second_per_mille, given } =
        *words(person.group, person.sex, person.birth_year);
    let family = families(person.group)[usize::from(person.family)].0;
    let middle = *rng.pick(middle);
    let second = if rng.chance(second_per_mille) { *rng.pick(second) } else { "" };
    let second = if second == middle { "" } else { second };
    let given = loop {
        let given = *rng.pick(given);
        // Nobody is called "Minh Minh".
        if ![family, middle, second].contains(&given) {
            break given;
        }
    };
    let mut name = String::with_capacity(32);
    for part in [family, middle, second, given].into_iter().filter(|part| !part.is_empty()) {
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(part);
    }
    name
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    #[test]
    fn every_name_that_can_be_made_is_normalised_and_has_no_empty_part() {
        for seed in 0..2000 {
            for group in [Group::Kinh, Group::CoTu, Group::XoDang, Group::GieTrieng, Group::Co] {
                for (sex, birth_year) in
                    [(Sex::Male, 1950), (Sex::Female, 1985), (Sex::Male, 2010), (Sex::Female, 2015)]
                {
                    let mut rng = Rng::stream(u64::from(seed), 1);
                    let family = pick_family(group, &mut rng);
                    let name = full_name(Named { group, sex, birth_year, family, seed });
                    assert_eq!(name.nfc().collect::<String>(), name);
                    let words: Vec<&str> = name.split(' ').collect();
                    assert!(
                        (2..=6).contains(&words.len()) && words.iter().all(|word| !word.is_empty()),
                        "{name}"
                    );
                }
            }
        }
    }
}
