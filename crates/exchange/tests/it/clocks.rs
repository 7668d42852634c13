//! Time: a directory past its end, clocks that disagree.

use exchange::error::Reason;

use crate::audit;
use crate::pair::Pair;
use crate::party::START;
use crate::world::DIRECTORY_DAYS;

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_directory_stops_the_consumer() {
    let pair = Pair::new().await;
    pair.get("/x").await.is_answered();
    pair.days_later(DIRECTORY_DAYS);
    pair.get("/x").await.is_refused(&Reason::DirectoryExpired.at_consumer());
    assert_eq!(pair.service.count(), 1);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_directory_stops_the_provider() {
    let pair = Pair::new().await;
    let old = pair.world.snapshot(START);
    pair.world.at_provider.send_replace(Some(old));
    pair.get("/x").await.is_refused(&Reason::DirectoryExpired.at_provider());
    assert_eq!(pair.service.count(), 0);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_directory_nothing_is_asked_and_nothing_answered() {
    let pair = Pair::new().await;
    pair.get("/x").await.is_answered();
    let known = pair.world.at_provider.send_replace(None);
    pair.get("/x").await.is_refused(&Reason::DirectoryExpired.at_provider());
    pair.world.at_provider.send_replace(known);
    pair.world.at_consumer.send_replace(None);
    pair.get("/x").await.is_refused(&Reason::DirectoryExpired.at_consumer());
    assert_eq!(pair.service.count(), 1);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_ten_minutes_off_on_either_side_is_named_and_loses_nothing() {
    let pair = Pair::new().await;
    for (node, seconds) in
        [(&pair.consumer, 600), (&pair.consumer, -600), (&pair.provider, 600), (&pair.provider, -600)]
    {
        node.clock.advance_secs(seconds);
        // The provider's refusal is as far off as its reason, so it is the consumer's node that says it.
        pair.get("/x").await.is_refused(&Reason::ClockSkew(60).at_consumer());
        node.clock.advance_secs(-seconds);
    }
    assert_eq!(pair.service.count(), 0);
    assert_eq!(audit::records(&pair.consumer.db).await.len(), 4);
    pair.get("/x").await.is_answered();
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_half_a_minute_apart_are_no_hindrance() {
    let pair = Pair::new().await;
    for seconds in [30, -60] {
        pair.provider.clock.advance_secs(seconds);
        pair.get("/x").await.is_answered();
    }
}
