//! Explanations, word for word.

use base::{PartyId, ServiceId};

use super::*;
use crate::request::Decision;

fn explain_it(story: &Story, kind: usize, call: Option<&HypotheticalCall>) -> Explanation {
    let (consumer, service): (PartyId, ServiceId) = (party(CONSUMER), SERVICES[kind - 1].parse().unwrap());
    explain(&story.state, &story.rules, (&consumer, &service), call, story.now)
}

fn good_call() -> HypotheticalCall {
    HypotheticalCall {
        method: "GET".to_owned(),
        path: "/cong-dan/001099000001".to_owned(),
        purpose: Some("giai-quyet-tthc".to_owned()),
        officer: Some("canbo1".to_owned()),
        dossier: Some("H17.11-261123-0001".to_owned()),
        sign_in: 2,
        calls_today: 999,
        at: None,
    }
}

#[test]
fn a_grant_is_explained_in_one_sentence_of_each_language() {
    let (story, _) = granted();
    let said = explain_it(&story, 1, None);
    assert!(said.allowed);
    let service = SERVICES[0];
    let owner = crate::request::who::agency_name(
        &story.state,
        &"G01".parse().unwrap(),
        crate::request::who::vietnam(story.now).date(),
    );
    assert_eq!(
        said.vi,
        format!(
            "Theo quyền khai thác QK-2026-000001 cấp từ đăng ký YC-2026-000001, {CONSUMER} được khai thác dịch vụ \
             “Dịch vụ 1” ({service}) của {owner}: chỉ các trường hoTen, thuongTru; cho mục đích giai-quyet-tthc; căn cứ \
             Điều 7 Nghị định 278/2025/NĐ-CP; đến 00:00 01/01/2028; tối đa 1.000 lượt mỗi ngày; tối đa 10 lượt mỗi giây; \
             mỗi lượt gọi phải nêu hồ sơ đang giải quyết, nêu cán bộ thực hiện, cán bộ đã đăng nhập ít nhất ở mức xác \
             thực hai yếu tố."
        )
    );
    assert_eq!(
        said.en,
        format!(
            "By grant QK-2026-000001 from request YC-2026-000001, {CONSUMER} may use the service “Service 1” ({service}) \
             of {owner}: only the fields hoTen, thuongTru; for the purposes giai-quyet-tthc; by Điều 7 Nghị định \
             278/2025/NĐ-CP; until 00:00 01/01/2028; at most 1,000 calls a day; at most 10 calls a second; each call \
             quotes an open dossier, names the officer, comes from an officer signed in at least by a second factor."
        )
    );
}

#[test]
fn a_call_that_meets_everything_is_allowed_and_each_thing_that_it_misses_is_named() {
    type Case = (fn(&mut HypotheticalCall), &'static [Why], &'static str);
    let (story, _) = granted();
    let said = explain_it(&story, 1, Some(&good_call()));
    assert!(said.allowed && said.vi.ends_with("Lượt gọi này được chấp nhận."), "{}", said.vi);
    let cases: [Case; 9] = [
        (
            |c| c.method = "DELETE".to_owned(),
            &[Why::Operation],
            "không có thao tác DELETE /cong-dan/001099000001",
        ),
        (|c| c.path = "/x".to_owned(), &[Why::Operation], "không có thao tác GET /x"),
        (|c| c.purpose = Some("thong-ke".to_owned()), &[Why::Purpose], "Mục đích “thong-ke” không nằm trong"),
        (|c| c.purpose = None, &[Why::Purpose], "không nêu mục đích"),
        (|c| c.dossier = None, &[Why::Dossier], "không nêu hồ sơ"),
        (|c| c.officer = Some(String::new()), &[Why::Officer], "không nêu cán bộ"),
        (|c| c.sign_in = 1, &[Why::SignIn], "ở mức mật khẩu, cần ít nhất xác thực hai yếu tố"),
        (|c| c.calls_today = 1_000, &[Why::Quota], "hết hạn mức 1.000 lượt"),
        (
            |c| *c = HypotheticalCall::default(),
            &[Why::Purpose, Why::Dossier, Why::Officer, Why::SignIn],
            "bị từ chối.",
        ),
    ];
    for (change, why, text) in cases {
        let mut call = good_call();
        change(&mut call);
        let said = explain_it(&story, 1, Some(&call));
        assert_eq!(said.why, why, "{}", said.en);
        assert!(!said.allowed && said.vi.contains(text), "{}", said.vi);
        assert!(said.en.ends_with("This call would be refused."), "{}", said.en);
    }
}

