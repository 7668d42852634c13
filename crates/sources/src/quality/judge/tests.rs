use std::fmt::Write as _;

use super::*;
use crate::quality::rule::mistakes;

/// A definition with a text `t`, a decimal `d`, a day `a`, a moment `m`, a sex `s`, and one rule.
fn definition(rule: &str) -> Result<Definition, crate::SourceError> {
    let mut text = "format = \"lienthong-source/1\"\nurl = \"sqlite:a.db\"\n[service]\nsubsystem = \"A\"\ncode = \"a\"\n\
                    title_vi = \"A\"\n[entity]\ntable = \"a\"\nkey = [\"t\"]\nkey_types = [\"text\"]\n\
                    [[code_list]]\nid = \"xa\"\ncatalogue = \"DM\"\nversion = \"1\"\nvalues = { \"20242\" = \"Xã\" }\n"
        .to_owned();
    for (name, kind) in
        [("t", "text"), ("d", "decimal"), ("a", "date"), ("m", "moment"), ("s", "text"), ("c", "text")]
    {
        let _ = write!(
            text,
            "[[field]]\nname = \"{name}\"\ncolumn = \"{name}\"\ntype = \"{kind}\"\ncolumn_type = \"x\"\n"
        );
    }
    text += "code_list = \"xa\"\n[[rule]]\n";
    Definition::parse(&(text + rule))
}

const NOW: &str = "2026-11-22T20:00:00Z";

/// What a rule says of a row of `t`, `d`, `a`, `m`, `s`, `c`; `-` is empty.
#[track_caller]
fn check(rule: &str, row: [&str; 6], expected: Verdict) {
    let definition = definition(rule).unwrap();
    let row: Vec<_> = row.iter().map(|text| (*text != "-").then(|| (*text).to_owned())).collect();
    let judge = Judge::new(&definition);
    let said = judge.verdicts(&row, NOW.parse().unwrap()).next().unwrap();
    assert_eq!(said, expected, "{rule} {row:?}");
    assert_eq!(
        judge.red(&row, NOW.parse().unwrap()),
        usize::from(rule.contains("red") && said == Verdict::Broken)
    );
}

fn text(rule: &str, value: &str, expected: Verdict) {
    check(&format!("field = \"t\"\n{rule}"), [value, "-", "-", "-", "-", "-"], expected);
}

use Verdict::{Broken, Kept, PassedOver};

#[test]
fn texts_are_judged() {
    for (value, expected) in [("a", Kept), (" ", Broken), ("", Broken), ("-", Broken)] {
        text("check = \"required\"\nseverity = \"red\"", value, expected);
    }
    for (value, expected) in
        [("12", Kept), ("12\n", Broken), ("123", Broken), ("-", PassedOver), (" ", PassedOver)]
    {
        text("check = \"pattern\"\npattern = \"[0-9]|[0-9]{2}\"", value, expected);
    }
    for (value, expected) in [("Đỗ", Kept), ("Đ", Broken), ("Đỗ Đỗ", Broken)] {
        text("check = \"length\"\nfrom = 2\nto = 4", value, expected);
    }
    for (value, expected) in [("A", Kept), (" B ", Kept), ("C", Broken)] {
        text("check = \"one_of\"\nvalues = [\"A\", \"B\"]", value, expected);
    }
    let unclean = [" a", "a ", "a  b", "a\tb", "a\u{a0}b", "e\u{302}", "a\u{fffd}", "a\u{7}", "a\u{200b}b"];
    for value in unclean {
        text("check = \"clean\"", value, Broken);
    }
    text("check = \"clean\"", "Nguyễn Thị Đào", Kept);
}

