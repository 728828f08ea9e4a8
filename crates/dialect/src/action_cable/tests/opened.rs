//! The request that opens a connection.

use super::*;
use crate::OpenRequest;

/// What `@rails/actioncable` offers, with more if the application has added it.
fn offered<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["actioncable-v1-json", "actioncable-unsupported"], more].concat()
}

fn open(request: &OpenRequest<'_>) -> Result<(Option<&'static str>, Option<String>), u16> {
    let opening = ActionCable::default().open(request)?;
    Ok((opening.protocol, opening.token.map(std::borrow::Cow::into_owned)))
}

fn token(request: &OpenRequest<'_>) -> Option<String> {
    open(request).unwrap().1
}

#[test]
fn one_of_the_offered_protocols_is_always_answered() {
    let request = OpenRequest { protocols: offered(&[]), ..OpenRequest::default() };
    assert_eq!(open(&request), Ok((Some("actioncable-v1-json"), None)));
    let both = vec!["actioncable-v1-ext-json", "actioncable-v1-json"];
    let request = OpenRequest { protocols: both, ..OpenRequest::default() };
    assert_eq!(open(&request), Ok((Some("actioncable-v1-json"), None)));
    for protocols in [vec![], vec!["actioncable-unsupported"], vec!["parlor.v1"]] {
        assert_eq!(open(&OpenRequest { protocols, ..OpenRequest::default() }), Err(400));
    }
}

#[test]
fn a_token_may_stand_in_any_of_the_places_that_applications_have() {
    let base = || OpenRequest { protocols: offered(&[]), query_token: true, ..OpenRequest::default() };
    for request in [
        OpenRequest { query: "token=a.b.c", ..base() },
        OpenRequest { query: "x=1&jid=a.b%2Ec", ..base() },
        OpenRequest { cookie: Some("theme=dark; parlor_token=a.b.c; x=y"), ..base() },
        OpenRequest { cookie: Some("parlor_token=\"a.b.c\""), ..base() },
        OpenRequest { protocols: offered(&["parlor.token.a.b.c"]), ..base() },
        OpenRequest { protocols: offered(&["anycable-token.a.b.c"]), ..base() },
        OpenRequest { authorization: Some("Bearer a.b.c"), ..base() },
        OpenRequest { jid: Some("a.b.c"), ..base() },
        OpenRequest { query: "token=&jid=a.b.c", ..base() },
        OpenRequest { query: "token=", cookie: Some("parlor_token=a.b.c"), ..base() },
    ] {
        assert_eq!(token(&request).as_deref(), Some("a.b.c"), "{request:?}");
    }
    for request in [
        OpenRequest { query: "tokens=a.b.c", ..base() },
        OpenRequest { cookie: Some("x_parlor_token=a.b.c; parlor_token="), ..base() },
        OpenRequest { query: "token=a.b.c", query_token: false, ..base() },
    ] {
        assert_eq!(token(&request), None, "{request:?}");
    }
}

#[test]
fn what_a_page_shows_counts_before_what_its_browser_sends() {
    let all = || OpenRequest {
        protocols: offered(&["parlor.token.subprotocol"]),
        query: "token=url",
        query_token: true,
        cookie: Some("parlor_token=cookie"),
        ..OpenRequest::default()
    };
    assert_eq!(token(&all()).as_deref(), Some("subprotocol"));
    let bare = || OpenRequest { protocols: offered(&[]), ..all() };
    assert_eq!(token(&bare()).as_deref(), Some("url"));
    assert_eq!(token(&OpenRequest { query: "", ..bare() }).as_deref(), Some("cookie"));
}

#[test]
fn the_cookie_has_the_name_that_the_application_gives_it_or_none_is_looked_at() {
    let request =
        OpenRequest { protocols: offered(&[]), cookie: Some("jwt=a; =b"), ..OpenRequest::default() };
    let named = |cookie: &str| ActionCable::new(Settings { cookie: cookie.into(), ..Settings::default() });
    assert_eq!(named("jwt").open(&request).unwrap().token.as_deref(), Some("a"));
    assert_eq!(named("").open(&request).unwrap().token, None);
}
