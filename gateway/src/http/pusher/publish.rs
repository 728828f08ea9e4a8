//! The HTTP API of backends: `events`, `batch_events`, and `events` below one channel, as old libraries have it. A message
//! is answered with 200 once it is stored; whatever else is published, once the bus has it.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bus::{Named, Survey, Surveyed, Tally};
use chat::{Change, Code, Draft, Refusal, RequestId, Stored};
use dialect::pusher::{self, Announcement, Info, Publication, Target, Trigger};
use futures::future::{join_all, try_join_all};
use serde_json::{Map, Value, json};

use super::Office;
use super::backend::Call;
use super::look::{DIALECT, numbers};
use crate::porter::Broadcasting;

/// Publishes one event.
///
/// # Errors
/// As [`publish`], and `malformed` or `too_large`.
pub(super) async fn events(office: Arc<Office>, call: Call) -> Result<Value, Refusal> {
    let trigger = pusher::events(&office.settings, &office.limits, &call.body)?;
    publish(&office, trigger).await
}

/// Publishes several events, one after the other.
///
/// # Errors
/// As [`events`].
pub(super) async fn batch(office: Arc<Office>, call: Call) -> Result<Value, Refusal> {
    let events = pusher::batch(&office.settings, &office.limits, &call.body)?;
    let mut published = Vec::with_capacity(events.len());
    for trigger in events {
        published.push(publish(&office, trigger).await?);
    }
    Ok(json!({ "batch": published }))
}

/// Publishes one event in the channel that stands in the path.
///
/// # Errors
/// As [`events`].
pub(super) async fn old_event(office: Arc<Office>, call: Call) -> Result<Value, Refusal> {
    let (settings, limits) = (&office.settings, &office.limits);
    let trigger = pusher::old_event(settings, limits, call.at("channel"), &call.query, &call.body)?;
    publish(&office, trigger).await
}

/// Says an event in its rooms, and tells it in its other channels. Tells where messages stand, and what is asked of the
/// channels; where there is one, both stand beside its name, too.
///
/// # Errors
/// The first refusal. Elsewhere it may have been said: who gives it a `client_id` may try again.
async fn publish(office: &Office, trigger: Trigger) -> Result<Value, Refusal> {
    let Trigger { messages, announcements, targets, info } = trigger;
    let said = messages.into_iter().map(async |publication| {
        let channel = publication.channel.clone();
        say(office, publication).await.map(|stored| (channel, stored))
    });
    let said = join_all(said).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    try_join_all(announcements.into_iter().map(|announcement| tell(office, announcement))).await?;
    let mut channels = numbers_of(office, &targets, info).await;
    for (channel, stored) in said {
        channels.entry(channel).or_default().insert("seq".to_owned(), stored.seq.get().into());
    }
    let mut event = channels.values().next().filter(|_| channels.len() == 1).cloned().unwrap_or_default();
    if !channels.is_empty() {
        let channels = channels.into_iter().map(|(channel, numbers)| (channel, numbers.into()));
        event.insert("channels".to_owned(), Value::Object(channels.collect()));
    }
    Ok(event.into())
}

/// Says a message in a room, which is made if it is not there and may be.
async fn say(office: &Office, publication: Publication) -> Result<Stored, Refusal> {
    let Publication { channel: _, room, by, id, body, except } = publication;
    let id = id.unwrap_or_else(made_up_id);
    let change = Change::Message { body, reply_to: None };
    let draft = Draft { room: room.clone(), by, id, change, except: except.map(Box::new) };
    match office.line.append(draft.clone()).await {
        Err(refusal) if refusal.code == Code::NotAllowed && office.auto_create => {
            office.line.look(room, true).await?;
            office.line.append(draft).await
        }
        verdict => verdict,
    }
}

async fn tell(office: &Office, announcement: Announcement) -> Result<(), Refusal> {
    let Announcement { room, channel, event, data, except } = announcement;
    office.bell.broadcast(Broadcasting { room, channel, event, data, except }).await
}

/// What is asked of channels, by their names; nothing where it cannot be known: what was published is published.
async fn numbers_of(office: &Office, targets: &[Target], info: Info) -> HashMap<String, Map<String, Value>> {
    if !info.user_count && !info.subscription_count {
        return HashMap::new();
    }
    let named = |target: &Target| Named { alias: target.channel.clone(), room: target.room.clone() };
    let of = Surveyed::Named(targets.iter().map(named).collect());
    let surveyed = office.neighbours.survey(Survey { dialect: DIALECT.to_owned(), of }).await;
    let Ok(count) = surveyed else { return HashMap::new() };
    let numbers = |target: &Target| {
        let tally = count.tallies.iter().find(|tally: &&Tally| tally.alias == target.channel);
        let info = Info { user_count: info.user_count && target.is_presence, ..info };
        (target.channel.clone(), numbers(tally, info))
    };
    targets.iter().map(numbers).collect()
}

fn made_up_id() -> RequestId {
    let letters = URL_SAFE_NO_PAD.encode(rand::random::<u128>().to_be_bytes());
    RequestId::parse(&letters).expect("22 letters, digits, `-` and `_` are a request id")
}
