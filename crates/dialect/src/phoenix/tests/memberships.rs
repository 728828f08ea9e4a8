//! Requests that speak of an earlier membership.

use super::*;

#[test]
fn a_join_ref_tells_a_membership_from_an_earlier_one() {
    let opening = &mark("\"7\"", "\"7\"", "\"room:42\"");
    for (said, within) in [
        (mark("\"7\"", "\"9\"", "\"room:42\""), true),
        (mark("\"1\"", "\"9\"", "\"room:42\""), false),
        (mark("7", "\"9\"", "\"room:42\""), false),
        (mark("", "\"9\"", "\"room:42\""), true),
        (Mark::default(), true),
    ] {
        assert_eq!(phoenix(Serializer::V2).is_within(&said, opening), within, "{said:?}");
    }
}
