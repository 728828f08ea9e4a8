//! Tokens, good and bad ones, as an application of its own would sign them.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use serde_json::{Map, Value, json};

/// The key that the gateways of every town know.
pub const SECRET: &str = "the secret of a town that stands for some seconds only";

/// A token that is not signed yet.
#[derive(Debug, Clone)]
pub struct Token {
    claims: Map<String, Value>,
    algorithm: Algorithm,
    secret: String,
}

impl Token {
    /// One that is good for an hour.
    #[must_use]
    pub fn of(user: &str) -> Self {
        let empty = Self { claims: Map::new(), algorithm: Algorithm::HS256, secret: SECRET.to_owned() };
        empty.claim("sub", user).lives(Duration::from_hours(1))
    }

    /// Good for so long from now.
    #[must_use]
    pub fn lives(self, time: Duration) -> Self {
        self.claim("exp", get_current_timestamp() + time.as_secs())
    }

    /// Not good any more since so long.
    #[must_use]
    pub fn expired_for(self, time: Duration) -> Self {
        self.claim("exp", get_current_timestamp() - time.as_secs())
    }

    /// With a claim more, or another one.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// With a claim less.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Signed with another algorithm.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Signed with another key.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Self {
        secret.clone_into(&mut self.secret);
        self
    }

    /// Signs it.
    ///
    /// # Panics
    /// If the algorithm takes no secret.
    #[must_use]
    pub fn sign(&self) -> String {
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        let signed = encode(&Header::new(self.algorithm), &self.claims, &key);
        signed.unwrap_or_else(|e| panic!("{:?} takes no secret: {e}", self.algorithm))
    }

    /// Leaves it without a signature, and says so: `"alg":"none"`.
    #[must_use]
    pub fn unsigned(&self) -> String {
        let part = |value: &Value| BASE64.encode(value.to_string());
        let head = part(&json!({ "alg": "none", "typ": "JWT" }));
        format!("{head}.{}.", part(&Value::Object(self.claims.clone())))
    }
}
