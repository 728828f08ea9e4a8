//! The request that opens a connection. Who may not come in is told so behind the handshake: a refusal by HTTP would
//! make the library try for ever, as it cannot see the status.

use std::borrow::Cow;

use super::{Settings, Version};
use crate::{OpenRequest, Opening};

/// Before a token that is offered as if it were a subprotocol, by Parlor's own convention and by AnyCable's. Never
/// answered.
const TOKEN_PROTOCOLS: [&str; 2] = ["parlor.token.", "anycable-token."];
/// The parameters of the URL that may hold a token; the second is AnyCable's.
const TOKEN_PARAMS: [&str; 2] = ["token", "jid"];

pub(super) fn open<'a>(
    version: Version,
    settings: &Settings,
    request: &OpenRequest<'a>,
) -> Result<Opening<'a>, u16> {
    if !request.protocols.contains(&version.protocol()) {
        return Err(400);
    }
    Ok(Opening { protocol: Some(version.protocol()), token: token(settings, request), ..Opening::default() })
}

/// Where several places hold a token, the one that is seen by the fewest counts; but what a page has chosen to show
/// comes before the cookie, which the browser sends by itself.
fn token<'a>(settings: &Settings, request: &OpenRequest<'a>) -> Option<Cow<'a, str>> {
    let offered = || TOKEN_PROTOCOLS.iter().find_map(|prefix| request.offered_behind(prefix));
    let name = Some(&*settings.cookie).filter(|name| !name.is_empty());
    let cookie = || request.cookie(name?).filter(|token| !token.is_empty());
    let shown = request.bearer().or(request.jid).or_else(offered).map(Cow::Borrowed);
    shown.or_else(|| request.token_in_url(&TOKEN_PARAMS)).or_else(|| cookie().map(Cow::Borrowed))
}
