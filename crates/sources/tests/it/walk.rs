//! From an unknown database to a definition.

use sources::check::{Checked, check};
use sources::definition::Changes;
use sources::draft::{self, Drafted};
use sources::inspect::inspect;
use sources::meaning::{Meaning, Personal};
use sources::quality::rule::Check;
use sources::value::Kind;
use sources::{Definition, SourceError};

use crate::base::{Base, PEOPLE, on_each_engine};

async fn an_unknown_database_is_understood_and_drafted(base: Base) {
    let source = base.source().await;
    let seen = inspect(&source).await.unwrap();
    assert!(seen[0].table.ends_with("khai_sinh"), "the best table comes first: {seen:?}");
    let column = |name: &str| seen[0].columns.iter().find(|column| column.name == name).unwrap();
    let guess = |name: &str| column(name).guess.map(|guess| guess.meaning);
    assert_eq!(guess("so_dinh_danh"), Some(Meaning::PersonalNumber));
    assert_eq!(guess("ngay_sinh"), Some(Meaning::BirthDate));
    assert_eq!(guess("ma_xa"), Some(Meaning::CommuneCode));
    assert_eq!(column("so_dinh_danh").personal, Some(Personal::Basic));
    assert_eq!(column("anh").kind, None, "pictures are not given");
    assert_eq!(seen[0].key, ["id"]);
    let other = seen.iter().find(|seen| seen.table.ends_with("khong_khoa")).unwrap();
    assert!(other.remarks.iter().any(|remark| remark.en.contains("no key")), "{other:?}");

    let drafted = base.drafted().await;
    assert_eq!(drafted.service.look_up.as_deref(), Some("soDinhDanh"));
    assert!(drafted.service.about_person);
    assert_eq!(drafted.field("lePhi").unwrap().kind, Kind::Decimal);
    assert_eq!(drafted.changes, Some(Changes::Column { field: "capNhat".into() }));
    assert!(drafted.field("anh").is_none());
    let text = drafted.text().unwrap();
    assert!(text.lines().count() < 180 && !text.contains("049000000"), "a definition has no data: {text}");

    let checked = check(&drafted, &source).await.unwrap();
    assert_eq!(checked.mistakes, []);
    assert_eq!(checked.rows, PEOPLE as usize);
}
on_each_engine!(an_unknown_database_is_understood_and_drafted);

async fn a_definition_that_does_not_fit_says_everything_that_is_wrong(base: Base) {
    let source = base.source().await;
    let mut wrong = base.drafted().await;
    wrong.fields[1].column = "khong_co".into();
    wrong.fields[3].column_type = "polygon".into();
    wrong.entity.key = vec!["cung_khong".into()];
    let checked = check(&wrong, &source).await.unwrap();
    let said: Vec<_> = checked.mistakes.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].contains("khong_co") && said[1].contains("polygon") && said[2].contains("cung_khong"));
    wrong.entity.table = "khai_sin".into();
    let checked = check(&wrong, &source).await.unwrap();
    assert!(checked.mistakes[0].en.contains("khai_sinh"), "{:?}", checked.mistakes);
}
on_each_engine!(a_definition_that_does_not_fit_says_everything_that_is_wrong);

#[tokio::test]
async fn a_large_sqlite_file_is_not_counted() {
    let base = Base::sqlite().await;
    let rows = async || {
        let seen = inspect(&base.source().await).await.unwrap();
        let one = seen.into_iter().find(|seen| seen.table == "khai_sinh").unwrap();
        (one.rows, one.rows_exact)
    };
    base.execute("DELETE FROM khai_sinh WHERE id IN (3, 4)").await;
    assert_eq!(rows().await, (Some(u64::from(PEOPLE) - 2), true));
    base.execute("CREATE TABLE lon (x BLOB); INSERT INTO lon VALUES (zeroblob(70000000))").await;
    assert_eq!(rows().await, (Some(u64::from(PEOPLE)), false), "the largest row number, marked as estimated");
    base.execute("CREATE TABLE khong_so (x TEXT PRIMARY KEY) WITHOUT ROWID").await;
    assert!(inspect(&base.source().await).await.is_ok());
}