#[test]
fn a_call_in_the_future_is_judged_by_its_own_moment() {
    let (story, _) = granted();
    let call = HypotheticalCall { at: terms().until, ..good_call() };
    let said = explain_it(&story, 1, Some(&call));
    assert_eq!(said.why, [Why::Ended]);
    assert!(said.vi.contains("Quyền đã hết hạn lúc 00:00 01/01/2028; cần gia hạn."), "{}", said.vi);
}

#[test]
fn without_a_grant_the_request_is_named_with_its_step_and_whom_it_waits_for() {
    let mut story = Story::new();
    let said = explain_it(&story, 2, None);
    assert_eq!(said.why, [Why::NotGranted]);
    assert_eq!(
        said.vi,
        format!(
            "{CONSUMER} chưa được cấp quyền khai thác dịch vụ “Dịch vụ 2” ({}). Cần gửi yêu cầu kết nối. Hiện không gọi \
             được dịch vụ.",
            SERVICES[1]
        )
    );
    let id = story.open_kind(2);
    story.go_to(&id, "data_owner");
    let said = explain_it(&story, 2, Some(&good_call()));
    assert_eq!(said.why, [Why::RequestPending]);
    let text = "Đăng ký YC-2026-000001 đang ở bước “Cơ quan chủ quản dữ liệu quyết định”, chờ người quyết định của cơ \
                quan chủ quản dữ liệu của";
    assert!(said.vi.starts_with(text) && said.vi.contains("(G01), hạn "), "{}", said.vi);
    story.wait_days(90);
    assert!(explain_it(&story, 2, None).en.contains("overdue since"));
    let back = Decision::Return { comment: "Thiếu".to_owned() };
    story.take("owner", &id, back).unwrap();
    assert!(
        explain_it(&story, 2, None)
            .en
            .contains("was returned for correction at the step “The data owner decides”")
    );
}

#[test]
fn a_refusal_is_told_with_its_reason_and_legal_basis() {
    let mut story = Story::new();
    let id = story.open_kind(2);
    story.go_to(&id, "data_owner");
    story.refuse("owner", &id).unwrap();
    let said = explain_it(&story, 2, None);
    assert_eq!(said.why, [Why::NotGranted, Why::RequestRefused]);
    let text = "Đăng ký YC-2026-000001 đã bị từ chối lúc 08:00 23/11/2026 (owner), lý do: Ngoài phạm vi được chia sẻ; căn \
                cứ: Điều 7 Nghị định 278/2025/NĐ-CP.";
    assert!(said.vi.contains(text), "{}", said.vi);
}

#[test]
fn suspension_revocation_and_withdrawal_are_told_with_who_and_when() {
    let (mut story, id) = granted();
    tried(&mut story, &id, Tried::Suspend).unwrap();
    let said = explain_it(&story, 1, None);
    assert_eq!(said.why, [Why::Suspended]);
    let text = "Quyền đang tạm dừng từ 08:00 23/11/2026 (owner), lý do: Theo công văn 12/BCA.";
    assert!(said.vi.contains(text), "{}", said.vi);
    tried(&mut story, &id, Tried::Revoke).unwrap();
    assert_eq!(explain_it(&story, 1, Some(&good_call())).why, [Why::Revoked]);
    story.put_service(0, "mandatory", "withdrawn");
    assert_eq!(explain_it(&story, 1, None).why, [Why::ServiceClosed, Why::Revoked]);
    let nothing = explain(
        &story.state,
        &story.rules,
        (&party(CONSUMER), &"VN-DEMO/GOV/G01/DAN-CU/khong-co".parse().unwrap()),
        None,
        story.now,
    );
    assert_eq!(nothing.why, [Why::NoService]);
    assert!(!nothing.allowed);
}
