//! The request that opens a connection, and the places in it where a token may stand.

use std::borrow::Cow;

use chat::Refusal;

/// The request that opens a connection, as far as dialects look at it.
#[derive(Debug, Clone, Default)]
pub struct OpenRequest<'a> {
    /// The path of the URL.
    pub path: &'a str,
    /// The query of the URL, without the question mark.
    pub query: &'a str,
    /// The offered subprotocols, in order.
    pub protocols: Vec<&'a str>,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `X-JID` header.
    pub jid: Option<&'a str>,
    /// The `Cookie` header.
    pub cookie: Option<&'a str>,
    /// Whether a token in the URL is taken (`auth.query_token`).
    pub query_token: bool,
}

/// How a connection starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opening<'a> {
    /// The subprotocol to answer with.
    pub protocol: Option<&'static str>,
    /// The token, if the request carried one.
    pub token: Option<Cow<'a, str>>,
    /// Why nobody may come in so: told behind the handshake, in the dialect's own words.
    pub refusal: Option<Refusal>,
}

impl<'a> OpenRequest<'a> {
    /// The token of the `Authorization` header.
    #[must_use]
    pub fn bearer(&self) -> Option<&'a str> {
        let (scheme, token) = self.authorization?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// A token that is offered as if it were a subprotocol, behind a prefix: browsers can set no header.
    pub(crate) fn offered_behind(&self, prefix: &str) -> Option<&'a str> {
        self.protocols.iter().find_map(|protocol| protocol.strip_prefix(prefix))
    }

    /// The first parameter of the URL with one of these names that is not empty, where tokens are taken from there.
    pub(crate) fn token_in_url(&self, names: &[&str]) -> Option<Cow<'a, str>> {
        if !self.query_token {
            return None;
        }
        let mut parameters = form_urlencoded::parse(self.query.as_bytes());
        parameters.find(|(name, token)| names.contains(&&**name) && !token.is_empty()).map(|(_, token)| token)
    }

    /// The value of a cookie, without the quotes that it may stand in.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&'a str> {
        let mut cookies = self.cookie?.split(';').filter_map(|cookie| cookie.trim().split_once('='));
        let (_, value) = cookies.find(|(named, _)| *named == name)?;
        Some(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
    }
}