/// Rows of which the columns `ma` and `nhom` say different things about being a key.
async fn with_doubles(base: &Base) {
    let table =
        "CREATE TABLE phieu (ma VARCHAR(8), nhom VARCHAR(8) NOT NULL, so INTEGER NOT NULL, cccd VARCHAR(12))";
    base.execute(table).await;
    base.execute(
        "INSERT INTO phieu VALUES ('a', 'x', 1, '049090000001'), ('b', 'x', 2, '049090000002'), ('b', 'y', 3, '049090000001'), (NULL, 'y', 4, '049090000003')",
    )
    .await;
    base.execute("CREATE VIEW khung AS SELECT ma, nhom, so, cccd FROM phieu").await;
}

async fn drafted_by(base: &Base, name: &str, key: &[&str]) -> Result<Drafted, SourceError> {
    let source = base.source().await;
    let tables = source.tables().await.unwrap();
    let table = tables.iter().find(|table| table.name == name).unwrap();
    let key: Vec<_> = key.iter().map(|name| (*name).to_owned()).collect();
    draft::write(&source, table, &key, ("HOTICH", "phieu")).await
}

async fn a_key_that_does_not_tell_rows_apart_is_refused(base: Base) {
    with_doubles(&base).await;
    let source = base.source().await;
    for table in ["phieu", "khung"] {
        let good = drafted_by(&base, table, &["so"]).await.unwrap();
        assert!(good.warnings[0].en.contains("not guarantee"), "{:?}", good.warnings);
        let checked = check(&good.definition, &source).await.unwrap();
        assert_eq!((checked.mistakes.len(), checked.rows), (0, 4), "{checked:?}");
        for (key, tells) in [("ma", "1 values stand in more than one row, 1 rows"), ("nhom", "2 values")] {
            let Err(SourceError::Definition(said)) = drafted_by(&base, table, &[key]).await else {
                panic!("{table} {key} was drafted")
            };
            assert!(said[0].en.contains(tells), "{said:?}");
            let mut wrong = good.definition.clone();
            wrong.entity.key = vec![key.into()];
            wrong.entity.key_types = vec![wrong.fields[0].column_type.clone()];
            let checked = check(&wrong, &source).await.unwrap();
            assert!(checked.mistakes[0].en.contains(tells), "{checked:?}");
        }
    }
}
on_each_engine!(a_key_that_does_not_tell_rows_apart_is_refused);

async fn a_column_that_stands_in_several_rows_is_not_what_one_looks_up_by(base: Base) {
    with_doubles(&base).await;
    let drafted = drafted_by(&base, "phieu", &["so"]).await.unwrap().definition;
    assert_eq!(drafted.field("cccd").unwrap().meaning, Some(Meaning::PersonalNumber));
    assert_eq!((drafted.service.look_up.as_deref(), drafted.service.about_person), (Some("so"), false));
    let rules: Vec<_> = drafted.rules.iter().filter(|rule| rule.check == Check::Unique).collect();
    assert!(rules.iter().all(|rule| rule.field == "so"), "{rules:?}");
    let source = base.source().await;
    let mut asked = drafted.clone();
    asked.service.look_up = Some("cccd".into());
    let said = |checked: Checked| checked.warnings.iter().map(ToString::to_string).collect::<String>();
    assert!(said(check(&asked, &source).await.unwrap()).contains("EX-3009"));
    base.execute("DELETE FROM phieu WHERE so = 3").await;
    assert!(!said(check(&asked, &source).await.unwrap()).contains("EX-3009"));
    let again = drafted_by(&base, "phieu", &["so"]).await.unwrap().definition;
    assert_eq!((again.service.look_up.as_deref(), again.service.about_person), (Some("cccd"), true));
}
on_each_engine!(a_column_that_stands_in_several_rows_is_not_what_one_looks_up_by);

