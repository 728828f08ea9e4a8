//! What other parts, and other gateways, ask about the connections of a shard, and have it do with them.

use bus::{Survey, Surveyed, Tally};
use chat::{Code, Refusal, RoomId, UserId};
use dialect::Alias;

use super::room::{Group, LocalRoom};
use super::{Shard, index};
use crate::connection::End;

/// What a shard has counted under one alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalTally {
    pub(crate) alias: Alias,
    pub(crate) subscriptions: u32,
    /// The room in which users are seen who are listed for this subscription.
    pub(crate) seen_in: Option<RoomId>,
}

impl Shard {
    /// Counts subscriptions that are told what passes in their rooms, in the order of their aliases: one more than
    /// [`Tally::MAX`] at the most.
    pub(super) fn survey(&self, survey: &Survey) -> Vec<LocalTally> {
        let mut counted = Vec::new();
        match &survey.of {
            Surveyed::Named(named) => {
                for named in named {
                    let id = named.room.as_ref();
                    let Some((id, room)) = id.and_then(|id| self.rooms.get_key_value(id)) else { continue };
                    counted.extend(count(survey, id, room, |alias| *alias == *named.alias));
                }
            }
            Surveyed::Beginning { prefix, after } => {
                let fits = |alias: &str| {
                    alias.starts_with(&**prefix) && after.as_ref().is_none_or(|after| *alias > **after)
                };
                for (id, room) in &self.rooms {
                    counted.extend(count(survey, id, room, fits));
                }
            }
        }
        if counted.len() > Tally::MAX {
            counted.select_nth_unstable_by(Tally::MAX, |a, b| a.alias.as_str().cmp(b.alias.as_str()));
            counted.truncate(Tally::MAX + 1);
        }
        counted.sort_unstable_by(|a, b| a.alias.as_str().cmp(b.alias.as_str()));
        counted
    }

    /// Ends the connections of a user for good, those of one dialect or all. Tells how many there were.
    pub(super) fn send_away(&mut self, user: &UserId, dialect: Option<&str>) -> u32 {
        let theirs: Vec<_> = self
            .keys()
            .filter(|key| {
                let connection = &self.connections[index(key.place)];
                connection.session.user() == Some(user)
                    && dialect.is_none_or(|dialect| dialect == connection.dialect.name())
                    && !matches!(connection.end, End::Closing(_))
            })
            .collect();
        for key in &theirs {
            let refusal = Refusal::new(Code::Removed, "you were sent away");
            self.with_session(*key, |session, env, out| session.dismiss(env, refusal, out));
        }
        u32::try_from(theirs.len()).unwrap_or(u32::MAX)
    }
}

fn count(
    survey: &Survey,
    id: &RoomId,
    room: &LocalRoom,
    fits: impl Fn(&str) -> bool,
) -> impl Iterator<Item = LocalTally> {
    let asked = move |group: &&Group| group.dialect.name() == survey.dialect && fits(group.alias.as_str());
    room.audience.iter().filter(asked).map(move |group| LocalTally {
        alias: group.alias.clone(),
        subscriptions: u32::try_from(group.listeners.len()).unwrap_or(u32::MAX),
        seen_in: group.dialect.attendance(&group.alias).roster.then(|| id.clone()),
    })
}
