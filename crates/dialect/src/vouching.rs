//! Letting strangers into single rooms: somebody whom the operator trusts signs for it.

use chat::{Access, Timestamp, User};

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
    /// What it may do in the room.
    pub access: Access,
    /// Until when; `None` for as long as the connection lives.
    pub until: Option<Timestamp>,
}
