//! The request that opens a connection. Whoever may not come in is refused with 403, whatever the reason: the library
//! sees no status, and comes again for ever, but later and later.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{REFUSED_WITH, Serializer, Settings};
use crate::{OpenRequest, Opening};

/// The subprotocol that those offer who offer a token beside it.
const PROTOCOL: &str = "phoenix";
/// Before a token that is offered as if it were a subprotocol (`authToken` of the library). Never answered.
const TOKEN_PROTOCOL: &str = "base64url.bearer.phx.";

/// The library writes this alphabet, whatever the name of its prefix says.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn open<'a>(
    settings: &Settings,
    serializer: Serializer,
    request: &OpenRequest<'a>,
) -> Result<Opening<'a>, u16> {
    if wanted(request.query) != Some(serializer) {
        return Err(REFUSED_WITH);
    }
    let protocol = match request.protocols.as_slice() {
        [] => None,
        offered if offered.contains(&PROTOCOL) => Some(PROTOCOL),
        _ => return Err(REFUSED_WITH),
    };
    Ok(Opening { protocol, token: token(settings, request), refusal: None })
}

/// The serializer that a client asks for: the first one if it names none.
fn wanted(query: &str) -> Option<Serializer> {
    let parameters = form_urlencoded::parse(query.as_bytes());
    let Some((_, version)) = parameters.filter(|(name, _)| name == "vsn").last() else {
        return Some(Serializer::V1);
    };
    let is_patch = |patch: &str| !patch.is_empty() && patch.bytes().all(|digit| digit.is_ascii_digit());
    [("1.0.", Serializer::V1), ("2.0.", Serializer::V2)]
        .into_iter()
        .find(|(prefix, _)| version.strip_prefix(prefix).is_some_and(is_patch))
        .map(|(_, serializer)| serializer)
}

/// Where several places hold a token, the one that is seen by the fewest counts.
fn token<'a>(settings: &Settings, request: &OpenRequest<'a>) -> Option<Cow<'a, str>> {
    let offered = || request.offered_behind(TOKEN_PROTOCOL).and_then(decoded).map(Cow::Owned);
    let header = request.bearer().map(Cow::Borrowed);
    header.or_else(offered).or_else(|| request.token_in_url(&[&settings.token]))
}

/// A token out of base64, in either alphabet.
fn decoded(offered: &str) -> Option<String> {
    let standard: String = offered.chars().map(standard).collect();
    String::from_utf8(BASE64.decode(standard).ok()?).ok()
}

const fn standard(letter: char) -> char {
    match letter {
        '-' => '+',
        '_' => '/',
        letter => letter,
    }
}
