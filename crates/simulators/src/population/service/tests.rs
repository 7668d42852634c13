#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};

use super::*;
use crate::population::{Plan, SERVICES, Sample, build};
use crate::testing::{LOOPBACK, Reply, ask};

struct Served {
    running: Running,
    population: Population,
    sample: Sample,
    _dir: tempfile::TempDir,
}

async fn served() -> Served {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("dan-cu.sqlite");
    build(&path, &Plan { people: 3000, seed: 5 }, Arc::new(|_, _| {})).await.unwrap();
    let population = Population::open(&path).await.unwrap();
    let sample = population.sample().await.unwrap();
    let running = serve(population.clone(), LOOPBACK).await.unwrap();
    Served { running, population, sample, _dir: dir }
}

impl Served {
    async fn get(&self, path: &str) -> Reply {
        ask(self.running.address(), &format!("GET {path}"), "", "").await
    }

    async fn post(&self, body: &str) -> Reply {
        let headers = "content-type: application/json; charset=utf-8\r\n";
        ask(self.running.address(), "POST /xac-thuc-cong-dan", headers, body).await
    }

    async fn matches(&self, claim: Value) -> Value {
        let reply = self.post(&claim.to_string()).await;
        assert_eq!(reply.status, 200);
        reply.json()["ketQua"].clone()
    }
}

fn refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status, status, "{}", reply.head);
    let body = reply.json();
    assert_eq!(body["ma"], code);
    assert!(body["thongBao"].as_str().unwrap().contains(" / "));
    assert!(reply.head.contains("content-type: application/json"), "{}", reply.head);
}

#[tokio::test]
async fn a_person_is_confirmed_by_number_and_name_however_it_is_written() {
    let served = served().await;
    let Sample { number, name, birth, .. } = &served.sample;
    let spaced = format!("  {}  ", name.to_uppercase().replace(' ', "   "));
    let yes = json!(true);
    assert_eq!(served.matches(json!({"soDinhDanh": number, "hoTen": name})).await, yes);
    assert_eq!(served.matches(json!({"soDinhDanh": number, "hoTen": spaced, "ngaySinh": birth})).await, yes);
    assert_eq!(served.matches(json!({"soDinhDanh": number, "hoTen": name, "ngaySinh": null})).await, yes);
}

#[tokio::test]
async fn another_name_birth_date_or_number_is_no_match_and_no_error() {
    let served = served().await;
    let Sample { number, name, .. } = &served.sample;
    let no = json!(false);
    assert_eq!(served.matches(json!({"soDinhDanh": number, "hoTen": "Nguyễn Văn Mẫu"})).await, no);
    assert_eq!(served.matches(json!({"soDinhDanh": number, "hoTen": format!("{name} X")})).await, no);
    assert_eq!(
        served.matches(json!({"soDinhDanh": number, "hoTen": name, "ngaySinh": "1901-01-01"})).await,
        no
    );
    assert_eq!(served.matches(json!({"soDinhDanh": "049099900001", "hoTen": name})).await, no);
}

