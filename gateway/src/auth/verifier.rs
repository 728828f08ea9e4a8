//! Checks tokens: the signature, with one key and one algorithm; the audience and the issuer, if they are
//! configured; the times, against a clock that is given in.

use std::collections::HashSet;

use chat::{Refusal, Timestamp};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{DecodingKey, Validation};

use super::claims::{Claims, not_identified};
use super::key::Key;
use super::{Identity, Settings};

/// Says who the bearer of a token is. Holds the key for as long as it lives; nothing is remembered of the tokens.
#[derive(Debug)]
pub struct Verifier {
    key: DecodingKey,
    validation: Validation,
    leeway: std::time::Duration,
}

impl Verifier {
    /// The longest token that is looked at, in bytes: the check costs CPU before anybody is known.
    pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

    /// Reads the key, and checks the settings.
    ///
    /// # Errors
    /// All that is wrong with the settings, by their names.
    pub fn new(settings: &Settings) -> Result<Self, Vec<String>> {
        let mut mistakes = Vec::new();
        if settings.leeway > Settings::LEEWAY_MAX {
            mistakes.push(format!("auth.leeway must be at most {}s", Settings::LEEWAY_MAX.as_secs()));
        }
        if settings.dev && settings.secret.is_none() {
            mistakes.push("auth.dev signs tokens, and needs auth.secret for it".to_owned());
        }
        let key = key(settings).map_err(|mistake| mistakes.push(mistake));
        match key {
            Ok(key) if mistakes.is_empty() => Ok(Self {
                validation: validation(&key, settings),
                key: key.decoding,
                leeway: settings.leeway,
            }),
            _ => Err(mistakes),
        }
    }

    /// Says whom a token stands for.
    ///
    /// # Errors
    /// `not_identified`, with the rule that the token breaks; never with a piece of the token.
    pub fn verify(&self, token: &str, wall_now: Timestamp) -> Result<Identity, Refusal> {
        if token.len() > Self::TOKEN_BYTES_MAX {
            return Err(not_identified("the token is longer than 8192 bytes"));
        }
        let token = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation)
            .map_err(|e| not_identified(broken_rule(&e)))?;
        if token.header.crit.is_some() {
            return Err(not_identified(
                "the token demands extensions that this server does not know (`crit`)",
            ));
        }
        token.claims.identity(self.leeway, wall_now)
    }
}

fn key(settings: &Settings) -> Result<Key, String> {
    match (&settings.secret, &settings.public_key_file) {
        (Some(secret), None) => secret.mistake().map_or_else(|| Ok(Key::secret(secret)), Err),
        (None, Some(file)) => {
            let name = format!("auth.public_key_file {}", file.display());
            let pem = std::fs::read(file).map_err(|e| format!("{name} cannot be read: {e}"))?;
            Key::public(&pem).map_err(|mistake| format!("{name}: {mistake}"))
        }
        (Some(_), Some(_)) => {
            Err("auth.secret and auth.public_key_file exclude each other: set one".to_owned())
        }
        (None, None) => Err("auth.secret or auth.public_key_file must be set".to_owned()),
    }
}

/// The library's own look at the clock is off: the times are ours to check, against a clock that tests can move.
fn validation(key: &Key, settings: &Settings) -> Validation {
    let mut validation = Validation::new(key.algorithm);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.required_spec_claims = HashSet::new();
    validation.validate_aud = settings.audience.is_some();
    if let Some(audience) = &settings.audience {
        validation.set_audience(&[audience]);
        validation.required_spec_claims.insert("aud".to_owned());
    }
    if let Some(issuer) = &settings.issuer {
        validation.set_issuer(&[issuer]);
        validation.required_spec_claims.insert("iss".to_owned());
    }
    validation
}

fn broken_rule(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::InvalidAlgorithm => "the token is signed with another algorithm than this server takes",
        ErrorKind::InvalidSignature => "the token's signature is wrong",
        ErrorKind::InvalidAudience => "the token is meant for another audience (`aud`)",
        ErrorKind::InvalidIssuer => "the token is from another issuer (`iss`)",
        ErrorKind::MissingRequiredClaim(claim) if claim == "aud" => "the token names no audience (`aud`)",
        ErrorKind::MissingRequiredClaim(claim) if claim == "iss" => "the token names no issuer (`iss`)",
        _ => "this is no JSON Web Token that can be read, or its algorithm is unknown",
    }
}
