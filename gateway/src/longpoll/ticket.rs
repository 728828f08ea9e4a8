//! The token of a session: which gateway keeps it, and under which number.
//!
//! It stands in URLs, and is worth a session as long as that lasts. Its number is random, and nobody guesses it; the seal, an
//! HMAC, is there so that a token that was made up is known as such at once, and no other gateway is asked about it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bus::PollSession;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::auth::Secret;

/// What begins like this is meant to be a token of a session: so does no JSON Web Token.
const PREFIX: &str = "lp1.";
/// Says what is sealed: the same key is used for other things. A signed part of a JSON Web Token holds no colon.
const DOMAIN: &[u8] = b"parlor long poll:";
const GATEWAY_BYTES: usize = 8;
const SESSION_BYTES: usize = 16;
const SEAL_BYTES: usize = 32;
const BYTES: usize = GATEWAY_BYTES + SESSION_BYTES + SEAL_BYTES;
/// The characters behind the prefix, six bits each.
const CHARACTERS: usize = (BYTES * 8).div_ceil(6);

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// Who keeps the session.
    pub(super) gateway: u64,
    pub(super) session: PollSession,
}

/// What a text is that may be a token of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// One that was sealed with our key.
    Ticket(Ticket),
    /// One that was not.
    Forged,
    /// Anything else.
    Other,
}

/// Seals tokens.
pub(super) struct Seal(Hmac<Sha256>);

impl Seal {
    /// With the key that all gateways share. Where they share none, as tokens are checked with a public key, the seal is a
    /// checksum and no more.
    pub(super) fn new(secret: Option<&Secret>) -> Self {
        let key = secret.map_or(&b""[..], Secret::reveal);
        Self(Hmac::new_from_slice(key).expect("a key of any length makes an HMAC"))
    }

    /// Makes a token.
    pub(super) fn sign(&self, ticket: Ticket) -> String {
        let said = [&ticket.gateway.to_be_bytes()[..], &ticket.session.0.to_be_bytes()].concat();
        let seal = self.over(&said).finalize().into_bytes();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([&said[..], &seal].concat()))
    }

    /// Reads a token, in constant time as far as the seal is concerned.
    pub(super) fn look(&self, token: &str) -> Shown {
        let Some(coded) = token.strip_prefix(PREFIX) else { return Shown::Other };
        self.read(coded).map_or(Shown::Forged, Shown::Ticket)
    }

    fn read(&self, coded: &str) -> Option<Ticket> {
        if coded.len() != CHARACTERS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(coded).ok()?;
        let (gateway, rest) = bytes.split_first_chunk::<GATEWAY_BYTES>()?;
        let (session, seal) = rest.split_first_chunk::<SESSION_BYTES>()?;
        self.over(&bytes[..GATEWAY_BYTES + SESSION_BYTES]).verify_slice(seal).ok()?;
        let session = PollSession(u128::from_be_bytes(*session));
        Some(Ticket { gateway: u64::from_be_bytes(*gateway), session })
    }

    fn over(&self, said: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(DOMAIN).chain_update(said)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TICKET: Ticket = Ticket { gateway: u64::MAX, session: PollSession(7) };

    fn seal(key: &str) -> Seal {
        Seal::new(Some(&Secret::new(key.repeat(32))))
    }

    #[test]
    fn a_token_is_read_by_every_gateway_with_the_same_key_and_by_no_other() {
        let token = seal("x").sign(TICKET);
        assert_eq!(seal("x").look(&token), Shown::Ticket(TICKET));
        assert_eq!(seal("y").look(&token), Shown::Forged);
        assert_eq!(Seal::new(None).look(&token), Shown::Forged);
        assert_eq!(Seal::new(None).look(&Seal::new(None).sign(TICKET)), Shown::Ticket(TICKET));
        let fit_for_urls = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        assert!(token.bytes().all(fit_for_urls), "{token}");
    }

    #[test]
    fn what_is_no_token_of_a_session_is_left_to_others() {
        for other in ["", "lp1", "x", "eyJhbGciOiJIUzI1NiJ9.e30.abc", "Lp1.AAAA"] {
            assert_eq!(seal("x").look(other), Shown::Other, "{other}");
        }
        for forged in
            ["lp1.", "lp1.é", &format!("lp1.{}", "A".repeat(CHARACTERS)), "lp1.AAAA", "lp1.=", "lp1.\0"]
        {
            assert_eq!(seal("x").look(forged), Shown::Forged, "{forged}");
        }
    }

    proptest! {
        #[test]
        fn a_token_with_one_other_character_is_forged(
            at in any::<prop::sample::Index>(),
            to in proptest::char::range('!', '~'),
        ) {
            let token = seal("x").sign(TICKET);
            let at = PREFIX.len() + at.index(CHARACTERS);
            prop_assume!(token.as_bytes()[at] != to as u8);
            let forged = format!("{}{to}{}", &token[..at], &token[at + 1..]);
            prop_assert_eq!(seal("x").look(&forged), Shown::Forged);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,100}") {
            let _ = (seal("x").look(&text), seal("x").look(&format!("{PREFIX}{text}")));
        }
    }
}
