//! Tokens, good and bad. The keys beside this file were made by `openssl genpkey` for these tests alone.

mod bad_tokens;
mod keys;
mod signing;

use std::path::PathBuf;

use chat::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::{Secret, Settings, Verifier};

const SECRET: &str = "a secret of thirty-two bytes, ok";
/// 2026-11-20T05:00:00Z, whatever the machine's clock says.
const NOW_S: i64 = 1_795_150_800;

fn now() -> Timestamp {
    Timestamp::from_micros(NOW_S * 1_000_000)
}

fn with_secret() -> Settings {
    Settings { secret: Some(Secret::new(SECRET)), ..Settings::default() }
}

fn with_public_key(name: &str) -> Settings {
    Settings { public_key_file: Some(key_file(&format!("{name}.public.pem"))), ..Settings::default() }
}

fn key_file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/auth/tests/keys").join(name)
}

fn signing_key(algorithm: Algorithm) -> EncodingKey {
    let pem = |name| std::fs::read(key_file(name)).unwrap();
    match algorithm {
        Algorithm::RS256 | Algorithm::PS256 => EncodingKey::from_rsa_pem(&pem("rsa.private.pem")).unwrap(),
        Algorithm::ES256 => EncodingKey::from_ec_pem(&pem("p256.private.pem")).unwrap(),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(&pem("ed25519.private.pem")).unwrap(),
        _ => EncodingKey::from_secret(SECRET.as_bytes()),
    }
}

fn signed(algorithm: Algorithm, claims: &Value) -> String {
    jsonwebtoken::encode(&Header::new(algorithm), claims, &signing_key(algorithm)).unwrap()
}

/// Ana's token, good for an hour, with these claims over it; `null` takes one away.
fn ana_with(changes: &Value) -> Value {
    let mut claims = json!({"sub": "ana", "exp": NOW_S + 3600});
    for (claim, value) in changes.as_object().unwrap() {
        claims[claim] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn verify(settings: &Settings, token: &str) -> Result<super::Identity, String> {
    Verifier::new(settings).unwrap().verify(token, now()).map_err(|refusal| {
        assert_eq!(refusal.code, chat::Code::NotIdentified);
        refusal.message.into_owned()
    })
}
