//! A line between a process and a server behind it, on which things can go wrong.
//!
//! One task accepts, and one task a connection carries bytes both ways through a [`pipe`] each. They all watch one
//! [`state`], so that a fault reaches running connections at once. Dropping the line ends them all.

mod pipe;
mod state;
#[cfg(test)]
mod tests;
mod toll;

use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

use pipe::{Broken, Pipe};
use state::{Fault, State};
use toll::Counters;

pub use state::Way;
pub use toll::Toll;

/// How long the line rests when it cannot accept, for example because the process has too many files open.
const REST: Duration = Duration::from_millis(10);

/// A TCP proxy on 127.0.0.1. It has one fault at a time: the next one takes the place of the one before.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    state: watch::Sender<State>,
    counters: Arc<Counters>,
    task: AbortHandle,
}

impl Line {
    /// Lays a line to a server on 127.0.0.1.
    ///
    /// # Errors
    /// If there is no free port.
    pub async fn to(port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (state, watched) = watch::channel(State::default());
        let counters = Arc::new(Counters::default());
        let far = Far { port, state: watched, counters: counters.clone() };
        let task = tokio::spawn(serve(listener, far)).abort_handle();
        Ok(Self { address, state, counters, task })
    }

    /// Its near end.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port of its near end.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Cuts it: connections break, new ones are closed at once. What was held or delayed is lost.
    pub fn cut(&self) {
        self.state.send_modify(State::cut);
    }

    /// Refuses: connections stay and pass, new ones are closed at once.
    pub fn refuse(&self) {
        self.has(Fault::Refusing);
    }

    /// Swallows what goes this way, for ever; old and new connections stay open, and not even the end of one is
    /// passed on that way. As soon as this way is no black hole any more, the connections that have lost anything
    /// break: a stream with a hole in it cannot go on.
    pub fn black_hole(&self, way: Way) {
        self.has(Fault::BlackHole(way));
    }

    /// Lets what goes this way wait. When the line is mended it is delivered in order, the end of a connection too.
    /// After 4 MiB a connection is no longer read, and its sender feels TCP's backpressure.
    pub fn hold(&self, way: Way) {
        self.has(Fault::Holding(way));
    }

    /// Lets everything arrive so much later, both ways, in order. What is sent meanwhile follows right behind, as on
    /// a long cable, up to 4 MiB a connection and way. The handshake of TCP is not delayed.
    pub fn delay(&self, by: Duration) {
        self.has(Fault::Delaying(by));
    }

    /// Mends it: everything passes again, first of all what was held or delayed.
    pub fn mend(&self) {
        self.has(Fault::None);
    }

    /// What its faults have cost since it was laid. Connections that break are counted a moment after the call
    /// that breaks them: wait for it.
    #[must_use]
    pub fn toll(&self) -> Toll {
        self.counters.toll()
    }

    fn has(&self, fault: Fault) {
        self.state.send_modify(|state| state.fault = fault);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a connection needs to get to the far end.
#[derive(Clone)]
struct Far {
    port: u16,
    state: watch::Receiver<State>,
    counters: Arc<Counters>,
}

async fn serve(listener: TcpListener, far: Far) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((near, _)) = listener.accept().await else {
            sleep(REST).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        let state = *far.state.borrow();
        if state.takes_connections() {
            far.counters.connections.add(1);
            connections.spawn(far.clone().carry(near, state));
        } else {
            far.counters.refused.add(1);
        }
    }
}

impl Far {
    /// Carries a connection that was accepted in this state, until it ends.
    async fn carry(mut self, near: TcpStream, accepted: State) {
        let counters = self.counters.clone();
        let cut = cut_since(accepted, self.state.clone());
        let broken = tokio::select! {
            // The cut first: what was held is lost with it, even if the line is mended by now.
            biased;
            () = cut => Err(Broken::ByTheLine),
            done = async {
                let Some(far) = self.connect().await else { return Ok(()) };
                self.join(near, far).await
            } => done,
        };
        if matches!(broken, Err(Broken::ByTheLine)) {
            counters.broken.add(1);
        }
    }

    /// Connects to the server. `None` if it is not there and the near end may know it.
    async fn connect(&mut self) -> Option<TcpStream> {
        let far = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.ok();
        if far.is_none() && self.state.wait_for(|state| state.lets_through(Way::Back)).await.is_err() {
            pending::<()>().await; // The line is gone, and this task with it.
        }
        far
    }

    async fn join(self, near: TcpStream, far: TcpStream) -> Result<(), Broken> {
        // As a cable would: nothing waits for more.
        let _ = near.set_nodelay(true).and_then(|()| far.set_nodelay(true));
        let (from_near, to_near) = near.into_split();
        let (from_far, to_far) = far.into_split();
        let pipe = |way, ends| Pipe::new(way, ends, self.state.clone(), self.counters.clone());
        let (there, back) = (pipe(Way::There, (from_near, to_far)), pipe(Way::Back, (from_far, to_near)));
        tokio::try_join!(there.carry(), back.carry()).map(|_| ())
    }
}

/// Returns when the line has been cut, be it only for a moment.
async fn cut_since(then: State, mut state: watch::Receiver<State>) {
    if state.wait_for(|now| now.was_cut_since(then)).await.is_err() {
        pending::<()>().await;
    }
}
