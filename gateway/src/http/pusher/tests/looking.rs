//! What backends ask about channels, and whom they send away.

use dialect::Alias;

use super::*;

impl House {
    /// A room with two channels, one of which nobody is seen in.
    fn with_channels() -> Self {
        let tally = |alias: &str, subscriptions, seen_in: Option<&str>| LocalTally {
            alias: Alias::new(alias),
            subscriptions,
            seen_in: seen_in.map(|room| chat::RoomId::parse(room).unwrap()),
        };
        let tallies = vec![tally("presence-room-r7", 2, Some("r7")), tally("private-room-r7", 5, None)];
        Self::with_channel_list(tallies)
    }

    fn with_channel_list(tallies: Vec<LocalTally>) -> Self {
        let switchboard = Switchboard::new(Ok(RoomKind::Public), vec![Ok(stored(1))]);
        Self::with_shard(switchboard, Shard { tallies, ..Shard::default() })
    }

    /// Sends somebody away with a good signature.
    async fn sends_away(&self, path: &str) -> StatusCode {
        self.publishes(path, &json!({})).await.status
    }
}

#[tokio::test]
async fn channels_are_listed_with_what_is_asked_of_them() {
    let house = House::with_channels();
    for (query, channels) in [
        ("", json!({ "chat": {}, "presence-room-r7": {}, "presence-x": {}, "private-room-r7": {} })),
        (
            "filter_by_prefix=presence-&info=user_count,subscription_count",
            json!({
                "presence-room-r7": { "user_count": 3, "subscription_count": 2 },
                "presence-x": { "user_count": 1, "subscription_count": 1 },
            }),
        ),
        (
            "filter_by_prefix=private-&info=subscription_count",
            json!({ "private-room-r7": { "subscription_count": 5 } }),
        ),
        ("after=presence-room-r7", json!({ "presence-x": {}, "private-room-r7": {} })),
        ("filter_by_prefix=nothing-", json!({})),
    ] {
        let answer = house.looks_at("/apps/1/channels", query).await;
        assert_eq!(
            (answer.status, answer.json()),
            (StatusCode::OK, json!({ "channels": channels })),
            "{query}"
        );
    }
    for query in ["info=user_count", "filter_by_prefix=private-&info=user_count", "info=weather"] {
        assert_eq!(
            house.looks_at("/apps/1/channels", query).await.status,
            StatusCode::BAD_REQUEST,
            "{query}"
        );
    }
}

#[tokio::test]
async fn of_too_many_channels_the_first_are_told_and_that_there_are_more() {
    let tallies = (0..=bus::Tally::MAX)
        .map(|n| LocalTally { alias: Alias::new(&format!("c{n:04}")), subscriptions: 1, seen_in: None })
        .collect();
    let house = House::with_channel_list(tallies);
    let answer = house.looks_at("/apps/1/channels", "").await.json();
    assert_eq!(answer["channels"].as_object().map(serde_json::Map::len), Some(bus::Tally::MAX));
    assert_eq!(answer["more"], true);
    let rest = house.looks_at("/apps/1/channels", "after=c0999").await.json();
    assert_eq!(rest, json!({ "channels": { "c1000": {}, "chat": {}, "presence-x": {} } }));
}

#[tokio::test]
async fn one_channel_is_told_of_whether_anybody_is_in_it_or_not() {
    let house = House::with_channels();
    for (channel, query, told) in [
        ("private-room-r7", "", json!({ "occupied": true })),
        ("private-room-r8", "info=subscription_count", json!({ "occupied": false, "subscription_count": 0 })),
        (
            "presence-room-r7",
            "info=user_count,subscription_count",
            json!({ "occupied": true, "user_count": 3, "subscription_count": 2 }),
        ),
        ("presence-room-r8", "info=user_count", json!({ "occupied": false, "user_count": 0 })),
        ("chat", "info=subscription_count", json!({ "occupied": true, "subscription_count": 1 })),
        ("cha", "info=subscription_count", json!({ "occupied": false, "subscription_count": 0 })),
        ("presence-x", "info=user_count", json!({ "occupied": true, "user_count": 1 })),
    ] {
        let answer = house.looks_at(&format!("/apps/1/channels/{channel}"), query).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, told), "{channel} {query}");
    }
    let answer = house.looks_at("/apps/1/channels/cache-chat", "info=cache").await.json();
    assert_eq!((&answer["occupied"], &answer["cache"]["data"]), (&json!(false), &json!("{}")));
    assert!(answer["cache"]["ttl"].as_u64().is_some_and(|ttl| (55..=60).contains(&ttl)), "{answer}");
    for (channel, query) in [("private-room-r7", "info=user_count"), ("a%20b", ""), ("private-room-", "")] {
        let answer = house.looks_at(&format!("/apps/1/channels/{channel}"), query).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{channel} {query}");
    }
}

#[tokio::test]
async fn those_in_a_presence_channel_are_told_unless_they_are_too_many() {
    let house = House::with_channels();
    for (channel, users) in [("presence-room-r7", &["ana", "ben", "cid"][..]), ("presence-x", &["ana"])] {
        let answer = house.looks_at(&format!("/apps/1/channels/{channel}/users"), "").await;
        let users: Vec<_> = users.iter().map(|user| json!({ "id": user })).collect();
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({ "users": users })));
    }
    for (channel, status) in [
        ("private-room-r7", StatusCode::BAD_REQUEST),
        ("chat", StatusCode::BAD_REQUEST),
        ("presence-room-crowd", StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let answer = house.looks_at(&format!("/apps/1/channels/{channel}/users"), "").await;
        assert_eq!(answer.status, status, "{channel}");
    }
}

#[tokio::test]
async fn a_user_is_sent_away_from_this_dialect_whether_the_application_is_named_or_not() {
    let house = House::with_channels();
    let sent_away = Arc::clone(&house.shard.sent_away);
    for path in ["/apps/1/users/ana/terminate_connections", "/users/ben%20b/terminate_connections"] {
        assert_eq!(house.sends_away(path).await, StatusCode::OK, "{path}");
    }
    let pusher = || Some("pusher".to_owned());
    assert_eq!(*sent_away.lock().unwrap(), [("ana".to_owned(), pusher()), ("ben b".to_owned(), pusher())]);
    for (path, status) in [
        ("/apps/2/users/ana/terminate_connections", StatusCode::NOT_FOUND),
        ("/apps/1/users/a%0Ab/terminate_connections", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(house.sends_away(path).await, status, "{path}");
    }
    assert_eq!(sent_away.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn who_has_not_the_secret_hears_nothing_and_sends_nobody_away() {
    let house = House::with_channels();
    for request in [
        Request::get("/apps/1/channels"),
        Request::get("/apps/1/channels/private-room-r7"),
        Request::get("/apps/1/channels/presence-room-r7/users"),
        Request::post("/apps/1/channels/chat/events?name=x"),
        Request::post("/apps/1/users/ana/terminate_connections"),
        Request::post("/users/ana/terminate_connections?auth_key=parlor"),
    ] {
        let answer = house.asks(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
    }
    assert!(house.shard.sent_away.lock().unwrap().is_empty());
}
