//! What gateways ask each other about those who are connected to them.

use chat::RoomId;

/// A question to a gateway: how many subscriptions there are through it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Only those of clients that speak this dialect.
    pub dialect: String,
    /// Which of them.
    pub of: Surveyed,
}

/// Which subscriptions are asked about, by their aliases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Surveyed {
    /// These. At most [`Tally::MAX`].
    Named(Vec<Named>),
    /// All of them, in the order of their aliases; of more than [`Tally::MAX`] the first ones.
    Beginning {
        /// Those that begin so.
        prefix: String,
        /// Those that come behind this one.
        after: Option<String>,
    },
}

/// An alias, and what it is a name of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The alias.
    pub alias: String,
    /// The room that it is a name of; `None` for a place that is no room.
    pub room: Option<RoomId>,
}

/// What is counted under one alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The alias.
    pub alias: String,
    /// How many subscriptions there are through this gateway; at least one.
    pub subscriptions: u32,
    /// How many users are seen there through any gateway, as far as this one knows; `None` where nobody is seen.
    pub users: Option<u32>,
}

impl Tally {
    /// The most that are told at once. A gateway gives one more if there are more.
    pub const MAX: usize = 1000;
}
