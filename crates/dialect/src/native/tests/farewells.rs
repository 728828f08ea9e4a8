//! How connections end.

use std::time::Duration;

use super::*;

#[test]
fn every_refusal_has_the_close_code_of_the_contract_and_a_bye_before_it() {
    for (word, close_code) in [
        ("malformed", 4000),
        ("not_identified", 4001),
        ("not_allowed", 4003),
        ("too_large", 1009),
        ("too_many", 4008),
        ("too_slow", 4010),
        ("unavailable", 1013),
        ("going_away", 1012),
        ("quiet", 4012),
        ("removed", 4013),
    ] {
        let refusal = Refusal::new(Code::parse(word).unwrap(), "so it is");
        let mut out = Vec::new();
        let farewell = Native.farewell(&refusal, &mut out);
        assert_eq!((farewell.close_code, farewell.spoken), (close_code, true), "{word}");
        let bye = format!(r#"{{"type":"bye","code":"{word}","message":"so it is"}}"#);
        assert_eq!(std::str::from_utf8(&out).unwrap(), bye);
    }
}

#[test]
fn a_bye_says_when_to_come_back() {
    let refusal = Refusal::new(Code::GoingAway, "restarting").retry_in(Duration::from_millis(1834));
    let mut out = Vec::new();
    Native.farewell(&refusal, &mut out);
    assert_eq!(std::str::from_utf8(&out).unwrap(), golden("bye"));
}
