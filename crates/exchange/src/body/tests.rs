#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use http_body_util::Full;
use std::time::Duration;

async fn roundtrip(bytes: Vec<u8>, bytes_max: u64) -> Result<Option<Vec<u8>>, BodyError> {
    let dir = tempfile::tempdir().unwrap();
    let salt = Salt([7; 32]);
    let deadline = Instant::now() + Duration::from_secs(5);
    let reading = Reading { salt: &salt, bytes_max, deadline, spool_dir: dir.path(), sha512: true };
    let Some(spooled) = read(Full::new(Bytes::from(bytes.clone())), &reading).await? else { return Ok(None) };
    assert_eq!(spooled.sha256, crypto::hash::sha256(&[&bytes]));
    assert_eq!(spooled.sha512, Some(crypto::hash::sha512(&[&bytes])));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "a spooled body has no name");
    Ok(Some(spooled.into_body().collect().await.unwrap().to_bytes().to_vec()))
}

#[tokio::test]
async fn a_body_comes_back_byte_for_byte_from_memory_and_from_disk() {
    for len in [1, 1000, MEMORY_BYTES_MAX, MEMORY_BYTES_MAX + 1, 3 * MEMORY_BYTES_MAX + 17] {
        let bytes: Vec<u8> = (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect();
        assert_eq!(roundtrip(bytes.clone(), u64::MAX).await.unwrap(), Some(bytes));
    }
}

#[tokio::test]
async fn no_bytes_is_no_body() {
    assert_eq!(roundtrip(Vec::new(), 10).await.unwrap(), None);
}

#[tokio::test]
async fn one_byte_too_many_is_refused() {
    assert!(roundtrip(vec![0; 10], 10).await.is_ok());
    assert!(matches!(roundtrip(vec![0; 11], 10).await, Err(BodyError::TooLarge(10))));
}
