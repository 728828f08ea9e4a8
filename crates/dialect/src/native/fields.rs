//! The fields of a client's frame, found but not yet read: so that whatever is wrong with one of them can be
//! refused with the `ref` and the `id` of the frame.

use std::borrow::Cow;
use std::fmt;

use chat::{BadName, Refusal, Seq};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

macro_rules! fields {
    ($($name:literal => $field:ident),* $(,)?) => {
        /// What stands in a frame, each field as the client's own JSON. Fields that mean nothing here are
        /// passed over.
        #[derive(Debug, Default)]
        pub(super) struct Fields<'a> {
            $(pub(super) $field: Option<&'a RawValue>,)*
            /// A field that stands there twice: nobody knows which one was meant.
            pub(super) twice: Option<&'static str>,
        }

        impl<'a> Fields<'a> {
            /// The place of a field, with its name.
            fn place(&mut self, name: &str) -> Option<(&mut Option<&'a RawValue>, &'static str)> {
                match name {
                    $($name => Some((&mut self.$field, $name)),)*
                    _ => None,
                }
            }
        }
    };
}
fields! {
    "type" => kind,
    "ref" => reference,
    "id" => id,
    "room" => room,
    "token" => token,
    "after" => after,
    "before" => before,
    "epoch" => epoch,
    "limit" => limit,
    "body" => body,
    "reply_to" => reply_to,
}

impl<'a> Fields<'a> {
    /// Finds the fields of a frame.
    ///
    /// # Errors
    /// `malformed` if it is no JSON object.
    pub(super) fn of(frame: &'a str) -> Result<Self, Refusal> {
        serde_json::from_str(frame).map_err(|_| Refusal::malformed("a frame must be one JSON object"))
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields::default();
        while let Some(name) = map.next_key::<Name<'de>>()? {
            let Some((place, name)) = fields.place(&name.0) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if place.is_some() {
                map.next_value::<IgnoredAny>()?;
                fields.twice.get_or_insert(name);
            } else {
                // `null` is how many libraries write a field that is not there.
                *place = Some(map.next_value::<&RawValue>()?).filter(|value| value.get() != "null");
            }
        }
        Ok(fields)
    }
}

/// The name of a field: lent, unless it is written with escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

/// Reads a text. `None` if it is something else, or has half of a surrogate pair in it.
pub(super) fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let json = value.get();
    match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        None => None,
        Some(plain) if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        Some(_) => serde_json::from_str(json).ok().map(Cow::Owned),
    }
}

/// Reads a position. A seq is a whole number, written as one.
pub(super) fn position(value: &RawValue) -> Result<Seq, BadName> {
    value.get().parse().map_err(|_| BadName::Seq).and_then(Seq::new)
}
