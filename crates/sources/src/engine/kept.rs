//! Connections that are kept open between questions.
//!
//! The driver's own pool asks the database whether a connection still lives, before and after each question: two more
//! ways there and back for one answer. Here a connection is kept only when its last answer was read to its end, and a
//! question that finds it closed is asked once more on a new one.

use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::connect::{CONNECT_WAIT, IDLE};

/// How often connections are looked at that nobody uses.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// A connection under way.
pub(crate) type Connecting<C> = Pin<Box<dyn Future<Output = Result<C, sqlx::Error>> + Send>>;

/// Connections to one database.
pub(crate) struct Kept<C> {
    connect: Box<dyn Fn() -> Connecting<C> + Send + Sync>,
    turns: Semaphore,
    /// Those that nobody uses, and since when; the last one used is the first to be used again.
    idle: Mutex<Vec<(C, Instant)>>,
}

impl<C: Send + 'static> Kept<C> {
    /// So many connections at most, made by `connect`. The first one is made now.
    pub(crate) async fn open(
        connections: u32,
        connect: impl Fn() -> Connecting<C> + Send + Sync + 'static,
    ) -> Result<Arc<Self>, sqlx::Error> {
        let (connect, turns) = (Box::new(connect), Semaphore::new(connections as usize));
        let kept = Arc::new(Self { connect, turns, idle: Mutex::default() });
        kept.take(Age::Any).await?.keep();
        tokio::spawn(close_idle(Arc::downgrade(&kept)));
        Ok(kept)
    }

    /// A connection for one question.
    pub(crate) async fn take(&self, age: Age) -> Result<Taken<'_, C>, sqlx::Error> {
        let waiting = tokio::time::timeout(CONNECT_WAIT, self.turns.acquire());
        let Ok(Ok(turn)) = waiting.await else { return Err(sqlx::Error::PoolTimedOut) };
        let idle = if age == Age::Any { self.lock().pop() } else { None };
        let was_used = idle.is_some();
        let connection = match idle {
            Some((connection, _)) => connection,
            None => tokio::time::timeout(CONNECT_WAIT, (self.connect)())
                .await
                .map_err(|_| sqlx::Error::PoolTimedOut)??,
        };
        Ok(Taken { connection, was_used, kept: self, _turn: turn })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(C, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which connection is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// One that is open already, if there is one.
    Any,
    /// One that nobody can have closed in the meantime.
    New,
}

/// A connection in use; it is closed when it is dropped instead of kept.
pub(crate) struct Taken<'a, C: Send + 'static> {
    connection: C,
    /// Whether it was open before, so that the database may have closed it in the meantime.
    pub(crate) was_used: bool,
    kept: &'a Kept<C>,
    _turn: SemaphorePermit<'a>,
}

impl<C: Send + 'static> Taken<'_, C> {
    /// Gives it back: its answer was read to the end.
    pub(crate) fn keep(self) {
        self.kept.lock().push((self.connection, Instant::now()));
    }
}

impl<C: Send + 'static> Deref for Taken<'_, C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.connection
    }
}

impl<C: Send + 'static> DerefMut for Taken<'_, C> {
    fn deref_mut(&mut self) -> &mut C {
        &mut self.connection
    }
}

/// Closes what nobody has used for a while, until the source is gone.
async fn close_idle<C: Send + 'static>(kept: Weak<Kept<C>>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(kept) = kept.upgrade() else { return };
        let mut idle = kept.lock();
        let used = idle.partition_point(|(_, since)| since.elapsed() >= IDLE);
        idle.drain(..used).for_each(drop);
    }
}
