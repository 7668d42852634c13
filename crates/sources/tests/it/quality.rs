//! Data quality of a register with known mistakes.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use http::{Request, StatusCode};
use jiff::Timestamp;
use sources::SourceError;
use sources::definition::Definition;
use sources::protect::Protector;
use sources::quality::report::{Ended, csv, rows_csv};
use sources::quality::rule::Check;
use sources::quality::run::EXAMPLES;
use sources::quality::schedule::Every;
use sources::quality::{Bounds, Criterion, Report, Run, Schedule, Severity, history};
use sources::serve::{Service, open, router};
use store::Db;
use testkit::TestStore;
use tower_service::Service as _;

use crate::base::{Base, PEOPLE, on_each_engine};

const ALL: Bounds =
    Bounds { rows_max: 1_000_000, time: Duration::from_mins(1), whole_keys: false, examples: EXAMPLES };

/// In 2026, in the morning in Vietnam.
const NOW: &str = "2026-11-22T01:00:00Z";

async fn run(definition: &Definition, bounds: Bounds) -> Report {
    carry_out(definition, bounds, &AtomicBool::new(false)).await.unwrap()
}

async fn carry_out(
    definition: &Definition,
    bounds: Bounds,
    stop: &AtomicBool,
) -> Result<Report, SourceError> {
    let source = open(definition).await?;
    let protector = Protector::new(definition.limits.at_once);
    let now = NOW.parse().unwrap();
    Run { definition, source: &source, protector: &protector, now, bounds, stop }.carry_out(|_| ()).await
}

/// How many rows were checked and failed by the rule of a field.
#[track_caller]
fn counts(report: &Report, field: &str, check: Check) -> (u64, u64) {
    let found = report.rules.iter().find(|rule| rule.field == field && rule.check == check);
    let found = found.unwrap_or_else(|| panic!("no rule {field} {check:?}"));
    (found.checked, found.failed)
}

/// The definition of a base with one rule more about names.
async fn with(base: &Base, rule: &str) -> Definition {
    let text = base.drafted().await.text().unwrap();
    Definition::parse(&format!("{text}\n[[rule]]\nfield = \"hoTen\"\n{rule}\n")).unwrap()
}

async fn mistakes_are_counted_by_rule_and_criterion(base: Base) {
    // The number of a woman of 1985 and no province 097; a name with blanks; a birth to come; a change to come.
    base.execute("UPDATE khai_sinh SET so_dinh_danh = '097185000001' WHERE id = 1").await;
    base.execute("UPDATE khai_sinh SET so_dinh_danh = '049185000002' WHERE id = 2").await;
    base.execute("UPDATE khai_sinh SET ho_ten = 'Trần  Văn Mẫu' WHERE id IN (3, 4)").await;
    base.execute("UPDATE khai_sinh SET ngay_sinh = '2027-01-01' WHERE id = 5").await;
    base.execute("UPDATE khai_sinh SET ma_xa = NULL WHERE id = 6").await;
    let people = u64::from(PEOPLE);
    let definition = with(&base, "check = \"clean\"").await;
    let report = run(&definition, ALL).await;

    assert_eq!((report.rows, &report.ended), (people, &None));
    assert_eq!(counts(&report, "soDinhDanh", Check::Required), (people, 0));
    assert_eq!(counts(&report, "soDinhDanh", Check::Unique), (people, 0));
    assert_eq!(counts(&report, "soDinhDanh", Check::PersonalNumber), (people, 1));
    // All numbers of the base say 1900, and all births 1990.
    assert_eq!(counts(&report, "soDinhDanh", Check::NumberAgrees), (people - 1, people - 1));
    // Row 7 has its name in form D.
    assert_eq!(counts(&report, "hoTen", Check::Clean), (people, 3));
    assert_eq!(counts(&report, "ngaySinh", Check::Range), (people, 1));
    assert_eq!(counts(&report, "maXa", Check::Pattern), (people - 1, 0));
    assert_eq!(counts(&report, "*", Check::Typed), (people, 0));

    let index =
        |wanted: Criterion| report.criteria.iter().find(|(criterion, _)| *criterion == wanted).unwrap().1;
    // The commune may be empty, and no number tells its birth.
    assert!(index(Criterion::Completeness) >= 100.0 && index(Criterion::Consistency) <= 0.0);
    assert!((99.0..100.0).contains(&index(Criterion::Accuracy)), "{}", index(Criterion::Accuracy));
    assert_eq!(report.identity, Some(99.16), "119 of 120, rounded down");
    assert!(!report.identity_is_whole());

    let example = &report.rules.iter().find(|rule| rule.check == Check::PersonalNumber).unwrap().examples[0];
    assert_eq!((&*example.key, &*example.value), ("*", "097*****0001"), "keys and values are masked");
    let text = serde_json::to_string(&report).unwrap() + &String::from_utf8(csv(&report).unwrap()).unwrap();
    assert!(!text.contains("097185000001") && !text.contains("Trần  Văn Mẫu"), "{text}");
    let named = run(&definition, Bounds { whole_keys: true, ..ALL }).await;
    assert_eq!(
        named.rules.iter().find(|rule| rule.check == Check::PersonalNumber).unwrap().examples[0].key,
        "1"
    );
}
on_each_engine!(mistakes_are_counted_by_rule_and_criterion);

