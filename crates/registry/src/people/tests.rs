#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Arc, LazyLock};

use base::Ts;
use jiff::civil::date;
use totp_rs::Totp;

use super::*;
use crate::{RegistryError, State};

const NOW: Ts = Ts::from_secs(1_795_230_000);
const PASSWORD: &str = "mật khẩu đủ dài";

fn post(role: Role, agency: Option<&str>) -> Post {
    Post::new(role, agency.map(|code| code.parse().unwrap()))
}

/// A person's text and address; made once, since it takes time on purpose.
static AN: LazyLock<(String, String)> = LazyLock::new(|| {
    People::new_entry("an@h17", " Nguyễn Văn An ", PASSWORD, &[post(Role::Leader, Some("H17"))]).unwrap()
});

/// Signs in from nowhere.
fn enter(people: &People, id: &str, password: &str, code: &str, now: Ts) -> Result<SignedIn, RegistryError> {
    people.sign_in(&Proof::Password { id, password, code, from: None }, now)
}

fn people(text: &str) -> People {
    People::parse(text).unwrap()
}

fn code(at: Ts) -> String {
    Totp::from_url(&AN.1).unwrap().generate(u64::try_from(at.secs()).unwrap()).to_string()
}

fn may_at(role: Role, at: Option<&str>, act: Act, agency: Option<&str>) -> bool {
    let person = Person { id: "an".parse().unwrap(), posts: vec![post(role, at)] };
    let agency = agency.map(|code| code.parse().unwrap());
    let result = may(&State::default(), &person, act, agency.as_ref(), date(2026, 11, 21));
    assert!(matches!(result, Ok(()) | Err(RegistryError::Forbidden(_))));
    result.is_ok()
}

const ACTS: [Act; 23] = [
    Act::AgencyPut,
    Act::InventoryPut,
    Act::ServicePut,
    Act::RequestMake,
    Act::RequestStep,
    Act::GrantChange,
    Act::GrantTry,
    Act::GateFile,
    Act::GateJudge,
    Act::DirectoryRegister,
    Act::DirectoryPropose,
    Act::DirectoryApprove,
    Act::IncidentPut,
    Act::IncidentContain,
    Act::SecurityReport,
    Act::ProcessDeploy,
    Act::ProcessStart,
    Act::ProcessRead,
    Act::TaskDo,
    Act::TaskAssign,
    Act::ProcessOperate,
    Act::ProcessMend,
    Act::Read,
];

#[test]
fn each_role_may_do_what_stands_in_the_table_and_nothing_else() {
    let check = |role, allowed: &[Act]| {
        for act in ACTS {
            assert_eq!(may_at(role, None, act, Some("H17")), allowed.contains(&act), "{role:?} {act:?}");
        }
    };
    check(
        Role::PlatformOperator,
        &[
            Act::AgencyPut,
            Act::RequestStep,
            Act::GateFile,
            Act::GateJudge,
            Act::DirectoryRegister,
            Act::DirectoryPropose,
            Act::DirectoryApprove,
            Act::IncidentPut,
            Act::IncidentContain,
            Act::SecurityReport,
            Act::ProcessDeploy,
            Act::ProcessRead,
            Act::ProcessOperate,
            Act::ProcessMend,
            Act::Read,
        ],
    );
    check(
        Role::AgencyAdministrator,
        &[
            Act::InventoryPut,
            Act::ServicePut,
            Act::RequestMake,
            Act::RequestStep,
            Act::GrantTry,
            Act::DirectoryRegister,
            Act::ProcessStart,
            Act::ProcessRead,
            Act::TaskAssign,
            Act::ProcessMend,
            Act::Read,
        ],
    );
    check(Role::DataOwner, &[Act::ServicePut, Act::RequestStep, Act::GrantChange, Act::GrantTry, Act::Read]);
    check(
        Role::SecurityOfficer,
        &[Act::RequestStep, Act::GateFile, Act::GateJudge, Act::IncidentPut, Act::SecurityReport, Act::Read],
    );
    check(Role::Auditor, &[Act::SecurityReport, Act::ProcessRead, Act::Read]);
    check(
        Role::Leader,
        &[Act::RequestStep, Act::SecurityReport, Act::ProcessRead, Act::TaskDo, Act::TaskAssign, Act::Read],
    );
    check(Role::Officer, &[Act::ProcessStart, Act::ProcessRead, Act::TaskDo]);
}

