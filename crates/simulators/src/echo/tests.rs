#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::testing::{LOOPBACK, Reply, ask, send};

async fn one(line: &str, body: &str) -> Reply {
    let echo = start(LOOPBACK, BYTES_DEFAULT).await.unwrap();
    let reply = ask(echo.address(), line, "content-type: text/csv\r\n", body).await;
    echo.stop().await;
    reply
}

#[tokio::test]
async fn a_get_of_any_path_is_answered_with_the_asked_number_of_bytes_of_json() {
    for bytes in [13, 1000, 5000] {
        let echo = start(LOOPBACK, bytes).await.unwrap();
        for path in ["/", "/bat/ky?a=b", "/cham/0"] {
            let reply = ask(echo.address(), &format!("GET {path}"), "", "").await;
            assert_eq!((reply.status, reply.body.len()), (200, bytes));
            assert!(reply.json()["duLieu"].is_string());
        }
    }
}

#[tokio::test]
async fn a_posted_body_comes_back_with_its_media_type() {
    for line in ["POST /", "PUT /x", "PATCH /y"] {
        let reply = one(line, "a,b\n1,2\n").await;
        assert_eq!(reply.body, b"a,b\n1,2\n");
        assert!(reply.head.contains("content-type: text/csv"), "{}", reply.head);
    }
}

#[tokio::test]
async fn a_late_answer_comes_after_its_delay() {
    let start = tokio::time::Instant::now();
    assert_eq!(one("GET /cham/40", "").await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(40));
}

#[tokio::test]
async fn a_silent_path_says_nothing_until_the_service_stops() {
    let echo = start(LOOPBACK, BYTES_DEFAULT).await.unwrap();
    let address = echo.address();
    let asked = tokio::spawn(async move { send(address, b"GET /im-lang HTTP/1.1\r\nhost: t\r\n\r\n").await });
    // Another connection that is answered shows that the service is at work.
    assert_eq!(ask(address, "GET /", "", "").await.status, 200);
    assert!(!asked.is_finished());
    echo.stop().await;
    assert!(asked.await.unwrap().is_empty());
}

#[tokio::test]
async fn an_early_close_sends_half_of_the_promised_body() {
    let reply = one("GET /dong-som", "").await;
    assert!(reply.head.contains("content-length: 1000"), "{}", reply.head);
    assert_eq!(reply.body.len(), 500);
}

#[tokio::test]
async fn garbage_is_no_http_even_on_a_connection_that_was_good_before() {
    let echo = start(LOOPBACK, BYTES_DEFAULT).await.unwrap();
    let good = "GET /chuyen-huong HTTP/1.1\r\nhost: t\r\n\r\n";
    let request = format!("{good}GET /rac HTTP/1.1\r\nhost: t\r\n\r\n");
    let answer = send(echo.address(), b"GET /rac HTTP/1.1\r\nhost: t\r\n\r\n").await;
    assert!(answer.starts_with(b"\x16\x03\xff\x00rac"));
    let answer = send(echo.address(), request.as_bytes()).await;
    assert!(answer.starts_with(b"HTTP/1.1 302") || answer.starts_with(b"\x16\x03"));
    assert!(answer.windows(3).any(|three| three == b"rac"));
}

#[tokio::test]
async fn a_big_body_has_exactly_its_size_and_known_bytes() {
    for bytes in [0, 1, 65_519, 65_520, 65_521, 3_000_000] {
        let body = one(&format!("GET /to/{bytes}"), "").await.body;
        assert_eq!(body.len(), bytes);
        assert!(body.iter().zip((b'a'..=b'z').cycle()).all(|(got, want)| *got == want));
    }
}

#[tokio::test]
async fn redirects_and_errors_are_what_was_asked_for() {
    let reply = one("GET /chuyen-huong", "").await;
    assert_eq!(reply.status, 302);
    assert!(reply.head.contains("location: /da-chuyen"));
    for status in [204, 400, 404, 500, 503, 599] {
        assert_eq!(one(&format!("GET /loi/{status}"), "").await.status, status);
    }
}

#[tokio::test]
async fn out_of_range_parameters_are_ordinary_paths() {
    for path in
        ["/loi/99", "/loi/600", "/loi/x", "/cham/99999999999", "/to/-1", "/im-lang/3", "/to/99999999999999"]
    {
        assert_eq!(one(&format!("GET {path}"), "").await.body.len(), BYTES_DEFAULT, "{path}");
    }
}

#[tokio::test]
async fn the_mirror_shows_target_and_repeated_headers_as_they_arrived() {
    let echo = start(LOOPBACK, BYTES_DEFAULT).await.unwrap();
    let seen = ask(echo.address(), "DELETE /soi?x=%2F..%2f&y", "x-a: 1\r\nx-a: 2\r\n", "").await.json();
    assert_eq!(seen["method"], "DELETE");
    assert_eq!(seen["target"], "/soi?x=%2F..%2f&y");
    let headers = seen["headers"].as_array().unwrap();
    assert!(
        headers.contains(&serde_json::json!(["x-a", "1"]))
            && headers.contains(&serde_json::json!(["x-a", "2"]))
    );
}
