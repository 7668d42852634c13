//! The same signed message a second time.

use exchange::error::Reason;

use crate::audit;
use crate::intruder::{Draft, Intruder};
use crate::pair::Pair;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_carried_out_once_also_after_the_provider_was_restarted() {
    let pair = Pair::new().await;
    let intruder = Intruder::consumer(&pair);
    let letter = Draft::new(&pair).seal(&intruder.signer);
    intruder.send(&letter).await.is_answered();
    intruder.send(&letter).await.is_refused(&Reason::Replayed.at_provider());
    let pair = pair.restart_provider().await;
    let intruder = Intruder::consumer(&pair);
    intruder.send(&letter).await.is_refused(&Reason::Replayed.at_provider());
    assert_eq!(pair.service.count(), 1);
    assert_eq!(audit::rows(&pair.provider.db).await.len(), 2, "nobody fills the log with repetitions");
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_refused_is_not_carried_out_when_it_comes_again_with_more_rights() {
    let mut pair = Pair::new().await;
    let mut draft = Draft::new(&pair);
    draft.target = format!("{}/nguoi", crate::pair::CLOSED);
    draft.service = "VN-TEST/GOV/G01/DANCU/kin".parse().unwrap();
    let intruder = Intruder::consumer(&pair);
    let letter = draft.seal(&intruder.signer);
    intruder.send(&letter).await.is_refused(&Reason::NotGranted.at_provider());
    pair = pair.restart_provider().await;
    let intruder = Intruder::consumer(&pair);
    intruder.send(&letter).await.is_refused(&Reason::Replayed.at_provider());
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_held_back_until_it_is_forgotten_is_too_old() {
    let pair = Pair::new().await;
    let intruder = Intruder::consumer(&pair);
    let letter = Draft::new(&pair).seal(&intruder.signer);
    intruder.send(&letter).await.is_answered();
    for _ in 0..40 {
        pair.provider.clock.advance_secs(5);
        let answer = intruder.send(&letter).await;
        let kind = answer.header("x-road-error").unwrap().to_owned();
        assert!(kind.ends_with("replayed_message") || kind.ends_with("message_not_in_force"), "{kind}");
    }
    intruder.send(&letter).await.is_refused(&Reason::ClockSkew(60).at_provider());
    assert_eq!(pair.service.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_copies_at_once_one_is_carried_out() {
    let pair = Pair::new().await;
    let intruder = Intruder::consumer(&pair);
    let letter = Draft::new(&pair).seal(&intruder.signer);
    let copies = futures_util::future::join_all((0..20).map(|_| intruder.send(&letter))).await;
    assert_eq!(copies.iter().filter(|a| a.status.is_success()).count(), 1);
    assert_eq!(pair.service.count(), 1);
    pair.audit().await;
}
