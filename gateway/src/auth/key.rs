//! The one key that tokens are checked with, and the one algorithm that its kind allows.

use jsonwebtoken::{Algorithm, DecodingKey};

use super::Secret;

/// A key with the algorithm that is pinned to it.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
}

/// The DER of RSA keys of 2048 and 4096 bits has 270 and 526 bytes. Shorter ones are weak; the library refuses
/// to check with longer ones, which would otherwise show only at the first token.
const RSA_DER_BYTES: std::ops::RangeInclusive<usize> = 256..=540;
/// A point of P-256, uncompressed or compressed. Other curves have other lengths, or another algorithm.
const P256_POINT_BYTES: [usize; 2] = [65, 33];

impl Key {
    pub(super) fn secret(secret: &Secret) -> Self {
        Self { algorithm: Algorithm::HS256, decoding: DecodingKey::from_secret(secret.reveal()) }
    }

    /// Reads a public key in PEM.
    ///
    /// # Errors
    /// What is wrong with it, for the operator.
    pub(super) fn public(pem: &[u8]) -> Result<Self, &'static str> {
        refuse_other_pem(pem)?;
        if let Ok(decoding) = DecodingKey::from_rsa_pem(pem) {
            return if RSA_DER_BYTES.contains(&decoding.as_bytes().len()) {
                Ok(Self { algorithm: Algorithm::RS256, decoding })
            } else {
                Err("an RSA key must have 2048 to 4096 bits")
            };
        }
        if let Ok(decoding) = DecodingKey::from_ec_pem(pem) {
            return if P256_POINT_BYTES.contains(&decoding.as_bytes().len()) && is_p256(&decoding) {
                Ok(Self { algorithm: Algorithm::ES256, decoding })
            } else {
                Err("an EC key must be on the curve P-256 (prime256v1)")
            };
        }
        match DecodingKey::from_ed_pem(pem) {
            Ok(decoding) => Ok(Self { algorithm: Algorithm::EdDSA, decoding }),
            Err(_) => Err("it holds no RSA, P-256 or Ed25519 key"),
        }
    }
}

/// The library also reads private keys and certificates as if they were public keys, and finds nonsense in them.
fn refuse_other_pem(pem: &[u8]) -> Result<(), &'static str> {
    let text = std::str::from_utf8(pem).map_err(|_| "it is not PEM")?;
    if text.contains("PRIVATE KEY-----") {
        return Err(
            "it holds a private key: give the public one, and keep the private one away from gateways",
        );
    }
    if text.contains("-----BEGIN PUBLIC KEY-----") || text.contains("-----BEGIN RSA PUBLIC KEY-----") {
        Ok(())
    } else {
        Err("it holds no public key in PEM (`-----BEGIN PUBLIC KEY-----`)")
    }
}

/// Tries the key: a signature that cannot be right is an ordinary "no" for a point of the curve, and an error for
/// anything else.
fn is_p256(key: &DecodingKey) -> bool {
    jsonwebtoken::crypto::verify(&"A".repeat(86), b"", key, Algorithm::ES256).is_ok()
}
