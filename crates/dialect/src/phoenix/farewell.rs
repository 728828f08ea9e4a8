//! How a connection ends: with a close code, and no words. The library comes back after any of them, at once; up to
//! version 1.8.15 it does not after 1000.

use chat::{Code, Refusal};

use crate::Farewell;

pub(super) const fn farewell(refusal: &Refusal) -> Farewell {
    Farewell { spoken: false, close_code: close_code(refusal.code) }
}

/// A promise to clients: the numbers are written out and never change.
const fn close_code(code: Code) -> u16 {
    match code {
        Code::Malformed => 1011,
        Code::TooLarge => 1009,
        Code::GoingAway => 1012,
        Code::TooMany | Code::TooSlow | Code::Unavailable => 1013,
        Code::NotIdentified | Code::NotAllowed | Code::Quiet | Code::Removed => 1001,
    }
}
