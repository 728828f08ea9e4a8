//! Whether what is sent comes through: a word to oneself now and then, which the server must bring back.
//!
//! The client asks the server for a sign of life only when it hears nothing. A connection on which everything
//! arrives and nothing gets out would look whole to it, for minutes.
//!
//! Owned by the task that watches the connection; the task that reads the inbox only notes what has come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_nats::{Client, Subject};
use bytes::Bytes;
use futures::FutureExt as _;

/// After so many calls without an echo nothing gets through. A slow way is none: any echo, however old, counts.
const IN_VAIN: u32 = 3;

/// How many calls have gone out since an echo came back.
#[derive(Debug, Default)]
pub(super) struct Unanswered(AtomicU32);

impl Unanswered {
    /// An echo has come back.
    pub(super) fn heard(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Calls, and counts the calls that were in vain.
#[derive(Debug)]
pub(super) struct Echo {
    subject: Subject,
    unanswered: Arc<Unanswered>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Heard,
    /// Nothing gets through.
    Lost,
    /// The same, and the client has been told to begin a new connection.
    Renewing,
}

impl Echo {
    /// Calls go to this subject, which is to be listened to.
    pub(super) fn new(subject: Subject, unanswered: Arc<Unanswered>) -> Self {
        Self { subject, unanswered, state: State::Heard }
    }

    /// True if nothing gets through.
    pub(super) fn is_lost(&mut self) -> bool {
        if self.unanswered.count() == 0 {
            self.state = State::Heard;
        }
        self.state != State::Heard
    }

    /// There is a new connection, on which nobody has called yet.
    pub(super) fn begin(&mut self) {
        self.unanswered.heard();
        self.state = State::Heard;
    }

    /// Calls once more. If that was in vain too often, the client begins a new connection instead. Never waits:
    /// where the client's queue is full, this is a call that goes unanswered.
    pub(super) fn call(&mut self, client: &Client) {
        if self.is_lost() || self.unanswered.count() >= IN_VAIN {
            self.renew(client);
        } else {
            self.unanswered.0.fetch_add(1, Ordering::Relaxed);
            let _ = client.publish(self.subject.clone(), Bytes::new()).now_or_never();
        }
    }

    /// Once: a second one would end the new connection too.
    fn renew(&mut self, client: &Client) {
        if self.state != State::Renewing {
            let asked = client.force_reconnect().now_or_never();
            self.state = if asked.is_some() { State::Renewing } else { State::Lost };
        }
    }
}
