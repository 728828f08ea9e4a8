//! What gateways tell each other. The place and the gateway are written once for all.

use chat::{Attendee, ChannelName, Headcount, Place, RoomId, Stay, StayId, Timestamp, Whisper};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Unreadable;
use super::broadcast::BroadcastWire;
use super::text::{Text, name_of, user};
use crate::{GatewayBeat, LiveNews, News, Telling, There};

/// News of a room or of a channel, whichever is named: exactly one of what they can be.
#[derive(Serialize, Deserialize)]
pub(super) struct NewsWire<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    room: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    channel: Option<Text<'a>>,
    gateway: u64,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    changed: Option<ChangedWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    all: Option<AllWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<TellingWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wanted: Option<WantedWire>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    whisper: Option<WhisperWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    broadcast: Option<BroadcastWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    kept: Option<BroadcastWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    begun: Option<BegunWire>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct TellingWire {
    incarnation: u64,
    n: u64,
}

#[derive(Serialize, Deserialize)]
struct ChangedWire<'a> {
    at: TellingWire,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    came: Vec<AttendeeWire<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    went: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
struct AllWire<'a> {
    at: TellingWire,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    listed: Option<Vec<AttendeeWire<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counted: Option<CountWire>,
}

#[derive(Serialize, Deserialize)]
struct AttendeeWire<'a> {
    #[serde(borrow)]
    user: Text<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    name: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    info: Option<&'a RawValue>,
    /// The number of each stay, and since when it is.
    stays: Vec<(u64, i64)>,
}

#[derive(Serialize, Deserialize)]
struct CountWire {
    users: u32,
    connections: u32,
}

#[derive(Serialize, Deserialize)]
struct BegunWire {}

#[derive(Serialize, Deserialize)]
struct WantedWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct WhisperWire<'a> {
    #[serde(borrow)]
    user: Text<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    called: Text<'a>,
    #[serde(borrow)]
    data: Text<'a>,
}

/// A gateway's beat.
#[derive(Serialize, Deserialize)]
pub(super) struct GatewayWire {
    gateway: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    leaving: bool,
}

impl<'a> From<&'a LiveNews> for NewsWire<'a> {
    fn from(told: &'a LiveNews) -> Self {
        let (room, channel) = match &told.place {
            Place::Room(room) => (Some(Text::of(room)), None),
            Place::Channel(channel) => (None, Some(Text::of(channel))),
        };
        let mut wire = Self {
            room,
            channel,
            gateway: told.gateway,
            changed: None,
            all: None,
            last: None,
            wanted: None,
            whisper: None,
            broadcast: None,
            kept: None,
            begun: None,
        };
        match &told.news {
            News::Changed { at, came, went } => {
                let (at, went) = ((*at).into(), went.clone());
                wire.changed = Some(ChangedWire { at, came: attendees(came), went });
            }
            News::All { at, there } => {
                let (listed, counted) = match there {
                    There::Listed(listed) => (Some(attendees(listed)), None),
                    There::Counted(count) => {
                        let (users, connections) = (count.users, count.connections);
                        (None, Some(CountWire { users, connections }))
                    }
                };
                wire.all = Some(AllWire { at: (*at).into(), listed, counted });
            }
            News::Last(at) => wire.last = Some((*at).into()),
            News::Wanted { of } => wire.wanted = Some(WantedWire { of: *of }),
            News::Whisper { by, whisper } => {
                let (user, name) = (Text::of(&by.id), name_of(by));
                let (called, data) = (Text::from(whisper.name()), Text::from(whisper.data()));
                wire.whisper = Some(WhisperWire { user, name, called, data });
            }
            News::Broadcast { broadcast, at, except } => {
                wire.broadcast = Some(BroadcastWire::of(&told.place, broadcast, *at).except(*except));
            }
            News::Kept { broadcast, at, by } => {
                wire.kept = Some(BroadcastWire::of(&told.place, broadcast, *at).by(*by));
            }
            News::Begun => wire.begun = Some(BegunWire {}),
        }
        wire
    }
}

fn attendees(attendees: &[Attendee]) -> Vec<AttendeeWire<'_>> {
    attendees.iter().map(AttendeeWire::from).collect()
}

