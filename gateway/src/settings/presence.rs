//! `presence.*`: who is in a room, and what passes there.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How presence is kept and told.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Presence {
    /// The most connections in a room that are listed; where there are more, only their number is told. At most
    /// 1000 ([`Presence::LIST_MAX`]).
    pub list_max: u32,
    /// How long whoever was in a room stays there after the connection has broken.
    #[serde(with = "humantime_serde")]
    pub grace: Duration,
    /// How often one connection may say in one room that its user is writing. What comes sooner is passed over.
    #[serde(with = "humantime_serde")]
    pub typing_every: Duration,
    /// How many whispers a second one connection may send for long; 0 = any number.
    pub whispers_per_s: u32,
    /// How many whispers one connection may send at once; 0 = any number.
    pub whispers_burst: u32,
}

impl Presence {
    /// What [`Presence::list_max`] can be: a list must fit into a note of the bus.
    pub const LIST_MAX: u32 = 1000;
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            list_max: 200,
            grace: Duration::from_secs(5),
            typing_every: Duration::from_secs(2),
            whispers_per_s: 10,
            whispers_burst: 20,
        }
    }
}
