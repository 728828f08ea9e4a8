//! What the operator asks of the bus and of the writers, and what becomes of the answers.

use std::rc::Rc;

use bus::{Ask, PageLimit, Partition};
use chat::{LogPage, Refusal, RoomHead, RoomId, RoomState, Seq, Verdict};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Operator;
use crate::session::{AskId, Read, ReadAnswer};
use crate::switchboard::answers::{heads, log_page, question, read_answer, room_state};
use crate::switchboard::interest::{Ears, listen};
use crate::switchboard::road::{Drafts, Road};
use crate::switchboard::rooms::{PAGE_EVENTS, Room};
use crate::switchboard::{ConnectionKey, Told};

/// How many requests of clients may be under way.
const UNDER_WAY_MAX: usize = 20_000;
// Beside them are the reads of rooms that are opened or repaired.
const _: () = assert!(UNDER_WAY_MAX < bus::UNREAD_MAX, "all of them may be answered at once");

/// A request that has come to its end.
pub(super) enum Done {
    Opened {
        room: RoomId,
        ears: Option<Ears>,
        result: Result<RoomState, Refusal>,
    },
    Page {
        room: RoomId,
        number: u64,
        after: Seq,
        result: Result<LogPage, Refusal>,
    },
    Heads(Result<Vec<RoomHead>, Refusal>),
    Verdicts {
        shard: usize,
        connection: ConnectionKey,
        room: RoomId,
        verdicts: Vec<Verdict>,
    },
    Read {
        shard: usize,
        connection: ConnectionKey,
        ask: AskId,
        answer: Result<ReadAnswer, Refusal>,
    },
    /// Whoever waited for it has its answer.
    Errand,
}

impl Operator {
    pub(super) fn finish(&mut self, done: Done, now: Instant) {
        match done {
            Done::Opened { room, ears, result } => {
                if let Some(ears) = ears {
                    self.interest.keep(&room, ears);
                }
                self.with_room(&room, |room, fx| room.opened(result, now, fx));
            }
            Done::Page { room, number, after, result } => {
                self.metrics.log_reads.inc();
                self.with_room(&room, |room, fx| room.read(number, after, result, now, fx));
            }
            Done::Heads(result) => {
                self.recheck.finish(result.is_ok(), now);
                self.take_heads(result.unwrap_or_default(), now);
            }
            Done::Verdicts { shard, connection, room, verdicts } => {
                self.under_way -= 1;
                self.outgoing[shard].push(Told::Verdicts { connection, room, verdicts });
            }
            Done::Read { shard, connection, ask, answer } => {
                self.under_way -= 1;
                self.outgoing[shard].push(Told::Read { connection, ask, answer });
            }
            Done::Errand => self.under_way -= 1,
        }
    }

    /// Works on what is asked by request and answer. Whoever does not wait any longer is not told.
    pub(super) fn errand<T: 'static>(
        &mut self,
        reply: oneshot::Sender<Result<T, Refusal>>,
        work: impl AsyncFnOnce(Rc<Road>) -> Result<T, Refusal> + 'static,
    ) {
        if self.under_way >= UNDER_WAY_MAX {
            let _gone = reply.send(Err(Refusal::unavailable("this gateway is busy")));
            return;
        }
        self.under_way += 1;
        let road = Rc::clone(&self.road);
        self.requests.begin(async move {
            let _gone = reply.send(work(road).await);
            Done::Errand
        });
    }

    /// Listens to a room, then asks where it stands: in this order, so that nothing falls in between.
    pub(super) fn open(&mut self, room: RoomId) {
        let create = self.rooms.get(&room).is_some_and(Room::creates);
        let heads = self.interest.begin(&room);
        let (road, notes) = (Rc::clone(&self.road), self.notes_in.clone());
        self.requests.begin(async move {
            let (ears, result) = match listen(&**road.bus(), &room, heads, notes).await {
                Ok(ears) => {
                    let ask = Ask::Open { room: room.clone(), create };
                    (
                        Some(ears),
                        road.read(Partition::of(&room), &ask, Instant::now()).await.and_then(room_state),
                    )
                }
                Err(_) => (None, Err(Refusal::unavailable("this gateway is cut off"))),
            };
            Done::Opened { room, ears, result }
        });
    }

    pub(super) fn read_log(&mut self, room: RoomId, after: Seq, number: u64) {
        let road = Rc::clone(&self.road);
        self.requests.begin(async move {
            let ask = Ask::Events { room: room.clone(), after, limit: PageLimit(PAGE_EVENTS) };
            let result = road.read(Partition::of(&room), &ask, Instant::now()).await.and_then(log_page);
            Done::Page { room, number, after, result }
        });
    }

    pub(super) fn ask_heads(&mut self, rooms: Vec<RoomId>) {
        let Some(partition) = rooms.first().map(Partition::of) else { return };
        let road = Rc::clone(&self.road);
        self.requests.begin(async move {
            let result = road.read(partition, &Ask::Heads(rooms), Instant::now()).await.and_then(heads);
            Done::Heads(result)
        });
    }

    pub(super) fn submit(&mut self, shard: usize, connection: ConnectionKey, said: Drafts) {
        let room = said.room.clone();
        if self.under_way >= UNDER_WAY_MAX {
            let verdicts = vec![Err(Refusal::unavailable("this gateway is busy")); said.drafts.len()];
            self.outgoing[shard].push(Told::Verdicts { connection, room, verdicts });
            return;
        }
        self.under_way += 1;
        let road = Rc::clone(&self.road);
        self.requests.begin(async move {
            let verdicts = road.submit(said).await;
            Done::Verdicts { shard, connection, room, verdicts }
        });
    }

    pub(super) fn read(&mut self, shard: usize, connection: ConnectionKey, ask: AskId, read: Read) {
        if self.under_way >= UNDER_WAY_MAX {
            let answer = Err(Refusal::unavailable("this gateway is busy"));
            self.outgoing[shard].push(Told::Read { connection, ask, answer });
            return;
        }
        self.under_way += 1;
        let road = Rc::clone(&self.road);
        let accepted = read.accepted();
        let (partition, question) = question(read);
        self.requests.begin(async move {
            let answer = road.read(partition, &question, accepted).await.and_then(read_answer);
            Done::Read { shard, connection, ask, answer }
        });
    }
}
