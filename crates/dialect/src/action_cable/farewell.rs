//! How a connection ends: `disconnect` with a reason, and whether to come back, then 1000. The library looks at nothing
//! but `reconnect`, which must be there; it comes back in its own time.

use chat::{Code, Refusal};

use super::frames::Service;
use crate::Farewell;
use crate::json::write;

/// Close codes mean nothing to those who read `disconnect`.
const CLOSE_CODE: u16 = 1000;

pub(super) fn farewell(refusal: &Refusal, out: &mut Vec<u8>) -> Farewell {
    let (reason, reconnect) = if refusal.expired { ("token_expired", false) } else { reason(refusal.code) };
    Farewell { spoken: write(&Service::Disconnect { reason, reconnect }, out), close_code: CLOSE_CODE }
}

/// A promise to clients. The words are those of Rails and AnyCable, where they have one.
const fn reason(code: Code) -> (&'static str, bool) {
    match code {
        Code::Malformed | Code::TooLarge => ("invalid_request", false),
        Code::NotIdentified | Code::NotAllowed => ("unauthorized", false),
        Code::TooMany => ("too_many", true),
        Code::TooSlow => ("too_slow", true),
        Code::Unavailable | Code::GoingAway => ("server_restart", true),
        Code::Quiet => ("no_pong", true),
        Code::Removed => ("remote", false),
    }
}
