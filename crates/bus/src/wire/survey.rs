//! Questions about those who are connected to a gateway, and their answers.

use chat::{RoomId, UserId};
use serde::{Deserialize, Serialize};

use super::Unreadable;
use super::text::Text;
use crate::{Ask, Named, Survey, Surveyed, Tally};

/// A survey: of aliases that are named, or of those that begin so.
#[derive(Serialize, Deserialize)]
pub(super) struct SurveyWire<'a> {
    #[serde(borrow)]
    dialect: Text<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    named: Option<Vec<NamedWire<'a>>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    prefix: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    after: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
struct NamedWire<'a> {
    #[serde(borrow)]
    alias: Text<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    room: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SendAwayWire<'a> {
    #[serde(borrow)]
    user: Text<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    dialect: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct TallyWire<'a> {
    #[serde(borrow)]
    alias: Text<'a>,
    subscriptions: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<u32>,
}

impl<'a> From<&'a Survey> for SurveyWire<'a> {
    fn from(survey: &'a Survey) -> Self {
        let dialect = Text::of(&survey.dialect);
        match &survey.of {
            Surveyed::Named(named) => {
                let named = named.iter().map(NamedWire::from).collect();
                Self { dialect, named: Some(named), prefix: None, after: None }
            }
            Surveyed::Beginning { prefix, after } => {
                let (prefix, after) = (Some(Text::of(prefix)), after.as_ref().map(Text::of));
                Self { dialect, named: None, prefix, after }
            }
        }
    }
}

impl<'a> From<&'a Named> for NamedWire<'a> {
    fn from(named: &'a Named) -> Self {
        Self { alias: Text::of(&named.alias), room: named.room.as_ref().map(Text::of) }
    }
}

impl SurveyWire<'_> {
    pub(super) fn read(self) -> Result<Ask, Unreadable> {
        let of = match (self.named, self.prefix) {
            (Some(named), None) if named.len() <= Tally::MAX => {
                Surveyed::Named(named.iter().map(NamedWire::read).collect::<Result<_, _>>()?)
            }
            (None, Some(prefix)) => {
                Surveyed::Beginning { prefix: owned(&prefix), after: self.after.as_ref().map(owned) }
            }
            _ => return Err(Unreadable::Value("what is surveyed")),
        };
        Ok(Ask::Survey(Survey { dialect: owned(&self.dialect), of }))
    }
}

impl NamedWire<'_> {
    fn read(&self) -> Result<Named, Unreadable> {
        let room = self.room.as_ref().map(|room| RoomId::parse(room.as_str())).transpose()?;
        Ok(Named { alias: owned(&self.alias), room })
    }
}

impl<'a> SendAwayWire<'a> {
    pub(super) fn of(user: &'a UserId, dialect: Option<&'a String>) -> Self {
        Self { user: Text::of(user), dialect: dialect.map(Text::of) }
    }

    pub(super) fn read(&self) -> Result<Ask, Unreadable> {
        let user = UserId::parse(self.user.as_str())?;
        Ok(Ask::SendAway { user, dialect: self.dialect.as_ref().map(owned) })
    }
}

impl<'a> From<&'a Tally> for TallyWire<'a> {
    fn from(tally: &'a Tally) -> Self {
        Self { alias: Text::of(&tally.alias), subscriptions: tally.subscriptions, users: tally.users }
    }
}

impl From<TallyWire<'_>> for Tally {
    fn from(wire: TallyWire<'_>) -> Self {
        Self { alias: owned(&wire.alias), subscriptions: wire.subscriptions, users: wire.users }
    }
}

fn owned(text: &Text<'_>) -> String {
    text.as_str().to_owned()
}
