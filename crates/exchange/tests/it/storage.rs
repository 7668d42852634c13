//! A log that cannot be written: no record, no call.

use exchange::error::Reason;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use testkit::TestStore;

use crate::audit;
use crate::pair::{Options, Pair};

async fn on_postgres() -> Pair {
    Pair::on(Options::default(), TestStore::postgres().await, TestStore::postgres().await).await
}

async fn gone(store: &TestStore) {
    store.set_reachable(false).await;
    store.cut_connections().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_whose_store_is_gone_asks_its_system_nothing_until_it_is_back() {
    let pair = on_postgres().await;
    pair.get("/x").await.is_answered();
    gone(&pair.provider.store).await;
    for _ in 0..2 {
        pair.get("/x").await.is_refused(&Reason::LogUnavailable.at_provider());
    }
    assert_eq!(pair.service.count(), 1);
    pair.provider.store.set_reachable(true).await;
    pair.get("/x").await.is_answered();
    assert_eq!(audit::records(&pair.provider.db).await.len(), 4);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_whose_store_is_gone_passes_no_answer_on_and_then_asks_nothing() {
    let pair = on_postgres().await;
    gone(&pair.consumer.store).await;
    // The first call finds out, after it was answered; what was answered is not passed on.
    pair.get("/x").await.is_refused(&Reason::LogUnavailable.at_consumer());
    let asked = pair.service.count();
    for _ in 0..2 {
        pair.get("/x").await.is_refused(&Reason::LogUnavailable.at_consumer());
    }
    assert_eq!(pair.service.count(), asked);
    pair.consumer.store.set_reachable(true).await;
    pair.get("/x").await.is_answered();
    pair.audit().await;
}

/// From now on the server says of every new record that its disk is full.
async fn fill(store: &TestStore) {
    let full = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON record EXECUTE FUNCTION full_disk();";
    execute(store, full).await;
}

async fn execute(store: &TestStore, sql: &'static str) {
    let mut connection = PgConnection::connect(store.url()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_named_and_calls_go_on_when_there_is_room_again() {
    let pair = on_postgres().await;
    fill(&pair.provider.store).await;
    pair.get("/x").await.is_refused(&Reason::LogDiskFull.at_provider());
    assert_eq!(pair.service.count(), 0);
    execute(&pair.provider.store, "DROP TRIGGER full_disk ON record").await;
    pair.get("/x").await.is_answered();
    pair.audit().await;

    fill(&pair.consumer.store).await;
    pair.get("/x").await.is_refused(&Reason::LogDiskFull.at_consumer());
    execute(&pair.consumer.store, "DROP TRIGGER full_disk ON record").await;
    pair.get("/x").await.is_answered();
    pair.audit().await;
}
