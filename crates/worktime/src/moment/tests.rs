#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;

#[test]
fn a_moment_without_a_zone_is_vietnams() {
    for (text, utc) in [
        ("2026-03-02T08:00:00", "2026-03-02T01:00:00Z"),
        ("2026-03-02T08:00", "2026-03-02T01:00:00Z"),
        ("2026-03-02 08:00:00", "2026-03-02T01:00:00Z"),
        ("2026-03-02", "2026-03-01T17:00:00Z"),
        ("2026-03-02T08:00:00Z", "2026-03-02T08:00:00Z"),
        ("2026-03-02T08:00:00+07:00", "2026-03-02T01:00:00Z"),
        ("2026-03-02T08:00:00-05:00", "2026-03-02T13:00:00Z"),
        ("2026-03-02T08:00:00.1234567Z", "2026-03-02T08:00:00.123456Z"),
        ("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z"),
    ] {
        assert_eq!(moment(text).unwrap(), Ts::parse(utc).unwrap(), "{text}");
    }
}

#[test]
fn what_is_no_moment_is_refused() {
    for text in [
        "",
        "heute",
        "08:00",
        "2026-02-30",
        "2026-13-01T00:00:00Z",
        "2026-03-02T25:00:00",
        "-2026-03-02",
        "2026-03-02T08:00:00[Asia/Ho_Chi_Minh]",
        "2026-03-02T08:00:00+07:00[Asia/Ho_Chi_Minh]",
        "2026-03-02T08:00:00+99:00",
        "PT5S",
        "2026-03-02T08:00:00Z ",
        "02/03/2026",
    ] {
        assert!(matches!(moment(text), Err(TimeError::Moment(_))), "{text}: {:?}", moment(text));
    }
    for text in ["1899-12-31T23:59:59Z", "3000-01-01", "9999-12-31T23:59:59Z", "0001-01-01"] {
        assert_eq!(moment(text), Err(TimeError::Year { first: 1900, last: 2999 }), "{text}");
    }
    let long = format!("2026-03-02T08:00:00.{}", "0".repeat(TEXT_BYTES_MAX));
    assert_eq!(moment(&long), Err(TimeError::TextTooLong { bytes_max: TEXT_BYTES_MAX }));
}

proptest! {
    #[test]
    fn what_a_moment_shows_is_read_back(micros in -2_000_000_000_000_000_i64..30_000_000_000_000_000) {
        prop_assert_eq!(moment(&Ts(micros).to_string()).unwrap(), Ts(micros));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,120}", near in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?[Z+-]?[0-9:]{0,6}") {
        let _ = (moment(&text), moment(&near));
    }
}
