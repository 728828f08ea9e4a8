//! What can be configured.

use super::*;

#[test]
fn without_an_application_nothing_is_spoken() {
    assert!(Settings::default().is_off() && Pusher::new(Settings::default()).is_none());
    assert_eq!(Settings::default().mistakes(), []);
    assert!(Pusher::new(Settings::of_development()).is_some());
    assert_eq!(Settings::of_development().mistakes(), []);
}

#[test]
fn mistakes_are_named() {
    let key = |change: fn(&mut Settings)| {
        let mut settings = settings();
        change(&mut settings);
        settings.mistakes().into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    assert_eq!(key(|s| s.app_id = None), ["app_id"]);
    assert_eq!(key(|s| (s.key, s.secret) = (None, None)), ["key", "secret"]);
    assert_eq!(key(|s| s.app_id = Some("x".to_owned())), ["app_id"]);
    assert_eq!(key(|s| s.key = Some("a:b".to_owned())), ["key"]);
    assert_eq!(key(|s| s.secret = Some(Secret::new("short"))), ["secret"]);
    assert_eq!(key(|s| s.event = "client-x".to_owned()), ["event"]);
    assert_eq!(key(|s| s.client_event = "message".to_owned()), ["client_event"]);
    assert_eq!(key(|s| s.room_prefix = "a room:".to_owned()), ["room_prefix"]);
    assert_eq!(key(|s| s.room_prefix = "cache-".to_owned()), ["room_prefix"]);
    assert_eq!(key(|s| s.room_prefix = "encrypted-room-".to_owned()), ["room_prefix"]);
    assert!(key(|s| s.room_prefix = String::new()).is_empty());
}

#[test]
fn nobody_reads_the_secret_in_a_log() {
    let shown = format!("{:?} {:?}", pusher(), settings());
    assert!(!shown.contains("7ad3773142a6692b25b8"), "{shown}");
    assert!(Settings::of_development().has_dev_secret() && !settings().has_dev_secret());
}
