//! What would make a service easier to use: hints at publishing that stop nobody.

use serde::Serialize;

use super::openapi::{each_operation, is_3_0, text};
use super::{Service, example};
use crate::text::Text;

/// Most hints of one kind that are listed one by one.
const SAME_MAX: usize = 50;

/// Something that could be better.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hint {
    /// Stable name of the kind of hint.
    pub code: &'static str,
    /// Where: a field's path, `GET /path`, or a member of the service.
    pub place: String,
    /// What to do about it.
    pub text: Text,
}

/// Hints for a version, compared with the version on offer before, if there is one.
pub fn hints(service: &Service, before: Option<&Service>) -> Vec<Hint> {
    let mut all = Vec::new();
    of_service(service, &mut all);
    of_fields(service, before, &mut all);
    of_operations(service, &mut all);
    all
}

fn hint(code: &'static str, place: impl Into<String>, vi: &str, en: &str) -> Hint {
    Hint { code, place: place.into(), text: Text { vi: vi.to_owned(), en: en.to_owned() } }
}

fn of_service(service: &Service, all: &mut Vec<Hint>) {
    if service.summary.vi.is_empty() {
        all.push(hint(
            "no_summary",
            "summary",
            "chưa nói dịch vụ dùng để làm gì",
            "does not say what the service is for",
        ));
    }
    if service.response_ms.is_none() {
        all.push(hint(
            "no_response_time",
            "response_ms",
            "chưa cam kết thời gian trả lời",
            "promises no answer time",
        ));
    }
    if is_3_0(&service.openapi.value()) {
        all.push(hint(
            "openapi_3_0",
            "openapi",
            "tài liệu theo OpenAPI 3.0; nên chuyển sang 3.1",
            "the description is OpenAPI 3.0: 3.1 is better",
        ));
    }
    if service.data_class.is_personal() && service.fields.iter().all(|field| !field.personal) {
        all.push(hint(
            "no_personal_field",
            "personal",
            "chưa đánh dấu trường nào là dữ liệu cá nhân; tất cả được coi là dữ liệu cá nhân",
            "no field is marked as personal data: all of them count as such",
        ));
    }
    if service.fields.is_empty() {
        all.push(hint(
            "no_fields",
            "fields",
            "câu trả lời không có trường JSON nào; không thể cấp quyền theo từng trường",
            "the answers have no JSON fields: nothing can be granted field by field",
        ));
    }
}

fn of_fields(service: &Service, before: Option<&Service>, all: &mut Vec<Hint>) {
    let silent = service.fields.iter().filter(|field| field.title.is_empty());
    all.extend(silent.take(SAME_MAX).map(|field| {
        hint("field_without_description", &field.path, "trường chưa có mô tả", "the field has no description")
    }));
    let gone =
        before.iter().flat_map(|before| &before.fields).filter(|field| service.field(&field.path).is_none());
    all.extend(gone.take(SAME_MAX).map(|field| {
        hint(
            "field_removed",
            &field.path,
            "phiên bản trước có trường này; quyền đã cấp có thể mất trường",
            "the version before had this field: grants may lose it",
        )
    }));
}

fn of_operations(service: &Service, all: &mut Vec<Hint>) {
    let document = service.openapi.value();
    for (path, method, operation) in each_operation(&document).take(SAME_MAX) {
        let place = format!("{} {path}", method.to_ascii_uppercase());
        let statuses: Vec<&String> = operation
            .get("responses")
            .and_then(|all| all.as_object())
            .into_iter()
            .flatten()
            .map(|(key, _)| key)
            .collect();
        if text(operation, "summary").is_none() && text(operation, "description").is_none() {
            all.push(hint(
                "operation_without_summary",
                place.clone(),
                "thao tác chưa có mô tả",
                "the operation has no summary",
            ));
        }
        if !example::has_answer_example(&document, operation) {
            all.push(hint(
                "operation_without_example",
                place.clone(),
                "chưa có câu trả lời mẫu; mẫu được tạo từ kiểu dữ liệu",
                "has no example of an answer: one is made from the schema",
            ));
        }
        if !statuses.iter().any(|status| status.starts_with('2') || *status == "default") {
            all.push(hint(
                "operation_without_success",
                place.clone(),
                "chưa mô tả câu trả lời thành công",
                "describes no successful answer",
            ));
        }
        if !statuses.iter().any(|status| status.starts_with(['4', '5']) || *status == "default") {
            all.push(hint(
                "operation_without_errors",
                place,
                "chưa mô tả câu trả lời lỗi",
                "describes no answer in case of error",
            ));
        }
    }
}
