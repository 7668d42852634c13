#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn fields(paths: &[&str]) -> FieldSet {
    FieldSet::new(paths).unwrap()
}

#[track_caller]
fn check(body: &str, paths: &[&str], text: &str, withheld: &[&str]) {
    let cut = cut(body.as_bytes(), &fields(paths)).unwrap();
    assert_eq!((cut.text.as_str(), cut.withheld), (text, withheld.iter().map(ToString::to_string).collect()));
}

#[test]
fn what_is_granted_is_copied_byte_for_byte_and_in_its_order() {
    let body = r#" { "b" : 1.50e+03, "cccd":"049", "a":"\u0041 é \/" , "c":{ "x" : [ 1 , 2 ] } } "#;
    check(body, &["a", "b", "c"], r#"{"b":1.50e+03,"a":"\u0041 é \/","c":{ "x" : [ 1 , 2 ] }}"#, &["cccd"]);
}

#[test]
fn lists_are_passed_through_and_a_path_to_an_object_grants_all_below_it() {
    let body = r#"{"ho":"H1","thanhVien":[{"hoTen":"A","cccd":"1"},{"cccd":"2"},"x",[{"hoTen":"B"}]],
        "thuongTru":{"xa":{"ma":"1","ten":"2"},"soNha":"3"}}"#;
    check(
        body,
        &["thanhVien.hoTen", "thuongTru.xa"],
        r#"{"thanhVien":[{"hoTen":"A"},{},[{"hoTen":"B"}]],"thuongTru":{"xa":{"ma":"1","ten":"2"}}}"#,
        &["ho", "thanhVien", "thanhVien.cccd", "thuongTru.soNha"],
    );
    check(r#"[{"a":1,"b":2},{"b":3}]"#, &["a"], r#"[{"a":1},{}]"#, &["b"]);
}

#[test]
fn a_value_where_members_were_granted_is_withheld() {
    check(r#"{"a":"bi mat","b":1}"#, &["a.x", "b"], r#"{"b":1}"#, &["a"]);
    check(r#"{"b":1,"a":null}"#, &["a.x", "b"], r#"{"b":1}"#, &["a"]);
    check("[1,true,{}]", &["a"], "[{}]", &["*"]);
}

#[test]
fn nothing_granted_leaves_an_empty_object_of_the_same_shape() {
    check(r#"{"a":1,"b":{"c":2}}"#, &[], "{}", &["a", "b"]);
    check(r#"[{"a":1},{"b":{"c":2}},[{"d":1}]]"#, &[], "[{},{},[{}]]", &["a", "b", "d"]);
    check("{}", &[], "{}", &[]);
    check("[]", &["a"], "[]", &[]);
}

#[test]
fn names_are_compared_unescaped_and_by_case() {
    check(r#"{"ho\u0054en":1,"hoten":2,"HoTen":3}"#, &["hoTen"], r#"{"ho\u0054en":1}"#, &["HoTen", "hoten"]);
    check(r#"{"a.b":1,"a":{"b":2}}"#, &["a.b"], r#"{"a":{"b":2}}"#, &["*"]);
    check("{\"\\ud83d\\ude00\":1,\"x\":2}", &["😀"], "{\"\\ud83d\\ude00\":1}", &["x"]);
}

#[test]
fn what_can_be_read_in_two_ways_or_in_none_is_not_cut() {
    let deep = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    assert!(cut(deep(DEPTH_MAX).as_bytes(), &fields(&["a"])).is_ok());
    let deeper = deep(DEPTH_MAX + 1);
    for (body, expected) in [
        (r#"{"a":1,"a":2}"#, Uncuttable::NameTwice),
        (r#"{"a":1,"\u0061":2}"#, Uncuttable::NameTwice),
        (r#"{"a":{"x":1,"x":1}}"#, Uncuttable::NameTwice),
        (r#"{"z":{"x":1,"x":1}}"#, Uncuttable::NameTwice),
        (deeper.as_str(), Uncuttable::TooDeep),
        ("true", Uncuttable::NoFields),
        ("\"bi mat\"", Uncuttable::NoFields),
        ("12", Uncuttable::NoFields),
        ("", Uncuttable::NotJson),
        ("\u{feff}{}", Uncuttable::NotJson),
        ("{} {}", Uncuttable::NotJson),
        ("{},", Uncuttable::NotJson),
        (r#"{"a":1,}"#, Uncuttable::NotJson),
        ("[1,]", Uncuttable::NotJson),
        ("{a:1}", Uncuttable::NotJson),
        (r#"{"a":01}"#, Uncuttable::NotJson),
        (r#"{"a":.5}"#, Uncuttable::NotJson),
        (r#"{"a":1.}"#, Uncuttable::NotJson),
        (r#"{"a":+1}"#, Uncuttable::NotJson),
        (r#"{"a":NaN}"#, Uncuttable::NotJson),
        (r#"{"a":"\x"}"#, Uncuttable::NotJson),
        (r#"{"a":"\u12g4"}"#, Uncuttable::NotJson),
        ("{\"a\":\"\n\"}", Uncuttable::NotJson),
        (r#"{"\ud83d":1}"#, Uncuttable::NotJson),
        (r#"{"\ud83dx":1}"#, Uncuttable::NotJson),
        (r#"{"a":1"#, Uncuttable::NotJson),
        (r#"{"a":"#, Uncuttable::NotJson),
        ("{'a':1}", Uncuttable::NotJson),
        ("/**/{}", Uncuttable::NotJson),
    ] {
        assert_eq!(cut(body.as_bytes(), &fields(&["a"])), Err(expected), "{body}");
    }
    assert_eq!(cut(b"{\"a\":\"\xff\"}", &fields(&["a"])), Err(Uncuttable::NotJson));
}

#[test]
fn of_an_error_only_what_errors_say_passes() {
    let body = r#"{"type":"t","title":"T","cccd":"049","error":{"code":7,"data":{"hoTen":"A"}},"detail":["x",{"a":1}]}"#;
    let expected = r#"{"type":"t","title":"T","error":{"code":7},"detail":["x",{}]}"#;
    assert_eq!(problem(body.as_bytes()).as_deref(), Some(expected));
    for nothing in [r#"{"hoTen":"A"}"#, "[{\"type\":1}]", "\"A\"", "<html>", "{\"type\":1,\"type\":2}", ""] {
        assert_eq!(problem(nothing.as_bytes()), None, "{nothing}");
    }
}

#[test]
fn what_does_not_look_like_a_name_is_not_recorded() {
    let body =
        r#"{"049190000001":{"a":1},"Nguyễn Văn A":1,"cccd049190000001":1,"hoTen":1,"nam2025":1,"họTên":1}"#;
    check(body, &[], "{}", &["*", "hoTen", "họTên", "nam2025"]);
    check(r#"{"x":{"049190000001":1,"b":2}}"#, &["x.b"], r#"{"x":{"b":2}}"#, &["x.*"]);
}

#[test]
fn at_most_a_hundred_paths_are_recorded() {
    let members: Vec<String> = (0..500).map(|n| format!("\"m{n:03}\":{n}")).collect();
    let cut = cut(format!("{{{}}}", members.join(",")).as_bytes(), &fields(&[])).unwrap();
    assert_eq!(cut.withheld.len(), WITHHELD_MAX + 1);
    assert_eq!((cut.withheld[0].as_str(), cut.withheld[99].as_str()), ("m000", "m099"));
    assert_eq!(cut.withheld.last().unwrap(), "…");
}

#[test]
fn a_long_path_is_recorded_by_its_beginning() {
    let name = "a".repeat(60);
    let body = format!("{{\"{name}\":{{\"{name}\":{{\"{name}\":{{\"{name}\":{{\"z\":1}}}}}}}}}}");
    let path = [name.as_str(); 4].join(".");
    let cut = cut(body.as_bytes(), &fields(&[&format!("{path}.y")])).unwrap();
    assert_eq!(cut.withheld, [format!("{}…", [name.as_str(); 3].join("."))]);
}

#[test]
fn a_set_of_fields_refuses_what_is_no_path() {
    for bad in ["", ".", "a.", ".a", "a..b"] {
        assert_eq!(FieldSet::new([bad]), Err(FieldError::Empty(bad.to_owned())));
    }
    let long = "a".repeat(PATH_BYTES_MAX + 1);
    assert_eq!(FieldSet::new([&long]), Err(FieldError::TooLong(long.clone())));
    assert_eq!(FieldSet::new((0..=FIELDS_MAX).map(|n| format!("a{n}"))), Err(FieldError::TooMany));
    assert_eq!(fields(&["b", "a.x", "a", "c.d.e", "c.d"]).paths(), ["a", "b", "c.d"]);
}

/// JSON in which every value says where it stands.
fn marked() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), Just(Value::from("?"))];
    let tree = leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-d]", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    let root = tree.prop_filter("an object or a list", |v| v.is_object() || v.is_array());
    root.prop_map(|mut value| {
        mark(&mut value, "", &mut 0);
        value
    })
}

fn mark(value: &mut Value, path: &str, count: &mut usize) {
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            mark(value, &path, count);
        }),
        Value::Array(items) => items.iter_mut().for_each(|item| mark(item, path, count)),
        simple => {
            *count += 1;
            *simple = format!("<{path}#{count}>").into();
        }
    }
}

fn markers(text: &str) -> Vec<String> {
    text.split('"').filter(|part| part.starts_with('<')).map(str::to_owned).collect()
}

fn is_granted(path: &str, paths: &[String]) -> bool {
    paths.iter().any(|granted| path == granted || path.starts_with(&format!("{granted}.")))
}

proptest! {
    #[test]
    fn exactly_what_is_granted_stays_and_cutting_twice_is_cutting_once(
        value in marked(), paths in prop::collection::vec("[a-d](\\.[a-d]){0,3}", 0..5), pretty in any::<bool>(),
    ) {
        let body = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        let set = FieldSet::new(&paths).unwrap();
        let once = cut(body.as_bytes(), &set).unwrap();
        let granted = |marker: &String| is_granted(&marker[1..marker.find('#').unwrap()], &paths);
        let expected: Vec<String> = markers(&body).into_iter().filter(granted).collect();
        prop_assert_eq!(markers(&once.text), expected);
        let unchanged = serde_json::from_str::<Value>(&once.text).unwrap() == value;
        prop_assert_eq!(once.withheld.is_empty(), unchanged);
        let twice = cut(once.text.as_bytes(), &set).unwrap();
        prop_assert_eq!(&twice.text, &once.text);
        prop_assert!(twice.withheld.is_empty());
        for path in &once.withheld {
            prop_assert!(!is_granted(path, &paths), "{path} was granted");
        }
    }

    #[test]
    fn everything_granted_is_everything(value in marked()) {
        let body = value.to_string();
        let whole = cut(body.as_bytes(), &fields(&["a", "b", "c", "d"])).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&whole.text).unwrap(), without_bare_items(value));
    }

    #[test]
    fn no_text_makes_the_reader_panic(body in any::<Vec<u8>>(), path in "[a-c]") {
        let _ = cut(&body, &fields(&[&path]));
        let _ = problem(&body);
    }

    #[test]
    fn what_is_cut_is_json_for_others_too(body in "[\\[\\]{}:,\"a0-9.eE+\\- \\\\utrfnlsx]{0,24}") {
        let ours = cut(body.as_bytes(), &fields(&["a"]));
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&body);
        match ours {
            Ok(_) | Err(Uncuttable::NoFields) => prop_assert!(theirs.is_ok(), "{body}"),
            Err(Uncuttable::NotJson) => prop_assert!(theirs.is_err() || body.contains("\\u"), "{body}"),
            Err(_) => {}
        }
    }
}

/// Values directly in lists at the root have no name and cannot be granted.
fn without_bare_items(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let named = items.into_iter().filter(|item| item.is_object() || item.is_array());
            named.map(without_bare_items).collect()
        }
        other => other,
    }
}
