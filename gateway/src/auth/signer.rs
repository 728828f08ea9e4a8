//! Makes tokens, for `parlor token` and `/dev/token`.

use std::collections::BTreeMap;
use std::time::Duration;

use chat::{Access, Grants, Timestamp, User};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use super::Settings;

/// What a token is to say.
#[derive(Debug, Clone)]
pub struct Pass {
    /// Whom it stands for.
    pub user: User,
    /// How long it is good.
    pub lives: Duration,
    /// What it grants, by pattern; `None`: whatever the rooms allow.
    pub rooms: Option<Vec<(String, Access)>>,
    /// Whether it makes its bearer an administrator.
    pub admin: bool,
}

/// Signs tokens with `auth.secret` (HS256), for the audience and in the name of the issuer that are configured.
pub struct Signer {
    key: EncodingKey,
    audience: Option<String>,
    issuer: Option<String>,
}

/// Why no token was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// There is no secret to sign with, or it cannot be used.
    #[error("{0}")]
    Key(String),
    /// A pattern that no token can grant.
    #[error("a room is granted by a name, or by the beginning of one and `*`: {0:?}")]
    Pattern(String),
    /// The library could not write the token.
    #[error("the token cannot be written: {0}")]
    Library(String),
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    name: &'a str,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rooms: Option<BTreeMap<&'a str, &'static str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    admin: bool,
}

impl Signer {
    /// Takes the secret from the settings.
    ///
    /// # Errors
    /// [`SignError::Key`].
    pub fn new(settings: &Settings) -> Result<Self, SignError> {
        let Some(secret) = &settings.secret else {
            return Err(SignError::Key("tokens are signed with auth.secret, which is not set".to_owned()));
        };
        if let Some(mistake) = secret.mistake() {
            return Err(SignError::Key(mistake));
        }
        Ok(Self {
            key: EncodingKey::from_secret(secret.reveal()),
            audience: settings.audience.clone(),
            issuer: settings.issuer.clone(),
        })
    }

    /// Makes a token that is good from now on.
    ///
    /// # Errors
    /// [`SignError::Pattern`], [`SignError::Library`].
    pub fn sign(&self, pass: &Pass, wall_now: Timestamp) -> Result<String, SignError> {
        let iat = wall_now.as_seconds();
        let lives = i64::try_from(pass.lives.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            sub: pass.user.id.as_str(),
            name: &pass.user.name,
            iat,
            exp: iat.saturating_add(lives),
            aud: self.audience.as_deref(),
            iss: self.issuer.as_deref(),
            rooms: pass.rooms.as_deref().map(rooms).transpose()?,
            admin: pass.admin,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.key)
            .map_err(|e| SignError::Library(e.to_string()))
    }
}

/// Where a pattern is given twice the last one counts, as in a token.
fn rooms(pairs: &[(String, Access)]) -> Result<BTreeMap<&str, &'static str>, SignError> {
    Grants::new(pairs.iter().cloned()).map_err(SignError::Pattern)?;
    pairs.iter().map(|(pattern, access)| Ok((pattern.as_str(), word(pattern, *access)?))).collect()
}

/// A token can only give: what it does not name is not allowed.
fn word(pattern: &str, access: Access) -> Result<&'static str, SignError> {
    match access {
        Access::None => Err(SignError::Pattern(pattern.to_owned())),
        Access::Read => Ok("r"),
        Access::Write => Ok("rw"),
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("audience", &self.audience)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}
