//! What a person does while it has a connection: it greets, does as it is told, and leaves. What it hears, the ears
//! read; here it wakes only for what is rare.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::time::{Interval, MissedTickBehavior, interval_at};

use super::life::{Ending, Life};
use super::silence::{Doubt, Silence};
use super::turn::Turn;
use crate::ears::{End, Line};
use crate::socket::Socket;

/// How often a sender looks whether something is to be repeated, and others whether they leave or return.
const TICK_OF_SENDERS: Duration = Duration::from_millis(200);
/// How often the others look whether their connection has gone quiet.
const TICK: Duration = Duration::from_secs(5);

impl From<End> for Ending {
    fn from(end: End) -> Self {
        match end {
            End::Broken(why) => Self::Broken(why),
            End::Rejected(why) => Self::Rejected(why),
        }
    }
}

impl Life {
    /// From the greeting to the end of the connection.
    pub(super) async fn converse(&mut self, socket: Socket, token: String) -> Ending {
        let line = self.around.ears.open(socket, self.person.clone());
        let ending = match self.talk(&line, token).await {
            Ok(ending) => ending,
            Err(end) => end.into(),
        };
        let socket = self.around.ears.close(line);
        if let (Ending::Stopped, Some(socket)) = (&ending, socket) {
            self.around.tally.borrow_mut().unread_bytes += socket.unread_bytes();
            socket.close().await;
        }
        ending
    }

    async fn talk(&mut self, line: &Rc<Line>, token: String) -> Result<Ending, End> {
        let around = self.around.clone();
        let mut tick = self.ticks();
        let mut silence = Silence::begin(Instant::now());
        let round = around.shared.round();
        let mut turn = Turn::new(around.shared.joins.clone(), around.shared.connect.joins);
        line.act(&around, |person, scene| person.greet(token, scene))??;
        loop {
            self.look_around();
            if !self.person.borrow().is_joining() {
                turn.give_back();
            }
            line.set_attentive(self.is_on_its_way() || turn.is_taken());
            let joins = self.person.borrow().joins_wanted();
            tokio::select! {
                () = round.cancelled() => {
                    return Ok(if around.shared.stop.is_cancelled() { Ending::Stopped } else { Ending::Cut });
                }
                news = line.news() => news?,
                joins = turn.take(joins), if joins > 0 && !turn.is_taken() => {
                    line.act(&around, |person, scene| person.ask_to_join(joins, scene))?;
                }
                Some(message) = self.orders.recv() => {
                    // First of all it is kept: nothing is done on a line that has ended, which may be known already.
                    self.person.borrow_mut().take_order(message, Instant::now());
                    line.act(&around, |person, scene| person.obey(message, scene))?;
                }
                _ = tick.tick() => {
                    silence.heard(line.heard_at());
                    let doubt = line.act(&around, |person, scene| {
                        person.tick(scene);
                        let doubt = silence.doubt(scene.now, person.ping_after);
                        if doubt == Doubt::Ask {
                            scene.ask_for_a_sign();
                        }
                        doubt
                    })?;
                    if doubt == Doubt::Dead {
                        return Err(End::Broken("silent".to_owned()));
                    }
                }
            }
        }
    }

    fn ticks(&self) -> Interval {
        let is_active = self.around.shared.is_sender(self.number) || self.person.borrow().has_habits();
        let every = if is_active { TICK_OF_SENDERS } else { TICK };
        let mut ticks = interval_at((Instant::now() + every).into(), every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    }
}
