//! Pages of the log and of history, and the list of rooms: their bounds and what they tell beside.

use chat::{LogPage, PageFrom, RoomId, RoomKind, Seq};
use store::{PageBound, Store};

use crate::contract;
use crate::database::Database;
use crate::drafts::{WHOLE, delete, edit, room, rooms, say, seq};

contract!(
    a_page_of_the_log_ends_at_its_bounds,
    a_log_that_was_shortened_tells_where_it_begins,
    a_page_of_history_ends_at_its_bounds_and_says_whether_there_is_more,
    a_page_of_history_holds_messages_only_and_counts_what_they_say_now,
    rooms_are_listed_in_the_order_of_their_names,
);

const fn bound(count: usize, bytes: usize) -> PageBound {
    PageBound { count, bytes }
}

fn seqs(page: &LogPage) -> Vec<u64> {
    page.events.iter().map(|event| event.seq.get()).collect()
}

/// Five messages of 100 bytes of text and 16 of names and ids.
async fn five_messages(db: &Database) -> std::sync::Arc<dyn Store> {
    let store = db.open().await;
    rooms(&*store, &["r", "empty"]).await;
    let batch: Vec<_> =
        (1..=5).map(|n| say("r", "ana", &format!("id{n}"), &n.to_string().repeat(100))).collect();
    store.append(&batch).await.unwrap();
    store
}
const ENTRY: usize = 100 + 3 + 10 + 3;

async fn a_page_of_the_log_ends_at_its_bounds(db: Database) {
    let store = five_messages(&db).await;
    let page = async |after: u64, bound| store.events(&room("r"), seq(after), bound).await.unwrap().unwrap();
    assert_eq!(seqs(&page(0, WHOLE).await), [1, 2, 3, 4, 5]);
    assert_eq!(seqs(&page(3, WHOLE).await), [4, 5]);
    assert_eq!(seqs(&page(0, bound(2, 1 << 20)).await), [1, 2]);
    assert_eq!(seqs(&page(1, bound(10, 3 * ENTRY)).await), [2, 3, 4]);
    assert_eq!(seqs(&page(1, bound(10, 3 * ENTRY - 1)).await), [2, 3]);
    assert_eq!(seqs(&page(1, bound(10, 1)).await), [2], "at least one");
    assert_eq!(seqs(&page(1, bound(0, 0)).await), [2], "at least one");
    assert_eq!(seqs(&page(5, WHOLE).await), [0; 0]);
    assert_eq!(seqs(&page(99, WHOLE).await), [0; 0]);
    for (after, head) in [(0, 5), (4, 5), (99, 5)] {
        let page = page(after, bound(1, 1)).await;
        assert_eq!((page.first_seq, page.head), (seq(1), seq(head)));
    }
    let empty = store.events(&room("empty"), Seq::ZERO, WHOLE).await.unwrap().unwrap();
    assert_eq!((empty.first_seq, empty.head, empty.events.len()), (seq(1), Seq::ZERO, 0));
    assert_eq!(store.events(&room("nowhere"), Seq::ZERO, WHOLE).await.unwrap(), None);
    assert_eq!(seqs(&store.events(&room("r"), Seq::MAX, WHOLE).await.unwrap().unwrap()), [0; 0]);
}

async fn a_log_that_was_shortened_tells_where_it_begins(db: Database) {
    let store = five_messages(&db).await;
    db.sql("DELETE FROM events WHERE seq < 4; UPDATE rooms SET first_seq = 4 WHERE name = 'r'").await;
    let page = store.events(&room("r"), Seq::ZERO, WHOLE).await.unwrap().unwrap();
    assert_eq!((page.first_seq, page.head, seqs(&page)), (seq(4), seq(5), vec![4, 5]));
    assert_eq!(store.open(&room("r"), false).await.unwrap().unwrap().first_seq, seq(4));
    db.sql("DELETE FROM events; UPDATE rooms SET first_seq = 6 WHERE name = 'r'").await;
    let page = store.events(&room("r"), Seq::ZERO, WHOLE).await.unwrap().unwrap();
    assert_eq!((page.first_seq, page.head, page.events.len()), (seq(6), seq(5), 0));
    let next = store.append(&[say("r", "ana", "next", "still counting")]).await.unwrap();
    assert_eq!(next[0].as_ref().unwrap().stored.seq, seq(6));
}

