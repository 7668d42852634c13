//! Words in two languages, numbers and dates the way each writes them.

use std::borrow::Cow;
use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::FluentNumber;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed};
use icu_locale_core::locale;
use rust_embed::RustEmbed;

/// Message files: one folder a language, one file an area.
#[derive(RustEmbed)]
#[folder = "text"]
struct Files;

/// What stands between the halves of a text in two languages.
const MARK: &str = " / ";

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// Vietnamese.
    #[default]
    Vi,
    /// English.
    En,
}

impl Lang {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Vi, Self::En];

    /// The language with this tag.
    pub fn of(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.tag() == tag)
    }

    /// `vi` or `en`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }

    /// The words for a key. A key without words is shown in brackets: tests look for them.
    pub fn t(self, key: &str) -> String {
        self.ta(key, &[])
    }

    /// The words for a key, with what stands in them.
    pub fn ta(self, key: &str, with: &[(&str, FluentValue<'_>)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in with {
            args.set(*name, value.clone());
        }
        self.find(key, &args).unwrap_or_else(|| format!("⟦{key}⟧"))
    }

    /// The words for a value of a closed list, such as a state: key `family-value`. A value that has none is shown as it is.
    pub fn of_family(self, family: &str, value: &str) -> String {
        let key = format!("{family}-{}", value.replace(['_', '.', ' '], "-"));
        self.find(&key, &FluentArgs::new()).unwrap_or_else(|| value.to_owned())
    }

    /// Whether there are words for a key.
    pub fn has(self, key: &str) -> bool {
        self.bundle().has_message(key)
    }

    /// The half of a text that is written “Vietnamese / English”. Where each half has names in both languages in it, the
    /// mark in the middle parts them.
    pub fn half(self, text: &str) -> &str {
        let marks: Vec<usize> = text.match_indices(MARK).map(|(at, _)| at).collect();
        let middle = if marks.len() % 2 == 1 { marks.get(marks.len() / 2) } else { marks.first() };
        match (self, middle) {
            (_, None) => text,
            (Self::Vi, Some(at)) => &text[..*at],
            (Self::En, Some(at)) => &text[at + MARK.len()..],
        }
    }

    /// A whole number with its groups of three.
    pub fn int(self, number: impl Into<i64>) -> String {
        let number = number.into();
        let digits = number.unsigned_abs().to_string();
        let mark = if self == Self::Vi { '.' } else { ',' };
        let mut text = String::from(if number < 0 { "−" } else { "" });
        for (place, digit) in digits.char_indices() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(mark);
            }
            text.push(digit);
        }
        text
    }

    fn find(self, key: &str, args: &FluentArgs<'_>) -> Option<String> {
        let bundle = self.bundle();
        let pattern = bundle.get_message(key)?.value()?;
        let mut mistakes = Vec::new();
        let text = bundle.format_pattern(pattern, Some(args), &mut mistakes);
        if mistakes.is_empty() { Some(text.into_owned()) } else { None }
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static VI: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
        static EN: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
        match self {
            Self::Vi => VI.get_or_init(|| read(self)),
            Self::En => EN.get_or_init(|| read(self)),
        }
    }
}

/// Puts things in the order that the Vietnamese alphabet gives their names, in both languages: names stay Vietnamese.
pub fn by_name<T>(things: &mut [T], name: impl Fn(&T) -> &str) {
    static ORDER: OnceLock<CollatorBorrowed<'static>> = OnceLock::new();
    let order = ORDER.get_or_init(|| {
        let made = Collator::try_new(locale!("vi").into(), CollatorOptions::default());
        made.expect("the order of Vietnamese is part of the program")
    });
    things.sort_by(|a, b| order.compare(name(a), name(b)));
}

/// A number as a message takes it: the language groups its digits.
pub fn num(number: impl Into<i64>) -> FluentValue<'static> {
    let number = number.into();
    // Figures of pages lie far below 2^53.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    let value = number as f64;
    FluentValue::from(value)
}

/// A text as a message takes it.
pub fn word(text: impl Into<String>) -> FluentValue<'static> {
    FluentValue::String(Cow::Owned(text.into()))
}

fn read(lang: Lang) -> FluentBundle<FluentResource> {
    let tag = lang.tag().parse().expect("both tags are well formed");
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Invisible marks around what is put in would be copied with numbers and codes.
    bundle.set_use_isolating(false);
    let grouped: fn(&FluentValue<'_>, &_) -> Option<String> = match lang {
        Lang::Vi => |value, _| group(Lang::Vi, value),
        Lang::En => |value, _| group(Lang::En, value),
    };
    bundle.set_formatter(Some(grouped));
    for name in Files::iter().filter(|name| name.starts_with(lang.tag())) {
        let text = Files::get(&name).map(|file| String::from_utf8_lossy(&file.data).into_owned());
        // A file with a mistake gives what can be read; a test reads all of them.
        let resource = FluentResource::try_new(text.unwrap_or_default()).unwrap_or_else(|(part, _)| part);
        let _ = bundle.add_resource(resource);
    }
    bundle
}

fn group(lang: Lang, value: &FluentValue<'_>) -> Option<String> {
    let FluentValue::Number(FluentNumber { value, .. }) = value else { return None };
    #[expect(clippy::cast_possible_truncation, reason = "made of an i64 by `num`")]
    (value.fract() == 0.0).then(|| lang.int(*value as i64))
}

#[cfg(test)]
mod tests;
