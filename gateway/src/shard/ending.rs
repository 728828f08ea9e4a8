//! How connections end: dismissed, closed by either side, or broken.

use std::time::Duration;

use chat::{Code, Refusal};
use tokio::time::Instant;

use super::waves::Waves;
use super::{Shard, index};
use crate::connection::{End, Frame};
use crate::presence::Parting;
use crate::session::Closing;
use crate::switchboard::ConnectionKey;

/// How long the other side may take to close after our close frame.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

impl Shard {
    /// Dismisses a connection in an orderly way: nothing more is read, its sends get their verdicts, at the latest
    /// at `until`, then it is told when to come back.
    pub(super) fn dismiss(&mut self, key: ConnectionKey, now: Instant, until: Instant) {
        let Some(connection) = self.connection(key).filter(|connection| connection.end == End::Open) else {
            return;
        };
        connection.end = End::Leaving(until);
        connection.wake.notify_one();
        self.leave_if_done(key, now);
    }

    /// Dismisses the next wave of those who are left, and says goodbye to whoever has waited long enough for
    /// verdicts. Tells how many connections there still are.
    pub(crate) fn dismiss_wave(&mut self, waves: &mut Waves, now: Instant) -> usize {
        let (mut open, mut late) = (Vec::new(), Vec::new());
        for key in self.keys() {
            match self.connections[index(key.place)].end {
                End::Open => open.push(key),
                End::Leaving(until) if until <= now => late.push(key),
                End::Leaving(_) | End::Closing(_) => {}
            }
        }
        late.into_iter().for_each(|key| self.leave_if_done(key, now));
        open.truncate(waves.next(open.len(), now));
        open.into_iter().for_each(|key| self.dismiss(key, now, waves.verdicts_until(now)));
        self.len()
    }

    /// Says goodbye to a connection that is being dismissed, once nothing of it is under way.
    pub(super) fn leave_if_done(&mut self, key: ConnectionKey, now: Instant) {
        let Some(connection) = self.connection(key) else { return };
        let End::Leaving(until) = connection.end else { return };
        if connection.session.awaits_verdicts() && now < until {
            return;
        }
        connection.end = End::Open;
        let refusal = Refusal::new(Code::GoingAway, "this server is going away");
        self.with_session(key, |session, env, out| session.dismiss(env, refusal, out));
    }

    /// Dismisses a connection whose socket has taken nothing for too long.
    pub(super) fn dismiss_slow(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connection(key).filter(|connection| connection.end == End::Open) else {
            return;
        };
        connection.outbox.drop_unsent();
        self.metrics.slow_consumers.inc();
        let refusal = Refusal::new(Code::TooSlow, "nothing was read for too long");
        self.with_session(key, |session, env, out| session.dismiss(env, refusal, out));
    }

    /// The session has said its last word: the close frame goes behind it.
    pub(super) fn close(&mut self, key: ConnectionKey, closing: &Closing) {
        if let Some(code) = Code::parse(closing.reason) {
            self.metrics.refusals.with_label_values(&[code.as_str()]).inc();
        }
        let parting = parting(Code::parse(closing.reason));
        self.end_with(key, closing.code, closing.reason, parting);
    }

    /// The client has closed: it gets its own code back.
    pub(super) fn close_back(&mut self, key: ConnectionKey, code: u16) {
        self.end_with(key, code, "", Parting::Clean);
    }

    fn end_with(&mut self, key: ConnectionKey, code: u16, reason: &str, parting: Parting) {
        let Some(connection) = self.connection(key) else { return };
        if matches!(connection.end, End::Closing(_)) {
            return;
        }
        connection.outbox.push(Frame::from(&websocket::close_frame(code, reason)[..]));
        connection.end = End::Closing(Instant::now() + CLOSE_WITHIN);
        connection.wake.notify_one();
        self.leave_rooms(key, parting);
    }

    /// Everything is written: our half of the connection ends, the other half when the client has read it.
    pub(super) fn shut(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connection(key) else { return };
        if let Err(error) = rustix::net::shutdown(&*connection.stream, rustix::net::Shutdown::Write) {
            tracing::debug!(%error, "a socket could not be shut down");
            self.forget(key);
        }
    }

    /// Takes a connection out of everything; its socket closes with its task.
    pub(crate) fn forget(&mut self, key: ConnectionKey) {
        if self.connection(key).is_none() {
            return;
        }
        self.leave_rooms(key, Parting::Broken);
        let connection = self.connections.remove(index(key.place));
        connection.wake.notify_one();
        self.metrics.connections.with_label_values(&[connection.dialect.name()]).dec();
    }

    fn leave_rooms(&mut self, key: ConnectionKey, parting: Parting) {
        let Some(connection) = self.connection(key) else { return };
        let dialect = connection.dialect;
        let left = std::mem::take(&mut connection.subscriptions);
        for subscription in left.iter() {
            self.part(key, dialect, subscription, parting);
        }
        self.leave_channels(key, parting);
    }
}

/// Whether a user for whom the connection ends so may come back, and was then never gone. What nobody has a word for is a
/// client that breaks the rules of WebSockets.
fn parting(code: Option<Code>) -> Parting {
    match code {
        Some(
            Code::NotIdentified
            | Code::TooMany
            | Code::TooSlow
            | Code::Unavailable
            | Code::GoingAway
            | Code::Quiet,
        ) => Parting::Broken,
        Some(Code::Malformed | Code::NotAllowed | Code::TooLarge | Code::Removed) | None => Parting::Clean,
    }
}