async fn a_page_of_history_ends_at_its_bounds_and_says_whether_there_is_more(db: Database) {
    let store = five_messages(&db).await;
    let page = async |from, bound| {
        let page = store.history(&room("r"), from, bound).await.unwrap().unwrap();
        (page.messages.iter().map(|m| m.seq.get()).collect::<Vec<_>>(), page.more)
    };
    let (before, after) = (|n| PageFrom::Before(seq(n)), |n| PageFrom::After(seq(n)));
    assert_eq!(page(PageFrom::Before(Seq::MAX), WHOLE).await, (vec![1, 2, 3, 4, 5], false));
    assert_eq!(page(PageFrom::Before(Seq::MAX), bound(2, 1 << 20)).await, (vec![4, 5], true));
    assert_eq!(page(before(4), bound(2, 1 << 20)).await, (vec![2, 3], true));
    assert_eq!(page(before(3), bound(2, 1 << 20)).await, (vec![1, 2], false));
    assert_eq!(page(before(1), WHOLE).await, (vec![], false));
    assert_eq!(page(after(0), bound(5, 1 << 20)).await, (vec![1, 2, 3, 4, 5], false));
    assert_eq!(page(after(1), bound(2, 1 << 20)).await, (vec![2, 3], true));
    assert_eq!(page(after(5), WHOLE).await, (vec![], false));
    assert_eq!(page(PageFrom::Before(Seq::MAX), bound(9, 2 * ENTRY)).await, (vec![4, 5], true));
    assert_eq!(page(before(3), bound(9, 2 * ENTRY - 1)).await, (vec![2], true));
    assert_eq!(page(after(3), bound(9, 1)).await, (vec![4], true), "at least one");
    assert_eq!(page(after(4), bound(0, 0)).await, (vec![5], false), "at least one");
    let history = async |name| store.history(&room(name), before(1), WHOLE).await.unwrap();
    assert_eq!(history("empty").await.map(|page| (page.messages.len(), page.more)), Some((0, false)));
    assert_eq!(history("nowhere").await, None);
}

async fn a_page_of_history_holds_messages_only_and_counts_what_they_say_now(db: Database) {
    let store = five_messages(&db).await;
    let batch = [edit("r", "ana", "e2", 2, &"x".repeat(500)), delete("r", "ana", "d4", 4)];
    store.append(&batch).await.unwrap();
    let page = async |from, bound| {
        let page = store.history(&room("r"), from, bound).await.unwrap().unwrap();
        let length = |m: &chat::StandingMessage| m.body.as_ref().map(|body| body.as_str().len());
        (page.messages.iter().map(|m| (m.seq.get(), length(m))).collect::<Vec<_>>(), page.more)
    };
    let all = vec![(1, Some(100)), (2, Some(500)), (3, Some(100)), (4, None), (5, Some(100))];
    assert_eq!(page(PageFrom::After(Seq::ZERO), WHOLE).await, (all, false));
    let edited = ENTRY + 400;
    assert_eq!(page(PageFrom::After(seq(1)), bound(9, edited - 1)).await.0.len(), 1);
    assert_eq!(page(PageFrom::After(seq(1)), bound(9, edited + ENTRY)).await.0.len(), 2);
    let deleted = ENTRY - 100;
    let newest = vec![(4, None), (5, Some(100))];
    assert_eq!(page(PageFrom::Before(Seq::MAX), bound(9, ENTRY + deleted)).await, (newest, true));
}

async fn rooms_are_listed_in_the_order_of_their_names(db: Database) {
    let store = db.open().await;
    rooms(&*store, &["b", "Z", "a-1", "a", "_", "private", "direct"]).await;
    store.append(&[say("a", "ana", "1", "hi")]).await.unwrap();
    db.sql(
        "UPDATE rooms SET kind = 2 WHERE name = 'private'; UPDATE rooms SET kind = 3 WHERE name = 'direct';
            UPDATE rooms SET display_name = 'The room b' WHERE name = 'b'",
    )
    .await;
    let list = async |after: Option<RoomId>, count| {
        let rooms = store.rooms(after.as_ref(), count).await.unwrap();
        rooms.into_iter().map(|r| (r.room.to_string(), r.name.to_string(), r.kind, r.seq)).collect::<Vec<_>>()
    };
    let of = |room: &str, name: &str, position: u64| {
        (room.to_owned(), name.to_owned(), RoomKind::Public, seq(position))
    };
    let all =
        [of("Z", "Z", 0), of("_", "_", 0), of("a", "a", 1), of("a-1", "a-1", 0), of("b", "The room b", 0)];
    assert_eq!(list(None, 100).await, all);
    assert_eq!(list(None, 2).await, all[..2]);
    assert_eq!(list(Some(room("_")), 2).await, all[2..4]);
    assert_eq!(list(Some(room("b")), 2).await, []);
    let kind = async |name| store.open(&room(name), false).await.unwrap().unwrap().kind;
    assert_eq!((kind("private").await, kind("direct").await), (RoomKind::Private, RoomKind::Direct));
}
