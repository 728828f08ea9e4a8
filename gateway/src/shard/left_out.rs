//! Events that one connection is not shown, as its program knows of them already: a backend has published what the page
//! had sent to it.
//!
//! That is rare, and the fan-out knows nothing of it: whoever is left out of something stands aside while everybody else
//! is told, and is then given the rest.

use std::sync::Arc;

use chat::{ConnectionName, Event};
use dialect::{Alias, Dialect};

use super::encode::encode;
use super::{Shard, index};
use crate::connection::End;
use crate::switchboard::Live;

/// A live subscription whose connection is left out of some of the events that are being told.
pub(super) struct Aside {
    place: u32,
    dialect: &'static dyn Dialect,
    alias: Alias,
}

impl Shard {
    /// Takes those out of a room's listeners who are left out of some of the events: nobody, nearly always.
    pub(super) fn stand_aside(&mut self, live: &Live) -> Vec<Aside> {
        let names = live.events.iter().filter_map(|event| event.except.as_deref());
        let names: Vec<_> = names.filter(|name| self.env.is_here(name)).copied().collect();
        let mut aside = Vec::new();
        if names.is_empty() {
            return aside;
        }
        let Some(room) = self.rooms.get_mut(&live.room) else { return aside };
        for group in room.groups.iter_mut() {
            group.listeners.retain(|&place| {
                let name = self.connections.get(index(place)).map(|connection| connection.session.name());
                let is_left_out = name.is_some_and(|name| names.contains(&name));
                if is_left_out {
                    aside.push(Aside { place, dialect: group.dialect, alias: group.alias.clone() });
                }
                !is_left_out
            });
        }
        aside
    }

    /// Gives one who stood aside the events that it is not left out of, and lets it listen again. One that has no room for
    /// them reads on from where it stands, as everybody does.
    pub(super) fn step_back(&mut self, aside: &Aside, live: &Live) {
        let Aside { place, dialect, alias } = aside;
        let Some(room) = self.rooms.get_mut(&live.room) else { return };
        let Some(connection) = self.connections.get_mut(index(*place)) else { return };
        let counter = || self.metrics.deliveries.with_label_values(&[dialect.name()]);
        let rest = rest(&live.events, connection.session.name()).unwrap_or_default();
        let encoded = encode(*dialect, alias, &live.epoch, &rest, &mut self.scratch);
        if let Some((frame, shown)) = encoded.filter(|_| connection.end == End::Open) {
            if !connection.push_live(&frame) {
                connection.fall_behind(&live.room, alias, live.events[0].seq.back(1));
                return;
            }
            counter().inc_by(shown);
            if !connection.touched {
                connection.touched = true;
                self.touched.push_back(*place);
            }
        }
        room.groups.listen(*dialect, alias, *place, counter);
    }
}

/// The events that a connection is not left out of; `None` if these are all.
pub(super) fn rest(events: &[Arc<Event>], name: ConnectionName) -> Option<Vec<Arc<Event>>> {
    let is_left_out = |event: &Arc<Event>| event.except.as_deref() == Some(&name);
    let some = events.iter().any(is_left_out);
    some.then(|| events.iter().filter(|event| !is_left_out(event)).cloned().collect())
}
