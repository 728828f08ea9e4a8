//! What gateways ask each other by request and answer: how many are subscribed to what, and to send a user away.
//!
//! Every gateway that the porter knows to live is asked at its own door, and this one beside them without the bus. One that
//! is gone has nobody to tell of; one that is silent is waited for no longer than a moment.
//!
//! * [`Here`]: this gateway's own answers.
//! * `doorkeeper`: the task that gives them to others.
//! * `tallies`: the sum of all.

mod doorkeeper;
mod here;
mod tallies;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bus::{Answer, Ask, Bus, BusError, Door, Survey, Tally};
use chat::{Refusal, UserId};
use futures::future::join_all;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

pub(crate) use doorkeeper::keep;
pub(crate) use here::Here;

/// The other gateways that live, in the order of their numbers; `None` before it is known who there is.
pub(crate) type Others = Option<Arc<[u64]>>;

/// How long it may take until it is known which other gateways there are: right after this one has begun.
const KNOWN_WITHIN: Duration = Duration::from_secs(2);
/// How long a survey waits for a gateway.
const SURVEYED_WITHIN: Duration = Duration::from_millis(500);
/// How long a gateway may take to send a user away.
const SENT_AWAY_WITHIN: Duration = Duration::from_secs(2);

/// All gateways, this one included. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Neighbours {
    bus: Arc<dyn Bus>,
    here: Here,
    others: watch::Receiver<Others>,
}

/// What is counted through all gateways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Count {
    /// In the order of the aliases, each of them once; at most [`Tally::MAX`].
    pub(crate) tallies: Vec<Tally>,
    /// Whether there are more behind them.
    pub(crate) more: bool,
}

/// What became of a request to a gateway.
enum Asked {
    Answered(Answer),
    /// It is not there any more, or is of a version that knows of no such requests.
    Gone,
    /// It may be there, and has not answered in time.
    Silent,
}

impl Neighbours {
    pub(crate) fn new(bus: Arc<dyn Bus>, here: Here, others: watch::Receiver<Others>) -> Self {
        Self { bus, here, others }
    }

    /// Counts subscriptions through all gateways. Those of a gateway that does not answer within [`SURVEYED_WITHIN`] are
    /// left out.
    ///
    /// # Errors
    /// `unavailable` while it is not known which gateways there are, or none of them can be asked: what is here is not all.
    pub(crate) async fn survey(&self, survey: Survey) -> Result<Count, Refusal> {
        if !self.bus.link().borrow().connected {
            return Err(Refusal::unavailable("this server is cut off from the others"));
        }
        let others = self.known_others().await?;
        let (until, ask) = (Instant::now() + SURVEYED_WITHIN, Ask::Survey(survey.clone()));
        let (here, there) =
            tokio::join!(timeout_at(until, self.here.survey(&survey)), self.ask_all(&others, &ask, until));
        let told = there.into_iter().filter_map(|asked| match asked {
            Asked::Answered(Answer::Tallies(tallies)) => Some(tallies),
            Asked::Answered(_) | Asked::Gone | Asked::Silent => None,
        });
        Ok(tallies::sum(told.chain(here)))
    }

    /// Ends the connections that a user has to any gateway, those of one dialect or all. Tells how many there were.
    ///
    /// # Errors
    /// `unavailable` if a gateway has not answered within [`SENT_AWAY_WITHIN`]: some of them may go on.
    pub(crate) async fn send_away(&self, user: &UserId, dialect: Option<&str>) -> Result<u32, Refusal> {
        let others = self.known_others().await?;
        let until = Instant::now() + SENT_AWAY_WITHIN;
        let ask = Ask::SendAway { user: user.clone(), dialect: dialect.map(str::to_owned) };
        let (here, there) = tokio::join!(
            timeout_at(until, self.here.send_away(user, dialect)),
            self.ask_all(&others, &ask, until)
        );
        let silent = || Refusal::unavailable("not every gateway has answered");
        let mut count = here.map_err(|_| silent())?;
        for asked in there {
            match asked {
                Asked::Answered(Answer::SentAway(there)) => count = count.saturating_add(there),
                Asked::Answered(_) | Asked::Silent => return Err(silent()),
                Asked::Gone => {}
            }
        }
        Ok(count)
    }

    async fn known_others(&self) -> Result<Arc<[u64]>, Refusal> {
        let mut others = self.others.clone();
        let known = timeout(KNOWN_WITHIN, others.wait_for(Option::is_some)).await;
        let known = known.ok().and_then(Result::ok).and_then(|others| others.clone());
        known.ok_or_else(|| Refusal::unavailable("it is not known yet which gateways there are"))
    }

    async fn ask_all(&self, others: &[u64], ask: &Ask, until: Instant) -> Vec<Asked> {
        join_all(others.iter().map(|&gateway| self.ask_one(gateway, ask.clone(), until))).await
    }

    async fn ask_one(&self, gateway: u64, ask: Ask, until: Instant) -> Asked {
        let answer = async { self.bus.ask(Door::Gateway(gateway), ask, None).await?.await };
        match timeout_at(until, answer).await {
            Ok(Ok(answer)) => Asked::Answered(answer),
            Ok(Err(BusError::NoResponder)) => Asked::Gone,
            Ok(Err(error)) => {
                tracing::debug!(gateway, %error, "another gateway could not be asked");
                Asked::Silent
            }
            Err(_) => Asked::Silent,
        }
    }
}
