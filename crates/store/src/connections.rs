//! A few connections that calls borrow, and the limit on how long a call takes.
//!
//! Owned by a backend: one of these for its appends, one for its reads. At most `max` connections exist, each
//! either idle here or lent to one call. A connection comes back only after a call that ended in order: whoever
//! is cut off (by the limit, or by being dropped) leaves a connection in an unknown state behind, and dropping
//! that closes it at once, without a word to a server that may not listen.
//!
//! This is not sqlx's own pool, because that asks each returned connection for a sign of life, without a limit
//! of time: a server that vanishes without a goodbye would keep the places of all that were just returned for as
//! long as TCP takes to notice, a quarter of an hour.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

use crate::{Options, StoreError};

/// How a kind of connections is used at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InUse {
    /// Lent to calls.
    pub lent: usize,
    /// Open, and waiting for a call.
    pub idle: usize,
    /// The most that there may be.
    pub max: usize,
}

/// How long taking leave of the server may take, for all connections together.
const GOODBYE: Duration = Duration::from_secs(1);

/// How to make a connection, and what its errors mean.
#[async_trait]
pub(crate) trait Dial: Send + Sync + 'static {
    type Connection: Send + 'static;

    /// Makes a connection that is ready to be used.
    async fn dial(&self) -> Result<Self::Connection, sqlx::Error>;

    /// Takes leave of the server in order. Dropping a connection does without.
    async fn hang_up(connection: Self::Connection);

    /// What the caller should do about an error.
    fn class(error: &sqlx::Error) -> StoreError;

    /// What an error says of the connections.
    fn damage(error: &sqlx::Error) -> Damage;
}

/// What is wrong with the connections after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Nothing: the server refused and said so.
    None,
    /// The one that had the error is not to be used again.
    Connection,
    /// The server is gone or is not what it was: each connection to it would cost somebody a call to find out.
    All,
}

pub(crate) struct Connections<D: Dial> {
    dial: D,
    idle: Mutex<Vec<Idle<D::Connection>>>,
    slots: Semaphore,
    max: u32,
    idle_limit: Duration,
    lifetime: Duration,
    call_limit: Duration,
}

struct Idle<C> {
    connection: C,
    born: Instant,
    since: Instant,
}

/// A connection in use. Dropped, it closes the connection; [`Lease::end`] gives it back.
struct Lease<'a, D: Dial> {
    connection: D::Connection,
    born: Instant,
    home: &'a Connections<D>,
    _slot: SemaphorePermit<'a>,
}

impl<D: Dial> Connections<D> {
    pub(crate) fn new(dial: D, max: usize, options: &Options) -> Self {
        let max = u32::try_from(max).unwrap_or(u32::MAX).clamp(1, 1000);
        Self {
            dial,
            idle: Mutex::new(Vec::new()),
            slots: Semaphore::new(max as usize),
            max,
            idle_limit: options.idle,
            lifetime: options.lifetime,
            call_limit: options.call_limit,
        }
    }

    /// Does something on a connection, within the limit on a call. The wait for a free connection counts.
    pub(crate) async fn call<T>(
        &self,
        work: impl AsyncFnOnce(&mut D::Connection) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        let call = async {
            let mut lease = self.lease().await?;
            let result = work(&mut lease.connection).await;
            lease.end(result)
        };
        match timeout(self.call_limit, call).await {
            Ok(result) => result,
            Err(_) => Err(StoreError::Unavailable(format!("no answer within {:?}", self.call_limit))),
        }
    }

    /// Waits for the calls under way, at most as long as a call takes, and closes all connections, within
    /// [`GOODBYE`]. Later calls find the store unavailable.
    pub(crate) async fn close(&self) {
        let all = timeout(self.call_limit, self.slots.acquire_many(self.max)).await;
        self.slots.close();
        drop(all);
        let idle = std::mem::take(&mut *self.idle());
        let goodbyes = async {
            for idle in idle {
                D::hang_up(idle.connection).await;
            }
        };
        // They are polite, not needed: a server that is frozen is not waited for once a connection.
        let _ = timeout(GOODBYE, goodbyes).await;
    }

    /// How the connections are used now.
    pub(crate) fn usage(&self) -> InUse {
        let max = self.max as usize;
        InUse { lent: max.saturating_sub(self.slots.available_permits()), idle: self.idle().len(), max }
    }

