//! Letting strangers into single rooms and channels: somebody whom the operator trusts signs for it.

use std::sync::Arc;

use chat::{Access, Timestamp, User, UserId};

/// What a client was given by somebody who vouches for it, unchecked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The signature.
    pub signature: Box<str>,
    /// What was signed beside the names of the connection and of the subscription, to the byte.
    pub data: Option<Box<str>>,
}

/// What was really signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voucher {
    /// Who the client is, if that was said.
    pub user: Option<User>,
    /// What an application says of the client beside that: one JSON value.
    pub info: Option<Arc<str>>,
    /// What it may do in the room or the channel.
    pub access: Access,
    /// Until when; `None` for as long as the connection lives.
    pub until: Option<Timestamp>,
}

/// Who may listen to a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Whoever wants to.
    Anybody,
    /// Whoever was given this by somebody who is trusted to: see [`crate::Dialect::vouch`].
    Vouched(Claim),
    /// This user, once it has signed in.
    Only(UserId),
}
