//! What backends ask about channels: `GET /apps/{app_id}/channels` and below. The answers are those of all gateways.

use std::sync::Arc;

use bus::{Named, Survey, Surveyed, Tally};
use chat::{Code, Refusal};
use dialect::pusher::{self, Channel, Info, Kind};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::Office;
use super::backend::Call;
use crate::porter::Kept;

/// The name of the dialect in which channels are entered.
pub(super) const DIALECT: &str = "pusher";

/// The channels that somebody has entered, in the order of their names. `more` where not all of them are told.
///
/// # Errors
/// `malformed`, or `unavailable`.
pub(super) async fn list(office: Arc<Office>, call: Call) -> Result<Value, Refusal> {
    let pusher::ListQuery { prefix, after, info } = pusher::ListQuery::parse(&call.query)?;
    let survey = Survey { dialect: DIALECT.to_owned(), of: Surveyed::Beginning { prefix, after } };
    let count = office.neighbours.survey(survey).await?;
    let channels: Map<_, _> = count
        .tallies
        .into_iter()
        .map(|tally| (tally.alias.clone(), numbers(Some(&tally), info).into()))
        .collect();
    let mut answer = json!({ "channels": channels });
    if count.more {
        answer["more"] = true.into();
    }
    Ok(answer)
}

/// One channel.
///
/// # Errors
/// `malformed`, or `unavailable`.
pub(super) async fn one(office: Arc<Office>, call: Call) -> Result<Value, Refusal> {
    let channel = Channel::parse(&office.settings, call.at("channel"))?;
    let info = Info::of_query(&call.query)?;
    info.check(channel.kind == Kind::Presence)?;
    let kept = match info.cache {
        true => office.bell.kept(&channel.words()?.name).await?,
        false => None,
    };
    let named = Named { alias: channel.name.to_owned(), room: channel.room };
    let survey = Survey { dialect: DIALECT.to_owned(), of: Surveyed::Named(vec![named]) };
    let tally = office.neighbours.survey(survey).await?.tallies.pop();
    let mut answer = numbers(tally.as_ref(), info);
    answer.insert("occupied".to_owned(), tally.is_some().into());
    if let Some(Kept { broadcast, until, .. }) = kept {
        let ttl = until.saturating_duration_since(Instant::now()).as_secs();
        answer.insert("cache".to_owned(), json!({ "data": &*broadcast.data, "ttl": ttl }));
    }
    Ok(answer.into())
}

/// Who is in a presence channel: in that of a room, everybody who is seen in the room, whatever dialect they speak.
///
/// # Errors
/// `malformed`, `too_large` where there are too many to be listed, or `unavailable`.
pub(super) async fn users(office: Arc<Office>, call: Call) -> Result<Value, Refusal> {
    let channel = Channel::parse(&office.settings, call.at("channel"))?;
    if channel.kind != Kind::Presence {
        return Err(Refusal::malformed("users are known of presence channels only"));
    }
    let roster = match &channel.room {
        Some(room) => office.bell.members_of_room(room.clone()).await?,
        None => office.bell.members(channel.words()?).await?,
    };
    if roster.listed.is_none() {
        return Err(Refusal::new(Code::TooLarge, "there are too many users to be listed"));
    }
    let users = roster.attendees().iter().map(|attendee| json!({ "id": attendee.user.id.as_str() }));
    Ok(json!({ "users": users.collect::<Vec<_>>() }))
}

/// What was asked for of a channel; of one that nobody has entered, zeros.
pub(super) fn numbers(tally: Option<&Tally>, info: Info) -> Map<String, Value> {
    let mut numbers = Map::new();
    if info.user_count {
        let users = tally.and_then(|tally| tally.users).unwrap_or_default();
        numbers.insert("user_count".to_owned(), users.into());
    }
    if info.subscription_count {
        let subscriptions = tally.map_or(0, |tally| tally.subscriptions);
        numbers.insert("subscription_count".to_owned(), subscriptions.into());
    }
    numbers
}