#[tokio::test]
async fn an_index_on_an_expression_proves_no_key() {
    for base in [Base::postgres().await, Base::sqlite().await] {
        base.execute("CREATE TABLE lop (ma VARCHAR(8) NOT NULL, ten VARCHAR(8) NOT NULL)").await;
        base.execute("CREATE UNIQUE INDEX lop_i ON lop (ma, lower(ten))").await;
        base.execute("INSERT INTO lop VALUES ('a', 'x'), ('a', 'y')").await;
        let said = drafted_by(&base, "lop", &[]).await.unwrap_err().to_string();
        assert!(said.contains("there is no key"), "{said}");
    }
}

#[tokio::test]
async fn a_primary_key_of_sqlite_may_be_empty_and_is_counted() {
    let base = Base::sqlite().await;
    base.execute("CREATE TABLE lop (ma TEXT PRIMARY KEY, ten TEXT)").await;
    base.execute("INSERT INTO lop VALUES ('a', 'x')").await;
    assert_eq!(drafted_by(&base, "lop", &[]).await.unwrap().warnings, []);
    base.execute("INSERT INTO lop VALUES (NULL, 'y')").await;
    assert!(drafted_by(&base, "lop", &[]).await.is_err());
}

#[tokio::test]
async fn wrong_values_are_told_by_field_and_of_how_many_rows() {
    let base = Base::sqlite().await;
    let drafted = base.drafted().await;
    let source = base.source().await;
    let checked = check(&drafted, &source).await.unwrap();
    assert_eq!((checked.rows, checked.of), (PEOPLE as usize, Some(u64::from(PEOPLE))));
    base.execute("UPDATE khai_sinh SET ngay_sinh = 'x' WHERE id BETWEEN 11 AND 40").await;
    base.execute("UPDATE khai_sinh SET le_phi = 'y' WHERE id = 50").await;
    let said: Vec<_> =
        check(&drafted, &source).await.unwrap().mistakes.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("field ngaySinh") && said[0].contains("in 30 rows: row 11; 12; 13"), "{said:?}");
}

#[test]
fn a_definition_that_is_no_toml_is_told_once_in_each_language_with_its_line() {
    for text in ["format = \"lienthong-source/1\"\nurl = ", "format = \"lienthong-source/1\"\nkhong_co = 1"] {
        let said = sources::Offer::parse(text).unwrap_err().to_string();
        let (vi, en) = said.rsplit_once(" / ").unwrap();
        assert!(vi.contains("dòng / line 2") && !vi.contains(en), "{said}");
    }
}

#[tokio::test]
async fn types_of_the_databases_own_making_are_given_and_others_are_named() {
    let base = Base::postgres().await;
    base.execute("CREATE TYPE gioi AS ENUM ('nam', 'nữ')").await;
    base.execute("CREATE DOMAIN ma_ho AS varchar(8) NOT NULL").await;
    base.execute("CREATE DOMAIN tuoi AS smallint CHECK (VALUE >= 0)").await;
    base.execute("CREATE TABLE ho (ma ma_ho PRIMARY KEY, gioi gioi, tuoi tuoi, con text[], phi money)").await;
    base.execute("CREATE INDEX ON ho (gioi)").await;
    base.execute("INSERT INTO ho VALUES ('H1', 'nữ', 40, '{a}', 5)").await;
    let drafted = drafted_by(&base, "ho", &[]).await.unwrap();
    let kinds: Vec<_> = drafted.definition.fields.iter().map(|field| (&*field.name, field.kind)).collect();
    assert_eq!(kinds, [("ma", Kind::Text), ("gioi", Kind::Text), ("tuoi", Kind::Integer)]);
    let mut definition = drafted.definition.clone();
    let text = drafted.commented(&definition.text().unwrap());
    assert!(text.starts_with('#') && text.contains("left out: con (text[])") && text.contains("phi (money)"));
    assert_eq!(Definition::parse(&text).unwrap(), definition);
    definition.password_file = base.drafted().await.password_file;
    let checked = check(&definition, &base.source().await).await.unwrap();
    assert_eq!((checked.mistakes.len(), checked.rows), (0, 1), "{checked:?}");
}
