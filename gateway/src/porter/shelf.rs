//! What was broadcast last in channels where that is kept for those who come: bounded in number, bytes and time.
//!
//! Owned by the porter's desk. Each kept broadcast ends after [`Rules::keep_for`], or when there is no room for newer
//! ones: those that are the longest here go first.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use chat::{Broadcast, ChannelName, Timestamp};
use tokio::time::Instant;

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// `pusher.cache_channels`
    pub(crate) channels_max: usize,
    /// `pusher.cache_bytes`
    pub(crate) bytes_max: usize,
    /// `pusher.cache_for`
    pub(crate) keep_for: Duration,
}

/// Which of two broadcasts is the later one: by the clock of the gateway that each was handed to, and by that gateway's
/// number where the clocks agree. So all gateways come to keep the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp {
    pub(crate) at: Timestamp,
    pub(crate) by: u64,
}

/// A broadcast that is kept.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) broadcast: Broadcast,
    pub(crate) stamp: Stamp,
    pub(crate) until: Instant,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Shelf {
    rules: Rules,
    kept: HashMap<ChannelName, Kept>,
    /// In the order in which they came; those that were replaced stand here until it is their turn, or until they are
    /// the most.
    order: VecDeque<(ChannelName, Stamp)>,
    bytes: usize,
}

impl Shelf {
    pub(super) fn new(rules: Rules) -> Self {
        Self { rules, kept: HashMap::new(), order: VecDeque::new(), bytes: 0 }
    }

    /// What was broadcast last in a channel, unless that is over.
    pub(super) fn get(&self, channel: &ChannelName, now: Instant) -> Option<&Kept> {
        self.kept.get(channel).filter(|kept| kept.until > now)
    }

    /// Keeps a broadcast, unless a later one is kept already, or it is too old or too large. Tells of which channels
    /// nothing is kept any more because of it.
    pub(super) fn put(
        &mut self,
        broadcast: Broadcast,
        stamp: Stamp,
        age: Duration,
        now: Instant,
    ) -> Vec<ChannelName> {
        let Some(left) = self.rules.keep_for.checked_sub(age).filter(|left| !left.is_zero()) else {
            return Vec::new();
        };
        if self.is_known(&broadcast.channel, stamp) {
            return Vec::new();
        }
        let channel = broadcast.channel.clone();
        self.forget(&channel);
        self.bytes += cost(&broadcast);
        self.kept.insert(channel.clone(), Kept { broadcast, stamp, until: now + left });
        self.order.push_back((channel, stamp));
        self.compact();
        self.make_room()
    }

    /// Whether what is kept is this one, or a later one.
    pub(super) fn is_known(&self, channel: &ChannelName, stamp: Stamp) -> bool {
        self.kept.get(channel).is_some_and(|kept| stamp <= kept.stamp)
    }

    /// Forgets what is over, and tells in which channels. What was old when it came is over before its turn: it is
    /// forgotten with those before it.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<ChannelName> {
        let mut gone = Vec::new();
        while let Some((channel, stamp)) = self.order.front() {
            match self.kept.get(channel).filter(|kept| kept.stamp == *stamp) {
                Some(kept) if kept.until > now => break,
                Some(_) => gone.extend(self.take_first()),
                None => drop(self.order.pop_front()),
            }
        }
        gone
    }

    fn make_room(&mut self) -> Vec<ChannelName> {
        let mut gone = Vec::new();
        while self.kept.len() > self.rules.channels_max || self.bytes > self.rules.bytes_max {
            gone.extend(self.take_first());
        }
        gone
    }

    /// Forgets what stands first, if it is still kept.
    fn take_first(&mut self) -> Option<ChannelName> {
        let (channel, stamp) = self.order.pop_front()?;
        let is_kept = self.kept.get(&channel).is_some_and(|kept| kept.stamp == stamp);
        is_kept.then(|| {
            self.forget(&channel);
            channel
        })
    }

    fn forget(&mut self, channel: &ChannelName) {
        if let Some(old) = self.kept.remove(channel) {
            self.bytes -= cost(&old.broadcast);
        }
    }

    /// Places of what was replaced are given back before they are more than the others.
    fn compact(&mut self) {
        if self.order.len() > 2 * self.kept.len() + 16 {
            let kept = &self.kept;
            self.order.retain(|(channel, stamp)| kept.get(channel).is_some_and(|kept| kept.stamp == *stamp));
        }
    }
}

