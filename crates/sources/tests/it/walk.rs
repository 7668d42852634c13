//! From an unknown database to a definition.

use sources::check::check;
use sources::definition::Changes;
use sources::inspect::inspect;
use sources::meaning::{Meaning, Personal};
use sources::value::Kind;

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
