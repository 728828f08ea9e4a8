//! Histories in which one thing is wrong, and the same history with nothing wrong.

use std::time::{Duration, Instant};

use super::*;
use crate::diary::{Diary, Entry};
use crate::message::Message;

fn message(seq: u64, user: &str, id: &str) -> Message {
    Message { seq, id: id.to_owned(), user: user.to_owned(), body: format!("{user} says {id}").into() }
}

fn shown(message: Message) -> Entry {
    Entry::Shown { room: "r".to_owned(), message }
}

fn joined(after: Option<u64>, seq: u64, truncated: bool) -> [Entry; 2] {
    let room = || "r".to_owned();
    let epoch = "e.1".to_owned();
    [Entry::Joins { room: room(), after }, Entry::Joined { room: room(), seq, epoch, truncated }]
}

fn asked(user: &str, id: &str) -> Entry {
    Entry::Asked { room: "r".to_owned(), id: id.to_owned(), body: message(0, user, id).body }
}

fn sent(id: &str, seq: u64) -> Entry {
    Entry::Sent { room: "r".to_owned(), id: id.to_owned(), seq }
}

fn refused(id: &str, code: &str) -> Entry {
    Entry::Refused { room: "r".to_owned(), id: id.to_owned(), code: code.to_owned() }
}

fn diary(user: &str, entries: impl IntoIterator<Item = Entry>) -> Diary {
    let diary = Diary::new(user);
    entries.into_iter().for_each(|entry| diary.write(entry));
    diary
}

fn books(messages: Vec<Message>) -> Books {
    let mut books = Books::default();
    books.add("r", "e.1", messages);
    books
}

/// Ana says a and b, Ben is there and says c.
fn ana() -> Vec<Entry> {
    let mut entries = joined(None, 0, false).to_vec();
    entries.extend([asked("ana", "a"), asked("ana", "b"), sent("a", 1), shown(message(1, "ana", "a"))]);
    entries.extend([shown(message(2, "ana", "b")), sent("b", 2), shown(message(3, "ben", "c"))]);
    entries
}

fn ben() -> Vec<Entry> {
    let mut entries = joined(None, 0, false).to_vec();
    entries.extend([shown(message(1, "ana", "a")), shown(message(2, "ana", "b"))]);
    entries.extend([asked("ben", "c"), sent("c", 3), shown(message(3, "ben", "c"))]);
    entries
}

fn stored() -> Vec<Message> {
    vec![message(1, "ana", "a"), message(2, "ana", "b"), message(3, "ben", "c")]
}

fn audit(ana: Vec<Entry>, ben: Vec<Entry>, stored: Vec<Message>) -> Audit {
    Audit::of(&[diary("ana", ana), diary("ben", ben)], Some(&books(stored)))
}

fn without(mut entries: Vec<Entry>, at: usize) -> Vec<Entry> {
    entries.remove(at);
    entries
}

fn with(mut entries: Vec<Entry>, at: usize, entry: Entry) -> Vec<Entry> {
    entries.insert(at, entry);
    entries
}

fn kinds(audit: &Audit) -> Vec<Kind> {
    Kind::ALL.into_iter().filter(|kind| audit.count(*kind) > 0).collect()
}

#[test]
fn a_history_in_which_nothing_is_wrong_is_clean() {
    let audit = audit(ana(), ben(), stored()).clean();
    assert_eq!((audit.asked, audit.acknowledged, audit.shown), (3, 3, 6));
}

#[test]
fn coming_back_with_a_position_and_repeating_an_unknown_request_is_clean() {
    let mut ana = without(ana(), 5);
    ana.truncate(5);
    ana.extend([refused("b", "unavailable"), Entry::Ended]);
    ana.extend(joined(Some(1), 3, false));
    ana.extend([
        asked("ana", "b"),
        shown(message(2, "ana", "b")),
        sent("b", 2),
        shown(message(3, "ben", "c")),
    ]);
    assert_eq!(audit(ana, ben(), stored()).clean().acknowledged, 3);
}

#[test]
fn after_truncation_the_first_one_shown_is_the_beginning() {
    let mut late = joined(Some(900), 3, true).to_vec();
    late.extend([shown(message(2, "ana", "b")), shown(message(3, "ben", "c"))]);
    let diaries = [diary("ana", ana()), diary("ben", ben()), diary("cid", late)];
    let _clean = Audit::of(&diaries, Some(&books(stored()))).clean();
}