/// What it takes, about, its place included.
fn cost(broadcast: &Broadcast) -> usize {
    const PLACE: usize = 256;
    PLACE + broadcast.channel.as_str().len() + broadcast.event.len() + broadcast.data.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules { channels_max: 3, bytes_max: 1 << 20, keep_for: Duration::from_mins(30) };

    fn name(channel: &str) -> ChannelName {
        ChannelName::parse(channel).unwrap()
    }

    fn put(shelf: &mut Shelf, channel: &str, data: &str, at: i64, now: Instant) -> Vec<ChannelName> {
        let broadcast = Broadcast { channel: name(channel), event: "e".into(), data: data.into() };
        let stamp = Stamp { at: Timestamp::from_micros(at), by: 1 };
        shelf.put(broadcast, stamp, Duration::ZERO, now)
    }

    fn kept_at(shelf: &Shelf, channel: &str, now: Instant) -> Option<String> {
        shelf.get(&name(channel), now).map(|kept| kept.broadcast.data.to_string())
    }

    #[test]
    fn the_latest_is_kept_in_whatever_order_they_come() {
        let (mut shelf, now) = (Shelf::new(RULES), Instant::now());
        for (data, at) in [("one", 1), ("three", 3), ("two", 2), ("three again", 3)] {
            put(&mut shelf, "a", data, at, now);
        }
        assert_eq!(kept_at(&shelf, "a", now).as_deref(), Some("three"));
    }

    #[test]
    fn so_many_are_kept_and_so_many_bytes_and_the_oldest_go_first() {
        let (mut shelf, now) = (Shelf::new(RULES), Instant::now());
        for (at, channel) in ["a", "b", "a", "c"].iter().enumerate() {
            assert_eq!(put(&mut shelf, channel, "x", i64::try_from(at).unwrap(), now), []);
        }
        assert_eq!(put(&mut shelf, "d", "x", 9, now), [name("b")], "a was renewed");
        let mut shelf = Shelf::new(Rules { bytes_max: 1000, ..RULES });
        put(&mut shelf, "a", "x", 1, now);
        assert_eq!(put(&mut shelf, "b", &"x".repeat(500), 2, now), [name("a")]);
        assert_eq!(put(&mut shelf, "c", &"x".repeat(1000), 3, now), [name("b"), name("c")], "too large");
        assert_eq!((shelf.bytes, shelf.kept.len()), (0, 0));
    }

    #[test]
    fn it_is_kept_for_so_long_by_whomever_it_was_heard() {
        let (mut shelf, now) = (Shelf::new(RULES), Instant::now());
        put(&mut shelf, "a", "x", 1, now);
        let later = now + Duration::from_mins(29);
        put(&mut shelf, "b", "x", 1, later);
        assert_eq!(shelf.expire(later), []);
        let over = now + RULES.keep_for;
        assert_eq!(kept_at(&shelf, "a", over), None, "whether it was forgotten or not");
        assert_eq!(shelf.expire(over), [name("a")]);
        assert_eq!(kept_at(&shelf, "b", over).as_deref(), Some("x"));
        let old = Broadcast { channel: name("c"), event: "e".into(), data: "x".into() };
        let stamp = Stamp { at: Timestamp::from_micros(1), by: 1 };
        shelf.put(old, stamp, RULES.keep_for, now);
        assert_eq!(kept_at(&shelf, "c", now), None);
    }

    #[test]
    fn a_channel_that_is_renewed_for_ever_takes_no_more_room() {
        let (mut shelf, now) = (Shelf::new(RULES), Instant::now());
        for at in 0..1000 {
            put(&mut shelf, "a", "x", at, now);
        }
        assert!(shelf.order.len() <= 18, "{}", shelf.order.len());
        assert_eq!(shelf.bytes, cost(&shelf.get(&name("a"), now).unwrap().broadcast));
    }
}