#[tokio::test]
async fn every_row_to_work_off_is_named_with_its_field() {
    let base = Base::sqlite().await;
    base.execute("UPDATE khai_sinh SET ngay_sinh = 'không rõ' WHERE id BETWEEN 11 AND 18").await;
    let definition = base.drafted().await;
    let typed = |report: &Report| {
        report.rules.iter().find(|rule| rule.check == Check::Typed).unwrap().examples.clone()
    };
    let few = run(&definition, ALL).await;
    assert_eq!(typed(&few).len(), EXAMPLES);
    assert!(typed(&few)[0].value.starts_with("ngaySinh: ") && !typed(&few)[0].value.contains("không rõ"));
    let all = run(&definition, Bounds { whole_keys: true, examples: 100, ..ALL }).await;
    let text = String::from_utf8(rows_csv(&all).unwrap()).unwrap();
    let lines = text.lines().filter(|line| line.contains(",*,typed,")).collect::<Vec<_>>();
    assert!(lines.len() == 8 && lines[7].contains(",18,"), "{text}");
}

async fn values_that_are_there_twice_are_found(base: Base) {
    let definition = with(&base, "check = \"unique\"\nseverity = \"red\"").await;
    assert_eq!(counts(&run(&definition, ALL).await, "hoTen", Check::Unique), (u64::from(PEOPLE), 0));
    base.execute("UPDATE khai_sinh SET ho_ten = 'Trần Văn Mẫu 9' WHERE id IN (20, 30)").await;
    assert_eq!(counts(&run(&definition, ALL).await, "hoTen", Check::Unique), (u64::from(PEOPLE), 2));
}
on_each_engine!(values_that_are_there_twice_are_found);

async fn a_run_ends_early_and_says_why(base: Base) {
    let definition = base.drafted().await;
    let report = run(&definition, Bounds { rows_max: 50, ..ALL }).await;
    assert_eq!((report.rows, &report.ended), (50, &Some(Ended::Rows(50))));
    assert_eq!(report.complete().unwrap_err().code(), "EX-3016");
    let report = run(&definition, Bounds { time: Duration::ZERO, ..ALL }).await;
    assert_eq!((report.rows, &report.ended), (0, &Some(Ended::Time(0))));
    let report = carry_out(&definition, ALL, &AtomicBool::new(true)).await.unwrap();
    assert_eq!(report.ended, Some(Ended::Stopped));
    base.execute("ALTER TABLE khai_sinh RENAME TO khac").await;
    let error = carry_out(&definition, ALL, &AtomicBool::new(false)).await.unwrap_err();
    assert_eq!(error.code(), "EX-3004", "nothing was read: {error}");
}
on_each_engine!(a_run_ends_early_and_says_why);

/// The header of an answer about broken rules.
async fn quality_of(router: &axum::Router, target: &str) -> Option<String> {
    let request = Request::get(target).body(axum::body::Body::empty()).unwrap();
    let answer = router.clone().call(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{target}");
    answer.headers().get("lienthong-quality").map(|value| value.to_str().unwrap().to_owned())
}

async fn an_answer_with_a_row_that_breaks_a_red_rule_says_so(base: Base) {
    base.execute("UPDATE khai_sinh SET so_dinh_danh = '097185000001' WHERE id = 1").await;
    base.execute("UPDATE khai_sinh SET ngay_sinh = '2527-01-01' WHERE id = 2").await;
    let definition = base.drafted().await;
    let red = |check| definition.rules.iter().any(|r| r.check == check && r.severity == Severity::Red);
    assert!(red(Check::PersonalNumber) && red(Check::Range));
    let service = Arc::new(Service::open(definition).await.unwrap());
    let router = router(Arc::clone(&service));
    assert_eq!(quality_of(&router, "/049000000003").await, None);
    assert_eq!(quality_of(&router, "/097185000001").await.as_deref(), Some("1 red"));
    assert_eq!(quality_of(&router, "/?limit=10").await.as_deref(), Some("2 red"));
    let report = service.quality(NOW.parse().unwrap(), ALL).await.unwrap();
    assert_eq!(report.red_answers, 2);
}
on_each_engine!(an_answer_with_a_row_that_breaks_a_red_rule_says_so);

async fn runs_that_are_due_are_carried_out_once_and_kept(store: TestStore) {
    let base = Base::sqlite().await;
    let mut definition = base.drafted().await;
    definition.quality = Some(Schedule { every: Every::Day, at: "23:00".into(), rows_max: 100, time_s: 60 });
    let services = [Arc::new(Service::open(definition).await.unwrap())];
    let db = Db::open(store.url()).await.unwrap();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let before =
        history::run_due(&services, at("2026-11-22T15:00:00Z"), at("2026-11-22T15:59:59Z"), &db).await;
    assert_eq!(before.unwrap(), 0);
    let due = history::run_due(&services, at("2026-11-22T15:59:59Z"), at("2026-11-22T16:00:05Z"), &db).await;
    assert_eq!(due.unwrap(), 1);
    let after =
        history::run_due(&services, at("2026-11-22T16:00:05Z"), at("2026-11-22T16:00:30Z"), &db).await;
    assert_eq!(after.unwrap(), 0);

    let kept = history::list(&db, Some("HOTICH/khai-sinh"), 10).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].rows, &kept[0].ended), (100, &Some(Ended::Rows(100))));
    assert_eq!(kept[0].at, "2026-11-22T16:00:05Z");
    assert_eq!(history::list(&db, Some("HOTICH/khac"), 10).await.unwrap(), []);
    db.close().await;
}
testkit::on_both!(runs_that_are_due_are_carried_out_once_and_kept);
