//! A room in one shard: its listeners, grouped by what makes their frames equal.

use chat::RoomState;
use dialect::{Alias, Dialect};
use prometheus::IntCounter;

/// The listeners of a room. Owned by the shard; gone when the last subscription is.
#[derive(Debug)]
pub(super) struct LocalRoom {
    /// Where the room stands: `seq` is the last event that the switchboard told this shard of.
    pub(super) state: RoomState,
    /// How many joins the switchboard has granted since the shard was last out of the room.
    pub(super) received: u32,
    /// How many subscriptions there are, live or behind.
    pub(super) members: u32,
    /// Those who are told of events, live.
    pub(super) groups: Groups,
    /// Those who are told what passes and is in no log, live or behind.
    pub(super) audience: Groups,
    /// How many subscriptions are told of that, or will be once they have their roster.
    pub(super) watchers: u32,
}

/// Listeners, by what makes their frames equal.
#[derive(Debug, Default)]
pub(super) struct Groups(Vec<Group>);

/// Live listeners that get the same bytes.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) dialect: &'static dyn Dialect,
    pub(super) alias: Alias,
    /// The places of their connections; one stands here once for each subscription of this alias, so once.
    pub(super) listeners: Vec<u32>,
    /// Counts deliveries in this dialect. Kept here because looking it up takes a lock that all shards share.
    pub(super) deliveries: IntCounter,
}

impl LocalRoom {
    pub(super) fn new(state: RoomState) -> Self {
        Self {
            state,
            received: 0,
            members: 0,
            groups: Groups::default(),
            audience: Groups::default(),
            watchers: 0,
        }
    }
}

impl Groups {
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Group> {
        self.0.iter()
    }

    pub(super) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Group> {
        self.0.iter_mut()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Forgets the groups that nobody listens in any more.
    pub(super) fn sweep(&mut self) {
        self.0.retain(|group| !group.listeners.is_empty());
    }

    /// Lets a connection listen. `deliveries` finds the counter of its dialect.
    pub(super) fn listen(
        &mut self,
        dialect: &'static dyn Dialect,
        alias: &Alias,
        place: u32,
        deliveries: impl FnOnce() -> IntCounter,
    ) {
        match self.0.iter_mut().find(|group| group.is_for(dialect, alias)) {
            Some(group) => group.listeners.push(place),
            None => {
                let (alias, deliveries) = (alias.clone(), deliveries());
                // In most rooms everybody is in one group; a vector's own first step would be four.
                if self.0.is_empty() {
                    self.0.reserve_exact(1);
                }
                self.0.push(Group { dialect, alias, listeners: vec![place], deliveries });
            }
        }
    }

    /// Ends that; nothing happens if it did not listen.
    pub(super) fn ignore(&mut self, dialect: &'static dyn Dialect, alias: &Alias, place: u32) {
        let Some(at) = self.0.iter().position(|group| group.is_for(dialect, alias)) else { return };
        let listeners = &mut self.0[at].listeners;
        if let Some(listener) = listeners.iter().position(|listener| *listener == place) {
            listeners.swap_remove(listener);
        }
        if listeners.is_empty() {
            self.0.swap_remove(at);
        }
    }
}

impl Group {
    fn is_for(&self, dialect: &'static dyn Dialect, alias: &Alias) -> bool {
        self.alias == *alias && self.dialect.name() == dialect.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat::{Epoch, RoomKind, Seq};
    use dialect::native::Native;

    #[test]
    fn equal_listeners_share_a_group_and_others_have_their_own() {
        let (epoch, first_seq) = (Epoch::parse("e.1").unwrap(), Seq::ZERO.next());
        let mut room = LocalRoom::new(RoomState { kind: RoomKind::Public, epoch, first_seq, seq: Seq::ZERO });
        let (a, b) = (Alias::new("a"), Alias::new("b"));
        let deliveries = || IntCounter::new("deliveries", "deliveries").unwrap();
        for (alias, place) in [(&a, 1), (&b, 1), (&a, 2)] {
            room.groups.listen(&Native, alias, place, deliveries);
        }
        assert_eq!(room.groups.iter().map(|g| g.listeners.len()).collect::<Vec<_>>(), [2, 1]);
        room.groups.ignore(&Native, &b, 1);
        room.groups.ignore(&Native, &b, 1);
        room.groups.ignore(&Native, &a, 1);
        assert_eq!(room.groups.iter().len(), 1);
        assert_eq!(room.groups.0[0].listeners, [2]);
    }
}