    async fn lease(&self) -> Result<Lease<'_, D>, StoreError> {
        let closed = |_| StoreError::Unavailable("the store has been closed".to_owned());
        let slot = self.slots.acquire().await.map_err(closed)?;
        let (connection, born) = match self.take_idle() {
            Some(idle) => (idle.connection, idle.born),
            None => (self.dial.dial().await.map_err(|error| D::class(&error))?, Instant::now()),
        };
        Ok(Lease { connection, born, home: self, _slot: slot })
    }

    /// The connection that was used last, so that those that are not needed age.
    fn take_idle(&self) -> Option<Idle<D::Connection>> {
        let mut idle = self.idle();
        idle.retain(|idle| idle.since.elapsed() < self.idle_limit);
        idle.pop()
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle<D::Connection>>> {
        // Nothing panics while it holds this; were it poisoned, the list would still be whole.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: Dial> Lease<'_, D> {
    fn end<T>(self, result: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        let home = self.home;
        match result {
            Ok(value) => {
                self.give_back();
                Ok(value)
            }
            Err(error) => {
                match D::damage(&error) {
                    Damage::None => self.give_back(),
                    Damage::Connection => drop(self),
                    Damage::All => home.idle().clear(),
                }
                Err(D::class(&error))
            }
        }
    }

    fn give_back(self) {
        if self.born.elapsed() < self.home.lifetime {
            let idle = Idle { connection: self.connection, born: self.born, since: Instant::now() };
            self.home.idle().push(idle);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Connections to nothing, counted.
    #[derive(Default)]
    struct Counted(AtomicUsize);

    #[async_trait]
    impl Dial for Counted {
        type Connection = ();

        async fn dial(&self) -> Result<(), sqlx::Error> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }

        async fn hang_up((): ()) {
            std::future::pending::<()>().await;
        }

        fn class(error: &sqlx::Error) -> StoreError {
            StoreError::Unavailable(error.to_string())
        }

        fn damage(error: &sqlx::Error) -> Damage {
            match error {
                sqlx::Error::RowNotFound => Damage::None,
                sqlx::Error::PoolClosed => Damage::Connection,
                _ => Damage::All,
            }
        }
    }

    fn connections(max: usize) -> Connections<Counted> {
        let second = Duration::from_secs(1);
        let options =
            Options { idle: second, lifetime: 10 * second, call_limit: 4 * second, ..Options::default() };
        Connections::new(Counted::default(), max, &options)
    }

    async fn end_with(connections: &Connections<Counted>, result: Result<(), sqlx::Error>) {
        let _ = connections.call(async |_| result).await;
    }

    fn made(connections: &Connections<Counted>) -> usize {
        connections.dial.0.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn a_connection_is_used_again_unless_an_error_says_otherwise() {
        let connections = connections(4);
        for result in [Ok(()), Ok(()), Err(sqlx::Error::RowNotFound), Ok(()), Err(sqlx::Error::PoolClosed)] {
            end_with(&connections, result).await;
        }
        assert_eq!(made(&connections), 1);
        tokio::join!(end_with(&connections, Ok(())), end_with(&connections, Ok(())));
        assert_eq!(connections.idle().len(), made(&connections) - 1);
        end_with(&connections, Err(sqlx::Error::WorkerCrashed)).await;
        assert_eq!(connections.idle().len(), 0, "the server is gone: so are all connections to it");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_used_or_too_old_is_closed() {
        let connections = connections(4);
        end_with(&connections, Ok(())).await;
        tokio::time::advance(Duration::from_millis(1100)).await;
        end_with(&connections, Ok(())).await;
        assert_eq!(made(&connections), 2, "idle for too long");
        for _ in 0..20 {
            tokio::time::advance(Duration::from_millis(600)).await;
            end_with(&connections, Ok(())).await;
        }
        assert_eq!(made(&connections), 3, "lived for too long");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_hangs_or_is_dropped_ends_in_time_and_gives_its_place_free() {
        let connections = connections(1);
        let never = async |(): &mut ()| {
            std::future::pending::<()>().await;
            Ok(())
        };
        let start = Instant::now();
        let (one, two) = tokio::join!(connections.call(never), connections.call(never));
        assert!(one.is_err() && two.is_err());
        assert!(start.elapsed() <= Duration::from_secs(4), "the wait for a place counts");
        assert!(timeout(Duration::from_secs(1), connections.call(never)).await.is_err());
        assert_eq!(connections.call(async |_| Ok(7)).await, Ok(7));
        assert_eq!(connections.idle().len(), 1, "the others were closed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_frozen_is_not_waited_for_once_a_connection() {
        let connections = connections(2);
        let slow = async |(): &mut ()| {
            tokio::task::yield_now().await;
            Ok(())
        };
        let both = tokio::join!(connections.call(slow), connections.call(slow));
        assert_eq!((both, connections.idle().len()), ((Ok(()), Ok(())), 2));
        let start = Instant::now();
        connections.close().await;
        assert_eq!(start.elapsed(), GOODBYE);
    }
}