#[test]
fn each_thing_that_can_be_wrong_is_found_and_nothing_else() {
    let lost_at_the_end = stored()[..2].to_vec();
    let doubled = [stored(), vec![message(4, "ben", "c")]].concat();
    let swapped = vec![message(1, "ana", "b"), message(2, "ana", "a"), message(3, "ben", "c")];
    let renumbered = with(ana(), 9, sent("b", 3));
    let mut overtaken = ana();
    overtaken.swap(2, 3);
    for (name, audit, expected) in [
        ("not shown at the end", audit(without(ana(), 8), ben(), stored()), vec![Kind::Missed]),
        ("not shown in between", audit(without(ana(), 6), ben(), stored()), vec![Kind::Hole]),
        (
            "shown twice",
            audit(with(ana(), 7, shown(message(2, "ana", "b"))), ben(), stored()),
            vec![Kind::Doubled],
        ),
        (
            "shown late",
            audit(with(ana(), 7, shown(message(1, "ana", "a"))), ben(), stored()),
            vec![Kind::OutOfOrder],
        ),
        (
            "shown by itself",
            audit(ana(), with(ben(), 0, shown(message(1, "ana", "a"))), stored()),
            vec![Kind::Doubled],
        ),
        ("acknowledged, not stored", audit(ana(), ben(), lost_at_the_end), vec![Kind::Lost]),
        ("stored twice", audit(ana(), ben(), doubled), vec![Kind::Doubled, Kind::Missed]),
        ("stored in another order", audit(ana(), ben(), swapped), vec![Kind::Lost, Kind::Divided]),
        ("acknowledged differently", audit(renumbered, ben(), stored()), vec![Kind::Renumbered]),
        ("sent in another order", audit(overtaken, ben(), stored()), vec![Kind::Overtaken]),
        ("refused and stored", audit(ana(), refuse(ben(), "malformed"), stored()), vec![Kind::Ghost]),
        ("a hole in the store", audit(ana(), ben(), without_seq(2)), vec![Kind::Lost, Kind::Hole]),
    ] {
        assert_eq!(kinds(&audit), sorted(&expected), "{name}: {:?}", audit.findings);
    }
}

#[test]
fn unavailable_leaves_open_whether_it_is_stored() {
    let audit = audit(ana(), refuse(ben(), "unavailable"), stored()).clean();
    assert_eq!((audit.acknowledged, audit.unknown), (2, 1));
}

#[test]
fn two_clients_of_one_user_may_make_the_same_request() {
    let other = joined(Some(3), 3, false).into_iter().chain([
        asked("ana", "d"),
        sent("d", 4),
        shown(message(4, "ana", "d")),
        asked("ana", "b"),
        sent("b", 2),
    ]);
    let stored = [stored(), vec![message(4, "ana", "d")]].concat();
    let ana = with(ana(), 9, shown(message(4, "ana", "d")));
    let diaries = [diary("ana", ana), diary("ana", other)];
    let _clean = Audit::of(&diaries, Some(&books(stored))).clean();
}

/// A client of a room that begins anew after seq 1, and is told so or not.
fn reborn(epoch: &str, after: Option<u64>, truncated: bool) -> Vec<Entry> {
    let [joins, _] = joined(Some(0), 0, false);
    let begun = |epoch: &str, seq, truncated| Entry::Joined {
        room: "r".to_owned(),
        seq,
        epoch: epoch.to_owned(),
        truncated,
    };
    let mut entries = vec![joins, begun("e.0", 0, false), shown(message(1, "old", "x")), sent("x", 1)];
    entries.push(Entry::Joins { room: "r".to_owned(), after });
    entries.push(begun(epoch, 3, truncated));
    entries.extend(stored().into_iter().map(shown));
    entries
}

#[test]
fn a_room_that_begins_anew_is_clean_for_those_who_are_told() {
    let audit = |dan| Audit::of(&[diary("ana", ana()), diary("dan", dan)], Some(&books(stored())));
    let _clean = audit(reborn("e.1", Some(1), true)).clean();
    let silent = audit(reborn("e.1", Some(0), false));
    assert_eq!(kinds(&silent), [Kind::Hole], "{:?}", silent.findings);
    let left_behind = audit(reborn("e.0", None, true)[..4].to_vec());
    assert_eq!(kinds(&left_behind), [Kind::Missed], "{:?}", left_behind.findings);
}

