//! The `OpenAPI` 3.1 description of each service.
//!
//! Paths are relative to the service, as X-Road counts them: what follows the service code in a call.

/// The services of the information system; each code is also the first part of its path.
pub const SERVICES: [&str; 5] =
    ["xac-thuc-cong-dan", "tra-cuu-cong-dan", "tra-cuu-ho", "tra-cuu-cu-tru", "thong-ke-dan-cu"];

/// The description of a service, JSON; `None` when there is no such service.
pub fn openapi(service: &str) -> Option<&'static str> {
    match service {
        "xac-thuc-cong-dan" => Some(include_str!("openapi/xac-thuc-cong-dan.json")),
        "tra-cuu-cong-dan" => Some(include_str!("openapi/tra-cuu-cong-dan.json")),
        "tra-cuu-ho" => Some(include_str!("openapi/tra-cuu-ho.json")),
        "tra-cuu-cu-tru" => Some(include_str!("openapi/tra-cuu-cu-tru.json")),
        "thong-ke-dan-cu" => Some(include_str!("openapi/thong-ke-dan-cu.json")),
        _ => None,
    }
}
