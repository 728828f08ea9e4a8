//! This gateway's own answers: gathered from its shards, and from the porter who knows how many users are seen.

use std::sync::Arc;

use bus::{Survey, Surveyed, Tally};
use chat::{RoomId, UserId};
use futures::future::join_all;
use tokio::sync::{mpsc, oneshot};

use super::tallies;
use crate::auth::Reception;
use crate::porter::{Bell, Errand, Occupancy};
use crate::switchboard::Told;

/// The dialect in which channels are entered that are no rooms: only one has them.
const CHANNELS_DIALECT: &str = "pusher";

/// This gateway. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Here {
    shards: Vec<mpsc::Sender<Vec<Told>>>,
    bell: Bell,
    reception: Reception,
}

impl Here {
    pub(crate) fn new(shards: Vec<mpsc::Sender<Vec<Told>>>, bell: Bell, reception: Reception) -> Self {
        Self { shards, bell, reception }
    }

    /// Counts the subscriptions through this gateway: one more than [`Tally::MAX`] at the most.
    pub(super) async fn survey(&self, survey: &Survey) -> Vec<Tally> {
        let survey = Arc::new(survey.clone());
        let asked = self.ask_shards(|reply| Told::Survey { survey: Arc::clone(&survey), reply });
        let (counted, channels) = tokio::join!(asked, self.survey_channels(&survey));
        let mut sum = tallies::of_shards(counted);
        self.count_users(&mut sum).await;
        tallies::first(sum.into_iter().map(|(tally, _)| tally).chain(channels).collect())
    }

    /// Those of channels that are no rooms: the porter knows of them.
    async fn survey_channels(&self, survey: &Survey) -> Vec<Tally> {
        let Some(wanted) = Wanted::of(&survey.of).filter(|_| survey.dialect == CHANNELS_DIALECT) else {
            return Vec::new();
        };
        // A porter that is busy leaves them out.
        let occupied = self.bell.occupied(wanted.prefix).await.unwrap_or_default();
        let tally = |Occupancy { channel, subscriptions, users }| {
            let alias = channel.as_str().to_owned();
            wanted.includes(&alias).then_some(Tally { alias, subscriptions, users })
        };
        occupied.into_iter().filter_map(tally).collect()
    }

    /// Ends a user's connections to this gateway, those of one dialect or all. Tells how many there were.
    pub(super) async fn send_away(&self, user: &UserId, dialect: Option<&str>) -> u32 {
        if !self.reception.may_have_seated(user) {
            return 0;
        }
        let dialect: Option<Arc<str>> = dialect.map(Arc::from);
        let ask = |reply| Told::SendAway { user: user.clone(), dialect: dialect.clone(), reply };
        self.ask_shards(ask).await.into_iter().fold(0, u32::saturating_add)
    }

    /// Asks the porter how many users are seen where some are.
    async fn count_users(&self, sum: &mut [(Tally, Option<RoomId>)]) {
        let rooms: Vec<_> = sum.iter().filter_map(|(_, room)| room.clone()).collect();
        if rooms.is_empty() {
            return;
        }
        let (reply, counted) = oneshot::channel();
        // A porter that is busy leaves the number out.
        let _busy = self.bell.ring(Errand::Headcounts { rooms, reply });
        let Ok(counted) = counted.await else { return };
        let of_users = sum.iter_mut().filter(|(_, room)| room.is_some());
        for ((tally, _), users) in of_users.zip(counted) {
            tally.users = users;
        }
    }

    /// The answers of the shards. One that is gone is a gateway that is going.
    async fn ask_shards<T>(&self, told: impl Fn(oneshot::Sender<T>) -> Told) -> Vec<T> {
        let asked = self.shards.iter().map(|shard| {
            let (reply, answer) = oneshot::channel();
            let told = told(reply);
            async move {
                shard.send(vec![told]).await.ok()?;
                answer.await.ok()
            }
        });
        join_all(asked).await.into_iter().flatten().collect()
    }
}

/// Which channels that are no rooms are asked about.
struct Wanted<'a> {
    /// What all of their names begin with.
    prefix: &'a str,
    /// They come behind this one.
    after: Option<&'a str>,
    /// Only these.
    named: Option<Vec<&'a str>>,
}

impl<'a> Wanted<'a> {
    /// `None` if none are.
    fn of(surveyed: &'a Surveyed) -> Option<Self> {
        match surveyed {
            Surveyed::Beginning { prefix, after } => {
                Some(Self { prefix, after: after.as_deref(), named: None })
            }
            Surveyed::Named(named) => {
                let channels = named.iter().filter(|named| named.room.is_none());
                let named: Vec<_> = channels.map(|named| &*named.alias).collect();
                let prefix = if let [only] = named[..] { only } else { "" };
                (!named.is_empty()).then_some(Self { prefix, after: None, named: Some(named) })
            }
        }
    }

    fn includes(&self, name: &str) -> bool {
        self.after.is_none_or(|after| name > after)
            && self.named.as_ref().is_none_or(|named| named.contains(&name))
    }
}
