//! Which of the 64 partitions a room or a channel belongs to: part of the wire format, the same in every version.

use chat::{ChannelName, RoomId};
use xxhash_rust::xxh3::xxh3_64;

/// How many partitions there are. Part of the wire format.
pub const PARTITIONS: u8 = 64;

/// One of the [`PARTITIONS`] into which rooms and channels fall by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition(u8);

impl Partition {
    /// The partition of a room: xxh3-64 of its id, seed 0, modulo 64.
    #[must_use]
    pub fn of(room: &RoomId) -> Self {
        Self::of_name(room.as_str())
    }

    /// The partition of a channel, by its name in the same way.
    #[must_use]
    pub fn of_channel(channel: &ChannelName) -> Self {
        Self::of_name(channel.as_str())
    }

    fn of_name(name: &str) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a remainder by 64 fits a byte")]
        let index = (xxh3_64(name.as_bytes()) % u64::from(PARTITIONS)) as u8;
        Self(index)
    }

    /// Partition number `index`, if there is one.
    #[must_use]
    pub const fn new(index: u8) -> Option<Self> {
        if index < PARTITIONS { Some(Self(index)) } else { None }
    }

    /// All of them, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..PARTITIONS).map(Self)
    }

    /// Its number.
    #[must_use]
    pub const fn index(self) -> u8 {
        self.0
    }
}
