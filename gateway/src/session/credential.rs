//! What a connection comes with.

use chat::Refusal;

use crate::auth::Admitted;

/// What a connection comes with, to show who the client is.
pub(crate) enum Credential {
    /// A token, unchecked.
    Token(String),
    /// Somebody who was let in already, before the handshake was done.
    Admitted(Box<Admitted>),
    /// Nothing that could be looked at: nobody comes in so.
    Refused(Refusal),
}
