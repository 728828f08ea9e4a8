//! What the desk keeps of rooms that nobody needs.

use bus::LocalBus;
use chat::SystemClock;
use tokio::task::LocalSet;

use super::rooms::LINGERING_MAX;
use super::*;
use crate::porter::ChannelRules;
use crate::session::AskId;
use crate::settings::{Presence, Pusher};
use crate::switchboard::ConnectionKey;

/// Somebody asks who is in so many rooms, and nobody joins one.
fn asked_about(rooms: usize, now: Instant) -> Desk {
    let (told, _shard) = mpsc::channel(1);
    let (_errands_in, errands) = mpsc::channel(1);
    let parts = Parts {
        me: 1,
        others: watch::channel(None).0,
        bus: Arc::new(LocalBus::new(1)),
        clock: Arc::new(SystemClock),
        settings: Presence::default(),
        channels: ChannelRules::from(&Pusher::default()),
        errands,
        told: vec![told],
    };
    let mut desk = Desk::new(&parts, Rules { list_max: 200, grace: Duration::from_secs(5) });
    for number in 0..rooms {
        let connection = ConnectionKey { place: 0, generation: 0 };
        let room = RoomId::parse(&number.to_string()).unwrap();
        desk.serve(0, Errand::Who { connection, ask: AskId(0), room }, now);
    }
    desk
}

#[tokio::test]
async fn only_so_many_rooms_that_were_asked_about_linger_and_none_for_ever() {
    let here = LocalSet::new();
    here.run_until(async {
        let now = Instant::now();
        let mut desk = asked_about(LINGERING_MAX + 10, now);
        assert_eq!(desk.outgoing[0].len(), LINGERING_MAX + 10, "each is answered");
        assert_eq!((desk.rooms.len(), desk.lingering), (LINGERING_MAX, LINGERING_MAX));
        let later = now + Duration::from_mins(1);
        while let Some(place) = desk.due.take(later) {
            desk.look(&place, later);
        }
        assert_eq!((desk.rooms.len(), desk.lingering), (0, 0));
    })
    .await;
}
