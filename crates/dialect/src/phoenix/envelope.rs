//! What a client writes around an event: a list of five, or an object.

use std::borrow::Cow;
use std::fmt;

use chat::Refusal;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Serializer;
use super::place::Place;
use crate::json::{find, object, text};

/// An event of a client.
#[derive(Debug)]
pub(super) struct Envelope<'a> {
    pub(super) place: Place<'a>,
    pub(super) topic: Cow<'a, str>,
    pub(super) event: Cow<'a, str>,
    pub(super) payload: &'a RawValue,
}

object! {
    struct Fields {
        "topic" => topic,
        "event" => event,
        "payload" => payload,
        "ref" => reference,
    }
}

impl<'a> Envelope<'a> {
    /// Reads a text frame.
    ///
    /// # Errors
    /// It is none of this serializer: Phoenix closes the connection.
    pub(super) fn read(serializer: Serializer, frame: &'a str) -> Result<Self, Refusal> {
        let envelope = match serializer {
            Serializer::V1 => Self::of_object(frame),
            Serializer::V2 => serde_json::from_str(frame).ok().and_then(|Five(parts)| Self::of_five(parts)),
        };
        envelope.ok_or_else(|| Refusal::malformed("this is no frame of the version that you asked for"))
    }

    fn of_five([join_ref, reference, topic, event, payload]: [&'a RawValue; 5]) -> Option<Self> {
        let place = Place { join_ref: reference_of(join_ref)?, reference: reference_of(reference)?, topic };
        Some(Self { place, topic: text(topic)?, event: text(event)?, payload })
    }

    /// The ref of a join is its `join_ref`; later events do not say to which membership they belong.
    fn of_object(frame: &'a str) -> Option<Self> {
        let Fields { topic, event, payload, reference, twice: None } = find(frame)? else { return None };
        let (topic, event) = (topic?, text(event?)?);
        let reference = reference.map_or(Some(None), reference_of)?;
        let join_ref = reference.filter(|_| event == "phx_join");
        Some(Self {
            place: Place { join_ref, reference, topic },
            topic: text(topic)?,
            event,
            payload: payload?,
        })
    }
}

/// A ref is a text or a number, or `null` for none. `None` if it is anything else.
fn reference_of(value: &RawValue) -> Option<Option<&RawValue>> {
    match value.get().as_bytes() {
        b"null" => Some(None),
        [b'-' | b'0'..=b'9', ..] => Some(Some(value)),
        [b'"', ..] => text(value).map(|_| Some(value)),
        _ => None,
    }
}

/// A list of at least five; what comes behind them is passed over.
struct Five<'a>([&'a RawValue; 5]);

impl<'de> Deserialize<'de> for Five<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FiveVisitor;
        impl<'de> Visitor<'de> for FiveVisitor {
            type Value = Five<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of five")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut next = |at| list.next_element()?.ok_or_else(|| Error::invalid_length(at, &self));
                let five = [next(0)?, next(1)?, next(2)?, next(3)?, next(4)?];
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Five(five))
            }
        }
        deserializer.deserialize_seq(FiveVisitor)
    }
}
