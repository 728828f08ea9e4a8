//! `auth.*`: whose tokens are taken.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How clients prove who they are. Exactly one of `secret` and `public_key_file` is set; see
/// [`super::Verifier::new`] for all that is checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The key of HS256, at least 32 bytes ([`Secret::BYTES_MIN`]). Solo without any key makes one, and keeps it beside its
    /// database.
    pub secret: Option<Secret>,
    /// A public key in PEM: RSA for RS256, P-256 for ES256, Ed25519 for EdDSA. The kind of the key alone
    /// decides the algorithm; what a token says of itself never does.
    pub public_key_file: Option<PathBuf>,
    /// The `aud` that tokens must have, if set.
    pub audience: Option<String>,
    /// The `iss` that tokens must have, if set.
    pub issuer: Option<String>,
    /// How far the clocks of those who sign tokens may differ from ours, at most 60s
    /// ([`Settings::LEEWAY_MAX`]).
    #[serde(with = "humantime_serde")]
    pub leeway: Duration,
    /// Whether anybody may ask for a token of any user at `/dev/token`.
    pub dev: bool,
    /// Whether a token may stand in the URL, where logs keep it; unset: as `dev` says.
    pub query_token: Option<bool>,
}

impl Settings {
    /// The most leeway that can be set.
    pub const LEEWAY_MAX: Duration = Duration::from_secs(60);

    /// Whether a token may stand in the URL.
    #[must_use]
    pub fn takes_query_token(&self) -> bool {
        self.query_token.unwrap_or(self.dev)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            secret: None,
            public_key_file: None,
            audience: None,
            issuer: None,
            leeway: Duration::from_secs(30),
            dev: false,
            query_token: None,
        }
    }
}

/// A key that is shared with those who sign tokens. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The shortest key that is taken: shorter than the digest it can be found by trying.
    pub const BYTES_MIN: usize = 32;

    /// Keeps a key; its length is checked where it is used.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The key itself.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// What is wrong with the key, if something is.
    pub(super) fn mistake(&self) -> Option<String> {
        let bytes = self.0.len();
        let short = bytes < Self::BYTES_MIN;
        short.then(|| format!("auth.secret has {bytes} bytes, {} are the least", Self::BYTES_MIN))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(********)")
    }
}
