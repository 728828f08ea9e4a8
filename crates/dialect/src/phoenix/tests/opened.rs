//! The request that opens a connection.

use super::*;
use crate::OpenRequest;

fn open(
    serializer: Serializer,
    request: &OpenRequest<'_>,
) -> Result<(Option<&'static str>, Option<String>), u16> {
    let opening = phoenix(serializer).open(request)?;
    Ok((opening.protocol, opening.token.map(std::borrow::Cow::into_owned)))
}

fn of_query(query: &str) -> OpenRequest<'_> {
    OpenRequest { query, query_token: true, ..OpenRequest::default() }
}

#[test]
fn the_version_chooses_the_serializer() {
    for (query, v2, v1) in [
        ("vsn=2.0.0", true, false),
        ("vsn=2.0.17&x=1", true, false),
        ("vsn=1.0.0&vsn=2.0.0", true, false),
        ("vsn=1.0.0", false, true),
        ("", false, true),
        ("vsn=", false, false),
        ("vsn=2.1.0", false, false),
        ("vsn=2.0", false, false),
        ("vsn=2.0.", false, false),
        ("vsn=2.0.x", false, false),
        ("vsn=3.0.0", false, false),
    ] {
        for (serializer, taken) in [(Serializer::V2, v2), (Serializer::V1, v1)] {
            let expected = if taken { Ok((None, None)) } else { Err(403) };
            assert_eq!(open(serializer, &of_query(query)), expected, "{query} {serializer:?}");
        }
    }
}

#[test]
fn a_token_may_stand_in_any_of_the_places_that_applications_have() {
    // "a.b?c>" has both letters in which the alphabets differ.
    for (request, protocol, token) in [
        (of_query("token=a.b%2Ec&vsn=2.0.0"), None, Some("a.b.c")),
        (of_query("vsn=2.0.0"), None, None),
        (
            OpenRequest { authorization: Some("Bearer a.b.c"), ..of_query("vsn=2.0.0&token=x") },
            None,
            Some("a.b.c"),
        ),
        (OpenRequest { query_token: false, ..of_query("vsn=2.0.0&token=x") }, None, None),
        (
            OpenRequest {
                protocols: vec!["phoenix", "base64url.bearer.phx.YS5iLmM"],
                ..of_query("vsn=2.0.0&token=x")
            },
            Some("phoenix"),
            Some("a.b.c"),
        ),
        (
            OpenRequest {
                protocols: vec!["base64url.bearer.phx.YS5iP2M-", "phoenix"],
                ..of_query("vsn=2.0.0")
            },
            Some("phoenix"),
            Some("a.b?c>"),
        ),
        (
            OpenRequest {
                protocols: vec!["phoenix", "base64url.bearer.phx.YS5iP2M+"],
                ..of_query("vsn=2.0.0")
            },
            Some("phoenix"),
            Some("a.b?c>"),
        ),
        (
            OpenRequest { protocols: vec!["phoenix", "base64url.bearer.phx.!!"], ..of_query("vsn=2.0.0") },
            Some("phoenix"),
            None,
        ),
    ] {
        assert_eq!(open(Serializer::V2, &request), Ok((protocol, token.map(str::to_owned))), "{request:?}");
    }
}

#[test]
fn who_offers_only_other_protocols_is_refused() {
    let request = OpenRequest { protocols: vec!["parlor.v1"], ..of_query("vsn=2.0.0") };
    assert_eq!(open(Serializer::V2, &request), Err(403));
}

#[test]
fn an_application_has_its_own_name_for_its_token() {
    let settings = Settings { token: "jwt".into(), ..Settings::default() };
    let opening =
        Phoenix::new(settings, Serializer::V2).open(&of_query("vsn=2.0.0&token=x&jwt=a.b.c")).unwrap();
    assert_eq!(opening.token.as_deref(), Some("a.b.c"));
}
