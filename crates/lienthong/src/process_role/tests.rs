#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use super::*;

#[test]
fn the_document_of_the_api_describes_every_route() {
    let (_, document) = registry::api::described_with(routes());
    let mut found = BTreeSet::new();
    for (path, item) in &document.paths.paths {
        let Some(rest) = path.strip_prefix("/api/v1/process/") else { continue };
        for (method, operation) in [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put)] {
            if operation.is_some() {
                found.insert(format!("{method} {rest}"));
            }
        }
    }
    let wanted = "GET models|POST models|GET models/{key}/{version}/file|GET models/{key}/{version}/picture|\
        GET instances|POST instances|GET instances/{id}|GET instances/{id}/history|GET instances/{id}/picture|\
        POST instances/{id}/variables|POST instances/{id}/cancel|POST instances/{id}/migrate|\
        GET instances/{id}/clocks|POST instances/{id}/pause|POST instances/{id}/resume|POST calendars/try|POST messages|POST signals|\
        GET tasks|GET tasks/{instance}/{step}|POST tasks/{instance}/{step}/claim|POST tasks/{instance}/{step}/unclaim|\
        POST tasks/{instance}/{step}/assign|POST tasks/{instance}/{step}/delegate|POST tasks/{instance}/{step}/complete|\
        POST tasks/{instance}/{step}/error|POST jobs/fetch|POST jobs/{instance}/{step}/done|\
        POST jobs/{instance}/{step}/error|POST jobs/{instance}/{step}/failed|POST jobs/{instance}/{step}/extend|\
        GET incidents|POST incidents/{instance}/{step}/retry|POST incidents/{instance}/{step}/resolve|\
        POST incidents/{instance}/{step}/own";
    assert_eq!(found, wanted.split('|').map(str::to_owned).collect());
}
