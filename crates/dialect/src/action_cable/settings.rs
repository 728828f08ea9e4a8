//! `action_cable.*`: what an application calls its channel, and where it keeps its token.

use serde::{Deserialize, Serialize};

/// `action_cable.*`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The classes of channels whose subscriptions are rooms. Those of all others are rejected.
    pub channels: Vec<String>,
    /// The parameters of a subscription that may name its room; the first of these that it has does.
    pub params: Vec<String>,
    /// The cookie in which a token may come; empty: none is looked at.
    pub cookie: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            channels: vec!["RoomChannel".to_owned()],
            params: ["room", "room_id", "id"].map(str::to_owned).to_vec(),
            cookie: "parlor_token".to_owned(),
        }
    }
}
