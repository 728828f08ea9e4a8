//! What sessions want done, carried out as `shard::actions` does it.

use std::collections::VecDeque;

use chat::Refusal;
use tokio::time::Instant;
use websocket::{Message, Reader, Role};

use super::shard::{Mail, Shard};
use crate::connection::Subscription;
use crate::room::Phase;
use crate::session::{Action, Answered, Env, Session};
use crate::shard::Company;
use crate::switchboard::{ConnectionKey, Want};

impl Shard {
    /// Lets a session do something, and carries out what it wants done.
    pub(super) fn with_session(
        &mut self,
        key: ConnectionKey,
        act: impl FnOnce(&mut Session, &Env, &mut Vec<Action>),
    ) {
        let mut out = Vec::new();
        let connection = self.connections.get_mut(&key.place);
        let Some(connection) = connection.filter(|connection| connection.generation == key.generation) else {
            return;
        };
        act(&mut connection.session, &self.env, &mut out);
        let mut actions = VecDeque::from(out);
        while let Some(action) = actions.pop_front() {
            if let Some(answered) = self.carry_out(key, action) {
                let mut more = Vec::new();
                if let Some(connection) = self.connections.get_mut(&key.place) {
                    connection.session.on_answer(&self.env, Instant::now(), answered, &mut more);
                }
                actions.extend(more);
            }
        }
    }

    /// Carries one action out. What could not be handed to the switchboard is answered at once.
    fn carry_out(&mut self, key: ConnectionKey, action: Action) -> Option<Answered> {
        let resident = key.place as usize;
        match action {
            Action::Write(bytes) => self.mail.extend(words(&bytes).map(|said| (resident, Mail::Words(said)))),
            Action::Join(join) => {
                let (id, room, alias) = (join.sub, join.room.clone(), join.alias.clone());
                if self.line.ask(Want::Join { connection: key, join }).is_err() {
                    return Some(Answered::Joined(id, Err(busy())));
                }
                let subscription =
                    Subscription { id, room, alias, phase: Phase::Joining, company: Company::default() };
                self.connection(key)?.subscriptions.add(subscription);
            }
            Action::Leave(sub) => {
                let left = self.connection(key).and_then(|connection| connection.subscriptions.take(sub));
                if let Some(left) = left {
                    self.part(&left);
                }
            }
            Action::Submit { room, drafts, accepted, trace } => {
                let count = drafts.len();
                let (line, id) = (&self.line, room.clone());
                if line.ask(Want::Submit { connection: key, room, drafts, accepted, trace }).is_err() {
                    return Some(Answered::Verdicts(id, vec![Err(busy()); count]));
                }
            }
            Action::Read(ask, read) => {
                if self.line.ask(Want::Read { connection: key, ask, read }).is_err() {
                    return Some(Answered::Read(ask, Err(busy())));
                }
            }
            // Who is there has a simulation of its own.
            Action::Attend { .. } | Action::Whisper { .. } | Action::Who(..) => {}
            // Nobody here listens to channels.
            Action::TuneIn { .. } | Action::TuneOut(_) | Action::Call { .. } => {}
            Action::Count(_) | Action::Ping | Action::Beat(_) => {}
            Action::Close(_) => {
                self.mail.push_back((resident, Mail::Closed));
                self.forget(resident);
            }
        }
        None
    }
}

fn busy() -> Refusal {
    Refusal::unavailable("this gateway is busy")
}

/// The texts in a run of frames; pings are left out.
fn words(frames: &[u8]) -> impl Iterator<Item = String> {
    let mut bytes = frames.to_vec();
    let mut reader = Reader::new(Role::Client, 1 << 20);
    let mut messages = reader.read(&mut bytes);
    let mut said = Vec::new();
    while let Some(message) = messages.next() {
        if let Message::Text(text) = message.expect("a frame") {
            said.push(text.to_owned());
        }
    }
    said.into_iter()
}
