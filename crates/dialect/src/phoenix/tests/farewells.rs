//! How connections end.

use super::*;

#[test]
fn every_refusal_has_a_close_code_and_none_keeps_a_client_away() {
    for (word, close_code) in [
        ("malformed", 1011),
        ("not_identified", 1001),
        ("not_allowed", 1001),
        ("too_large", 1009),
        ("too_many", 1013),
        ("too_slow", 1013),
        ("unavailable", 1013),
        ("going_away", 1012),
        ("quiet", 1001),
        ("removed", 1001),
    ] {
        let mut out = Vec::new();
        let refusal = Refusal::new(Code::parse(word).unwrap(), "so it is");
        let farewell = phoenix(Serializer::V2).farewell(&refusal, &mut out);
        assert_eq!((farewell.close_code, farewell.spoken, out.len()), (close_code, false, 0), "{word}");
    }
}
