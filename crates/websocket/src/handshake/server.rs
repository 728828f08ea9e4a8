//! A server's side of the handshake.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

use super::lists;

/// What the RFC appends to the key, so that nothing but a WebSocket server gives the right answer.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The headers of a request that matter; `None` for one that is missing. The method must be `GET`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// `Upgrade`.
    pub upgrade: Option<&'a str>,
    /// `Connection`, all of them joined by commas.
    pub connection: Option<&'a str>,
    /// `Sec-WebSocket-Version`.
    pub version: Option<&'a str>,
    /// `Sec-WebSocket-Key`.
    pub key: Option<&'a str>,
}

/// Why a request is no handshake that we can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// It does not ask for a WebSocket: to be answered by 426 with `Upgrade: websocket`.
    #[error("not a request for a WebSocket")]
    NoUpgrade,
    /// It asks for another version: to be answered by 426 with `Sec-WebSocket-Version: 13`.
    #[error("only version 13 of WebSocket is spoken here")]
    Version,
    /// The key is not 16 bytes in base64: to be answered by 400.
    #[error("Sec-WebSocket-Key is not 16 bytes in base64")]
    Key,
}

impl Request<'_> {
    /// Checks the request and gives the value of `Sec-WebSocket-Accept` for the answer.
    ///
    /// # Errors
    /// [`BadRequest`] says what is wrong.
    pub fn accept(&self) -> Result<String, BadRequest> {
        let upgrades = self.upgrade.is_some_and(|header| lists(header, "websocket"))
            && self.connection.is_some_and(|header| lists(header, "upgrade"));
        if !upgrades {
            return Err(BadRequest::NoUpgrade);
        }
        if self.version.map(str::trim_ascii) != Some("13") {
            return Err(BadRequest::Version);
        }
        let key = self.key.map(str::trim_ascii).ok_or(BadRequest::Key)?;
        let mut bytes = [0; 16];
        match STANDARD.decode_slice(key, &mut bytes) {
            Ok(16) => Ok(accept_key(key)),
            _ => Err(BadRequest::Key),
        }
    }
}

/// The value of `Sec-WebSocket-Accept` that answers a key.
#[must_use]
pub fn accept_key(key: &str) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

/// The subprotocols that a `Sec-WebSocket-Protocol` header offers, the one that the client likes best first.
pub fn offered_subprotocols(header: &str) -> impl Iterator<Item = &str> {
    header.split(',').map(str::trim_ascii).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const GOOD: Request<'_> = Request {
        upgrade: Some("websocket"),
        connection: Some("Upgrade"),
        version: Some("13"),
        key: Some(KEY),
    };

    #[test]
    fn the_key_of_the_rfc() {
        assert_eq!(GOOD.accept(), Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned()));
    }

    #[test]
    fn words_may_stand_in_lists_and_in_any_case() {
        let request = Request { upgrade: Some("WebSocket"), connection: Some("keep-alive, upgrade"), ..GOOD };
        assert!(request.accept().is_ok());
    }

    #[test]
    fn what_is_wrong_is_said() {
        let bad = |request: Request<'_>| request.accept().unwrap_err();
        assert_eq!(bad(Request { upgrade: None, ..GOOD }), BadRequest::NoUpgrade);
        assert_eq!(bad(Request { upgrade: Some("h2c"), ..GOOD }), BadRequest::NoUpgrade);
        assert_eq!(bad(Request { connection: Some("close"), ..GOOD }), BadRequest::NoUpgrade);
        assert_eq!(bad(Request { version: None, ..GOOD }), BadRequest::Version);
        assert_eq!(bad(Request { version: Some("8"), ..GOOD }), BadRequest::Version);
        for key in [None, Some(""), Some("dGhl"), Some("no base64 at all, ..==="), Some(&*"A".repeat(200))] {
            assert_eq!(bad(Request { key, ..GOOD }), BadRequest::Key, "{key:?}");
        }
    }

    #[test]
    fn offers_are_read_in_order() {
        let offered: Vec<&str> = offered_subprotocols("parlor.v1 ,, parlor.token.a.b_c-d").collect();
        assert_eq!(offered, ["parlor.v1", "parlor.token.a.b_c-d"]);
        assert_eq!(offered_subprotocols("").count(), 0);
    }
}
