//! Events that are no messages: handed to the porter, and stored nowhere.

use super::*;
use crate::porter::{Broadcasting, Errand};

/// A porter that tells everything, and notes it; but nothing in the channel `cut-off`.
pub(super) fn bell(switchboard: &Switchboard) -> Bell {
    let (errands_in, mut errands) = mpsc::channel(8);
    let asked = Arc::clone(&switchboard.asked);
    tokio::spawn(async move {
        while let Some((_, errand)) = errands.recv().await {
            let Errand::Broadcast { broadcasting, reply } = errand else { panic!("{errand:?}") };
            let Broadcasting { room, channel, event, data, except: _ } = broadcasting;
            let cut_off = channel.name.as_str() == "cut-off";
            let room = room.map(|room| room.as_str().to_owned());
            let tell = Asked::Tell(channel.name.to_string(), event.to_string(), data.to_string(), room);
            asked.lock().unwrap().push(tell);
            let told = if cut_off { Err(Refusal::unavailable("cut off")) } else { Ok(()) };
            let _gone = reply.send(told);
        }
    });
    Bell::tapped(errands_in)
}

fn event(name: &str, channels: &[&str]) -> Value {
    json!({ "name": name, "channels": channels, "data": "{\"message\":\"hi\"}" })
}

fn tell(channel: &str, event: &str, room: Option<&str>) -> Asked {
    let data = r#"{"message":"hi"}"#.to_owned();
    Asked::Tell(channel.to_owned(), event.to_owned(), data, room.map(str::to_owned))
}

#[tokio::test]
async fn what_is_no_message_is_told_and_not_stored() {
    let house = House::with_verdicts(vec![Ok(stored(1))]);
    let answer = house.publishes("/apps/1/events", &event("order", &["chat", "private-x", CHANNEL])).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({})));
    let told =
        [tell("chat", "order", None), tell("private-x", "order", None), tell(CHANNEL, "order", Some("r7"))];
    assert_eq!(house.asked(), told);
}

#[tokio::test]
async fn a_message_is_stored_in_its_room_and_told_elsewhere() {
    let house = House::with_verdicts(vec![Ok(stored(7))]);
    let answer = house.publishes("/apps/1/events", &event("new_message", &["chat", CHANNEL])).await;
    assert_eq!(answer.json(), json!({ "seq": 7, "channels": { CHANNEL: { "seq": 7 } } }));
    let asked = house.asked();
    assert!(matches!(&asked[0], Asked::Append(_)), "{asked:?}");
    assert_eq!(asked[1..], [tell("chat", "new_message", None)]);
}

#[tokio::test]
async fn what_cannot_be_told_is_not_answered_as_if_it_were() {
    let house = House::with_verdicts(vec![Ok(stored(1))]);
    let answer = house.publishes("/apps/1/events", &event("order", &["chat", "cut-off"])).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let batch = json!({ "batch": [event("order", &["cut-off"])] });
    let answer = house.publishes("/apps/1/batch_events", &batch).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}
