//! Connections that a drain dismisses.

use super::*;
use crate::settings::Drain;
use crate::shard::waves::Waves;

/// A drain of one wave, with so much grace.
fn at_once(grace: Duration, now: Instant) -> Waves {
    Waves::new(&Drain { unready: Duration::ZERO, spread: Duration::ZERO, grace }, now)
}

/// What a guest was told, and the close code at its end.
async fn farewell(guest: &mut Guest) -> (Vec<String>, Option<Value>) {
    let mut read = Vec::new();
    guest.reads(&mut read).await;
    let mut words = words(&mut read);
    let code = words.pop();
    (words.iter().map(|word| word["type"].as_str().unwrap_or_default().to_owned()).collect(), code)
}

#[tokio::test]
async fn who_waits_for_a_verdict_hears_it_before_the_farewell() {
    let mut house = House::new(256 * 1024);
    let mut guest = house.guest(None).await;
    house.lets_in(&mut guest, "r", 0, 0).await;
    house.hear(&mut guest, &json!({"type": "send", "room": "r", "id": "1", "body": "hi"})).await;
    let now = Instant::now();
    let mut waves = at_once(Duration::from_secs(10), now);
    house.shard.dismiss_wave(&mut waves, now);
    // What it says now is not read any more.
    let frame = masked_frame(Opcode::Text, br#"{"type":"ping"}"#, [7; 4]);
    guest.client.write_all(&frame).await.unwrap();
    house.shard.dismiss_wave(&mut waves, now + Duration::from_millis(4900));
    assert!(matches!(house.end(&guest), End::Leaving(_)), "the verdict may come still");

    let refused = vec![Err(Refusal::unavailable("nobody knows"))];
    house.tell(Told::Verdicts { connection: guest.key, room: room_id("r"), verdicts: refused });
    house.flush_all();
    let (heard, code) = farewell(&mut guest).await;
    assert_eq!((heard, code), (strings(["welcome", "joined", "refused", "bye"]), Some(json!(1012))));
}

#[tokio::test]
async fn who_waits_too_long_for_a_verdict_is_told_goodbye_by_the_next_wave() {
    let mut house = House::new(256 * 1024);
    let mut guest = house.guest(None).await;
    house.lets_in(&mut guest, "r", 0, 0).await;
    house.hear(&mut guest, &json!({"type": "send", "room": "r", "id": "1", "body": "hi"})).await;
    let now = Instant::now();
    let mut waves = at_once(Duration::from_secs(4), now);
    house.shard.dismiss_wave(&mut waves, now);
    house.shard.dismiss_wave(&mut waves, now + Duration::from_secs(2));
    assert!(matches!(house.end(&guest), End::Closing(_)));
    let (heard, code) = farewell(&mut guest).await;
    assert_eq!((heard, code), (strings(["welcome", "joined", "bye"]), Some(json!(1012))));
}

fn strings<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
