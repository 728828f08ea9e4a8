//! Who is let in, and what is refused.

use super::*;

#[tokio::test]
async fn whoever_shows_a_good_token_is_let_in_wherever_it_stands() {
    let (mut home, _other) = two().await;
    let (user, nothing) = (token(), "token=&");
    for (query, header, dialect) in [
        (format!("token={user}&vsn=2.0.0"), None, "phoenix"),
        (format!("token={user}"), None, "phoenix_v1"),
        (format!("vsn=1.0.0&{nothing}token={user}"), None, "phoenix_v1"),
        ("vsn=2.0.0&".to_owned(), Some(("x-phoenix-authtoken", user.clone())), "phoenix"),
        ("vsn=2.0.0".to_owned(), Some(("authorization", format!("Bearer {user}"))), "phoenix"),
    ] {
        let mut request = get(&query);
        if let Some((name, value)) = header {
            request.headers_mut().insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        let (session, connection) = home.opens_with(request).await;
        assert_eq!(connection.dialect, dialect, "{query}");
        // The session's token is told from the user's, whatever their order.
        let mut request = get(&format!("token={session}&token={user}&vsn=2.0.0"));
        request.headers_mut().insert(SESSION_HEADER, "lp1.older".parse().unwrap());
        assert_eq!(status(&home.hears(request).await), 410, "the header counts");
        let mut request = get(&format!("token={user}&token=x"));
        request.headers_mut().insert(SESSION_HEADER, session.parse().unwrap());
        let posted =
            Request::post(format!("{PATH}?token={session}&token={user}")).body("[1]".into()).unwrap();
        assert_eq!(status(&home.hears(posted).await), 200);
        drop(connection);
        assert_eq!(status(&home.hears(request).await), 410, "its connection has gone");
    }
}

#[tokio::test]
async fn whoever_may_not_come_in_hears_403_and_begins_nothing() {
    let (mut home, _other) = two().await;
    let user = token();
    for query in [
        "",
        "vsn=2.0.0",
        "vsn=2.0.0&token=nonsense",
        &format!("token={user}&vsn=3.0.0"),
        "vsn=2.0.0&token=%00",
    ] {
        assert_eq!(
            home.hears(get(query)).await,
            json!({ "status": 403, "token": null, "messages": [] }),
            "{query}"
        );
    }
    let mut evil = get(&format!("token={user}&vsn=2.0.0"));
    evil.headers_mut().insert(ORIGIN, "https://evil.example".parse().unwrap());
    assert_eq!(status(&home.hears(evil).await), 403);
    assert_eq!((home.load.count(), home.arrivals.try_recv().is_err()), (0, true));
    let kept = [home.opens().await, home.opens().await, home.opens().await];
    assert_eq!(status(&home.hears(get(&format!("token={user}&vsn=2.0.0"))).await), 403, "one too many");
    drop(kept);
}

/// A body that notes whether it was looked at, and never ends.
fn endless(looked_at: &Arc<AtomicBool>) -> Body {
    let looked_at = Arc::clone(looked_at);
    Body::from_stream(stream::poll_fn(move |_| {
        looked_at.store(true, Ordering::Relaxed);
        Poll::<Option<Result<Bytes, std::io::Error>>>::Pending
    }))
}

#[tokio::test]
async fn what_is_no_session_of_ours_costs_no_request_and_no_body() {
    let (mut home, other) = two().await;
    let (session, _connection) = home.opens().await;
    // The seal counts: with it any other gateway would ask the one that keeps the session.
    let mut other_seal = session.clone().into_bytes();
    *other_seal.last_mut().unwrap() ^= 1;
    let mut other_session = session.clone().into_bytes();
    other_session[20] = if other_session[20] == b'A' { b'B' } else { b'A' };
    let forged = [other_seal, other_session].map(|bytes| String::from_utf8(bytes).unwrap());
    let looked_at = Arc::new(AtomicBool::new(false));
    for forged in forged.iter().map(String::as_str).chain(["lp1.", "lp1.AAAA", "lp1.%00%ff", "lp1.%C3%A9"]) {
        for gateway in [&home, &other] {
            assert_eq!(status(&gateway.polls(forged).await), 410, "{forged}");
            assert_eq!(status(&gateway.posts(forged, endless(&looked_at)).await), 410, "{forged}");
        }
    }
    assert_eq!(status(&home.posts("", endless(&looked_at)).await), 410);
    assert!(!looked_at.load(Ordering::Relaxed));
    assert!(home.arrivals.try_recv().is_err(), "and nothing was begun");
}

#[tokio::test]
async fn a_session_of_a_gateway_that_is_gone_is_gone() {
    let (mut home, other) = two().await;
    let (session, _connection) = home.opens().await;
    home.stop.cancel();
    let gone = async {
        while *status(&other.posts(&session, "[1]").await) != 410 {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(HANG, gone).await.expect("the door stays open");
    assert_eq!(other.polls(&session).await, json!({ "status": 410, "token": null, "messages": [] }));
}

#[tokio::test]
async fn bodies_are_bounded_and_bad_ones_reach_nobody() {
    let (mut home, other) = two().await;
    let (session, mut connection) = home.opens().await;
    for gateway in [&home, &other] {
        for (what, body, refused) in [
            ("too many bytes", vec![b'['; BODY_BYTES_MAX + 1], 413),
            ("too long a frame", vec![b'['; LINE_BYTES_MAX + 1], 413),
            ("too many frames", b"[]\n".repeat(101), 400),
            ("no text", vec![0xff; 10], 400),
        ] {
            assert_eq!(status(&gateway.posts(&session, body).await), refused, "{what}");
        }
        // As much as there may be, and as much of it as possible to be escaped on the bus.
        let frame = format!("[{}]", "\u{1}".repeat(10_000));
        let lines = [&*frame; 100].join("\n");
        let (answer, heard) = tokio::join!(gateway.posts(&session, lines), connection.hears(100));
        assert_eq!(status(&answer), 200);
        assert!(heard.iter().all(|heard| *heard == frame));
    }
}

#[tokio::test]
async fn pages_of_other_origins_may_ask_if_they_are_named() {
    let (home, _other) = two().await;
    for (origin, allowed) in [(PAGES, Some(PAGES)), ("https://evil.example", None)] {
        let preflight = Request::options(PATH)
            .header(ORIGIN, origin)
            .header(ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(ACCESS_CONTROL_REQUEST_HEADERS, "content-type,x-phoenix-authtoken");
        let answer = home.asks(preflight.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(text(answer.headers(), &ACCESS_CONTROL_ALLOW_ORIGIN), allowed);
        let headers = text(answer.headers(), &ACCESS_CONTROL_ALLOW_HEADERS);
        assert_eq!(headers, Some("content-type,x-phoenix-authtoken"));
        let mut request = get("vsn=2.0.0");
        request.headers_mut().insert(ORIGIN, origin.parse().unwrap());
        let answer = home.asks(request).await;
        assert_eq!(text(answer.headers(), &ACCESS_CONTROL_ALLOW_ORIGIN), allowed);
        assert_eq!(text(answer.headers(), &CACHE_CONTROL), Some("no-store"));
    }
    for method in [Method::HEAD, Method::PUT, Method::DELETE] {
        let request = Request::builder().method(method.clone()).uri(PATH).body(Body::empty()).unwrap();
        assert_eq!(home.asks(request).await.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
}