#[test]
fn a_post_with_groups_is_for_work_of_these_groups_only() {
    let h17: crate::agency::AgencyCode = "H17".parse().unwrap();
    let does = |groups: &[&str], group: Option<&str>| {
        let groups = groups.iter().map(|&group| group.to_owned()).collect();
        let post = Post { groups, ..post(Role::Officer, Some("H17")) };
        let an = Person { id: "an".parse().unwrap(), posts: vec![post] };
        works_for(&State::default(), &an, Act::TaskDo, (Some(&h17), group), date(2026, 11, 21))
    };
    assert!(does(&[], Some("mot-cua-xa")) && does(&[], None));
    assert!(does(&["ho-tich", "mot-cua-xa"], Some("mot-cua-xa")));
    assert!(!does(&["ho-tich"], Some("mot-cua-xa")));
    assert!(!does(&["ho-tich"], None), "work of no group is not theirs");
}

#[test]
fn groups_of_a_post_are_read_from_the_file_and_must_be_names() {
    let text = |groups: &str| {
        let (head, _) = AN.0.split_once("[[person.posts]]").unwrap();
        format!("{head}[[person.posts]]\nrole = \"officer\"\nagency = \"H17\"\ngroups = {groups}\n")
    };
    let an =
        people(&text("[\"mot-cua-xa\"]")).person(&"an@h17".parse().unwrap(), date(2026, 11, 21)).unwrap();
    assert_eq!(an.posts[0].groups, ["mot-cua-xa"]);
    for wrong in ["[\"\"]", "[\"a\\u0000\"]"] {
        assert!(matches!(People::parse(&text(wrong)), Err(RegistryError::Invalid(_))), "{wrong}");
    }
}

#[test]
fn a_role_counts_at_its_own_agency_only() {
    assert!(may_at(Role::DataOwner, Some("H17"), Act::GrantChange, Some("H17")));
    assert!(!may_at(Role::DataOwner, Some("H17"), Act::GrantChange, Some("H01")));
    assert!(!may_at(Role::DataOwner, Some("H17"), Act::GrantChange, None), "the platform is not an agency's");
    assert!(may_at(Role::PlatformOperator, None, Act::DirectoryApprove, None));
    assert!(!may_at(Role::PlatformOperator, Some("H17"), Act::DirectoryApprove, None));
    assert!(!may_at(Role::PlatformOperator, Some("H17"), Act::IncidentContain, None));
    assert!(!may_at(Role::Leader, Some("H17"), Act::Read, Some("H01")));
    assert!(may_at(Role::Auditor, Some("H17"), Act::Read, Some("H01")), "an auditor reads everywhere");
    assert!(may_at(Role::Auditor, Some("H17"), Act::Read, None));
}

#[test]
fn words_in_the_journal_are_those_of_files() {
    for act in ACTS {
        assert_eq!(serde_json::to_value(act).unwrap(), act.name());
    }
    for role in [Role::PlatformOperator, Role::AgencyAdministrator, Role::DataOwner] {
        assert_eq!(serde_json::to_value(role).unwrap(), role.name());
    }
    for role in [Role::SecurityOfficer, Role::Auditor, Role::Leader, Role::Officer] {
        assert_eq!(serde_json::to_value(role).unwrap(), role.name());
    }
}

