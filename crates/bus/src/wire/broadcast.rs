//! What backends have told those who are in a channel, as it is passed on and as it is kept.

use chat::{Broadcast, ChannelName, Place, Timestamp};
use serde::{Deserialize, Serialize};

use super::Unreadable;
use super::text::{Text, connection};
use crate::News;

/// A broadcast.
#[derive(Serialize, Deserialize)]
pub(super) struct BroadcastWire<'a> {
    /// Left out where it is passed on in that channel.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    channel: Option<Text<'a>>,
    #[serde(borrow)]
    event: Text<'a>,
    #[serde(borrow)]
    data: Text<'a>,
    at: i64,
    /// The connection that is not told.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    except: Option<Text<'a>>,
    /// The gateway that it was handed to, where another one tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<u64>,
}

impl<'a> BroadcastWire<'a> {
    pub(super) fn of(place: &Place, broadcast: &'a Broadcast, at: Timestamp) -> Self {
        let is_there = matches!(place, Place::Channel(channel) if *channel == broadcast.channel);
        Self {
            channel: (!is_there).then(|| Text::of(&broadcast.channel)),
            event: Text::from(&*broadcast.event),
            data: Text::from(&*broadcast.data),
            at: at.as_micros(),
            except: None,
            by: None,
        }
    }

    pub(super) fn except(self, except: Option<chat::ConnectionName>) -> Self {
        Self { except: except.map(|name| Text::shown(&name)), ..self }
    }

    pub(super) fn by(self, gateway: u64) -> Self {
        Self { by: Some(gateway), ..self }
    }

    /// One that is passed on.
    pub(super) fn passed_on(&self, place: &Place) -> Result<News, Unreadable> {
        let except = self.except.as_ref().and_then(connection).map(|name| *name);
        Ok(News::Broadcast { broadcast: self.broadcast(place)?, at: Timestamp::from_micros(self.at), except })
    }

    /// One that is kept.
    pub(super) fn kept(&self, place: &Place) -> Result<News, Unreadable> {
        let by = self.by.ok_or(Unreadable::Value("a gateway"))?;
        Ok(News::Kept { broadcast: self.broadcast(place)?, at: Timestamp::from_micros(self.at), by })
    }

    fn broadcast(&self, place: &Place) -> Result<Broadcast, Unreadable> {
        let channel = match (&self.channel, place) {
            (Some(channel), _) => ChannelName::parse(channel.as_str())?,
            (None, Place::Channel(channel)) => channel.clone(),
            (None, Place::Room(_)) => return Err(Unreadable::Value("a channel")),
        };
        Ok(Broadcast { channel, event: self.event.as_str().into(), data: self.data.as_str().into() })
    }
}
