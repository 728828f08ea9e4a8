//! The subscriptions of one connection.

use chat::{RoomId, RoomKind};
use dialect::{Alias, Mark};
use tokio::time::Instant;

use crate::session::SubId;

/// One subscription.
pub(super) struct Subscription {
    pub(super) id: SubId,
    pub(super) room: RoomId,
    pub(super) alias: Alias,
    /// The mark of the request that opened it.
    pub(super) opening: Mark,
    /// What the room is; `None` while the join is under way.
    pub(super) kind: Option<RoomKind>,
    /// Whether something of what it was opened for was left out.
    pub(super) truncated: bool,
    /// Whether the client has said that it wants to be seen, or that it does not.
    pub(super) present: Option<bool>,
    /// When the others were last told that the user is writing.
    pub(super) typed: Option<Instant>,
}

/// All of them: at most `limits.rooms_per_connection`, each with an alias of its own.
#[derive(Default)]
pub(super) struct Subscriptions {
    all: Vec<Subscription>,
    next: u32,
}

impl Subscriptions {
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Subscription> {
        self.all.iter()
    }

    /// A number for a subscription, also for one of a channel.
    pub(super) fn next_id(&mut self) -> SubId {
        let id = SubId(self.next);
        self.next = self.next.wrapping_add(1);
        id
    }

    /// Adds one whose join is under way.
    pub(super) fn add(&mut self, room: RoomId, alias: Alias, opening: Mark) -> SubId {
        let id = self.next_id();
        // Most connections have one or two; a vector's own first step would be four.
        if self.all.len() == self.all.capacity() {
            self.all.reserve_exact(self.all.len().max(1));
        }
        self.all.push(Subscription {
            id,
            room,
            alias,
            opening,
            kind: None,
            truncated: false,
            present: None,
            typed: None,
        });
        id
    }

    pub(super) fn get(&self, id: SubId) -> Option<&Subscription> {
        self.all.iter().find(|sub| sub.id == id)
    }

    pub(super) fn get_mut(&mut self, id: SubId) -> Option<&mut Subscription> {
        self.all.iter_mut().find(|sub| sub.id == id)
    }

    pub(super) fn take(&mut self, id: SubId) -> Option<Subscription> {
        self.take_if(|sub| sub.id == id)
    }

    pub(super) fn take_alias(&mut self, alias: &Alias) -> Option<Subscription> {
        self.take_if(|sub| sub.alias == *alias)
    }

    pub(super) fn by_alias(&self, alias: &Alias) -> Option<&Subscription> {
        self.all.iter().find(|sub| sub.alias == *alias)
    }

    pub(super) fn by_alias_mut(&mut self, alias: &Alias) -> Option<&mut Subscription> {
        self.all.iter_mut().find(|sub| sub.alias == *alias)
    }

    /// An open one of a room, in which something can be said: this one, or any.
    pub(super) fn speaking(&mut self, within: Option<&Alias>, room: &RoomId) -> Option<&mut Subscription> {
        let fits = |sub: &Subscription| within.is_none_or(|alias| sub.alias == *alias);
        self.all.iter_mut().find(|sub| sub.room == *room && sub.kind.is_some() && fits(sub))
    }

    pub(super) fn has_alias(&self, alias: &Alias) -> bool {
        self.by_alias(alias).is_some()
    }

    #[cfg(test)]
    pub(super) fn table_bytes(&self) -> usize {
        self.all.capacity() * size_of::<Subscription>()
    }

    fn take_if(&mut self, fits: impl Fn(&Subscription) -> bool) -> Option<Subscription> {
        let at = self.all.iter().position(fits)?;
        Some(self.all.swap_remove(at))
    }

    /// What a room is, if it is joined.
    pub(super) fn kind(&self, room: &RoomId) -> Option<RoomKind> {
        self.all.iter().filter(|sub| sub.room == *room).find_map(|sub| sub.kind)
    }

    /// Whether a join of this room is under way.
    pub(super) fn is_joining(&self, room: &RoomId) -> bool {
        self.all.iter().any(|sub| sub.room == *room && sub.kind.is_none())
    }
}