#[test]
fn a_new_entry_signs_in_and_its_code_has_the_number_of_its_half_minute() {
    let people = people(&AN.0);
    let id = "an@h17".parse().unwrap();
    assert_eq!(people.name(&id), Some("Nguyễn Văn An"));
    let number = |code: &str, now| enter(&people, "an@h17", PASSWORD, code, now).unwrap().code.unwrap();
    let an = enter(&people, "an@h17", PASSWORD, &code(NOW), NOW).unwrap();
    assert_eq!(an.person, Person { id, posts: vec![post(Role::Leader, Some("H17"))] });
    let first = an.code.unwrap();
    assert_eq!(number(&code(NOW), NOW.plus_secs(1)), first, "the same code has the same number");
    assert_eq!(number(&code(NOW.plus_secs(-30)), NOW), first - 1);
    let next = code(NOW.plus_secs(30));
    let spaced = format!("{} {}", &next[..3], &next[3..]);
    assert_eq!(number(&spaced, NOW.plus_secs(30)), first + 1);
}

#[test]
fn both_factors_must_be_right_and_the_name_known() {
    let people = people(&AN.0);
    let check = |id: &str, password: &str, code: &str| {
        let refused = enter(&people, id, password, code, NOW);
        assert!(matches!(refused, Err(RegistryError::SignIn)), "{id} {password} {code}");
    };
    check("an@h17", "mật khẩu khác rồi", &code(NOW));
    check("an@h17", PASSWORD, &code(NOW.plus_secs(120)));
    check("an@h17", PASSWORD, "");
    check("binh", PASSWORD, &code(NOW));
    check("Không phải tên!", PASSWORD, &code(NOW));
    enter(&people, "an@h17", PASSWORD, &code(NOW), NOW).unwrap();
}

#[test]
fn a_password_counts_however_the_keyboard_composes_it() {
    use unicode_normalization::UnicodeNormalization as _;
    let apart: String = PASSWORD.nfd().collect();
    assert_ne!(apart, PASSWORD);
    enter(&people(&AN.0), "an@h17", &apart, &code(NOW), NOW).unwrap();
}

#[test]
fn five_wrong_attempts_lock_for_a_quarter_of_an_hour() {
    let people = people(&AN.0);
    for _ in 0..ATTEMPTS_MAX {
        enter(&people, "an@h17", "sai", &code(NOW), NOW).unwrap_err();
    }
    enter(&people, "an@h17", PASSWORD, &code(NOW), NOW).unwrap_err();
    let still = NOW.plus_secs(LOCK_SECONDS - 1);
    enter(&people, "an@h17", PASSWORD, &code(still), still).unwrap_err();
    let free = NOW.plus_secs(LOCK_SECONDS);
    enter(&people, "an@h17", PASSWORD, &code(free), free).unwrap();
}

#[test]
fn attempts_at_the_same_time_are_no_more_than_attempts_in_a_row() {
    let people = Arc::new(people(&AN.0));
    let id: audit::PersonId = "an@h17".parse().unwrap();
    let begun = (0..50).filter(|_| people.begin(&id, None, NOW)).count();
    assert_eq!(begun, 5);
}

#[test]
fn a_stranger_locks_himself_out_and_nobody_else() {
    let people = people(&AN.0);
    let id: audit::PersonId = "an@h17".parse().unwrap();
    let from = |text: &str| Some(text.parse().unwrap());
    let tries =
        |address: &str, now| (0..=ATTEMPTS_MAX).filter(|_| people.begin(&id, from(address), now)).count();
    assert_eq!(tries("203.0.113.9", NOW), 5);
    assert!(people.begin(&id, from("198.51.100.7"), NOW), "the person comes from elsewhere");
    // All addresses together are bounded, too: otherwise each of a thousand would have five guesses.
    assert_eq!((1..=9).map(|net| tries(&format!("10.0.0.{net}"), NOW)).sum::<usize>(), 14);
    assert!(!people.begin(&id, from("192.0.2.1"), NOW));
    assert!(people.begin(&id, from("192.0.2.1"), NOW.plus_secs(LOCK_SECONDS)));
    let earlier = NOW.plus_secs(-2 * LOCK_SECONDS);
    assert!(people.begin(&id, from("203.0.113.9"), earlier), "a clock that was put back locks for no longer");
}

