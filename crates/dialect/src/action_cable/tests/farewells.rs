//! How connections end.

use super::*;

fn farewell(refusal: &Refusal) -> String {
    let mut out = Vec::new();
    let farewell = ActionCable::default().farewell(refusal, &mut out);
    assert_eq!((farewell.close_code, farewell.spoken), (1000, true));
    String::from_utf8(out).unwrap()
}

#[test]
fn every_refusal_has_a_reason_and_says_whether_to_come_back() {
    for (word, reason, reconnect) in [
        ("malformed", "invalid_request", false),
        ("not_identified", "unauthorized", false),
        ("not_allowed", "unauthorized", false),
        ("too_large", "invalid_request", false),
        ("too_many", "too_many", true),
        ("too_slow", "too_slow", true),
        ("unavailable", "server_restart", true),
        ("going_away", "server_restart", true),
        ("quiet", "no_pong", true),
        ("removed", "remote", false),
    ] {
        let said = farewell(&Refusal::new(Code::parse(word).unwrap(), "so it is"));
        let expected = format!(r#"{{"type":"disconnect","reason":"{reason}","reconnect":{reconnect}}}"#);
        assert_eq!(said, expected, "{word}");
    }
}

#[test]
fn the_frames_are_those_of_rails_and_anycable() {
    let unknown = Refusal::new(Code::NotIdentified, "the token's signature is wrong");
    assert_eq!(farewell(&unknown), golden("disconnect-unauthorized"));
    let expired = Refusal::expired("the token has expired");
    assert_eq!(farewell(&expired), golden("disconnect-token_expired"));
    let drained = Refusal::new(Code::GoingAway, "this server is going away");
    assert_eq!(farewell(&drained), golden("disconnect-server_restart"));
}
