//! Rules for a first definition, from what its fields mean. People read and correct them.

use super::rule::{Bound, Check, Rule, Severity};
use crate::definition::{Definition, Field};
use crate::meaning::Meaning;
use crate::value::Kind;

/// Nobody in a register of today was born earlier.
const BORN_FROM: &str = "1850-01-01";
/// Longest name that is one: civil status registers have names of more than 40 characters.
const NAME_MAX: i64 = 100;

/// Rules for the fields of a definition.
pub fn rules(definition: &Definition) -> Vec<Rule> {
    definition.fields.iter().flat_map(|field| of_field(field, definition)).collect()
}

fn of_field(field: &Field, definition: &Definition) -> Vec<Rule> {
    let rule = |check, severity| Rule::new(&field.name, check, severity);
    let mut rules = Vec::new();
    let is_person = field.meaning == Some(Meaning::PersonalNumber);
    let is_looked_up = definition.service.look_up.as_ref() == Some(&field.name);
    let identifies = is_person || is_looked_up;
    // The database keeps other columns from being empty; a text of blanks it does not mind.
    if field.required && (identifies || field.kind == Kind::Text) {
        rules.push(rule(Check::Required, if identifies { Severity::Red } else { Severity::Yellow }));
    }
    // The number of a person of whom there are several rows, or who acts for many, may stand more than once.
    if is_looked_up {
        rules.push(rule(Check::Unique, Severity::Red));
    }
    if field.kind == Kind::Text {
        rules.extend(of_text(field, definition));
    }
    match (field.meaning, field.kind) {
        (Some(Meaning::BirthDate), Kind::Date) => rules.push(Rule {
            from: Some(Bound::Text(BORN_FROM.into())),
            to: Some(Bound::Text("today".into())),
            ..rule(Check::Range, Severity::Red)
        }),
        (Some(Meaning::ChangedAt), Kind::Date | Kind::Moment | Kind::LocalMoment) => {
            let to = Some(Bound::Text("today".into()));
            rules.push(Rule { to, ..rule(Check::Range, Severity::Yellow) });
        }
        _ => {}
    }
    if super::rule::has_codes(field, definition) {
        rules.push(rule(Check::Code, Severity::Yellow));
    }
    rules
}

fn of_text(field: &Field, definition: &Definition) -> Vec<Rule> {
    let rule = |check, severity| Rule::new(&field.name, check, severity);
    let form =
        |text: &str| vec![Rule { pattern: Some(text.into()), ..rule(Check::Pattern, Severity::Yellow) }];
    let name_of = |meaning| {
        let field = definition.fields.iter().find(|field| field.meaning == Some(meaning));
        field.map(|field| field.name.clone())
    };
    match field.meaning {
        Some(Meaning::PersonalNumber) => {
            let (sex, birth_date) = (name_of(Meaning::Sex), name_of(Meaning::BirthDate));
            let mut rules = vec![rule(Check::PersonalNumber, Severity::Red)];
            if sex.is_some() || birth_date.is_some() {
                // Numbers with old mistakes count: people look, nobody is refused.
                rules.push(Rule { sex, birth_date, ..rule(Check::NumberAgrees, Severity::Yellow) });
            }
            rules
        }
        Some(Meaning::PersonName) => {
            let length = Rule {
                from: Some(Bound::Whole(2)),
                to: Some(Bound::Whole(NAME_MAX)),
                ..rule(Check::Length, Severity::Yellow)
            };
            vec![rule(Check::Clean, Severity::Yellow), length]
        }
        Some(Meaning::Address) => vec![rule(Check::Clean, Severity::Green)],
        Some(Meaning::OldIdentityCard) => form("[0-9]{9}"),
        Some(Meaning::Phone) => form(r"(0|\+84)[0-9]{9,10}"),
        Some(Meaning::Email) => form(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
        Some(Meaning::CommuneCode) => form("[0-9]{5}"),
        Some(Meaning::ProvinceCode) => form("[0-9]{2}"),
        // Since 01/7/2025 the personal number is the tax number of a person.
        Some(Meaning::TaxNumber) => form("[0-9]{10}(-?[0-9]{3})?|[0-9]{12}"),
        _ => Vec::new(),
    }
}
