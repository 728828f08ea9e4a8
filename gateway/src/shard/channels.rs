//! The channels that a shard's connections listen to. What passes in one is told like what passes in a room and is in no
//! log ([`Shard::pass`]).
//!
//! A subscription counts for the porter from its answer on: one that was ended before is given back when the answer comes.

use std::sync::Arc;

use chat::{Channel, ChannelName, Member, Refusal};
use dialect::{Alias, Dialect};
use tokio::time::Instant;

use super::Shard;
use super::room::Groups;
use crate::connection::Connection;
use crate::porter::Errand;
use crate::presence::Parting;
use crate::session::{Answered, SubId, Tuned};
use crate::switchboard::{ConnectionKey, SubKey};

/// Those who listen to a channel. Owned by the shard; gone when the last of them is.
#[derive(Debug)]
pub(super) struct LocalChannel {
    alias: Alias,
    pub(super) audience: Groups,
    subscriptions: u32,
}

/// The channels that a connection listens to: at most `limits.rooms_per_connection`, which its session sees to.
#[derive(Debug, Default)]
pub(crate) struct Tunings(Vec<Tuning>);

/// One of them.
#[derive(Debug)]
struct Tuning {
    id: SubId,
    channel: ChannelName,
    /// False while that is under way.
    is_open: bool,
}

impl Shard {
    /// Asks the porter for a subscription.
    pub(super) fn tune_in(
        &mut self,
        key: ConnectionKey,
        id: SubId,
        channel: Channel,
        member: Option<Member>,
    ) {
        let Some(connection) = self.connection(key) else { return };
        let tuning = Tuning { id, channel: channel.name.clone(), is_open: false };
        connection.tunings.get_or_insert_default().0.push(tuning);
        let to = SubKey { connection: key, sub: id };
        self.errand(Errand::TuneIn { to, channel, member });
    }

    /// The porter's answer.
    pub(super) fn tuned_in(
        &mut self,
        to: SubKey,
        name: &ChannelName,
        outcome: Result<Arc<Tuned>, Refusal>,
        now: Instant,
    ) {
        let connection = self.connection(to.connection);
        let parting = if connection.is_some() { Parting::Clean } else { Parting::Broken };
        let waits = connection.filter(|connection| connection.has_tuning(to.sub));
        match (&outcome, waits) {
            (Ok(_), Some(connection)) => {
                let dialect = connection.dialect;
                if let Some(tuning) = connection.tuning(to.sub) {
                    tuning.is_open = true;
                }
                self.answer(to.connection, Answered::TunedIn(to.sub, outcome), now);
                self.listen(to.connection, dialect, name);
            }
            (Err(_), Some(connection)) => {
                connection.take_tuning(to.sub);
                self.answer(to.connection, Answered::TunedIn(to.sub, outcome), now);
            }
            (Ok(_), None) => {
                let (connection, channel) = (to.connection, name.clone());
                self.errand(Errand::TuneOut { connection, channel, parting });
            }
            (Err(_), None) => {}
        }
    }

    /// Puts a connection among those who are told.
    fn listen(&mut self, key: ConnectionKey, dialect: &'static dyn Dialect, name: &ChannelName) {
        let deliveries = || self.metrics.deliveries.with_label_values(&[dialect.name()]);
        let new = || LocalChannel {
            alias: Alias::new(name.as_str()),
            audience: Groups::default(),
            subscriptions: 0,
        };
        let channel = self.channels.entry(name.clone()).or_insert_with(new);
        channel.subscriptions += 1;
        channel.audience.listen(dialect, &channel.alias, key.place, deliveries);
        self.metrics.subscriptions.inc();
    }

    /// Ends a subscription at the client's wish.
    pub(super) fn tune_out(&mut self, key: ConnectionKey, id: SubId) {
        let Some(connection) = self.connection(key) else { return };
        let dialect = connection.dialect;
        if let Some(tuning) = connection.take_tuning(id) {
            self.part_from_channel(key, dialect, tuning, Parting::Clean);
        }
    }

    /// A connection has ended.
    pub(super) fn leave_channels(&mut self, key: ConnectionKey, parting: Parting) {
        let Some(connection) = self.connection(key) else { return };
        let dialect = connection.dialect;
        for tuning in connection.tunings.take().into_iter().flat_map(|tunings| tunings.0) {
            self.part_from_channel(key, dialect, tuning, parting);
        }
    }

    fn part_from_channel(
        &mut self,
        key: ConnectionKey,
        dialect: &'static dyn Dialect,
        tuning: Tuning,
        parting: Parting,
    ) {
        let Tuning { id: _, channel: name, is_open } = tuning;
        if !is_open {
            return;
        }
        self.metrics.subscriptions.dec();
        if let Some(channel) = self.channels.get_mut(&name) {
            channel.audience.ignore(dialect, &channel.alias, key.place);
            channel.subscriptions -= 1;
            if channel.subscriptions == 0 {
                self.channels.remove(&name);
            }
        }
        self.errand(Errand::TuneOut { connection: key, channel: name, parting });
    }
}

impl Connection {
    fn has_tuning(&self, id: SubId) -> bool {
        self.tunings.iter().flat_map(|tunings| &tunings.0).any(|tuning| tuning.id == id)
    }

    fn tuning(&mut self, id: SubId) -> Option<&mut Tuning> {
        self.tunings.as_mut()?.0.iter_mut().find(|tuning| tuning.id == id)
    }

    fn take_tuning(&mut self, id: SubId) -> Option<Tuning> {
        let tunings = &mut self.tunings.as_mut()?.0;
        let at = tunings.iter().position(|tuning| tuning.id == id)?;
        Some(tunings.swap_remove(at))
    }
}
