//! What an operator can set, by topic. Read and checked by the `parlor` command; validated before a port is
//! bound.

mod drain;
mod limits;
mod presence;

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

pub use dialect::action_cable::Settings as ActionCable;
pub use dialect::phoenix::Settings as Phoenix;
pub use dialect::pusher::Settings as Pusher;
pub use drain::Drain;
pub use limits::Limits;
pub use presence::Presence;

pub use crate::sampling::Sampling;

/// `gateway.*`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// Where clients connect: WebSockets, HTTP API, chat page.
    pub listen: SocketAddr,
    /// Browser origins that may connect, beside the host itself: `https://chat.example.com`.
    pub origins: Vec<String>,
    /// How many shards, each a thread with its own connections; 0 = one a core.
    pub shards: usize,
}

impl Default for Listen {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8080)), origins: Vec::new(), shards: 0 }
    }
}

/// `rooms.*`
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rooms {
    /// Whether joining an unknown room creates it, as a public one.
    pub auto_create: bool,
}

/// All that a gateway needs to be told.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `gateway.*`
    pub gateway: Listen,
    /// `limits.*`
    pub limits: Limits,
    /// `rooms.*`
    pub rooms: Rooms,
    /// `presence.*`
    pub presence: Presence,
    /// `drain.*`
    pub drain: Drain,
    /// `auth.*`
    pub auth: crate::auth::Settings,
    /// `action_cable.*`
    pub action_cable: ActionCable,
    /// `phoenix.*`
    pub phoenix: Phoenix,
    /// `pusher.*`
    pub pusher: Pusher,
    /// Which messages are traced: `telemetry.ratio`
    pub sampling: Sampling,
}
