//! What backends tell those in channels, and ask of them, through the porter of the gateway that they have reached.

use std::sync::Arc;

use chat::{ChannelName, ConnectionName, Refusal, RoomId, Roster};
use tokio::sync::oneshot;

use super::{Bell, Errand, Kept};

/// Something to be told to everybody in a channel, through all gateways.
#[derive(Debug, Clone)]
pub(crate) struct Broadcasting {
    /// The room that the channel is another name of, if it is one: then nothing is kept of it.
    pub(crate) room: Option<RoomId>,
    /// The channel.
    pub(crate) channel: chat::Channel,
    /// What it is called.
    pub(crate) event: Arc<str>,
    /// What it says.
    pub(crate) data: Arc<str>,
    /// The connection that is not told, whichever gateway it is connected to.
    pub(crate) except: Option<ConnectionName>,
}

/// That somebody listens to a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Occupancy {
    /// The channel.
    pub(crate) channel: ChannelName,
    /// How many subscriptions there are through this gateway.
    pub(crate) subscriptions: u32,
    /// How many users are in it through any gateway, as far as this one knows; `None` where that is not shown.
    pub(crate) users: Option<u32>,
}

impl Bell {
    /// Tells everybody in a channel something. It is done once the bus has it: who is not there has missed it.
    ///
    /// # Errors
    /// `unavailable`: it was told to nobody.
    ///
    /// Cancel safe: dropped, it is told or not.
    pub(crate) async fn broadcast(&self, broadcasting: Broadcasting) -> Result<(), Refusal> {
        self.ask(|reply| Errand::Broadcast { broadcasting, reply }).await?
    }

    /// The channels to which somebody listens through this gateway and whose names begin so. Those that are other names of
    /// rooms are not among them.
    ///
    /// # Errors
    /// `unavailable`.
    pub(crate) async fn occupied(&self, prefix: &str) -> Result<Vec<Occupancy>, Refusal> {
        self.ask(|reply| Errand::Occupied { prefix: prefix.to_owned(), reply }).await
    }

    /// What was broadcast last in a channel, as far as this gateway knows.
    ///
    /// # Errors
    /// `unavailable`.
    pub(crate) async fn kept(&self, channel: &ChannelName) -> Result<Option<Kept>, Refusal> {
        self.ask(|reply| Errand::Kept { channel: channel.clone(), reply }).await
    }

    /// Who is in a channel, through any gateway: they are asked if that is not known here.
    ///
    /// # Errors
    /// `unavailable`.
    pub(crate) async fn members(&self, channel: chat::Channel) -> Result<Roster, Refusal> {
        self.ask(|reply| Errand::Members { channel, reply }).await
    }

    /// Who is in a room, through any gateway: they are asked if that is not known here.
    ///
    /// # Errors
    /// `unavailable`.
    pub(crate) async fn members_of_room(&self, room: RoomId) -> Result<Roster, Refusal> {
        self.ask(|reply| Errand::MembersOfRoom { room, reply }).await
    }

    async fn ask<T>(&self, errand: impl FnOnce(oneshot::Sender<T>) -> Errand) -> Result<T, Refusal> {
        let busy = || Refusal::unavailable("this gateway is busy");
        let (reply, answer) = oneshot::channel();
        self.ring(errand(reply)).map_err(|_| busy())?;
        answer.await.map_err(|_| busy())
    }
}
