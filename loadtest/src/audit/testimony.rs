//! What the people of one process have seen, told to another one.

use serde::{Deserialize, Serialize};

/// How far a room has come: its number, and its last position.
pub(crate) type Head = (u32, u64);

/// What a ledger knows. As large as the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Testimony {
    /// The place of each message; 0 where nobody has seen it.
    pub(super) places: Vec<u64>,
    /// What was said about each message.
    pub(super) verdicts: Vec<u8>,
    pub(super) heads: Vec<Head>,
    /// How often a message was seen at another place than before.
    pub(super) renamed: u64,
}