#[test]
fn numbers_and_times_are_compared_as_what_they_are() {
    let decimal = |value, expected| {
        check(
            "field = \"d\"\ncheck = \"range\"\nfrom = \"-1.5\"\nto = \"1234567890123456789.1\"",
            ["-", value, "-", "-", "-", "-"],
            expected,
        );
    };
    for value in ["-1.50", "0", "9", "10.75", "1234567890123456789.10", "0001.0"] {
        decimal(value, Kept);
    }
    for value in ["-1.51", "-10", "1234567890123456789.11", "1234567890123456790"] {
        decimal(value, Broken);
    }
    decimal("x", PassedOver);
    let day = |value, expected| {
        check(
            "field = \"a\"\ncheck = \"range\"\nfrom = \"1900-01-01\"\nto = \"today\"",
            ["-", "-", value, "-", "-", "-"],
            expected,
        );
    };
    // In Vietnam it is the 23rd already.
    for (value, expected) in [
        ("2026-11-23", Kept),
        ("2026-11-24", Broken),
        ("1900-01-01", Kept),
        ("0001-01-01", Broken),
        ("0000-00-00", PassedOver),
    ] {
        day(value, expected);
    }
    let before = |day, moment, expected| {
        check(
            "field = \"a\"\ncheck = \"consistent\"\nother = \"m\"",
            ["-", "-", day, moment, "-", "-"],
            expected,
        );
    };
    before("2026-01-02", "2026-01-01T17:30:00Z", Kept);
    before("2026-01-02", "2026-01-01T16:30:00Z", Broken);
    before("2026-01-02", "-", PassedOver);
    let fresh = |moment, expected| {
        check("field = \"m\"\ncheck = \"fresh\"\ndays = 30", ["-", "-", "-", moment, "-", "-"], expected);
    };
    fresh("2026-10-24 00:00:00+07", Kept);
    fresh("2026-10-23 23:00:00+07", Broken);
}

#[test]
fn a_personal_number_is_judged_with_sex_and_birth() {
    text("check = \"personal_number\"\nseverity = \"red\"", "046099000001", Kept);
    text("check = \"personal_number\"\nseverity = \"red\"", "097099000001", Broken);
    let agrees = |number, birth, sex, expected| {
        check(
            "field = \"t\"\ncheck = \"number_agrees\"\nsex = \"s\"\nbirth_date = \"a\"",
            [number, "-", birth, "-", sex, "-"],
            expected,
        );
    };
    agrees("079304000001", "2004-05-06", "Nữ", Kept);
    agrees("079304000001", "2004-05-06", "Nam", Broken);
    agrees("079304000001", "1904-05-06", "2", Broken);
    agrees("079304000001", "-", "female", Kept);
    agrees("079304000001", "2004-05-06", "không rõ", Kept);
    agrees("079304000001", "-", "-", PassedOver);
    agrees("12345", "2004-05-06", "Nữ", PassedOver);
}

#[test]
fn codes_are_those_of_the_list() {
    let code = |value, expected| {
        check("field = \"c\"\ncheck = \"code\"", ["-", "-", "-", "-", "-", value], expected);
    };
    code("20242", Kept);
    code("20243", Broken);
}

#[test]
fn rules_that_mean_nothing_are_mistakes_of_the_definition() {
    for rule in [
        "field = \"x\"\ncheck = \"required\"",
        "field = \"t\"\ncheck = \"pattern\"",
        "field = \"t\"\ncheck = \"pattern\"\npattern = \"(\"",
        "field = \"t\"\ncheck = \"pattern\"\npattern = \"((a{999}){999}){999}\"",
        "field = \"t\"\ncheck = \"required\"\npattern = \"a\"",
        "field = \"t\"\ncheck = \"range\"\nfrom = 1",
        "field = \"d\"\ncheck = \"range\"",
        "field = \"d\"\ncheck = \"range\"\nto = \"today\"",
        "field = \"a\"\ncheck = \"range\"\nto = \"hôm nay\"",
        "field = \"t\"\ncheck = \"one_of\"",
        "field = \"t\"\ncheck = \"code\"",
        "field = \"a\"\ncheck = \"consistent\"\nother = \"d\"",
        "field = \"d\"\ncheck = \"fresh\"\ndays = 3",
        "field = \"m\"\ncheck = \"fresh\"\ndays = 0",
        "field = \"t\"\ncheck = \"number_agrees\"",
        "field = \"t\"\ncheck = \"typed\"",
    ] {
        let refused = definition(rule);
        assert!(
            matches!(&refused, Err(crate::SourceError::Definition(all)) if all.len() == 1),
            "{rule}: {refused:?}"
        );
    }
    assert_eq!(mistakes(&definition("field = \"d\"\ncheck = \"range\"\nfrom = 0").unwrap()), []);
}
