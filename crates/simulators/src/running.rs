//! A server that runs in the background until it is stopped or dropped.

use std::net::SocketAddr;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A running simulator; dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    /// Starts the server that `serve` makes from the signal to stop.
    pub(crate) fn start<F>(address: SocketAddr, serve: impl FnOnce(oneshot::Receiver<()>) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        Self { address, stop, task: tokio::spawn(serve(stopped)) }
    }

    /// Where it listens; the port is the real one, also when port 0 was asked for.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it and waits until it has stopped.
    pub async fn stop(self) {
        // An error means that the server has ended already, which is what is wanted.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}
