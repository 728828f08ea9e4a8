//! What a client has heard, for whoever waits for it.
//!
//! Owned by the client and its reader. It grows with what the server sends: tests send little.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::answer::Closed;
use crate::message::Message;
use crate::patience::PATIENCE;

/// Everything heard so far.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Requests to say something: their rooms and ids, by the number that they bear as `ref`.
    pub(super) asked: HashMap<u64, (String, String)>,
    /// Frames with a number as `ref`, by that number.
    pub(super) answers: HashMap<u64, Value>,
    /// Messages, by room.
    pub(super) messages: HashMap<String, Vec<Message>>,
    /// Frames of all other kinds that nobody has taken yet, in order.
    pub(super) frames: Vec<Value>,
    /// How the connection ended.
    pub(super) closed: Option<Closed>,
    /// When the latest frame came, of whatever kind.
    pub(super) latest: Option<Instant>,
}

/// The same, shared.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    heard: Mutex<Heard>,
    news: Notify,
}

impl Inbox {
    /// Adds to it.
    pub(super) fn hear(&self, add: impl FnOnce(&mut Heard)) {
        add(&mut self.heard());
        self.news.notify_waiters();
    }

    /// Looks at it.
    pub(super) fn look<T>(&self, at: impl FnOnce(&mut Heard) -> T) -> T {
        at(&mut self.heard())
    }

    /// Waits until something is found in it.
    ///
    /// # Panics
    /// If nothing is for too long.
    pub(super) async fn wait<T>(&self, what: &str, find: impl FnMut(&mut Heard) -> Option<T>) -> T {
        match self.wait_for(PATIENCE, find).await {
            Some(found) => found,
            None => panic!("waited {PATIENCE:?} in vain for {what}; {}", self.look(|heard| heard.state())),
        }
    }

    /// Waits until something is found in it, but not longer than this.
    pub(super) async fn wait_for<T>(
        &self,
        patience: Duration,
        mut find: impl FnMut(&mut Heard) -> Option<T>,
    ) -> Option<T> {
        let found = timeout(patience, async {
            loop {
                // Made before the look, so that what comes after the look is not missed.
                let news = self.news.notified();
                if let Some(found) = self.look(&mut find) {
                    return found;
                }
                news.await;
            }
        });
        found.await.ok()
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    /// What to say when a wait was in vain.
    fn state(&self) -> String {
        let rooms: Vec<String> = self
            .messages
            .iter()
            .map(|(room, all)| {
                format!("{} messages of {room} up to {:?}", all.len(), all.last().map(|m| m.seq))
            })
            .collect();
        format!("heard: {rooms:?}, closed: {:?}, other frames: {:?}", self.closed, self.frames)
    }
}
