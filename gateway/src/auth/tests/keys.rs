//! What an operator can set, and what is said about what cannot work.

use std::time::Duration;

use super::*;

fn mistakes(settings: &Settings) -> Vec<String> {
    Verifier::new(settings).unwrap_err()
}

#[test]
fn each_kind_of_key_takes_its_own_algorithm_and_no_other() {
    let algorithms = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA, Algorithm::HS256];
    for (name, own) in [("rsa", Algorithm::RS256), ("p256", Algorithm::ES256), ("ed25519", Algorithm::EdDSA)]
    {
        for algorithm in algorithms {
            let taken = verify(&with_public_key(name), &signed(algorithm, &ana_with(&json!({})))).is_ok();
            assert_eq!(taken, algorithm == own, "{name} {algorithm:?}");
        }
    }
}

#[test]
fn a_key_that_cannot_work_is_refused_at_the_start() {
    for (file, why) in [
        ("rsa1024.public.pem", "2048"),
        ("p384.public.pem", "P-256"),
        ("secp256k1.public.pem", "P-256"),
        ("rsa.private.pem", "private key"),
        ("p256.private.pem", "private key"),
        ("mod.rs", "cannot be read"),
        ("../mod.rs", "no public key"),
    ] {
        let settings = Settings { public_key_file: Some(key_file(file)), ..Settings::default() };
        let told = mistakes(&settings);
        assert!(told.len() == 1 && told[0].contains(why), "{file}: {told:?}");
        assert!(told[0].starts_with("auth.public_key_file"), "{told:?}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let settings = Settings { leeway: Duration::from_secs(61), dev: true, ..Settings::default() };
    let told = mistakes(&settings).join("\n");
    for name in ["auth.leeway", "auth.dev", "auth.public_key_file must be set"] {
        assert!(told.contains(name), "{told}");
    }
    let both = Settings { secret: Some(Secret::new(SECRET)), ..with_public_key("rsa") };
    assert!(mistakes(&both)[0].contains("exclude each other"));
    let short = Settings { secret: Some(Secret::new("x".repeat(31))), ..Settings::default() };
    assert!(mistakes(&short)[0].contains("auth.secret has 31 bytes"));
}

#[test]
fn a_secret_is_never_shown() {
    let shown = format!("{:?} {:?}", with_secret(), Verifier::new(&with_secret()).unwrap());
    assert!(!shown.contains(SECRET) && !shown.contains(&format!("{:?}", SECRET.as_bytes())), "{shown}");
}

#[test]
fn settings_survive_being_written_and_read() {
    let written = serde_json::to_string(&with_secret()).unwrap();
    let read: Settings = serde_json::from_str(&written).unwrap();
    assert_eq!(read.secret, Some(Secret::new(SECRET)));
    assert_eq!(read.leeway, Duration::from_secs(30));
    assert!(serde_json::from_str::<Settings>(r#"{"secrets":"x"}"#).is_err());
}

#[test]
fn a_token_in_the_url_is_taken_in_dev_unless_somebody_says_otherwise() {
    for (dev, query_token, taken) in
        [(true, None, true), (false, None, false), (true, Some(false), false), (false, Some(true), true)]
    {
        let settings = Settings { dev, query_token, ..Settings::default() };
        assert_eq!(settings.takes_query_token(), taken);
    }
}
