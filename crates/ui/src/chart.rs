//! Charts drawn here as SVG: bars with an axis, their values as text, a sentence for who cannot see them. Colours stand in
//! the style sheet, so that no style stands in a page.

use askama::Template;

use crate::text::Lang;

/// Width of a chart with columns, in units of its drawing.
const WIDTH: u64 = 760;
/// Where the columns begin: numbers of the axis stand before.
const LEFT: u64 = 46;
/// Upper end of the highest column; its number stands above.
const TOP: u64 = 22;
/// Foot of the columns.
const FOOT: u64 = 182;
/// Where lying bars begin: their labels stand before.
const BARS_LEFT: u64 = 190;
/// Length of the longest lying bar.
const BARS_LONG: u64 = 380;
/// Height of a lying bar with its gap.
const BAR_STEP: u64 = 34;

/// A value with its name.
#[derive(Clone, Debug)]
pub struct Value {
    /// What it is of.
    pub label: String,
    /// All.
    pub all: u64,
    /// Of them, those that are shown as bad.
    pub bad: u64,
}

/// What a chart is, in words.
#[derive(Clone, Debug)]
pub struct About {
    /// Begins the ids in the chart; unique on its page.
    pub id: &'static str,
    /// Title.
    pub title: String,
    /// What it shows, in a sentence.
    pub desc: String,
}

/// A chart with standing columns, such as those of hours.
#[derive(Template)]
#[template(path = "chart_columns.html")]
pub struct Columns {
    about: About,
    items: Vec<Column>,
    lines: Vec<Line>,
}

struct Column {
    x: u64,
    middle: u64,
    width: u64,
    good_y: u64,
    good: u64,
    bad_y: u64,
    bad: u64,
    text: String,
    label: String,
}

/// A line of the axis.
struct Line {
    y: u64,
    text_y: u64,
    text: String,
}

/// A chart with lying bars, such as those of kinds.
#[derive(Template)]
#[template(path = "chart_bars.html")]
pub struct Bars {
    about: About,
    height: u64,
    items: Vec<Bar>,
}

struct Bar {
    y: u64,
    text_y: u64,
    width: u64,
    end: u64,
    label: String,
    text: String,
}

impl Columns {
    /// A chart of these values; a label stands below every `every`-th.
    pub fn new(lang: Lang, about: About, values: &[Value], every: usize) -> Self {
        let top = round_up(values.iter().map(|value| value.all).max().unwrap_or_default());
        let high = |value: u64| value * (FOOT - TOP) / top;
        let step = (WIDTH - LEFT) / u64::try_from(values.len().max(1)).unwrap_or(1);
        let shown = |number: u64| lang.int(i64::try_from(number).unwrap_or(i64::MAX));
        let column = |(place, value): (usize, &Value)| {
            let x = LEFT + step * u64::try_from(place).unwrap_or_default();
            let bad = high(value.bad.min(value.all));
            let all = high(value.all);
            Column {
                x: x + 2,
                middle: x + step / 2,
                width: step.saturating_sub(4).max(1),
                good_y: FOOT - all,
                good: all - bad,
                bad_y: FOOT - bad,
                bad,
                text: if value.all == 0 { String::new() } else { shown(value.all) },
                label: if place.is_multiple_of(every) { value.label.clone() } else { String::new() },
            }
        };
        let line =
            |value: u64| Line { y: FOOT - high(value), text_y: FOOT - high(value) + 4, text: shown(value) };
        let halves = if top > 1 { vec![0, top / 2, top] } else { vec![0, top] };
        let columns = values.iter().enumerate().map(column).collect();
        Self { about, items: columns, lines: halves.into_iter().map(line).collect() }
    }
}

impl Bars {
    /// A chart of these values.
    pub fn new(lang: Lang, about: About, values: &[Value]) -> Self {
        let longest = values.iter().map(|value| value.all).max().unwrap_or_default().max(1);
        let bar = |(place, value): (u64, &Value)| {
            let width = value.all * BARS_LONG / longest;
            Bar {
                y: place * BAR_STEP + 4,
                text_y: place * BAR_STEP + 21,
                width,
                end: BARS_LEFT + width + 8,
                label: value.label.clone(),
                text: lang.int(i64::try_from(value.all).unwrap_or(i64::MAX)),
            }
        };
        let bars: Vec<_> = (0..).zip(values).map(bar).collect();
        Self { about, height: BAR_STEP * u64::try_from(bars.len()).unwrap_or_default(), items: bars }
    }
}

/// The end of an axis: 1, 2 or 5 with zeros behind.
fn round_up(value: u64) -> u64 {
    let mut ten: u64 = 1;
    loop {
        for end in [1, 2, 5].map(|step| ten.saturating_mul(step)) {
            if end >= value {
                return end;
            }
        }
        ten = ten.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about() -> About {
        About { id: "mau", title: "<b>".into(), desc: "Mẫu".into() }
    }

    fn values(of: &[(u64, u64)]) -> Vec<Value> {
        let value = |&(all, bad): &(u64, u64)| Value { label: "08".into(), all, bad };
        of.iter().map(value).collect()
    }

    #[test]
    fn axes_end_at_round_numbers() {
        let ends = [0, 1, 2, 3, 7, 11, 4999, 5001].map(round_up);
        assert_eq!(ends, [1, 1, 2, 5, 10, 20, 5000, 10_000]);
        assert_eq!(round_up(u64::MAX), u64::MAX);
    }

    #[test]
    fn the_highest_column_keeps_below_the_top_and_its_bad_part_stands_at_the_foot() {
        let chart = Columns::new(Lang::Vi, about(), &values(&[(10, 4), (0, 0)]), 1);
        let [first, empty] = &chart.items[..] else { panic!("two columns") };
        assert_eq!((first.good_y, first.good + first.bad, first.bad_y + first.bad), (TOP, FOOT - TOP, FOOT));
        assert_eq!((empty.good, empty.bad, empty.text.as_str()), (0, 0, ""));
    }

    #[test]
    fn charts_are_named_and_escape_what_stands_in_them() {
        let svg = Bars::new(Lang::Vi, about(), &values(&[(1234, 0)])).render().expect("renders");
        assert!(svg.contains("role=\"img\"") && svg.contains("1.234") && !svg.contains("<b>"), "{svg}");
        let none = Columns::new(Lang::Vi, about(), &[], 3).render().expect("renders");
        assert!(none.contains("<title"), "{none}");
    }
}
