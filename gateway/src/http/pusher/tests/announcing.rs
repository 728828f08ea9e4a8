//! What backends tell in channels, and is kept nowhere.

use super::*;

impl House {
    fn told(&self) -> Vec<(String, String, String)> {
        let told = self.broadcast.lock().unwrap();
        let in_short = |told: &Broadcasting| {
            (told.channel.name.to_string(), told.event.to_string(), told.data.to_string())
        };
        told.iter().map(in_short).collect()
    }
}

fn told(channel: &str, event: &str, data: &str) -> (String, String, String) {
    (channel.to_owned(), event.to_owned(), data.to_owned())
}

#[tokio::test]
async fn what_is_no_message_is_told_in_its_channels_and_stored_nowhere() {
    let house = House::with_verdicts(vec![Ok(stored(7))]);
    let channels = ["chat", "private-room-r7", "#server-to-user-ana", "chat"];
    let event = json!({ "name": "order", "channels": channels, "data": "{\"n\":1}", "socket_id": "12.34" });
    let answer = house.publishes("/apps/1/events", &event).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({})));
    let expected =
        ["chat", "private-room-r7", "#server-to-user-ana"].map(|name| told(name, "order", "{\"n\":1}"));
    assert_eq!(house.told(), expected);
    let rooms: Vec<_> = house
        .broadcast
        .lock()
        .unwrap()
        .iter()
        .map(|told| (told.room.is_some(), told.except.is_some()))
        .collect();
    assert_eq!(rooms, [(false, true), (true, true), (false, true)]);
    assert_eq!(house.asked(), []);
}

#[tokio::test]
async fn a_message_is_stored_in_its_room_and_told_in_channels_that_are_none() {
    let house = House::with_verdicts(vec![Ok(stored(7))]);
    let event = json!({ "name": "new_message", "channels": [CHANNEL, "chat"], "data": "hi", "info": "subscription_count" });
    let answer = house.publishes("/apps/1/events", &event).await;
    assert_eq!(
        answer.json(),
        json!({ "channels": { CHANNEL: { "seq": 7, "subscription_count": 0 }, "chat": { "subscription_count": 1 } } })
    );
    assert_eq!((house.told(), house.asked().len()), (vec![told("chat", "new_message", "hi")], 1));
}

#[tokio::test]
async fn what_is_asked_of_channels_comes_with_each_event_of_a_batch() {
    let house = House::with_verdicts(vec![Ok(stored(7))]);
    let event =
        |channel: &str, info: &str| json!({ "name": "a", "channel": channel, "data": "x", "info": info });
    let batch = [
        event("presence-x", "user_count,subscription_count"),
        event("chat", "user_count"),
        event("chat", ""),
    ];
    let answer = house.publishes("/apps/1/batch_events", &json!({ "batch": batch })).await.json();
    let numbers = json!({ "user_count": 1, "subscription_count": 1 });
    let first = json!({ "user_count": 1, "subscription_count": 1, "channels": { "presence-x": numbers } });
    assert_eq!(answer, json!({ "batch": [first, { "channels": { "chat": {} } }, {}] }));
    let answer = house.publishes("/apps/1/events", &event("chat", "weather")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(house.told().len(), 3, "nothing is told of what is refused");
}

#[tokio::test]
async fn old_libraries_say_the_channel_in_the_path() {
    let house = House::with_verdicts(vec![Ok(stored(7))]);
    let body = "{\"n\":1}";
    let query =
        format!("{}&body_md5={}&name=order&socket_id=12.34", House::credentials(), body_md5(body.as_bytes()));
    let uri = house.signed("POST", "/apps/1/channels/chat/events", &query);
    let answer = house.asks(Request::post(uri).body(body.into()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(house.told(), [told("chat", "order", body)]);
    assert!(house.broadcast.lock().unwrap()[0].except.is_some());
}

#[tokio::test]
async fn what_cannot_be_told_is_not_answered_as_if_it_were() {
    let house = House::with_verdicts(vec![Ok(stored(1))]);
    let event = |channels: &[&str]| json!({ "name": "order", "channels": channels, "data": "x" });
    let answer = house.publishes("/apps/1/events", &event(&["chat", "cut-off"])).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let batch = json!({ "batch": [{ "name": "order", "channel": "cut-off", "data": "x" }] });
    let answer = house.publishes("/apps/1/batch_events", &batch).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn nothing_is_told_of_a_message_that_is_refused() {
    let house = House::with_verdicts(vec![Err(not_there())]);
    let event = json!({ "name": "new_message", "channels": [CHANNEL, "chat"], "data": "hi" });
    assert_eq!(house.publishes("/apps/1/events", &event).await.status, StatusCode::FORBIDDEN);
    assert!(house.told().is_empty());
}
