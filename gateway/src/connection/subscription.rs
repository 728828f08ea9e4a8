//! One subscription of one connection: which room, under which alias, and how far it has been fed.

use chat::RoomId;
use dialect::Alias;

use crate::room::Phase;
use crate::session::SubId;
use crate::shard::Company;

/// A subscription, as the shard feeds it.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) id: SubId,
    pub(crate) room: RoomId,
    pub(crate) alias: Alias,
    pub(crate) phase: Phase,
    /// What it has to do with the others in its room.
    pub(crate) company: Company,
}
