//! Calls that were begun are brought to their end.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Runs a call where its answer is awaited, and goes on without that when nobody waits any more: what was asked is
/// still recorded. Yields nothing when the call panicked.
///
/// A task for each call would do the same, and would cost two more changes of task for each of them.
pub struct ToTheEnd<F>(Option<Pin<Box<F>>>)
where
    F: Future + Send + 'static,
    F::Output: Send;

impl<F> ToTheEnd<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    /// To be awaited inside a Tokio runtime.
    pub fn new(call: F) -> Self {
        Self(Some(Box::pin(call)))
    }
}

impl<F> Future for ToTheEnd<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(call) = &mut self.0 else { return Poll::Ready(None) };
        // After a panic the call is never polled again, so nobody sees what it left half done.
        let output = match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Some(output),
            Err(_) => None,
        };
        self.0 = None;
        Poll::Ready(output)
    }
}

impl<F> Drop for ToTheEnd<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn drop(&mut self) {
        let Some(call) = self.0.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { drop(call.await) });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_call_goes_on_when_nobody_waits_for_its_answer() {
        let (go, gone) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel();
        let mut call = ToTheEnd::new(async move {
            let _ = gone.await;
            let _ = done.send(());
        });
        assert!(Pin::new(&mut call).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(call);
        let _ = go.send(());
        assert_eq!(is_done.await, Ok(()));
    }

    #[tokio::test]
    async fn a_call_that_panics_has_no_answer() {
        let panics = async { assert!(std::hint::black_box(false), "as the test wants it") };
        assert_eq!(ToTheEnd::new(panics).await, None);
        assert_eq!(ToTheEnd::new(async { 7 }).await, Some(7));
    }
}
