//! The procedures that come with the product: the happy way, and each rejection.

use process::simulate::End;

use crate::help::{run, run_with};

const BIRTH: &str = include_str!("../../../../procedures/khai-sinh-thuong-tru-bhyt.bpmn");
const LAND: &str = include_str!("../../../../procedures/chuyen-nhuong-dat-va-thue.bpmn");
const RECORD: &str = include_str!("../../../../procedures/phieu-ly-lich-tu-phap.bpmn");
const RECORD_LIMITS: &str = include_str!("../../../../procedures/thoi-han-phieu-ly-lich.dmn");

/// Runs one way through a procedure: what tasks bring and which messages come, then the tasks that were done.
fn check(model: &str, (variables, choices): (&str, &str), tasks: &str, end: End) {
    let (became, found) = run(model, variables, choices);
    assert_eq!((became.tasks.as_str(), became.end), (tasks, end), "{choices}\n{found:#?}");
}

const PAPERS: &str = r#"{"ma_ho_so":"1","giay_to":["giấy chứng sinh","giấy đăng ký kết hôn"]}"#;

#[test]
fn birth_residence_and_insurance_go_all_their_ways() {
    let received = r#""TiepNhan":{"set":{"du_dieu_kien":true}}"#;
    let number = r#""@messages":[{"name":"so-dinh-danh-da-cap","after":"PT2H","set":{"so_dinh_danh":"x"}}]"#;
    let way = |more: &str| format!("{{{received}{more}}}");
    let happy = way(&format!(",{number}"));
    let begin = "DoiChieu DoiChieu TiepNhan KhaiSinh";
    let all = format!("{begin} ThuongTru TheBhyt TraKetQua");
    check(BIRTH, (PAPERS, &happy), &all, End::Finished);
    // One part is refused, the other lives on.
    let part = way(&format!(r#","ThuongTru":{{"error":"TU_CHOI"}},{number}"#));
    check(
        BIRTH,
        (PAPERS, &part),
        &format!("{begin} !ThuongTru GhiThuongTru TheBhyt TraKetQua"),
        End::Finished,
    );
    let part = way(&format!(r#","TheBhyt":{{"error":"TU_CHOI"}},{number}"#));
    check(BIRTH, (PAPERS, &part), &format!("{begin} ThuongTru !TheBhyt GhiTheBhyt TraKetQua"), End::Finished);
    // Not accepted; refused; the data base is away; the number does not come; withdrawn; late.
    let not = r#"{"TiepNhan":{"set":{"du_dieu_kien":false}}}"#;
    check(BIRTH, (PAPERS, not), "DoiChieu DoiChieu TiepNhan", End::Fault);
    // Who says nothing of the dossier has not refused it: somebody is asked.
    check(BIRTH, (PAPERS, "{}"), "DoiChieu DoiChieu TiepNhan XinLoi", End::Fault);
    let refused = way(r#","KhaiSinh":{"error":"TU_CHOI"}"#);
    check(BIRTH, (PAPERS, &refused), "DoiChieu DoiChieu TiepNhan !KhaiSinh", End::Fault);
    let away = way(&format!(r#","DoiChieu":{{"error":"MAT_KET_NOI"}},{number}"#));
    check(
        BIRTH,
        (PAPERS, &away),
        "!DoiChieu !DoiChieu KiemTraTay TiepNhan KhaiSinh ThuongTru TheBhyt TraKetQua",
        End::Finished,
    );
    let slow = way(r#","@messages":[{"name":"so-dinh-danh-da-cap","after":"P1WDT2WH"}]"#);
    check(BIRTH, (PAPERS, &slow), &format!("{begin} TraHoi ThuongTru TheBhyt TraKetQua"), End::Finished);
    let withdrawn = way(r#","KhaiSinh":{"after":"P1WD"},"@messages":[{"name":"rut-ho-so","after":"PT3WH"}]"#);
    check(BIRTH, (PAPERS, &withdrawn), "DoiChieu DoiChieu TiepNhan !KhaiSinh TraGiayTo", End::Fault);
    let late = way(&format!(r#","TraKetQua":{{"after":"P4WD"}},{number}"#));
    check(BIRTH, (PAPERS, &late), &format!("{begin} ThuongTru TheBhyt XinLoi TraKetQua"), End::Finished);
}

const DOSSIER: &str = r#"{"ma_ho_so":"2"}"#;

#[test]
fn land_and_tax_go_all_their_ways() {
    let good = r#""ThamTra":{"set":{"dat_yeu_cau":true}}"#;
    let notice = r#"{"name":"thong-bao-thue","after":"P2WD","set":{"so_tien":12500000}}"#;
    let paid = r#"{"name":"chung-tu-nop-thue","after":"P6WD"}"#;
    let way = |messages: &str| format!(r#"{{{good},"@messages":[{messages}]}}"#);
    let begin = "TiepNhan ThamTra DuyetChiNhanh GuiThue NhanThongBao";
    check(
        LAND,
        (DOSSIER, &way(&format!("{notice},{paid}"))),
        &format!("{begin} LapGiay Ky TraKetQua"),
        End::Finished,
    );
    check(LAND, (DOSSIER, r#"{"ThamTra":{"set":{"dat_yeu_cau":false}}}"#), "TiepNhan ThamTra", End::Fault);
    // Nobody pays within 90 days.
    check(LAND, (DOSSIER, &way(notice)), begin, End::Fault);
    let slow = notice.replace("P2WD", "P6WD");
    let late = paid.replace("P6WD", "P9WD");
    check(
        LAND,
        (DOSSIER, &way(&format!("{slow},{late}"))),
        "TiepNhan ThamTra DuyetChiNhanh GuiThue NhacThue NhanThongBao LapGiay Ky TraKetQua",
        End::Finished,
    );
    let withdrawn = r#"{"name":"rut-ho-so","after":"P3WD"}"#;
    check(LAND, (DOSSIER, &way(&format!("{notice},{withdrawn}"))), &format!("{begin} TraHoSo"), End::Fault);
}

#[test]
fn the_criminal_record_goes_all_its_ways() {
    let places = r#"{"ma_ho_so":"3","noi_cu_tru":["Đà Nẵng","Huế"]}"#;
    let full = r#""KiemTra":{"set":{"can_bo_sung":false}}"#;
    let result = r#"{"name":"ket-qua-tra-cuu","after":"P2WD","set":{"co_an_tich":false}}"#;
    let way = |more: &str, messages: &str| format!(r#"{{{full}{more},"@messages":[{messages}]}}"#);
    let check = |choices: &str, tasks: &str, end: End| {
        let (became, found) = run_with(RECORD, RECORD_LIMITS, (places, choices));
        assert_eq!((became.tasks.as_str(), became.end), (tasks, end), "{choices}\n{found:#?}");
        assert!(end == End::Fault || found["thoi_han"] == "P15D", "two places");
    };
    let asked = "TinhThoiHan TraCuuCongAn TraCuuNoiCuTru TraCuuNoiCuTru NhanKetQua";
    let end = "LapPhieu KyPhieu TraKetQua";
    check(&way("", result), &format!("KiemTra {asked} {end}"), End::Finished);
    check(
        &way(r#","LapPhieu":{"error":"TU_CHOI"}"#, result),
        &format!("KiemTra {asked} !LapPhieu"),
        End::Fault,
    );
    let late = result.replace("P2WD", "P12WD");
    let slow = asked.replace("NhanKetQua", "DonDoc NhanKetQua");
    check(&way("", &late), &format!("KiemTra {slow} {end}"), End::Finished);
    let twice = r#""KiemTra":[{"set":{"can_bo_sung":true}},{"set":{"can_bo_sung":false}}]"#;
    let more = r#"{"name":"da-bo-sung","after":"P1WD"}"#;
    let supplemented = format!(r#"{{{twice},"@messages":[{more},{result}]}}"#);
    check(&supplemented, &format!("KiemTra YeuCauBoSung KiemTra {asked} {end}"), End::Finished);
    let never = format!("{{{twice}}}");
    check(&never, "KiemTra YeuCauBoSung", End::Fault);
    // Who always lived in one place gets it in ten days, unless more must be looked into.
    let one = |more: &str| {
        let variables = format!(r#"{{"ma_ho_so":"4","noi_cu_tru":["Đà Nẵng"]{more}}}"#);
        let (became, found) = run_with(RECORD, RECORD_LIMITS, (&variables, &way("", result)));
        assert_eq!(became.end, End::Finished, "{found:#?}");
        found["thoi_han"].as_str().unwrap().to_owned()
    };
    assert_eq!(one(""), "P10D");
    assert_eq!([one(r#","o_nuoc_ngoai":true"#), one(r#","xac_minh_xoa_an":true"#)], ["P15D", "P15D"]);
}