const SECOND: Duration = Duration::from_secs(1);

/// Ana says two things, one second after the other; each second of `ben` is when he is shown them.
fn timed(ana: &[(u32, Entry)], ben: [u32; 2], fault: Option<(u32, u32)>) -> Vec<Kind> {
    let start = Instant::now();
    let write = |user: &str, entries: Vec<(u32, Entry)>| {
        let diary = Diary::new(user);
        let joined = joined(None, 0, false).map(|entry| (0, entry));
        for (second, entry) in joined.into_iter().chain(entries) {
            diary.write_at(start + SECOND * second, entry);
        }
        diary
    };
    let shown = [(ben[0], shown(message(1, "ana", "a"))), (ben[1], shown(message(2, "ana", "b")))];
    let diaries = [write("ana", ana.to_vec()), write("ben", shown.to_vec())];
    let fault =
        fault.map(|(from, until)| Fault { from: start + SECOND * from, until: start + SECOND * until });
    let bounds = Bounds { answer: SECOND * 5, shown: SECOND * 10 };
    Times::of(&diaries, fault).findings(&bounds).into_iter().map(|finding| finding.kind).collect()
}

fn says(answers: [(u32, Entry); 2]) -> [(u32, Entry); 4] {
    let [a, b] = answers;
    [(1, asked("ana", "a")), (2, asked("ana", "b")), a, b]
}

#[test]
fn answers_in_time_and_messages_shown_in_time_are_clean() {
    assert_eq!(timed(&says([(6, sent("a", 1)), (7, sent("b", 2))]), [16, 17], None), []);
}

#[test]
fn an_answer_that_is_late_or_never_comes_is_found() {
    assert_eq!(timed(&says([(7, sent("a", 1)), (7, sent("b", 2))]), [8, 8], None), [Kind::Late]);
    assert_eq!(
        timed(&says([(7, refused("a", "unavailable")), (7, sent("b", 2))]), [8, 8], None),
        [Kind::Late]
    );
    assert_eq!(timed(&says([(3, sent("a", 1)), (8, Entry::Ended)]), [3, 8], None), [Kind::Late]);
    let fault = Some((0, 60));
    assert_eq!(timed(&says([(7, sent("a", 1)), (7, sent("b", 2))]), [8, 8], fault), [Kind::Late]);
}

#[test]
fn a_message_that_is_shown_late_is_found_unless_a_fault_lasted_so_long() {
    let answers = || says([(2, sent("a", 1)), (3, sent("b", 2))]);
    assert_eq!(timed(&answers(), [2, 14], None), [Kind::Stale]);
    assert_eq!(timed(&answers(), [2, 14], Some((3, 5))), [], "nine seconds after it healed");
    assert_eq!(timed(&answers(), [2, 16], Some((3, 5))), [Kind::Stale], "eleven seconds after it healed");
    assert_eq!(timed(&answers(), [2, 14], Some((15, 20))), [Kind::Stale], "before it began");
}

#[test]
fn the_time_until_a_client_is_back_counts_from_the_fault() {
    let start = Instant::now();
    let diary = Diary::new("ben");
    let [_, joined] = joined(None, 0, false);
    for (second, entry) in
        [(0, joined.clone()), (4, Entry::Ended), (7, joined.clone()), (8, Entry::Ended), (30, joined)]
    {
        diary.write_at(start + SECOND * second, entry);
    }
    let fault = Fault { from: start + SECOND * 3, until: start + SECOND * 9 };
    assert_eq!(Times::of(&[diary], Some(fault)).elsewhere.took, SECOND * 4);
}

fn refuse(entries: Vec<Entry>, code: &str) -> Vec<Entry> {
    let answer = entries.iter().position(|entry| matches!(entry, Entry::Sent { .. })).unwrap();
    with(without(entries, answer), answer, refused("c", code))
}

fn without_seq(seq: u64) -> Vec<Message> {
    stored().into_iter().filter(|message| message.seq != seq).collect()
}

fn sorted(kinds: &[Kind]) -> Vec<Kind> {
    Kind::ALL.into_iter().filter(|kind| kinds.contains(kind)).collect()
}
