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

pub(super) fn check(diaries: &[Diary], books: Option<&Books>, audit: &mut Audit) {
    // Which message a seq of a room names. What is stored has the first word.
    let mut named: HashMap<(String, u64), Message> = HashMap::new();
    for (room, messages) in books.into_iter().flat_map(Books::rooms) {
        named.extend(messages.iter().map(|m| ((room.to_owned(), m.seq), m.clone())));
    }
    for diary in diaries {
        let mut reader = Reader { whose: diary.user(), rooms: HashMap::new(), joins: HashMap::new() };
        for entry in diary.read() {
            if let Entry::Shown { room, message } = &entry {
                audit.shown += 1;
                check_name(room, message, &mut named, &mut audit.findings);
            }
            reader.read(entry, &mut audit.findings);
        }
        if let Some(books) = books {
            reader.check_end(books, &mut audit.findings);
        }
    }
}

fn check_name(
    room: &str,
    message: &Message,
    named: &mut HashMap<(String, u64), Message>,
    findings: &mut Vec<Finding>,
) {
    let known = named.entry((room.to_owned(), message.seq)).or_insert_with(|| message.clone());
    if known != message {
        let what = format!("{} of {room} is {known:?} and {message:?}", message.seq);
        find(findings, Kind::Divided, what);
    }
}

/// Goes through one diary.
struct Reader<'a> {
    whose: &'a str,
    /// The rooms that it is in.
    rooms: HashMap<String, Cursor>,
    /// The positions from which it has last asked to join.
    joins: HashMap<String, Option<u64>>,
}

impl Reader<'_> {
    fn read(&mut self, entry: Entry, findings: &mut Vec<Finding>) {
        match entry {
            Entry::Joins { room, after } => drop(self.joins.insert(room, after)),
            Entry::Joined { room, seq, truncated, .. } => {
                let asked = self.joins.get(&room).copied().flatten();
                let start = if truncated { Cursor::Anywhere } else { Cursor::At(asked.unwrap_or(seq)) };
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
            let head = books.head(room);
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
