//! History: from where a subscription is to see its room, and what is said once that was shown.
//!
//! A position is the offset of the last message in an epoch; `since`, in Unix seconds by the client's clock, stands in
//! for it on subscriptions that were shown nothing yet. What cannot be had whole is not shown in part: the page is told
//! so, and loads what it needs by other means.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use chat::{Epoch, RoomId, Seq, Timestamp};
use serde_json::value::RawValue;

use crate::json::{find, object, text};
use crate::{From, Mark};

object! {
    /// What stands in `history`.
    struct Wanted {
        "since" => since,
        "streams" => streams,
    }
}

object! {
    /// What stands in `streams` for one stream.
    struct Position {
        "epoch" => epoch,
        "offset" => offset,
    }
}

/// What is said of the history once a subscription stands where its room stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing: it was not asked for.
    None,
    /// That it was shown, or that not all of it could be.
    AsItWent,
    /// That it was shown: what it began with was asked for in other words.
    Shown,
    /// That it cannot be had: nobody understands what is wanted.
    Lost,
}

const WORDS: [(Answer, &str); 4] =
    [(Answer::None, ""), (Answer::AsItWent, "as it went"), (Answer::Shown, "shown"), (Answer::Lost, "lost")];

impl Answer {
    /// The mark of a subscription that is to be told this.
    pub(super) fn mark(self) -> Mark {
        let word = WORDS.iter().find(|(answer, _)| *answer == self).map_or("", |(_, word)| word);
        Mark::new(word)
    }

    pub(super) fn of(opening: &Mark) -> Self {
        let known = WORDS.iter().find(|(_, word)| *word == opening.as_str());
        known.map_or(Self::None, |(answer, _)| *answer)
    }
}

/// From where a subscription sees its room. `elsewise` is what its identifier says.
pub(super) fn read(history: Option<&RawValue>, room: &RoomId, elsewise: From) -> (From, Answer) {
    let Some(history) = history else { return (elsewise, Answer::None) };
    let Some(wanted) = find::<Wanted<'_>>(history.get()).filter(|wanted| wanted.twice.is_none()) else {
        return (From::Live, Answer::Lost);
    };
    match position(&wanted, room) {
        Ok(Some(from)) => (from, Answer::AsItWent),
        Err(()) => (From::Live, Answer::Lost),
        Ok(None) if elsewise != From::Live => (elsewise, Answer::Shown),
        Ok(None) => match since(&wanted) {
            Ok(from) => (from, Answer::AsItWent),
            Err(()) => (From::Live, Answer::Lost),
        },
    }
}

/// The position in the stream of a room. Others are passed over.
fn position(wanted: &Wanted<'_>, room: &RoomId) -> Result<Option<From>, ()> {
    let Some(streams) = wanted.streams else { return Ok(None) };
    let streams: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(streams.get()).map_err(drop)?;
    let Some(position) = streams.get(&*Stream(room).to_string()) else { return Ok(None) };
    let position: Position<'_> =
        find(position.get()).filter(|p: &Position<'_>| p.twice.is_none()).ok_or(())?;
    let epoch = position.epoch.and_then(text).and_then(|epoch| Epoch::parse(&epoch).ok()).ok_or(())?;
    let offset = position.offset.and_then(|offset| offset.get().parse().ok()).ok_or(())?;
    Ok(Some(From::AllAfter(Seq::new(offset).map_err(drop)?, epoch)))
}

/// Where there is no moment, 0, or `false`, nothing is wanted.
fn since(wanted: &Wanted<'_>) -> Result<From, ()> {
    let since = match wanted.since.map(RawValue::get) {
        None | Some("false") => 0,
        Some(since) => since.parse::<i64>().map_err(drop)?,
    };
    if since <= 0 {
        return Ok(From::Live);
    }
    Ok(From::AllSince(Timestamp::from_micros(since.saturating_mul(1_000_000))))
}

/// What the stream of a room is called.
pub(super) struct Stream<'a>(pub(super) &'a RoomId);

impl fmt::Display for Stream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "room:{}", self.0)
    }
}
