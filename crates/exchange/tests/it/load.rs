//! Many calls at once, and more than there is room for.

use exchange::Limits;
use exchange::error::Reason;
use exchange::signer::Mode;
use futures_util::future::join_all;
use http::Method;

use crate::audit;
use crate::pair::{Options, Pair};

const ONE: Limits = Limits {
    body_bytes_max: 1 << 20,
    cut_bytes_max: 1 << 20,
    head_bytes_max: 64 << 10,
    call_s: 20,
    calls_max: 1,
    clock_skew_max_s: 60,
};

/// While one call is held, the next is refused for now and the one after it is not.
async fn one_place(options: Options, at_provider: bool) {
    let pair = Pair::with(options).await;
    let busy = || async {
        pair.service.reached(1).await;
        let answer = pair.get("/x").await;
        let reason = Reason::Busy;
        answer.is_refused(&if at_provider { reason.at_provider() } else { reason.at_consumer() });
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("1")));
        pair.service.release(1);
    };
    let (held, ()) = tokio::join!(pair.get("/giu"), busy());
    held.is_answered();
    assert_eq!(pair.service.count(), 1);
    pair.get("/x").await.is_answered();
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_node_says_when_to_come_again() {
    one_place(Options { consumer_limits: ONE, ..Options::default() }, false).await;
    one_place(Options { provider_limits: ONE, ..Options::default() }, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused_by_whoever_has_the_limit() {
    let small = Limits { body_bytes_max: 10, ..Limits::default() };
    let pair = Pair::with(Options { consumer_limits: small, ..Options::default() }).await;
    let long = "dai hon muoi byte";
    pair.ask(pair.question(Method::POST, "/x"), long)
        .await
        .is_refused(&Reason::BodyTooLarge(10).at_consumer());
    let answer = pair.ask(pair.question(Method::GET, "/ket-qua/dai-hon-muoi-byte"), "").await;
    answer.is_refused(&Reason::ServiceTooLarge(10).at_consumer());
    pair.audit().await;

    let pair = Pair::with(Options { provider_limits: small, ..Options::default() }).await;
    pair.ask(pair.question(Method::POST, "/x"), long)
        .await
        .is_refused(&Reason::BodyTooLarge(10).at_provider());
    assert_eq!(pair.service.count(), 0);
    let answer = pair.ask(pair.question(Method::GET, "/ket-qua/dai-hon-muoi-byte"), "").await;
    answer.is_refused(&Reason::ServiceTooLarge(10).at_provider());
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_under_batch_signatures_are_all_answered_bound_and_recorded() {
    const CALLS: usize = 200;
    let pair = Pair::with(Options { mode: Mode::Batch { window_us: 20_000 }, ..Options::default() }).await;
    let ask = |number: usize| {
        let body = format!("cau hoi {number}");
        let request = pair.question(Method::POST, &format!("/so/{number}"));
        let pair = &pair;
        async move {
            let answer = pair.ask(request, body.clone()).await;
            answer.is_answered();
            assert_eq!(answer.body, body, "an answer went to another call");
        }
    };
    join_all((0..CALLS).map(ask)).await;
    assert_eq!(pair.service.count(), CALLS);
    let records = audit::records(&pair.consumer.db).await;
    assert_eq!(records.len(), CALLS);
    let places = records.iter().filter_map(|r| r.request.as_ref()?.batch.as_ref());
    assert!(places.map(evidence::batch::BatchPlace::size).max().unwrap() > 1, "nothing was batched");
    assert_eq!(audit::records(&pair.provider.db).await.len(), 2 * CALLS);
    pair.audit().await;
}