#[tokio::test]
async fn a_bad_question_is_refused_with_its_reason_and_without_its_data() {
    let served = served().await;
    let number = &served.sample.number;
    for body in [
        "",
        "{",
        "null",
        "[]",
        r#"{"soDinhDanh":1,"hoTen":"A"}"#,
        r#"{"soDinhDanh":"049099900001"}"#,
        &format!(r#"{{"soDinhDanh":"{number}","hoTen":" "}}"#),
        &format!(r#"{{"soDinhDanh":"{number}","hoTen":"{}"}}"#, "A".repeat(NAME_BYTES_MAX + 1)),
        &format!(r#"{{"soDinhDanh":"{number}","hoTen":"A","ngaysinh":"1990-01-01"}}"#),
        &format!(r#"{{"soDinhDanh":"{number}","soDinhDanh":"{number}","hoTen":"A"}}"#),
        &format!(r#"{{"soDinhDanh":"{number}","hoTen":"A","ngaySinh":"1990-02-30"}}"#),
        &format!(r#"{{"soDinhDanh":"{number}","hoTen":"A","ngaySinh":"19900203"}}"#),
        &format!(r#"{{"soDinhDanh":"{number}","hoTen":"A","ngaySinh":"+990-02-03"}}"#),
    ] {
        let reply = served.post(body).await;
        refused(&reply, 400, "SAI_NOI_DUNG");
        assert!(!String::from_utf8_lossy(&reply.body).contains(number.as_str()));
    }
    for wrong in ["", "12", "04909990000x", "149099900001"] {
        let claim = json!({"soDinhDanh": wrong, "hoTen": "A"}).to_string();
        refused(&served.post(&claim).await, 400, "SAI_SO");
    }
    let deep = "[".repeat(4000);
    refused(&served.post(&deep).await, 400, "SAI_NOI_DUNG");
}

#[tokio::test]
async fn size_media_type_method_and_path_are_checked() {
    let served = served().await;
    refused(&served.post(&"x".repeat(5000)).await, 413, "QUA_LON");
    let address = served.running.address();
    let chunked = "content-type: application/json\r\ntransfer-encoding: chunked\r\n";
    let chunks = format!("1388\r\n{}\r\n0\r\n\r\n", "x".repeat(5000));
    let request =
        format!("POST /xac-thuc-cong-dan HTTP/1.1\r\nhost: t\r\nconnection: close\r\n{chunked}\r\n{chunks}");
    let answer = crate::testing::send(address, request.as_bytes()).await;
    assert!(answer.starts_with(b"HTTP/1.1 413"));
    for headers in ["", "content-type: text/plain\r\n", "content-type: application/jsonx\r\n"] {
        refused(&ask(address, "POST /xac-thuc-cong-dan", headers, "{}").await, 415, "SAI_KIEU_NOI_DUNG");
    }
    for line in
        ["GET /xac-thuc-cong-dan", "POST /tra-cuu-ho/490000001", "DELETE /tra-cuu-cong-dan/049099900001"]
    {
        let reply = ask(address, line, "", "").await;
        refused(&reply, 405, "SAI_PHUONG_THUC");
        assert!(reply.head.contains("allow: "), "{}", reply.head);
    }
    for path in
        ["/", "/tra-cuu-cong-dan", "/tra-cuu-ho/1/2", "/khac", "/openapi/khac.json", "/openapi/tra-cuu-ho"]
    {
        refused(&served.get(path).await, 404, "KHONG_CO_DICH_VU");
    }
    refused(&served.get("/tra-cuu-cong-dan/%ff%fe").await, 400, "SAI_DUONG_DAN");
}

#[tokio::test]
async fn numbers_in_paths_are_checked_and_unknown_ones_are_not_found() {
    let served = served().await;
    for service in ["tra-cuu-cong-dan", "tra-cuu-cu-tru"] {
        refused(&served.get(&format!("/{service}/12")).await, 400, "SAI_SO");
        refused(&served.get(&format!("/{service}/04909990000%31x")).await, 400, "SAI_SO");
        refused(&served.get(&format!("/{service}/049099900001")).await, 404, "KHONG_TIM_THAY");
    }
    refused(&served.get("/tra-cuu-ho/12").await, 400, "SAI_SO");
    refused(&served.get("/tra-cuu-ho/499999999").await, 404, "KHONG_TIM_THAY");
}

#[tokio::test]
async fn a_person_a_household_and_a_residence_agree() {
    let served = served().await;
    let Sample { number, name, birth, household } = &served.sample;
    let person = served.get(&format!("/tra-cuu-cong-dan/{number}")).await.json();
    assert_eq!((&person["hoTen"], &person["ngaySinh"]), (&json!(name), &json!(birth)));
    assert_eq!((&person["soHo"], &person["quanHeVoiChuHo"]), (&json!(household), &json!("Chủ hộ")));
    assert_eq!(person["noiThuongTru"]["truocSapNhap"]["tinh"], "Tỉnh Quảng Nam");
    assert_eq!(person["noiThuongTru"]["hienNay"]["tinh"], "Thành phố Đà Nẵng");

    let home = served.get(&format!("/tra-cuu-ho/{household}")).await.json();
    let members = home["thanhVien"].as_array().unwrap();
    assert_eq!(home["chuHo"], json!({"soDinhDanh": number, "hoTen": name}));
    assert_eq!(home["soThanhVien"], members.len());
    assert!(members.len() >= 4 && members[0]["quanHeVoiChuHo"] == "Chủ hộ");
    assert_eq!(home["diaChi"], person["noiThuongTru"]);
    let spouse = &person["voChong"]["soDinhDanh"];
    assert!(members.iter().any(|one| one["soDinhDanh"] == *spouse));

    for member in members {
        let number = member["soDinhDanh"].as_str().unwrap();
        let residence = served.get(&format!("/tra-cuu-cu-tru/{number}")).await.json();
        assert_eq!(residence["thuongTru"]["soHo"], *household.as_str());
        assert_eq!(residence["thuongTru"]["chuHo"], home["chuHo"]);
        assert_eq!(residence["thuongTru"]["quanHeVoiChuHo"], member["quanHeVoiChuHo"]);
        let lives_at =
            if residence["tamTru"].is_null() { &residence["thuongTru"] } else { &residence["tamTru"] };
        assert_eq!(residence["noiOHienTai"], lives_at["diaChi"]);
    }
}

#[tokio::test]
async fn a_temporary_residence_lasts_two_years_at_most() {
    let served = served().await;
    let number: i64 = sqlx::query_scalar("SELECT person FROM stay LIMIT 1")
        .fetch_one(served.population.pool())
        .await
        .unwrap();
    let residence = served.get(&format!("/tra-cuu-cu-tru/{number:012}")).await.json();
    let (since, until) = (&residence["tamTru"]["tuNgay"], &residence["tamTru"]["denNgay"]);
    let [since, until]: [jiff::civil::Date; 2] =
        [since, until].map(|day| day.as_str().unwrap().parse().unwrap());
    assert!((729..=730).contains(&(until - since).get_days()), "{since} {until}");
    assert_eq!(residence["noiOHienTai"], residence["tamTru"]["diaChi"]);
}

#[tokio::test]
async fn statistics_add_up_to_the_whole_population() {
    let served = served().await;
    let statistics = served.get("/thong-ke-dan-cu").await.json();
    let sum = |field: &str| -> i64 {
        statistics["xaPhuong"].as_array().unwrap().iter().map(|one| one[field].as_i64().unwrap()).sum()
    };
    assert_eq!((sum("nhanKhau"), &statistics["tongNhanKhau"]), (3000, &json!(3000)));
    assert_eq!(json!(sum("soHo")), statistics["tongSoHo"]);
    assert_eq!(statistics["xaPhuong"].as_array().unwrap().len(), 78);
}

#[tokio::test]
async fn personal_answers_are_not_to_be_cached() {
    let served = served().await;
    let reply = served.get(&format!("/tra-cuu-cong-dan/{}", served.sample.number)).await;
    assert!(reply.head.contains("cache-control: no-store"), "{}", reply.head);
}

#[tokio::test]
async fn the_base_is_not_served_to_other_machines() {
    let served = served().await;
    let open = "0.0.0.0:0".parse().unwrap();
    let refused = serve(served.population.clone(), open).await;
    assert!(matches!(refused, Err(PopulationError::NotLoopback(_))));
    let taken = serve(served.population.clone(), served.running.address()).await;
    assert!(matches!(taken, Err(PopulationError::Listen { .. })));
}

/// Whether every part of a value is described: known and required fields, types. Not a whole validator.
fn described(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(target) = schema["$ref"].as_str() {
        let target = document.pointer(target.trim_start_matches('#'));
        return described(document, target.unwrap(), value, at);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let fits = choices.iter().find(|choice| (choice["type"] == "null") == value.is_null());
        return described(document, fits.unwrap(), value, at);
    }
    let kind = match value {
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Number(_) => "integer",
        Value::Bool(_) => "boolean",
        Value::Null => "null",
    };
    assert_eq!(schema["type"], kind, "{at}");
    for item in value.as_array().into_iter().flatten() {
        described(document, &schema["items"], item, &format!("{at}[]"));
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        described(document, &schema["properties"][name], field, &format!("{at}.{name}"));
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(value.get(name.as_str().unwrap()).is_some(), "{at}: {name} is missing");
    }
}

/// The schema of an answer in a document with one path.
fn schema(document: &Value, status: &str) -> Value {
    let path = document["paths"].as_object().unwrap().values().next().unwrap();
    let operation = path.get("get").or_else(|| path.get("post")).unwrap();
    let mut response = operation["responses"][status].clone();
    if let Some(target) = response["$ref"].as_str() {
        response = document.pointer(target.trim_start_matches('#')).unwrap().clone();
    }
    response["content"]["application/json"]["schema"].clone()
}

#[tokio::test]
async fn every_answer_and_every_error_is_as_its_openapi_document_describes() {
    let served = served().await;
    let Sample { number, name, household, .. } = &served.sample;
    for service in SERVICES {
        let reply = served.get(&format!("/openapi/{service}.json")).await;
        assert_eq!(reply.status, 200);
        let document = reply.json();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
        let (good, bad) = match service {
            "xac-thuc-cong-dan" => (
                served.post(&json!({"soDinhDanh": number, "hoTen": name}).to_string()).await,
                Some(served.post("{}").await),
            ),
            "thong-ke-dan-cu" => (served.get("/thong-ke-dan-cu").await, None),
            "tra-cuu-ho" => (
                served.get(&format!("/{service}/{household}")).await,
                Some(served.get("/tra-cuu-ho/1").await),
            ),
            _ => (
                served.get(&format!("/{service}/{number}")).await,
                Some(served.get(&format!("/{service}/1")).await),
            ),
        };
        described(&document, &schema(&document, "200"), &good.json(), service);
        if let Some(bad) = bad {
            described(&document, &schema(&document, "400"), &bad.json(), service);
        }
    }
}
