use serde_json::json;

use super::*;

impl Variables for Value {
    fn get(&self, name: &str) -> Option<&Value> {
        Value::get(self, name)
    }
}

#[test]
fn identifiers_are_names_whatever_stands_between_them() {
    let variables =
        json!({"a": 1, "b": 2, "xs": [1, 2, 3], "hồ_sơ": {"lệ_phí": 5}, "index": 7, "s": "ab", "date": 3});
    let check = |text: &str, expected: Value| {
        let value = Expression::parse(text).and_then(|expression| expression.value(&variables));
        assert_eq!(value, Ok(expected), "{text}");
    };
    check("a + b", json!(3));
    check("a-b", json!(-1));
    check("if a > b then a else if a = b then 0 else b", json!(2));
    check("{a: a + 1, c: a * b}", json!({"a": 2, "c": 4}));
    check("a between 1 and b", json!(true));
    check("a instance of number", json!(true));
    check("hồ_sơ.lệ_phí - a", json!(4));
    check("string length(s) + index of(xs, b)[1] + index", json!(11));
    check("contains(s, \"a and b\") or starts with(s, \"a\")", json!(true));
    check("for x in xs return x + a // and so on", json!([2, 3, 4]));
    check("count(xs[item > 1])", json!(2));
    check("some x in xs satisfies x - a = b", json!(true));
    check("date - a", json!(2));
    check("[[a], [b]]", json!([[1], [2]]));
    check("date and time(\"2026-01-01T00:00:00Z\") < date and time(\"2026-01-02T00:00:00Z\")", json!(true));
}

#[test]
fn dates_times_and_durations_stay_what_they_are() {
    let day =
        Expression::parse("date(\"2026-01-31\") + duration(\"P1D\")").and_then(|one| one.value(&json!({})));
    assert_eq!(day, Ok(json!({"@": "2026-02-01"})));
    let variables =
        json!({"day": {"@": "2026-02-01"}, "at": {"@": "2026-02-01T10:00:00+07:00"}, "long": {"@": "PT90M"}});
    for text in
        ["day > date(\"2026-01-31\")", "at + long > at", "long = duration(\"PT1H30M\")", "day.month = 2"]
    {
        let holds = Expression::parse(text).and_then(|one| one.holds(&variables));
        assert_eq!(holds, Ok(true), "{text}");
    }
}

#[test]
fn the_clock_and_functions_from_outside_are_refused() {
    for text in [
        "now()",
        "day < today()",
        "function(x) external {java: {class: \"a.B\", method signature: \"c(int)\"}}",
    ] {
        let refused = Expression::parse(text).map(|_| ()).map_err(|failed| failed.why);
        assert!(refused.is_err_and(|why| why.contains("replayed")), "{text}");
    }
    assert!(Expression::parse("now + today.x + \"now()\"").is_ok());
}

#[test]
fn what_is_no_expression_is_refused() {
    for text in ["", "a +", "amount is too high", "0 0 9 * * ?", "${a}", "a && b"] {
        assert!(Expression::parse(text).is_err(), "{text}");
    }
    let sign = Expression::parse("= a > 1").unwrap_err();
    assert_eq!(sign.why, "bỏ dấu `=` ở đầu / remove the `=` at the begin");
}

#[test]
fn an_expression_that_would_exhaust_its_reader_is_refused() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Expression::parse(&nested(DEPTH_MAX)).is_ok());
    assert!(Expression::parse(&nested(DEPTH_MAX + 1)).is_err());
    let chain = |words: usize| format!("{}1", "-".repeat(words - 1));
    assert!(Expression::parse(&chain(RUN_MAX)).is_ok());
    assert!(Expression::parse(&chain(RUN_MAX + 1)).is_err());
    let words = |words: usize| format!("[{}]", ["1"].repeat(words).join(", "));
    assert!(Expression::parse(&words(WORDS_MAX)).is_ok());
    assert!(Expression::parse(&words(WORDS_MAX + 1)).is_err());
    let long = |bytes: usize| format!("\"{}\"", "a".repeat(bytes - 2));
    assert!(Expression::parse(&long(BYTES_MAX)).is_ok());
    assert!(Expression::parse(&long(BYTES_MAX + 1)).is_err());
}

#[test]
fn a_number_beyond_all_bounds_is_a_failure_and_no_panic() {
    for text in ["10 ** 999999999999", "1e6144 * 1e6144"] {
        let value = Expression::parse(text).and_then(|one| one.value(&json!({})));
        assert!(value.is_err(), "{text}: {value:?}");
    }
}

#[test]
fn a_name_is_an_identifier_and_no_keyword() {
    for (text, expected) in [
        ("a", true),
        ("_1", true),
        ("hồ_sơ", true),
        ("1a", false),
        ("a b", false),
        ("in", false),
        ("", false),
    ] {
        assert_eq!(is_name(text), expected, "{text}");
    }
}

#[test]
fn two_equals_signs_are_refused_unless_they_are_text() {
    for wrong in ["a == 1", "a ==true", "if \"\\\"=\" = b then a==b else 1"] {
        assert!(Expression::parse(wrong).unwrap_err().to_string().contains("one `=`"), "{wrong}");
    }
    for right in ["a = \"==\"", "a = \"\\\\\" and b = \"==\"", "a >= 1 and b <= 2"] {
        assert!(Expression::parse(right).is_ok(), "{right}");
    }
}
