use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::expression::{Expression, Failed};

fn value(text: &str, variables: &Value) -> Result<Value, Failed> {
    Expression::parse(text)?.value(variables)
}

fn refused(text: &str, variables: &Value) {
    match value(text, variables) {
        Err(Failed { why, .. }) => assert!(
            [
                "too long",
                "too large",
                "not known before",
                "calls itself",
                "call each other",
                "a function can be",
                "partial"
            ]
            .iter()
            .any(|words| why.contains(words)),
            "{text}: {why}"
        ),
        Ok(_) => panic!("{text} was evaluated"),
    }
}

#[test]
fn what_would_take_for_ever_or_fill_the_memory_is_refused_before_it_is_evaluated() {
    let long = "x".repeat(60_000);
    let list: Vec<u32> = (0..100_000).collect();
    let variables = json!({"n": 1_000_000_000, "s": long, "list": list, "text": "abc"});
    for text in [
        "for x in 1..1000000000 return x",
        "for x in 1..n return x",
        "for x in n..1 return x",
        "for x in -500000000..500000000 return 1",
        "for x in 1..1e30 return x",
        "for a in 1..2000, b in 1..2000, c in 1..2000 return a",
        "for a in 1..5000 return for b in 1..5000 return b",
        "some x in [1..1000000000] satisfies x = 0",
        "every x in [1..n] satisfies x > 0",
        "every x in [1..1000000] satisfies every y in [1..1000000] satisfies x > y",
        "for x in 1..(n * n) return x",
        "for x in 1..number(text) return x",
        "for d in @\"0001-01-01\"..@\"999999-01-01\" return d",
        "count([1..1000000000][item > 5])",
        "list[count(list[item > 5]) > 1]",
        "string join(for x in 1..10000 return s, s)",
        "string join(list, s)",
        "replace(s, \"x\", s)",
        "distinct values(concatenate(list, list, list))",
        "sort(list, function(x, y) count(list[item > x]) < y)",
        "{f: function(n) if n = 0 then 1 else n * f(n - 1), r: f(5)}.r",
        "{f: function(n) g(n), g: function(n) f(n), r: f(1)}.r",
        "{f: function(f) f(f), r: f(f)}.r",
        "(function(f) f(f))(function(f) f(f))",
        "for x in 1..100000 return s",
        "for x in 1..1000 return if x = 1 then [1] else concatenate(partial[-1], partial[-1])",
    ] {
        refused(text, &variables);
    }
    let (mut sums, mut lists, mut calls) = (String::new(), String::new(), String::new());
    for (next, last) in ('b'..='z').zip('a'..) {
        write!(sums, ", {next}: {last} + {last}").unwrap();
        write!(lists, ", {next}: [{last}, {last}]").unwrap();
        write!(calls, ", {next}: function(p0) {last}(p0) + {last}(p0)").unwrap();
    }
    refused(&format!("{{a: s{sums}}}"), &variables);
    refused(&format!("{{a: s{lists}}}"), &variables);
    refused(&format!("{{a: function(p0) p0{calls}, r: z(1)}}"), &variables);
}

#[test]
fn what_is_done_in_practice_is_evaluated() {
    let items: Vec<_> = (0..2_000).map(|nth| json!({"gia": nth, "so": 2, "ten": "giấy khai sinh"})).collect();
    let variables = json!({"items": items, "n": 30, "text": "a;b;c", "ngay": {"@": "2026-01-01"}});
    for (text, expected) in [
        ("sum(for i in items return i.gia * i.so)", json!(3_998_000)),
        ("count(items[gia > 1000])", json!(999)),
        ("count(for a in 1..n, b in 1..n return b)", json!(900)),
        ("count(for a in 1..n return for b in 1..a return b)", json!(30)),
        ("for x in 1..3 return x * x", json!([1, 4, 9])),
        ("for x in 3..1 return x", json!([3, 2, 1])),
        ("count(for d in ngay..@\"2026-01-31\" return d)", json!(31)),
        ("some i in items satisfies i.gia = 1999", json!(true)),
        ("string join(split(text, \";\"), \", \")", json!("a, b, c")),
        ("replace(text, \";\", \"-\")", json!("a-b-c")),
        ("count(distinct values(items.so))", json!(1)),
        ("sort(items[gia < 3].gia, function(x, y) x > y)", json!([2, 1, 0])),
        ("{f: function(x) x * 2, g: function(x) f(x) + 1, r: g(20)}.r", json!(41)),
        ("count(for i in 1..count(items) return i)", json!(2_000)),
    ] {
        assert_eq!(value(text, &variables), Ok(expected), "{text}");
    }
}
