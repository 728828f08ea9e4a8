//! `parlor token`: what it prints is what a gateway with the same configuration takes.

use std::process::Output;
use std::time::Duration;

use chat::{Access, Clock, RoomId, SystemClock};
use gateway::auth::{Identity, Secret, Settings, Verifier};

use crate::parlor::{output, parlor, stderr, stdout};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn token(args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = parlor(folder.path(), &["token"]);
    command.args(args).env("PARLOR__AUTH__SECRET", SECRET);
    output(command)
}

fn identity(secret: &str, token: &Output) -> Identity {
    assert!(token.status.success(), "{}", stderr(token));
    let settings = Settings { secret: Some(Secret::new(secret)), ..Settings::default() };
    Verifier::new(&settings).unwrap().verify(stdout(token).trim(), SystemClock.now()).unwrap()
}

#[test]
fn a_token_says_what_was_asked_for() {
    let args = [
        "--user",
        "ana",
        "--name",
        "Ana B.",
        "--ttl",
        "2h",
        "--room",
        "team-*=rw",
        "--room",
        "a=b=r",
        "--admin",
    ];
    let identity = identity(SECRET, &token(&args));
    assert_eq!((identity.user.id.as_str(), &*identity.user.name), ("ana", "Ana B."));
    assert!(identity.admin);
    assert!(identity.lives > Duration::from_secs(7000) && identity.lives < Duration::from_secs(7300));
    let grants = identity.grants.unwrap();
    for (room, access) in [("team-x", Access::Write), ("a=b", Access::Read), ("other", Access::None)] {
        assert_eq!(grants.access(&RoomId::parse(room).unwrap()), access, "{room}");
    }
}

#[test]
fn a_plain_token_is_good_for_an_hour_and_grants_nothing_of_its_own() {
    let identity = identity(SECRET, &token(&["--user", "ana"]));
    assert_eq!(&*identity.user.name, "ana");
    assert!(!identity.admin);
    assert!(identity.grants.is_none());
    assert!(identity.lives <= Duration::from_secs(3630));
}

#[test]
fn what_no_token_can_say_is_refused_by_its_flag() {
    for (args, words) in [
        (&["--user", ""][..], "--user"),
        (&["--user", "ana", "--ttl", "soon"], "--ttl"),
        (&["--user", "ana", "--room", "news"], "--room"),
        (&["--user", "ana", "--room", "news=x"], "--room"),
        (&["--user", "ana", "--room", "a*b=r"], "a*b"),
    ] {
        let refused = token(args);
        assert!(!refused.status.success(), "{args:?}");
        assert!(stderr(&refused).contains(words), "{args:?}: {}", stderr(&refused));
    }
}

#[test]
fn without_a_configured_key_solos_own_is_used_and_made_if_need_be() {
    let folder = tempfile::tempdir().unwrap();
    let first = output(parlor(folder.path(), &["token", "--user", "ana"]));
    let made = std::fs::read_to_string(folder.path().join("parlor-data/secret")).unwrap();
    assert_eq!(identity(made.trim(), &first).user.id.as_str(), "ana");
    let said = stderr(&first);
    assert!(said.contains("parlor-data/secret") && said.contains("auth.secret"), "{said}");
    assert!(!said.contains(made.trim()), "{said}");
    let second = output(parlor(folder.path(), &["token", "--user", "bob"]));
    assert_eq!(stderr(&second), "", "it was there already");
    assert_eq!(identity(made.trim(), &second).user.id.as_str(), "bob");
}

#[test]
fn a_gateway_that_checks_with_a_public_key_cannot_sign() {
    let folder = tempfile::tempdir().unwrap();
    let keys = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("gateway/src/auth/tests/keys");
    let mut command = parlor(folder.path(), &["token", "--user", "ana"]);
    command.env("PARLOR__AUTH__PUBLIC_KEY_FILE", keys.join("ed25519.public.pem"));
    let refused = output(command);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("auth.secret"), "{}", stderr(&refused));
}
