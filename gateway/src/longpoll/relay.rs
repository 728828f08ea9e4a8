//! Requests for sessions of other gateways, over the bus, and those of others for ours.

use std::sync::Arc;

use bus::{Answer, Ask, Asked, BusError, Door};
use chat::{Code, Refusal};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::registry::Visit;
use super::{ANSWER_WITHIN, Failure, Polls, Ticket};

/// How many requests of either kind are under way at once. A poll is for up to ten seconds, and must not take the places of
/// what writers are asked; see [`bus::UNREAD_MAX`].
pub(super) const RELAYS_MAX: usize = 8192;
const _: () = assert!(RELAYS_MAX <= bus::UNREAD_MAX / 4, "writers' answers need most of the places");
/// How many requests of others wait to be looked at.
const ASKED_MAX: usize = 1024;
/// How many bytes are posted over the bus at once: each may take six as JSON, and must fit a message of the bus.
const PART_BYTES_MAX: usize = 128 * 1024;

impl Polls {
    /// Answers other gateways until told to stop. `alive` is dropped when it has ended, however it did.
    pub(crate) async fn serve(self: Arc<Self>, stop: CancellationToken, alive: DropGuard) {
        let _alive = alive;
        let (into, asked) = mpsc::channel(ASKED_MAX);
        match self.bus.serve(Door::Gateway(self.gateway), into).await {
            Ok(_open) => self.answer_all(asked, &stop).await,
            Err(error) => tracing::warn!(%error, "no gateway can ask for sessions of this one"),
        }
        stop.cancelled().await;
    }

    async fn answer_all(self: &Arc<Self>, mut asked: mpsc::Receiver<Asked>, stop: &CancellationToken) {
        while let Some(Some(asked)) = stop.run_until_cancelled(asked.recv()).await {
            let polls = Arc::clone(self);
            match Arc::clone(&self.answering).try_acquire_owned() {
                Ok(place) => {
                    let slot = self.load.enter();
                    tokio::spawn(async move {
                        polls.answer(asked).await;
                        drop((place, slot));
                    });
                }
                Err(_) => polls.reply(asked, Err(Failure::Unknown)).await,
            }
        }
    }

    async fn answer(&self, mut asked: Asked) {
        let outcome = match std::mem::replace(&mut asked.ask, Ask::Heads(Vec::new())) {
            Ask::Poll { session } => self.visit(session, Visit::Poll).await,
            Ask::Post { session, lines } => self.visit(session, |asker| Visit::Post(lines, asker)).await,
            _ => Err(Failure::Unknown),
        };
        self.reply(asked, outcome).await;
    }

    async fn reply(&self, asked: Asked, outcome: Result<Vec<String>, Failure>) {
        let answer = outcome.map_or_else(|failure| Answer::Refused(refusal(failure)), Answer::Frames);
        // It fails without a connection, or if a single frame is too large for the bus: then the asker gives up, and its
        // client comes back as after any lost connection.
        if let Err(error) = self.bus.answer(asked.reply_to, answer).await {
            tracing::debug!(%error, "a gateway that asked for a session was not answered");
        }
    }

    pub(super) async fn poll_elsewhere(&self, ticket: Ticket) -> Result<Vec<String>, Failure> {
        self.ask(ticket, Ask::Poll { session: ticket.session }).await
    }

    pub(super) async fn post_elsewhere(&self, ticket: Ticket, lines: Vec<String>) -> Result<(), Failure> {
        for lines in parts(lines) {
            self.ask(ticket, Ask::Post { session: ticket.session, lines }).await?;
        }
        Ok(())
    }

    /// Asks the gateway that keeps a session.
    async fn ask(&self, ticket: Ticket, ask: Ask) -> Result<Vec<String>, Failure> {
        let _place = self.asking.try_acquire().map_err(|_| Failure::Unknown)?;
        let asked = async { self.bus.ask(Door::Gateway(ticket.gateway), ask, None).await?.await };
        match timeout(ANSWER_WITHIN, asked).await {
            Ok(Ok(Answer::Frames(frames))) => Ok(frames),
            Ok(Ok(Answer::Refused(refusal))) if refusal.code == Code::Removed => Err(Failure::Gone),
            // The gateway is gone, and its sessions with it.
            Ok(Err(BusError::NoResponder)) => Err(Failure::Gone),
            Ok(Err(BusError::TooLarge)) => Err(Failure::TooLarge),
            Ok(_) | Err(_) => Err(Failure::Unknown),
        }
    }
}

fn refusal(failure: Failure) -> Refusal {
    match failure {
        Failure::Gone => Refusal::new(Code::Removed, "there is no such session"),
        Failure::TooLarge => Refusal::new(Code::TooLarge, "that is too large"),
        Failure::Unknown => Refusal::unavailable("the session does not answer"),
    }
}

/// Frames in as many parts as it takes, in order.
fn parts(lines: Vec<String>) -> Vec<Vec<String>> {
    let (mut parts, mut bytes) = (Vec::new(), 0);
    for line in lines {
        bytes += line.len();
        match parts.last_mut() {
            Some(part) if bytes <= PART_BYTES_MAX => Vec::push(part, line),
            _ => {
                bytes = line.len();
                parts.push(vec![line]);
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_posted_goes_in_parts_that_fit_and_in_order() {
        let line = |number: usize, bytes: usize| format!("{number:06}{}", "x".repeat(bytes - 6));
        for (sizes, expected) in [
            (vec![], 0),
            (vec![10; 100], 1),
            (vec![PART_BYTES_MAX], 1),
            (vec![PART_BYTES_MAX + 1, 10, 10], 2),
            (vec![10, PART_BYTES_MAX, 10, 10], 3),
            (vec![PART_BYTES_MAX / 2; 4], 2),
        ] {
            let lines: Vec<_> = sizes.iter().enumerate().map(|(number, size)| line(number, *size)).collect();
            let parts = parts(lines.clone());
            assert_eq!(parts.len(), expected, "{sizes:?}");
            for part in &parts {
                let bytes: usize = part.iter().map(String::len).sum();
                assert!(bytes <= PART_BYTES_MAX || part.len() == 1);
            }
            assert_eq!(parts.concat(), lines);
        }
    }
}
