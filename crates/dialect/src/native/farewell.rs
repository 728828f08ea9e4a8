//! How a connection ends: a `bye` that says why and when to come back, then the close code.

use chat::{Code, Refusal};

use super::frames::{ServerFrame, millis};
use crate::Farewell;
use crate::json::write;

pub(super) fn farewell(refusal: &Refusal, out: &mut Vec<u8>) -> Farewell {
    let bye = ServerFrame::Bye {
        code: refusal.code.as_str(),
        message: &refusal.message,
        retry_ms: refusal.retry.map(millis),
    };
    Farewell { spoken: write(&bye, out), close_code: close_code(refusal.code) }
}

/// A promise to clients: the numbers are written out and never change.
const fn close_code(code: Code) -> u16 {
    match code {
        Code::Malformed => 4000,
        Code::NotIdentified => 4001,
        Code::NotAllowed => 4003,
        Code::TooLarge => 1009,
        Code::TooMany => 4008,
        Code::TooSlow => 4010,
        Code::Unavailable => 1013,
        Code::GoingAway => 1012,
        Code::Quiet => 4012,
        Code::Removed => 4013,
    }
}
