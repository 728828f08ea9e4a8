//! The request that opens a connection.

use std::borrow::Cow;

use crate::{OpenRequest, Opening};

/// The subprotocol that is spoken here.
const PROTOCOL: &str = "parlor.v1";
/// Before a token that is offered as if it were a subprotocol: browsers can set no header. Never answered.
const TOKEN_PROTOCOL: &str = "parlor.token.";

/// Accepts those who offer [`PROTOCOL`], and those who offer nothing at all, as command-line clients do.
pub(super) fn open<'a>(request: &OpenRequest<'a>) -> Result<Opening<'a>, u16> {
    let protocol = match request.protocols.as_slice() {
        [] => None,
        offered if offered.contains(&PROTOCOL) => Some(PROTOCOL),
        _ => return Err(400),
    };
    Ok(Opening { protocol, token: token(request), ..Opening::default() })
}

/// Where several places hold a token, the one that is seen by the fewest counts.
fn token<'a>(request: &OpenRequest<'a>) -> Option<Cow<'a, str>> {
    let header = || request.bearer().map(Cow::Borrowed);
    let offered = || request.offered_behind(TOKEN_PROTOCOL).map(Cow::Borrowed);
    header().or_else(offered).or_else(|| request.token_in_url(&["token"]))
}
