//! How a connection ends: an error that people can read, and a close code that says when to come back. 4000 to 4099: not
//! at all; 4100 to 4199: in a second; 4200 to 4299: at once; from 4300 on: not at all.

use chat::{Code, Refusal};

use super::say::problem;
use crate::Farewell;

pub(super) fn farewell(refusal: &Refusal, out: &mut Vec<u8>) -> Farewell {
    // Who let this user in is asked again, and finds another time on its token, or none.
    let close_code = if refusal.expired { 4200 } else { close_code(refusal.code) };
    Farewell { spoken: problem(close_code, &refusal.message, out), close_code }
}

/// A promise to clients.
const fn close_code(code: Code) -> u16 {
    match code {
        Code::NotAllowed => 4001,
        Code::NotIdentified | Code::Removed => 4009,
        Code::TooMany | Code::TooSlow | Code::Unavailable => 4100,
        Code::GoingAway => 4200,
        Code::Quiet => 4201,
        Code::Malformed | Code::TooLarge => 4300,
    }
}
