use super::*;

fn definition(url: &str) -> Definition {
    let text = format!(
        r#"
        format = "lienthong-source/1"
        url = "{url}"
        [service]
        subsystem = "HOTICH"
        code = "so"
        title_vi = "Sổ"
        [entity]
        table = "so"
        key = ["ma"]
        key_types = ["text"]
        [changes]
        by = "table"
        table = "so_doi"
        [[field]]
        name = "ma"
        column = "ma"
        type = "text"
        column_type = "text"
        "#
    );
    Definition::parse(&text).unwrap()
}

/// A row as a source gives it: field, key, number, transaction, operation, time, age, whether it is there, key.
fn row(number: i64, age_s: Option<i64>, operation: &str, key: &str, there: bool) -> Row {
    let value = there.then(|| key.to_owned());
    let there = Some(u8::from(there).to_string());
    let age = age_s.map(|age| age.to_string());
    let own = [Some(number.to_string()), None, Some(operation.into()), None, age, there, Some(key.into())];
    [value.clone(), value].into_iter().chain(own).collect()
}

/// What is told of rows: numbers with what happened, and the number behind which to go on.
fn told(rows: Vec<Row>, since: i64) -> (Vec<(i64, &'static str)>, Option<i64>) {
    let definition = definition("mysql://a@h/d");
    let table = ChangeTable::new("so_doi".into());
    let reading = Reading::new(&definition, &table, Engine::MySql);
    let (changes, last) = reading.changes(rows, Mark { transaction: 0, number: since }).unwrap();
    let changes = changes.iter().map(|change| (change.mark.number, change.operation.name())).collect();
    (changes, last.map(|last| last.number))
}

#[test]
fn of_a_row_only_its_last_change_is_told() {
    let old = Some(GAP_S);
    let rows = vec![
        row(1, old, "I", "a", true),
        row(2, old, "U", "b", true),
        row(3, old, "U", "a", true),
        row(4, old, "sửa", "c", false),
        row(5, old, "D", "d", true),
    ];
    assert_eq!(told(rows, 0), (vec![(2, "sua"), (3, "sua"), (4, "xoa"), (5, "sua")], Some(5)));
}

#[test]
fn what_follows_a_young_gap_is_held_back() {
    let rows = |age| vec![row(6, Some(age), "U", "a", true), row(8, Some(age), "U", "b", true)];
    assert_eq!(told(rows(GAP_S - 1), 5), (vec![(6, "sua")], Some(6)));
    assert_eq!(told(rows(GAP_S - 1), 4), (vec![], None));
    assert_eq!(told(rows(GAP_S), 4), (vec![(6, "sua"), (8, "sua")], Some(8)));
}

#[test]
fn an_operation_that_nobody_knows_is_an_error() {
    let definition = definition("mysql://a@h/d");
    let table = ChangeTable::new("so_doi".into());
    let reading = Reading::new(&definition, &table, Engine::MySql);
    let refused = reading.changes(vec![row(1, None, "?", "a", true)], Mark::default());
    assert_eq!(refused.unwrap_err().code(), "EX-3011");
}

#[test]
fn marks_are_read_as_they_were_given_and_nothing_else() {
    for (text, ordered) in [("0", true), ("0", false), ("17", false), ("745.17", true), ("0.0", true)] {
        let read = Mark::parse(text, ordered).unwrap();
        assert_eq!(Mark::parse(&read.text(ordered), ordered), Some(read), "{text}");
    }
    for (text, ordered) in [
        ("", true),
        ("17", true),
        ("1.2", false),
        ("-1", false),
        ("1.-2", true),
        ("x", false),
        ("1.2.3", true),
    ] {
        assert_eq!(Mark::parse(text, ordered), None, "{text}");
    }
}
