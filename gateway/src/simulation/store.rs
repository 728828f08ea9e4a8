//! The store that every writer of the model shares: rooms with their logs, the ids that are in them, and all the
//! histories that were ever true.

use std::collections::BTreeMap;

use chat::{
    Change, Draft, Epoch, Event, HistoryPage, LogPage, Refusal, RequestId, RoomHead, RoomId, RoomKind,
    RoomState, Seq, Stored, Timestamp, UserId, Verdict,
};

use super::chance::Chance;

/// A message with this body is refused for ever.
pub(super) const REFUSED: &str = "refused";
/// How many times a room that has changed is announced, as a scan of the store does that looks back a little.
const ANNOUNCED: u8 = 3;

pub(super) struct Store {
    epoch: u32,
    page: usize,
    rooms: BTreeMap<RoomId, Room>,
}

#[derive(Default)]
struct Room {
    /// How many of the first events are forgotten.
    forgotten: u64,
    log: Vec<Event>,
    seqs: BTreeMap<(UserId, RequestId), u64>,
    announce: u8,
    /// The logs of the epochs before, as they were when these ended.
    past: BTreeMap<u32, Vec<Event>>,
}

impl Store {
    pub(super) fn new(page: usize) -> Self {
        Self { epoch: 0, page, rooms: BTreeMap::new() }
    }

    pub(super) fn open(&mut self, id: &RoomId, create: bool) -> Result<RoomState, Refusal> {
        if create {
            self.rooms.entry(id.clone()).or_default();
        }
        let room = self.rooms.get(id).ok_or_else(no_room)?;
        let (first_seq, seq) = (room.first(), room.head());
        Ok(RoomState { kind: RoomKind::Public, epoch: epoch(self.epoch), first_seq, seq })
    }

    /// Appends drafts of one room: their verdicts, and the events that are new.
    pub(super) fn append(&mut self, drafts: Vec<Draft>) -> (Vec<Verdict>, Vec<Event>) {
        let mut new = Vec::new();
        let verdicts = drafts.into_iter().map(|draft| {
            let room = self.rooms.get_mut(&draft.room).ok_or_else(no_room)?;
            let before = room.log.len();
            let stored = room.append(draft)?;
            new.extend(room.log[before..].iter().cloned());
            Ok(stored)
        });
        (verdicts.collect(), new)
    }

    pub(super) fn events(&self, id: &RoomId, after: Seq) -> Result<LogPage, Refusal> {
        let room = self.rooms.get(id).ok_or_else(no_room)?;
        let from = after.get().max(room.forgotten);
        let events = room.log.iter().skip(usize(from)).take(self.page).cloned().collect();
        Ok(LogPage { epoch: epoch(self.epoch), first_seq: room.first(), head: room.head(), events })
    }

    pub(super) fn history(&self, id: &RoomId) -> Result<HistoryPage, Refusal> {
        self.rooms.get(id).ok_or_else(no_room).map(|_| HistoryPage { messages: Vec::new(), more: false })
    }

    pub(super) fn heads(&self, ids: &[RoomId]) -> Vec<RoomHead> {
        ids.iter().filter_map(|id| Some(self.head_of(id, self.rooms.get(id)?))).collect()
    }

    /// The heads to be announced now.
    pub(super) fn announce(&mut self) -> Vec<RoomHead> {
        let mut heads = Vec::new();
        for (id, room) in self.rooms.iter_mut().filter(|(_, room)| room.announce > 0) {
            room.announce -= 1;
            heads.push(RoomHead { room: id.clone(), epoch: epoch(self.epoch), seq: room.head() });
        }
        heads
    }

    /// It is another history from here on: each room is as it was some time ago.
    pub(super) fn restore(&mut self, chance: &mut Chance) {
        for room in self.rooms.values_mut() {
            room.past.insert(self.epoch, room.log.clone());
            let kept = chance.between(room.forgotten, room.log.len() as u64);
            room.log.truncate(usize(kept));
            room.seqs.retain(|_, seq| *seq <= kept);
            room.announce = ANNOUNCED;
        }
        self.epoch += 1;
    }

    /// Forgets the oldest events of each room.
    pub(super) fn trim(&mut self, chance: &mut Chance) {
        for room in self.rooms.values_mut() {
            room.forgotten = chance.between(room.forgotten, room.log.len() as u64);
        }
    }

    pub(super) fn epoch(&self) -> u32 {
        self.epoch
    }

    pub(super) fn head(&self, id: &RoomId) -> u64 {
        self.rooms.get(id).map_or(0, |room| room.log.len() as u64)
    }

    /// What stands at a position of one of the histories.
    pub(super) fn at(&self, id: &RoomId, epoch: u32, seq: u64) -> Option<&Event> {
        let room = self.rooms.get(id)?;
        let log = if epoch == self.epoch { &room.log } else { room.past.get(&epoch)? };
        log.get(usize(seq.checked_sub(1)?))
    }

    /// The histories in which a request has this position.
    pub(super) fn epochs_with<'a>(
        &'a self,
        room: &'a RoomId,
        user: &'a UserId,
        id: &'a RequestId,
        seq: u64,
    ) -> impl Iterator<Item = u32> + 'a {
        (0..=self.epoch).filter(move |epoch| {
            self.at(room, *epoch, seq).is_some_and(|event| event.id == *id && event.by.id == *user)
        })
    }

    /// Whether a request stands in any of the histories.
    pub(super) fn knows(&self, room: &RoomId, user: &UserId, id: &RequestId) -> bool {
        let Some(room) = self.rooms.get(room) else { return false };
        let logs = room.past.values().chain([&room.log]);
        logs.flatten().any(|event| event.id == *id && event.by.id == *user)
    }

    fn head_of(&self, id: &RoomId, room: &Room) -> RoomHead {
        RoomHead { room: id.clone(), epoch: epoch(self.epoch), seq: room.head() }
    }
}

impl Room {
    fn append(&mut self, draft: Draft) -> Verdict {
        let key = (draft.by.id.clone(), draft.id.clone());
        let at = Timestamp::from_micros(0);
        if let Some(first) = self.seqs.get(&key) {
            return Ok(Stored { seq: seq(*first), at, target: None, repeat: true });
        }
        if matches!(&draft.change, Change::Message { body, .. } if body.as_str() == REFUSED) {
            return Err(Refusal::malformed("such things are not said here"));
        }
        let next = self.head().next();
        self.seqs.insert(key, next.get());
        let Draft { room, by, id, change, except } = draft;
        self.log.push(Event { room, seq: next, id, by, at, kind: change.into_kind(), except });
        self.announce = ANNOUNCED;
        Ok(Stored { seq: next, at, target: None, repeat: false })
    }

    fn head(&self) -> Seq {
        seq(self.log.len() as u64)
    }

    fn first(&self) -> Seq {
        seq(self.forgotten).next()
    }
}

fn no_room() -> Refusal {
    Refusal::new(chat::Code::NotAllowed, "no such room")
}

fn seq(n: u64) -> Seq {
    Seq::new(n).expect("small")
}

fn usize(n: u64) -> usize {
    usize::try_from(n).expect("small")
}

fn epoch(number: u32) -> Epoch {
    Epoch::parse(&format!("e.{number}")).expect("an epoch")
}

/// The number of an epoch, as this store names them.
pub(super) fn number(epoch: &str) -> u32 {
    epoch.strip_prefix("e.").and_then(|number| number.parse().ok()).expect("an epoch of this store")
}
