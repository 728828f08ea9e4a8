//! A message as a client is shown it.

use std::sync::Arc;

use serde_json::Value;

/// A message, in a live event, a repeated one or a page of history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its place in the room.
    pub seq: u64,
    /// The id that its author gave it.
    pub id: String,
    /// The id of its author.
    pub user: String,
    /// What it says.
    pub body: Arc<str>,
}

impl Message {
    /// Reads one from the object of a frame.
    #[must_use]
    pub fn read(frame: &Value) -> Option<Self> {
        Some(Self {
            seq: frame["seq"].as_u64()?,
            id: frame["id"].as_str()?.to_owned(),
            user: frame["user"]["id"].as_str()?.to_owned(),
            body: frame["body"].as_str()?.into(),
        })
    }
}
