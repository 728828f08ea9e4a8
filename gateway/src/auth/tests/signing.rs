//! Tokens that we make are tokens that we take.

use std::time::Duration;

use chat::{Access, User};

use super::*;
use crate::auth::{Pass, SignError, Signer};

fn pass() -> Pass {
    Pass {
        user: User::parse("ana", Some("Ana")).unwrap(),
        lives: Duration::from_secs(3600),
        rooms: None,
        admin: false,
    }
}

#[test]
fn what_is_signed_here_is_taken_here() {
    let settings = Settings { audience: Some("parlor".into()), issuer: Some("id".into()), ..with_secret() };
    let rooms = vec![("team-*".to_owned(), Access::Write), ("news".to_owned(), Access::Read)];
    let wanted = Pass { rooms: Some(rooms.clone()), admin: true, ..pass() };
    let token = Signer::new(&settings).unwrap().sign(&wanted, now()).unwrap();
    let identity = verify(&settings, &token).unwrap();
    assert_eq!(identity.user, wanted.user);
    assert_eq!(identity.grants, Some(chat::Grants::new(rooms).unwrap()));
    assert!(identity.admin);
    assert_eq!(identity.lives, Duration::from_secs(3630));
}

#[test]
fn a_pass_without_grants_grants_whatever_the_rooms_allow() {
    let token = Signer::new(&with_secret()).unwrap().sign(&pass(), now()).unwrap();
    let identity = verify(&with_secret(), &token).unwrap();
    assert_eq!((identity.grants, identity.admin), (None, false));
}

#[test]
fn nobody_signs_without_a_secret_that_can_be_used() {
    assert!(matches!(Signer::new(&with_public_key("rsa")), Err(SignError::Key(_))));
    let short = Settings { secret: Some(Secret::new("short")), ..Settings::default() };
    assert!(matches!(Signer::new(&short), Err(SignError::Key(_))));
}

#[test]
fn a_grant_that_no_token_can_carry_is_refused() {
    let signer = Signer::new(&with_secret()).unwrap();
    for (pattern, access) in [("a*b", Access::Read), ("", Access::Read), ("a", Access::None)] {
        let wanted = Pass { rooms: Some(vec![(pattern.to_owned(), access)]), ..pass() };
        assert_eq!(signer.sign(&wanted, now()), Err(SignError::Pattern(pattern.to_owned())));
    }
}

#[test]
fn a_life_without_end_is_cut_and_does_not_overflow() {
    let signer = Signer::new(&with_secret()).unwrap();
    let token = signer.sign(&Pass { lives: Duration::MAX, ..pass() }, now()).unwrap();
    assert!(verify(&with_secret(), &token).is_ok());
}
