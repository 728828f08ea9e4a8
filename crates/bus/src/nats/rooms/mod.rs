//! The rooms that this process listens to, or the channels: each by a subscription of its own, or, where there are many in one
//! partition, all by one of the whole partition, from which what nobody here listens to is dropped by its subject.
//!
//! A subscription costs memory here and in the server, a message that nobody wants costs time: so there is a bound,
//! `Options::single_rooms_max`. [`Rooms`] owns a table a partition, the size of what is listened to; the
//! [`steward`] owns the subscriptions of partitions, and changes between the two without a loss. It ends with the
//! bus.

mod steward;
mod table;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_nats::Message;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use self::steward::Steward;
use self::table::{Stance, Table};
use super::connection::Connection;
use super::forward::{Hearer, Subscribing, note};
use super::subject::{Kind, Subjects, token};
use crate::{BusError, Heard, Listening, PARTITIONS, Partition, Subscribed};

/// What is listened to, by partition.
#[derive(Debug)]
pub(super) struct Rooms {
    connection: Arc<Connection>,
    subjects: Subjects,
    kind: Kind,
    tables: Arc<Tables>,
}

impl Rooms {
    /// Nobody listens yet. Past `single_max` rooms in one partition the partition is listened to.
    pub(super) fn open(
        connection: Arc<Connection>,
        subjects: Subjects,
        kind: Kind,
        single_max: usize,
        stop: CancellationToken,
    ) -> Self {
        let tables = Arc::new(Tables::new(single_max));
        let steward = Steward::new(Arc::clone(&connection), subjects.clone(), kind, Arc::clone(&tables));
        tokio::spawn(stop.run_until_cancelled_owned(steward.work()));
        Self { connection, subjects, kind, tables }
    }

    /// Listens to a room of a partition, by its name. When this returns, the subscription that brings its notes stands in the client's queue
    /// before whatever is handed over later.
    ///
    /// Cancel safe: dropped, nothing is listened to.
    pub(super) async fn listen(
        &self,
        partition: Partition,
        name: &str,
        into: mpsc::Sender<Heard>,
    ) -> Result<Listening, BusError> {
        let token: Arc<str> = token(name).into();
        if let Some(listening) = self.tables.listen_to_partition(partition, &token, &into) {
            return Ok(listening);
        }
        let (client, subject) =
            (self.connection.client.clone(), self.subjects.room(self.kind, partition, &token));
        let subscribing = self.connection.stand(async move { client.subscribe(subject).await }).await?;
        Ok(self.tables.listen_singly(partition, &token, into, subscribing))
    }
}

/// Who listens to what, and a bell for the steward.
#[derive(Debug)]
struct Tables {
    tables: Vec<Mutex<Table>>,
    single_max: usize,
    change_due: Notify,
}

impl Tables {
    fn new(single_max: usize) -> Self {
        let tables = (0..PARTITIONS).map(|_| Mutex::new(Table::new())).collect();
        Self { tables, single_max, change_due: Notify::new() }
    }

    fn of(&self, partition: Partition) -> MutexGuard<'_, Table> {
        // No code that holds the lock can panic half-way through a change.
        self.tables[usize::from(partition.index())].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens through the subscription of the partition, if there is one.
    fn listen_to_partition(
        self: &Arc<Self>,
        partition: Partition,
        token: &Arc<str>,
        into: &mpsc::Sender<Heard>,
    ) -> Option<Listening> {
        let mut table = self.of(partition);
        let whole = table.stance() == Stance::Whole;
        whole.then(|| self.guard(partition, token, table.add(token, into.clone(), |_| None)))
    }

    /// Listens through a subscription of its own; or through that of the partition, if there is one by now.
    fn listen_singly(
        self: &Arc<Self>,
        partition: Partition,
        token: &Arc<str>,
        into: mpsc::Sender<Heard>,
        subscribing: Subscribing,
    ) -> Listening {
        let mut table = self.of(partition);
        let single = table.stance() == Stance::Singly;
        let number =
            table.add(token, into.clone(), |readers| single.then(|| readers.read(subscribing, into)));
        self.look_at(&table);
        self.guard(partition, token, number)
    }

    /// Whoever begins to listen from now on will hear by such subscriptions. Rooms may have come or gone while the change to
    /// it waited, when nobody could see that the way back is due: so that is seen now.
    fn take_stance(&self, partition: Partition, stance: Stance) {
        let mut table = self.of(partition);
        table.set_stance(stance);
        self.look_at(&table);
    }

    fn guard(self: &Arc<Self>, partition: Partition, token: &Arc<str>, number: u64) -> Listening {
        let (tables, token) = (Arc::clone(self), Arc::clone(token));
        Listening(Subscribed::Room(RoomListening { tables, partition, token, number }))
    }

    /// Tells the steward if a partition has too many or too few rooms by now.
    fn look_at(&self, table: &Table) {
        if table.change_due(self.single_max).is_some() {
            self.change_due.notify_one();
        }
    }
}

/// The place of one listener in the tables; dropped, it is taken out.
#[derive(Debug)]
pub(crate) struct RoomListening {
    tables: Arc<Tables>,
    partition: Partition,
    token: Arc<str>,
    number: u64,
}

impl Drop for RoomListening {
    fn drop(&mut self) {
        let mut table = self.tables.of(self.partition);
        table.remove(&self.token, self.number);
        self.tables.look_at(&table);
    }
}

/// Hands what a partition's subscription gets to those who listen to the room.
struct Switch {
    tables: Arc<Tables>,
    partition: Partition,
}

impl Hearer for Switch {
    /// What is about a room that nobody listens to is not even read. Where a listener's queue is full, those of the
    /// partition's other rooms wait, too: in a gateway all have one queue.
    async fn hear(&mut self, message: Message) -> bool {
        let token = message.subject.rsplit_once('.').map_or("", |(_, token)| token);
        let listeners = self.tables.of(self.partition).hear(token);
        if !listeners.is_empty()
            && let Some(Heard { note, trace }) = note(&message)
        {
            for into in listeners {
                // Fails if that one has just gone.
                let _ = into.send(Heard { note: note.clone(), trace }).await;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn rooms_that_go_while_a_change_waits_are_seen_when_it_is_made() {
        let (tables, partition) = (Arc::new(Tables::new(8)), Partition::all().next().unwrap());
        let is_due = || tables.change_due.notified().now_or_never().is_some();
        let listen = |room: usize| {
            let (token, into) = (room.to_string().into(), mpsc::channel(1).0);
            tables.listen_singly(partition, &token, into, std::future::pending().boxed())
        };
        let mut listening: Vec<_> = (0..9).map(listen).collect();
        assert!(is_due());
        listening.truncate(4);
        assert!(!is_due());
        tables.take_stance(partition, Stance::Whole);
        assert!(is_due());
        tables.take_stance(partition, Stance::Singly);
        assert!(!is_due());
    }
}
