//! Pages of history for those who read them, and for those who do not.

use super::*;

impl House {
    /// The pages of history that are wanted now.
    fn wanted_pages(&mut self) -> Vec<AskId> {
        std::iter::from_fn(|| self.wants.try_recv().ok())
            .filter_map(|(_, want)| match want {
                Want::Read { ask, read: Read::History { .. }, .. } => Some(ask),
                _ => None,
            })
            .collect()
    }

    fn turns_the_page(&mut self, guest: &Guest, ask: AskId, answer: Result<usize, Refusal>) {
        let answer = answer.map(|letters| {
            let Event { seq, id, by, at, .. } = message(1, 0);
            let body = Some(Body::trusted(&"x".repeat(letters)));
            let message = StandingMessage { seq, id, by, at, body, reply_to: None, edited_at: None };
            ReadAnswer::History(HistoryPage { messages: vec![message], more: false })
        });
        self.tell(Told::Read { connection: guest.key, ask, answer });
        self.shard.flush(guest.key);
    }
}

#[tokio::test]
async fn whoever_does_not_read_gets_no_second_page() {
    let mut house = House::new(20_000);
    let mut guest = house.guest(Some(4096)).await;
    house.lets_in(&mut guest, "r", 0, 0).await;
    for page in 0..8 {
        house.hear(&mut guest, &json!({"type": "history", "ref": page, "room": "r"})).await;
    }
    let first = house.wanted_pages();
    assert_eq!(first.len(), 1, "one at a time");
    house.turns_the_page(&guest, first[0], Ok(100_000));
    assert_eq!(house.wanted_pages(), [], "the first one waits for its reader");
    let mut read = Vec::new();
    let mut second = Vec::new();
    while second.is_empty() {
        guest.reads(&mut read).await;
        house.shard.flush(guest.key);
        second = house.wanted_pages();
    }
    assert_eq!(second.len(), 1, "and once it is read, the next one");
}

#[tokio::test]
async fn when_no_page_can_be_had_nobody_waits_for_one_after_the_other() {
    let mut house = House::new(20_000);
    let mut guest = house.guest(None).await;
    house.lets_in(&mut guest, "r", 0, 0).await;
    for page in 0..5 {
        house.hear(&mut guest, &json!({"type": "history", "ref": page, "room": "r"})).await;
    }
    let asked = house.wanted_pages()[0];
    house.turns_the_page(&guest, asked, Err(Refusal::unavailable("no writer answered in time")));
    let mut read = Vec::new();
    guest.reads(&mut read).await;
    let refused = words(&mut read).iter().filter(|word| word["code"] == "unavailable").count();
    assert_eq!((refused, house.wanted_pages()), (5, vec![]));
}
