//! Every rule that a token can break is named, and the token itself never is.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat::{Access, RoomId};

use super::*;

fn refused(changes: &Value) -> String {
    verify(&with_secret(), &signed(Algorithm::HS256, &ana_with(changes))).unwrap_err()
}

#[test]
fn each_bad_claim_is_refused_by_its_name() {
    let long = "x".repeat(129);
    for (changes, rule) in [
        (json!({"exp": null}), "has no `exp`"),
        (json!({"exp": "tomorrow"}), "`exp` is not a time"),
        (json!({"exp": -0.5}), "`exp` is not a time"),
        (json!({"exp": NOW_S - 30}), "expired"),
        (json!({"exp": 0}), "expired"),
        (json!({"exp": i64::MIN}), "expired"),
        (json!({"nbf": NOW_S + 31}), "not valid yet"),
        (json!({"nbf": 1e300}), "not valid yet"),
        (json!({"nbf": []}), "`nbf` is not a time"),
        (json!({"sub": null}), "`sub`"),
        (json!({"sub": 7}), "`sub`"),
        (json!({"sub": ""}), "user id"),
        (json!({"sub": "a\nb"}), "user id"),
        (json!({"sub": long}), "user id"),
        (json!({"name": 7}), "`name`"),
        (json!({"name": long}), "user's name"),
        (json!({"admin": "yes"}), "`admin`"),
        (json!({"rooms": "team-*"}), "`rooms` is not an object"),
        (json!({"rooms": ["team-*"]}), "`rooms` is not an object"),
        (json!({"rooms": {"a": "w"}}), "`r` or `rw`"),
        (json!({"rooms": {"a": true}}), "`r` or `rw`"),
        (json!({"rooms": {"a*b": "r"}}), "pattern"),
        (json!({"rooms": {"": "r"}}), "pattern"),
    ] {
        let message = refused(&changes);
        assert!(message.contains(rule), "{changes}: {message}");
    }
}

#[test]
fn rooms_that_are_null_do_not_grant_every_room() {
    let claims = json!({"sub": "ana", "exp": NOW_S + 3600, "rooms": null});
    let message = verify(&with_secret(), &signed(Algorithm::HS256, &claims)).unwrap_err();
    assert!(message.contains("`rooms` is not an object"), "{message}");
}

#[test]
fn another_algorithm_than_that_of_the_key_is_refused() {
    let settings = with_secret();
    for algorithm in
        [Algorithm::HS384, Algorithm::HS512, Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA]
    {
        let message = verify(&settings, &signed(algorithm, &ana_with(&json!({})))).unwrap_err();
        assert!(message.contains("another algorithm"), "{algorithm:?}: {message}");
    }
}

#[test]
fn a_public_key_is_never_taken_for_a_secret() {
    let settings = with_public_key("rsa");
    let pem = std::fs::read(key_file("rsa.public.pem")).unwrap();
    let forged = EncodingKey::from_secret(&pem);
    let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &ana_with(&json!({})), &forged).unwrap();
    assert!(verify(&settings, &token).unwrap_err().contains("another algorithm"));
    let padded_differently = signed(Algorithm::PS256, &ana_with(&json!({})));
    assert!(verify(&settings, &padded_differently).unwrap_err().contains("another algorithm"));
}

#[test]
fn a_token_without_a_signature_is_refused() {
    let claims = URL_SAFE_NO_PAD.encode(ana_with(&json!({})).to_string());
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"None","typ":"JWT"}"#, r#"{"typ":"JWT"}"#, "{}"] {
        let header = URL_SAFE_NO_PAD.encode(header);
        for token in [format!("{header}.{claims}."), format!("{header}.{claims}")] {
            assert!(verify(&with_secret(), &token).is_err(), "{token}");
        }
    }
}

#[test]
fn what_is_no_token_at_all_is_refused_without_being_repeated() {
    let long = "x".repeat(Verifier::TOKEN_BYTES_MAX + 1);
    for token in ["", ".", "..", "a.b.c", "....", "e30.e30.e30", "\0", "é.é.é", &long] {
        let message = verify(&with_secret(), token).unwrap_err();
        assert!(token.len() < 3 || !message.contains(token), "{message}");
    }
}

