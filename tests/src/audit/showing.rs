//! What each client was shown: every later event once, in order, up to the end.

use std::collections::HashMap;

use super::finding::{Finding, Kind, find};
use super::{Audit, Books};
use crate::diary::{Diary, Entry};
use crate::message::Message;

/// How far a subscription has come.
#[derive(Clone, Copy)]
enum Cursor {
    /// Everything up to this seq.
    At(u64),
    /// The client was told that some is left out: what comes first is the beginning.
    Anywhere,
}

/// Which message a seq of a room names, in one epoch: (room, epoch, seq).
type Names = HashMap<(String, String, u64), Message>;

pub(super) fn check(diaries: &[Diary], books: Option<&Books>, audit: &mut Audit) {
    // What is stored has the first word.
    let mut named = Names::new();
    for (room, book) in books.into_iter().flat_map(Books::rooms) {
        let name = |message: &Message| (room.to_owned(), book.epoch.clone(), message.seq);
        named.extend(book.messages.iter().map(|message| (name(message), message.clone())));
    }
    for diary in diaries {
        let mut reader = Reader {
            whose: diary.user(),
            rooms: HashMap::new(),
            epochs: HashMap::new(),
            joins: HashMap::new(),
        };
        for entry in diary.read() {
            if let Entry::Shown { room, message } = &entry {
                audit.shown += 1;
                let epoch = reader.epochs.get(room).cloned().unwrap_or_default();
                check_name((room.clone(), epoch, message.seq), message, &mut named, &mut audit.findings);
            }
            reader.read(entry, &mut audit.findings);
        }
        if let Some(books) = books {
            reader.check_end(books, &mut audit.findings);
        }
    }
}

fn check_name(
    name: (String, String, u64),
    message: &Message,
    named: &mut Names,
    findings: &mut Vec<Finding>,
) {
    let (room, _, seq) = &name;
    let place = format!("{seq} of {room}");
    let known = named.entry(name).or_insert_with(|| message.clone());
    if known != message {
        find(findings, Kind::Divided, format!("{place} is {known:?} and {message:?}"));
    }
}

/// Goes through one diary.
struct Reader<'a> {
    whose: &'a str,
    /// The rooms that it is in.
    rooms: HashMap<String, Cursor>,
    /// The history that each room was last known to have.
    epochs: HashMap<String, String>,
    /// The positions from which it has last asked to join.
    joins: HashMap<String, Option<u64>>,
}

impl Reader<'_> {
    fn read(&mut self, entry: Entry, findings: &mut Vec<Finding>) {
        match entry {
            Entry::Joins { room, after } => drop(self.joins.insert(room, after)),
            Entry::Joined { room, seq, epoch, truncated } => {
                let asked = self.joins.get(&room).copied().flatten();
                let start = if truncated { Cursor::Anywhere } else { Cursor::At(asked.unwrap_or(seq)) };
                let before = self.epochs.insert(room.clone(), epoch);
                let is_reborn = before.is_some_and(|before| Some(&before) != self.epochs.get(&room));
                if is_reborn && !truncated && asked.is_some() {
                    let what = format!("{} was not told that {room} has begun anew", self.whose);
                    find(findings, Kind::Hole, what);
                }
                self.rooms.insert(room, start);
            }
            Entry::Left { room } => drop(self.rooms.remove(&room)),
            Entry::Ended => self.rooms.clear(),
            Entry::Shown { room, message } => self.shown(room, message.seq, findings),
            Entry::Asked { .. } | Entry::Sent { .. } | Entry::Refused { .. } => {}
        }
    }

    fn shown(&mut self, room: String, seq: u64, findings: &mut Vec<Finding>) {
        let whose = self.whose;
        let next = match self.rooms.get(&room) {
            None => {
                find(
                    findings,
                    Kind::Doubled,
                    format!("{whose} was shown {seq} of {room} without being there"),
                );
                return;
            }
            Some(Cursor::Anywhere) => seq,
            Some(Cursor::At(last)) => last + 1,
        };
        if seq == next {
            self.rooms.insert(room, Cursor::At(seq));
        } else if seq > next {
            find(findings, Kind::Hole, format!("{whose} was shown {seq} of {room} where {next} comes next"));
            self.rooms.insert(room, Cursor::At(seq));
        } else if seq + 1 == next {
            find(findings, Kind::Doubled, format!("{whose} was shown {seq} of {room} twice"));
        } else {
            find(findings, Kind::OutOfOrder, format!("{whose} was shown {seq} of {room} after {}", next - 1));
        }
    }

    /// Who is still there at the end has seen everything.
    fn check_end(&self, books: &Books, findings: &mut Vec<Finding>) {
        for (room, cursor) in &self.rooms {
            let (head, epoch) = (books.head(room), books.epoch(room));
            if self.epochs.get(room).map(String::as_str) != epoch {
                let what = format!("{} is in {room} as it was in {:?}", self.whose, self.epochs.get(room));
                find(findings, Kind::Missed, what);
            }
            match cursor {
                Cursor::At(last) if *last < head => {
                    let what = format!("{} is at {last} of {room}, which ends at {head}", self.whose);
                    find(findings, Kind::Missed, what);
                }
                Cursor::At(_) | Cursor::Anywhere => {}
            }
        }
    }
}