#[test]
fn an_account_ends_after_its_last_day() {
    let text = AN.0.replace("[[person]]", "[[person]]\nactive_until = \"2026-11-21\"");
    let people = people(&text);
    let last = Ts::parse("2026-11-21T16:59:59Z").unwrap();
    let after = Ts::parse("2026-11-21T17:00:29Z").unwrap();
    let id = "an@h17".parse().unwrap();
    enter(&people, "an@h17", PASSWORD, &code(last), last).unwrap();
    assert!(people.person(&id, date(2026, 11, 21)).is_some());
    enter(&people, "an@h17", PASSWORD, &code(after), after).unwrap_err();
    assert!(people.person(&id, date(2026, 11, 22)).is_none());
}

#[test]
fn another_way_to_sign_in_has_the_same_form() {
    let sign_in: SignIn = Arc::new(people(&AN.0)).into_sign_in();
    let proof = Proof::Password { id: "an@h17", password: PASSWORD, code: &code(NOW), from: None };
    assert_eq!(sign_in(&proof, NOW).unwrap().person.id.as_str(), "an@h17");
}

#[test]
fn all_mistakes_of_a_file_are_reported_at_once() {
    let text = r#"
        [[person]]
        id = "An"
        name = ""
        password = "$argon2id$v=19$m=1024,t=2,p=1$c2FsdHNhbHRzYWx0$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI"
        totp = "ABC"
        active_until = "31/12/2026"
        posts = [{ role = "king" }, { role = "leader", agency = "Hà Nội" }]
        [[person]]
        id = "binh"
        name = "Bình"
        password = "123456"
        totp = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    "#;
    let Err(RegistryError::Invalid(mistakes)) = People::parse(text) else { panic!("it was read") };
    let places: Vec<_> = mistakes.iter().map(|mistake| mistake.place.as_str()).collect();
    let fields = ["name", "password", "totp", "active_until", "posts.role", "posts.agency", "id"];
    let mut wanted: Vec<_> = fields.iter().map(|field| format!("person 1 (An), {field}")).collect();
    wanted.extend(["password", "posts"].map(|field| format!("person 2 (binh), {field}")));
    assert_eq!(places, wanted);
    assert!(mistakes.iter().all(|mistake| !mistake.vi.is_empty() && !mistake.en.is_empty()));
    assert!(matches!(People::parse(""), Err(RegistryError::Invalid(_))), "nobody could sign in");
    let twice = format!("{}\n{}", AN.0, AN.0);
    assert!(matches!(People::parse(&twice), Err(RegistryError::Invalid(found)) if found.len() == 1));
}

#[test]
fn a_weak_password_and_a_bad_name_are_refused_together() {
    let Err(RegistryError::Invalid(mistakes)) = People::new_entry("An Bình", "An", "123456", &[]) else {
        panic!("it was made")
    };
    let places: Vec<_> = mistakes.iter().map(|mistake| mistake.place.as_str()).collect();
    assert_eq!(places, ["password", "person 1 (An Bình), posts", "person 1 (An Bình), id"]);
}

#[cfg(unix)]
#[test]
fn a_file_that_everybody_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("people.toml");
    let read = |mode| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        People::read(&path)
    };
    assert!(matches!(People::read(&path), Err(RegistryError::Invalid(_))), "it is not there");
    std::fs::write(&path, &AN.0).unwrap();
    assert!(matches!(read(0o644), Err(RegistryError::Invalid(_))));
    assert!(read(0o640).is_ok());
}

#[test]
fn without_a_second_factor_a_password_is_enough_and_a_wrong_code_still_refuses() {
    let open = people(&AN.0).with_password_only(true);
    let signed = enter(&open, "an@h17", PASSWORD, "", NOW).unwrap();
    assert_eq!((signed.person.id.as_str(), signed.code), ("an@h17", None));
    assert!(enter(&open, "an@h17", PASSWORD, "000000", NOW).is_err());
    assert!(enter(&open, "an@h17", "mật khẩu khác", "", NOW).is_err());
    assert!(enter(&open, "an@h17", PASSWORD, &code(NOW), NOW).unwrap().code.is_some());
    assert!(enter(&people(&AN.0), "an@h17", PASSWORD, "", NOW).is_err());
}