#[test]
fn a_wrong_signature_is_refused() {
    let token = signed(Algorithm::HS256, &ana_with(&json!({})));
    let other = Settings { secret: Some(Secret::new("b".repeat(32))), ..Settings::default() };
    assert!(verify(&other, &token).unwrap_err().contains("signature"));
    let (signed_part, _) = token.rsplit_once('.').unwrap();
    assert!(verify(&with_secret(), &format!("{signed_part}.")).unwrap_err().contains("signature"));
}

#[test]
fn demands_that_we_do_not_know_are_refused() {
    let mut header = Header::new(Algorithm::HS256);
    header.crit = Some(vec!["b64".to_owned()]);
    let token = jsonwebtoken::encode(&header, &ana_with(&json!({})), &signing_key(Algorithm::HS256)).unwrap();
    assert!(verify(&with_secret(), &token).unwrap_err().contains("crit"));
}

#[test]
fn audience_and_issuer_count_only_where_they_are_configured() {
    let strict = Settings { audience: Some("parlor".into()), issuer: Some("id".into()), ..with_secret() };
    for (changes, rule) in [
        (json!({"iss": "id"}), "names no audience"),
        (json!({"aud": "parlor"}), "names no issuer"),
        (json!({"aud": "other", "iss": "id"}), "another audience"),
        (json!({"aud": ["other"], "iss": "id"}), "another audience"),
        (json!({"aud": 7, "iss": "id"}), "names no audience"),
        (json!({"aud": "parlor", "iss": "other"}), "another issuer"),
    ] {
        let token = signed(Algorithm::HS256, &ana_with(&changes));
        let message = verify(&strict, &token).unwrap_err();
        assert!(message.contains(rule), "{changes}: {message}");
        assert!(verify(&with_secret(), &token).is_ok(), "{changes}");
    }
    let good = signed(Algorithm::HS256, &ana_with(&json!({"aud": ["other", "parlor"], "iss": "id"})));
    assert!(verify(&strict, &good).is_ok());
}

#[test]
fn a_token_lives_until_its_end_and_the_leeway() {
    let lives = |exp: Value| {
        let token = signed(Algorithm::HS256, &ana_with(&json!({"exp": exp})));
        verify(&with_secret(), &token).unwrap().lives
    };
    assert_eq!(lives(json!(NOW_S + 3600)), Duration::from_secs(3630));
    assert_eq!(lives(json!(NOW_S)), Duration::from_secs(30));
    assert_eq!(lives(json!(NOW_S - 29)), Duration::from_secs(1));
    assert_eq!(lives(json!(1_795_150_800.5)), Duration::from_millis(30_500));
    let longest = lives(json!(i64::MAX));
    assert_eq!(lives(json!(1e300)), longest);
    assert!(tokio::time::Instant::now().checked_add(longest).is_some());
}

#[test]
fn a_good_token_says_who_its_bearer_is() {
    let claims = ana_with(&json!({
        "name": "Ana", "nbf": NOW_S + 30, "admin": true, "rooms": {"team-*": "rw", "news": "r"}, "else": [1],
    }));
    let ana = verify(&with_secret(), &signed(Algorithm::HS256, &claims)).unwrap();
    assert_eq!((ana.user.id.as_str(), &*ana.user.name, ana.admin), ("ana", "Ana", true));
    let grants = ana.grants.unwrap();
    assert_eq!(grants.access(&RoomId::parse("team-7").unwrap()), Access::Write);
    assert_eq!(grants.access(&RoomId::parse("other").unwrap()), Access::None);
}

#[test]
fn no_grants_and_empty_grants_are_not_the_same() {
    let grants = |changes: Value| {
        verify(&with_secret(), &signed(Algorithm::HS256, &ana_with(&changes))).unwrap().grants
    };
    assert_eq!(grants(json!({})), None);
    assert_eq!(grants(json!({"rooms": {}})), Some(chat::Grants::default()));
}