impl<'a> From<&'a Attendee> for AttendeeWire<'a> {
    fn from(attendee: &'a Attendee) -> Self {
        let stays = attendee.stays.iter().map(|stay| (stay.id.number, stay.since.as_micros()));
        // It was one JSON value when it came.
        let info = attendee.info.as_deref().and_then(|info| serde_json::from_str(info).ok());
        let (user, name) = (Text::of(&attendee.user.id), name_of(&attendee.user));
        Self { user, name, info, stays: stays.collect() }
    }
}

impl TryFrom<NewsWire<'_>> for LiveNews {
    type Error = Unreadable;

    fn try_from(wire: NewsWire<'_>) -> Result<Self, Unreadable> {
        let (place, gateway) = (wire.place()?, wire.gateway);
        let news = if let Some(changed) = wire.changed {
            let came =
                changed.came.into_iter().map(|came| came.attendee(gateway)).collect::<Result<_, _>>()?;
            News::Changed { at: changed.at.into(), came, went: changed.went }
        } else if let Some(all) = wire.all {
            News::All { at: all.at.into(), there: there(all.listed, all.counted, gateway)? }
        } else if let Some(last) = wire.last {
            News::Last(last.into())
        } else if let Some(wanted) = wire.wanted {
            News::Wanted { of: wanted.of }
        } else if let Some(whisper) = wire.whisper {
            whisper.news()?
        } else if let Some(broadcast) = wire.broadcast {
            broadcast.passed_on(&place)?
        } else if let Some(kept) = wire.kept {
            kept.kept(&place)?
        } else if let Some(BegunWire {}) = wire.begun {
            News::Begun
        } else {
            return Err(Unreadable::Unknown);
        };
        Ok(Self { place, gateway, news })
    }
}

impl NewsWire<'_> {
    fn place(&self) -> Result<Place, Unreadable> {
        match (&self.room, &self.channel) {
            (Some(room), None) => Ok(Place::Room(RoomId::parse(room.as_str())?)),
            (None, Some(channel)) => Ok(Place::Channel(ChannelName::parse(channel.as_str())?)),
            (None, None) | (Some(_), Some(_)) => Err(Unreadable::Value("a place")),
        }
    }
}

fn there(
    listed: Option<Vec<AttendeeWire<'_>>>,
    counted: Option<CountWire>,
    gateway: u64,
) -> Result<There, Unreadable> {
    match (listed, counted) {
        (Some(listed), _) => {
            let listed = listed.into_iter().map(|attendee| attendee.attendee(gateway));
            Ok(There::Listed(listed.collect::<Result<_, _>>()?))
        }
        (None, Some(CountWire { users, connections })) => {
            Ok(There::Counted(Headcount { users, connections }))
        }
        (None, None) => Err(Unreadable::Unknown),
    }
}

impl AttendeeWire<'_> {
    fn attendee(self, gateway: u64) -> Result<Attendee, Unreadable> {
        if self.stays.is_empty() {
            return Err(Unreadable::Value("the number of stays"));
        }
        let stay = |(number, since): (u64, i64)| Stay {
            id: StayId { gateway, number },
            since: Timestamp::from_micros(since),
        };
        let user = user(&self.user, self.name.as_ref())?;
        let info = self.info.map(|info| info.get().into());
        Ok(Attendee { user, info, stays: self.stays.into_iter().map(stay).collect() })
    }
}

impl WhisperWire<'_> {
    fn news(self) -> Result<News, Unreadable> {
        let by = user(&self.user, self.name.as_ref())?;
        // The gateway of its program has held it to its limit, which may be another one here.
        let whisper = Whisper::new(self.called.as_str(), self.data.as_str(), usize::MAX);
        Ok(News::Whisper { by, whisper: whisper.map_err(|_| Unreadable::Value("a whisper's name"))? })
    }
}

impl From<Telling> for TellingWire {
    fn from(at: Telling) -> Self {
        Self { incarnation: at.incarnation, n: at.n }
    }
}

impl From<TellingWire> for Telling {
    fn from(wire: TellingWire) -> Self {
        Self { incarnation: wire.incarnation, n: wire.n }
    }
}

impl From<GatewayBeat> for GatewayWire {
    fn from(beat: GatewayBeat) -> Self {
        Self { gateway: beat.gateway, leaving: beat.leaving }
    }
}

impl From<GatewayWire> for GatewayBeat {
    fn from(wire: GatewayWire) -> Self {
        Self { gateway: wire.gateway, leaving: wire.leaving }
    }
}
