//! What a client is answered.

use serde_json::Value;

/// The answer to something that was to be said.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is stored.
    Sent(Sent),
    /// It was refused, or with `unavailable`: nobody knows.
    Refused(Refused),
    /// The connection ended first.
    Gone,
}

/// It is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The id of the request.
    pub id: String,
    /// Its place in the room.
    pub seq: u64,
}

/// It was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The id of the request, if it had one.
    pub id: Option<String>,
    /// What a client acts on.
    pub code: String,
    /// When to try again.
    pub retry_ms: Option<u64>,
}

/// Where a room stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The head.
    pub seq: u64,
    /// The first event that is still there.
    pub first_seq: u64,
    /// The history that these belong to.
    pub epoch: String,
    /// Whether events before the first one to come are left out.
    pub truncated: bool,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The close code; none if the connection just broke.
    pub code: Option<u16>,
    /// The reason that was given with it.
    pub reason: String,
    /// The `bye` before it.
    pub bye: Option<Value>,
}

impl Answer {
    /// The place in the room.
    ///
    /// # Panics
    /// If it is not stored.
    pub fn sent(self) -> Sent {
        match self {
            Self::Sent(sent) => sent,
            other => panic!("expected to be sent: {other:?}"),
        }
    }

    /// The refusal.
    ///
    /// # Panics
    /// If it was not refused.
    pub fn refused(self) -> Refused {
        match self {
            Self::Refused(refused) => refused,
            other => panic!("expected to be refused: {other:?}"),
        }
    }

    pub(super) fn read(frame: &Value) -> Self {
        match frame["type"].as_str() {
            Some("sent") => Self::Sent(Sent {
                id: frame["id"].as_str().unwrap_or_default().to_owned(),
                seq: frame["seq"].as_u64().unwrap_or_default(),
            }),
            Some("refused") => Self::Refused(Refused::read(frame)),
            _ => panic!("no answer to a send: {frame}"),
        }
    }
}

impl Refused {
    pub(super) fn read(frame: &Value) -> Self {
        Self {
            id: frame["id"].as_str().map(str::to_owned),
            code: frame["code"].as_str().unwrap_or_default().to_owned(),
            retry_ms: frame["retry_ms"].as_u64(),
        }
    }
}

impl Joined {
    pub(super) fn read(frame: &Value) -> Option<Self> {
        Some(Self {
            seq: frame["seq"].as_u64()?,
            first_seq: frame["first_seq"].as_u64()?,
            epoch: frame["epoch"].as_str()?.to_owned(),
            truncated: frame["truncated"].as_bool()?,
        })
    }
}
