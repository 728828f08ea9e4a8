//! Changes between subscriptions of single rooms and those of whole partitions, so that nothing is lost and no room's
//! notes change their order.
//!
//! What is new is subscribed to first. Then comes a round trip: whatever the server took before it knew of the new
//! subscription lies in the old one's queue by then, as a connection keeps its order. Now the old ones end and hand
//! over what they still hold, and only then is the new one's queue read. What both have got comes twice, and later
//! copies are dropped by whoever knows the room's seqs. In a cluster the other servers hear of these changes in the same
//! order, so that there is no moment in which they know of nobody who wants the room's notes.
//!
//! Changes that are due together are made together. Without a connection they wait for one: everybody asks then for
//! what was missed.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{SubscribeError, Subscriber};
use futures::FutureExt as _;
use tokio_util::sync::DropGuard;

use super::table::{Name, Stance};
use super::{Connection, Kind, Subjects, Switch, Tables};
use crate::Partition;
use crate::nats::forward::{Readers, Subscribing};

/// How long both bring everything after the round trip. A server looks up who is to get a message, and hands it over
/// a moment later: a message that was looked up before the change must find the old subscription still there. It is
/// short enough for the new one's queue to hold what comes meanwhile.
const OVERLAP: Duration = Duration::from_millis(250);

/// The owner of the partitions' subscriptions: one each at the most.
pub(super) struct Steward {
    connection: Arc<Connection>,
    subjects: Subjects,
    kind: Kind,
    tables: Arc<Tables>,
    whole: Vec<Option<Whole>>,
}

/// The subscription of a partition, and the one who reads it.
struct Whole {
    reader: Readers,
    _stop: DropGuard,
}

/// A change that has begun: what is new is subscribed to, and not read yet.
enum Change {
    ToWhole(Partition, Subscriber),
    ToSingle(Partition, Vec<(Name, Subscriber)>),
}

impl Steward {
    pub(super) fn new(
        connection: Arc<Connection>,
        subjects: Subjects,
        kind: Kind,
        tables: Arc<Tables>,
    ) -> Self {
        let whole = Partition::all().map(|_| None).collect();
        Self { connection, subjects, kind, tables, whole }
    }

    /// Makes the changes that are due, until the client is closed.
    pub(super) async fn work(mut self) {
        loop {
            self.tables.change_due.notified().await;
            let mut changes = Vec::new();
            for partition in Partition::all() {
                match self.begin(partition).await {
                    Ok(change) => changes.extend(change),
                    Err(_closed) => return,
                }
            }
            if !changes.is_empty() {
                self.connection.settle_at_last().await;
                tokio::time::sleep(OVERLAP).await;
            }
            for change in changes {
                self.complete(change).await;
            }
        }
    }

    async fn begin(&self, partition: Partition) -> Result<Option<Change>, SubscribeError> {
        let (due, rooms) = {
            let table = self.tables.of(partition);
            (table.change_due(self.tables.single_max), table.rooms())
        };
        let number = partition.index();
        match due {
            None => Ok(None),
            Some(Stance::Whole) => {
                tracing::debug!(partition = number, rooms, "listening to a whole partition");
                self.begin_whole(partition).await.map(Some)
            }
            Some(Stance::Singly) => {
                tracing::debug!(partition = number, rooms, "listening to single rooms of a partition");
                self.begin_single(partition).await.map(Some)
            }
        }
    }

    async fn begin_whole(&self, partition: Partition) -> Result<Change, SubscribeError> {
        let subscriber =
            self.connection.client.subscribe(self.subjects.partition(self.kind, partition)).await?;
        // Whoever comes from now on needs no subscription.
        self.tables.take_stance(partition, Stance::Whole);
        Ok(Change::ToWhole(partition, subscriber))
    }

    async fn begin_single(&self, partition: Partition) -> Result<Change, SubscribeError> {
        // Whoever comes from now on makes a subscription.
        self.tables.take_stance(partition, Stance::Singly);
        let listeners = self.tables.of(partition).without_own();
        let mut singles = Vec::with_capacity(listeners.len());
        for name in listeners {
            let subject = self.subjects.room(self.kind, partition, &name.0);
            singles.push((name, self.connection.client.subscribe(subject).await?));
        }
        Ok(Change::ToSingle(partition, singles))
    }

    async fn complete(&mut self, change: Change) {
        match change {
            Change::ToWhole(partition, subscriber) => self.complete_whole(partition, subscriber).await,
            Change::ToSingle(partition, singles) => self.complete_single(partition, singles).await,
        }
    }

    async fn complete_whole(&mut self, partition: Partition, subscriber: Subscriber) {
        let singles = self.tables.of(partition).take_singles();
        singles.finish().await;
        self.tables.of(partition).drop_own();
        let (reader, tables) = (Readers::default(), Arc::clone(&self.tables));
        let stop = reader.read(standing(subscriber), Switch { tables, partition });
        self.whole[usize::from(partition.index())] = Some(Whole { reader, _stop: stop });
    }

    async fn complete_single(&mut self, partition: Partition, singles: Vec<(Name, Subscriber)>) {
        if let Some(whole) = self.whole[usize::from(partition.index())].take() {
            whole.reader.finish().await;
        }
        let mut table = self.tables.of(partition);
        for (name, subscriber) in singles {
            table.give_own(&name, |readers, into| readers.read(standing(subscriber), into));
        }
    }
}

fn standing(subscriber: Subscriber) -> Subscribing {
    std::future::ready(Ok(subscriber)).boxed()
}
