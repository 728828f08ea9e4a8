//! The application: its key, and what is signed with its secret (HMAC-SHA256, in lower-case hexadecimal).
//!
//! Signatures are compared in constant time. The secret itself is not kept, only the state of the HMAC that it makes.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::Settings;

/// An application.
#[derive(Debug, Clone)]
pub struct App {
    id: String,
    key: String,
    mac: Hmac<Sha256>,
}

impl App {
    /// The configured application; `None` if there is none.
    #[must_use]
    pub fn new(settings: &Settings) -> Option<Self> {
        let Settings { app_id: Some(id), key: Some(key), secret: Some(secret), .. } = settings else {
            return None;
        };
        // A key of any length makes an HMAC.
        let mac = Hmac::new_from_slice(secret.reveal()).ok()?;
        Some(Self { id: id.clone(), key: key.clone(), mac })
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its public name.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Signs a text, as clients pass it on: the key, a colon, the signature.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        format!("{}:{:x}", self.key, self.over(text).finalize().into_bytes())
    }

    /// Whether a text was signed by [`App::sign`] of this application.
    #[must_use]
    pub fn has_signed(&self, auth: &str, text: &str) -> bool {
        auth.split_once(':').is_some_and(|(key, signature)| key == self.key && self.is_good(signature, text))
    }

    /// Whether a signature without the key is that of a text.
    pub(super) fn is_good(&self, signature: &str, text: &str) -> bool {
        bytes(signature).is_some_and(|signature| self.over(text).verify_slice(&signature).is_ok())
    }

    fn over(&self, text: &str) -> Hmac<Sha256> {
        self.mac.clone().chain_update(text)
    }
}

/// The bytes of a signature: 64 digits, in lower case as every library writes them.
fn bytes(signature: &str) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = signature.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}
