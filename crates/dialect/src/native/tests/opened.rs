//! The request that opens a connection.

use super::*;
use crate::{OpenRequest, Opening};

fn open<'a>(request: &OpenRequest<'a>) -> Result<(Option<&'static str>, Option<String>), u16> {
    let Opening { protocol, token, .. } = Native.open(request)?;
    Ok((protocol, token.map(std::borrow::Cow::into_owned)))
}

#[test]
fn the_protocol_is_answered_and_the_token_beside_it_is_not() {
    let request =
        OpenRequest { protocols: vec!["parlor.v1", "parlor.token.a.b.c"], ..OpenRequest::default() };
    assert_eq!(open(&request), Ok((Some("parlor.v1"), Some("a.b.c".into()))));
    let request = OpenRequest { protocols: vec!["parlor.v9", "parlor.v1"], ..OpenRequest::default() };
    assert_eq!(open(&request), Ok((Some("parlor.v1"), None)));
}

#[test]
fn who_offers_nothing_is_taken_and_who_offers_only_others_is_not() {
    assert_eq!(open(&OpenRequest::default()), Ok((None, None)));
    for protocols in [vec!["graphql-ws"], vec!["parlor.token.a.b.c"], vec!["parlor.v2", "PARLOR.V1"]] {
        assert_eq!(open(&OpenRequest { protocols, ..OpenRequest::default() }), Err(400));
    }
}

#[test]
fn a_bearer_token_counts_before_all_others() {
    let request = OpenRequest {
        authorization: Some("bearer  a.b.c "),
        protocols: vec!["parlor.v1", "parlor.token.d.e.f"],
        query: "token=g.h.i",
        query_token: true,
        ..OpenRequest::default()
    };
    assert_eq!(open(&request).unwrap().1, Some("a.b.c".into()));
    let request = OpenRequest { authorization: Some("Basic YTpi"), ..request };
    assert_eq!(open(&request).unwrap().1, Some("d.e.f".into()));
}

#[test]
fn a_token_in_the_url_counts_only_where_that_is_allowed() {
    let request = |query_token| OpenRequest {
        query: "x=1&token=a.b%2Ec&token=d",
        query_token,
        ..OpenRequest::default()
    };
    assert_eq!(open(&request(true)).unwrap().1, Some("a.b.c".into()));
    assert_eq!(open(&request(false)).unwrap().1, None);
}
