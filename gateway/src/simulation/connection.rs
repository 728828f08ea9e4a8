//! One connection of a shard without sockets: a real session, and how far its subscriptions have been fed.

use tokio::time::Instant;

use crate::connection::{Subscription, Subscriptions};
use crate::session::{Session, SubId};
use crate::switchboard::{ConnectionKey, SubKey};

/// One connection.
pub(super) struct Connection {
    pub(super) generation: u32,
    pub(super) session: Session,
    pub(super) subscriptions: Subscriptions,
    /// It is being dismissed, and says goodbye at this moment at the latest.
    pub(super) leaving: Option<Instant>,
    /// Its outbox is full until then.
    pub(super) clogged_until: Option<Instant>,
}

impl Connection {
    pub(super) fn new(generation: u32, session: Session) -> Self {
        Self {
            generation,
            session,
            subscriptions: Subscriptions::default(),
            leaving: None,
            clogged_until: None,
        }
    }

    pub(super) fn subscription(&mut self, id: SubId) -> Option<&mut Subscription> {
        self.subscriptions.get_mut(id)
    }

    /// The subscription, if it is one of this connection and not of one before it.
    pub(super) fn subscription_of(&mut self, to: SubKey) -> Option<&mut Subscription> {
        if self.is(to.connection) { self.subscription(to.sub) } else { None }
    }

    pub(super) fn is(&self, key: ConnectionKey) -> bool {
        self.generation == key.generation
    }

    /// Whether what waits for it is more than may.
    pub(super) fn is_clogged(&self) -> bool {
        self.clogged_until.is_some_and(|until| Instant::now() < until)
    }

    /// Whether live events are still written to it.
    pub(super) fn is_open(&self) -> bool {
        self.leaving.is_none()
    }
}
