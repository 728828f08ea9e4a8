//! Looking after connections: all of them, and never so many at once that messages wait for it.

use super::*;

#[tokio::test]
async fn everybody_is_looked_after_and_never_many_at_once() {
    let mut house = House::new(1024);
    let mut guests = Vec::new();
    for _ in 0..TICKED_AT_ONCE + 10 {
        guests.push(house.guest(None).await);
    }
    // Each of them has been stuck for too long.
    let now = Instant::now();
    for guest in &guests {
        house.shard.connection(guest.key).unwrap().blocked_since = Some(now - STALLED);
    }
    let (mut from, mut left) = (Some(0), guests.len());
    while let Some(place) = from {
        from = house.shard.tick(place, now);
        let still = guests.iter().filter(|guest| house.end(guest) == End::Open).count();
        assert!(left - still <= TICKED_AT_ONCE, "{} at once", left - still);
        left = still;
    }
    assert_eq!(left, 0, "nobody was passed over");
}
