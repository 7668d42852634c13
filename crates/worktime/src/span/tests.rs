#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;

#[test]
fn a_span_is_read_and_written_in_one_form() {
    for (text, canonical) in [
        ("P5WD", "P5WD"),
        ("PT16WH", "PT16WH"),
        ("P2WDT4WH", "P2WDT4WH"),
        ("PT30WM", "PT30WM"),
        ("PT90WM", "PT1WH30WM"),
        ("P2WDT4WH30WM", "P2WDT4WH30WM"),
        ("P1M", "P1M"),
        ("P3D", "P3D"),
        ("PT5S", "PT5S"),
        ("P1Y2M3DT4H5M6.5S", "P1Y2M3DT4H5M6.5S"),
        ("P14M", "P1Y2M"),
        ("P2W", "P14D"),
        ("P1W1D", "P8D"),
        ("PT90S", "PT1M30S"),
        ("PT36H", "PT36H"),
        ("PT0,25H", "PT15M"),
        ("PT0.5M", "PT30S"),
        ("PT0.0000019S", "PT0.000001S"),
        ("P0D", "PT0S"),
        ("PT0S", "PT0S"),
        ("P0WD", "PT0WH"),
        ("P0WDT0WH", "PT0WH"),
        ("P1YT1S", "P1YT1S"),
        ("P007D", "P7D"),
    ] {
        let span: Span = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(span.to_string(), canonical, "{text}");
        assert_eq!(canonical.parse::<Span>().unwrap(), span, "{text}");
        assert_eq!(span.is_working(), canonical.contains('W'), "{text}");
    }
}

#[test]
fn what_has_another_form_is_refused() {
    for text in [
        "",
        "P",
        "PT",
        "P1DT",
        "5WD",
        "P5",
        "PWD",
        "P5wd",
        "p5D",
        "P1.5D",
        "P1.5M",
        "PT1.5WH",
        "P0.5WD",
        "PT1.5H2M",
        "PT1.",
        "PT.5S",
        "P1H",
        "PT1D",
        "PT5WD",
        "P5WH",
        "P1D1M",
        "P1D1D",
        "P1D2W",
        "PT1WM1WH",
        "P1 D",
        " P1D",
        "P1D ",
        "P5WDT",
        "+P1D",
        "P+1D",
        "P1٣D",
        "PT1.1234567890S",
        "P1234567890D",
        "P5W D",
        "P5WDX",
        "P2026-01-01",
        "PT1H T1M",
    ] {
        assert!(matches!(Span::parse(text), Err(TimeError::Span(_))), "{text}: {:?}", Span::parse(text));
    }
    for text in ["-P1D", "P-1D", "PT-5S", "P1DT-1H", "P-5WD", "\u{2212}P5WD", "P\u{2212}5WD"] {
        assert!(matches!(Span::parse(text), Err(TimeError::Negative(_))), "{text}: {:?}", Span::parse(text));
    }
    for text in ["P5WDT1H", "P1DT4WH", "P1D2WD", "PT1H1WH", "P0DT0WH"] {
        assert!(matches!(Span::parse(text), Err(TimeError::Mixed(_))), "{text}: {:?}", Span::parse(text));
    }
    let long = format!("P{}D", "0".repeat(TEXT_BYTES_MAX));
    assert_eq!(Span::parse(&long), Err(TimeError::TextTooLong { bytes_max: TEXT_BYTES_MAX }));
}

#[test]
fn a_hundred_years_are_the_longest_span() {
    for text in ["P100Y", "P1200M", "P36600D", "PT878400H", "P36600WD", "P36599WDT24WH", "PT878400WH"] {
        assert!(Span::parse(text).is_ok(), "{text}");
    }
    for text in [
        "P100Y1M",
        "P1201M",
        "P36601D",
        "P36600DT24H",
        "PT878424H",
        "P999999999Y",
        "P999999999W",
        "PT999999999H999999999M999999999S",
        "P36601WD",
        "P36600WDT24WH",
        "PT999999999WH",
    ] {
        let refused = Span::parse(text);
        assert_eq!(refused, Err(TimeError::TooLong { days_max: SPAN_DAYS_MAX }), "{text}");
    }
}

#[test]
fn a_span_says_what_it_is() {
    for (text, zero, days_off) in [
        ("P5WD", false, false),
        ("P0WD", true, false),
        ("P3D", false, true),
        ("P1M", false, true),
        ("PT72H", false, false),
        ("PT0S", true, false),
    ] {
        let span: Span = text.parse().unwrap();
        assert_eq!((span.is_zero(), span.counts_days_off()), (zero, days_off), "{text}");
    }
    assert_eq!(Span::working_days(5), "P5WD".parse().unwrap());
    assert_eq!(Span::working_hours(16), "PT16WH".parse().unwrap());
    assert_eq!(Span::ZERO, "PT0WH".parse().unwrap());
}

#[test]
fn stored_spans_are_read_as_strictly_as_written_ones() {
    let span: Span = serde_json::from_str("\"P2WDT4WH\"").unwrap();
    assert_eq!(serde_json::to_string(&span).unwrap(), "\"P2WDT4WH\"");
    assert!(serde_json::from_str::<Span>("\"-P1D\"").is_err());
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        (months, days, micros) in (0_u32..500, 0_u32..9_000, 0_i64..DAY_MICROS * 5),
        (working_days, minutes) in (0_u32..9_000, 0_i64..9_000),
    ) {
        for kind in [
            Kind::Plain(Plain { months, days, micros }),
            Kind::Working { days: working_days, micros: minutes * MINUTE_MICROS },
        ] {
            let span = Span::checked(kind).unwrap();
            prop_assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,120}", near in "[-+]?P?[0-9]{0,11}[.,]?[0-9]{0,10}[A-Z]{0,3}T?[0-9]{0,11}[A-Z]{0,2}") {
        let _ = (Span::parse(&text), Span::parse(&near));
    }
}
