//! JSON objects, read field by field, and texts, written as they are displayed.
//!
//! The fields of an object are found but not yet read: so whatever is wrong with one of them can be refused with what
//! stands in the others.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// An object of which some fields mean something. Made by [`object!`].
pub(crate) trait Object<'a>: Default {
    /// The place of a field, with its name.
    fn place(&mut self, name: &str) -> Option<(&mut Option<&'a RawValue>, &'static str)>;

    /// Notes that a field stands there twice: nobody knows which one was meant.
    fn note_twice(&mut self, name: &'static str);
}

/// Makes an [`Object`]: what stands in it, each field as the client's own JSON. Fields that mean nothing here are
/// passed over, and one that is `null` is not there, as many libraries write it.
macro_rules! object {
    ($(#[$meta:meta])* $vis:vis struct $object:ident { $($name:literal => $field:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Default)]
        $vis struct $object<'a> {
            $($vis $field: Option<&'a serde_json::value::RawValue>,)*
            /// A field that stands there twice: nobody knows which one was meant.
            $vis twice: Option<&'static str>,
        }

        impl<'a> $crate::json::Object<'a> for $object<'a> {
            fn place(
                &mut self,
                name: &str,
            ) -> Option<(&mut Option<&'a serde_json::value::RawValue>, &'static str)> {
                match name {
                    $($name => Some((&mut self.$field, $name)),)*
                    _ => None,
                }
            }

            fn note_twice(&mut self, name: &'static str) {
                self.twice.get_or_insert(name);
            }
        }
    };
}
pub(crate) use object;

/// Finds the fields of an object. `None` if the text is no JSON object.
pub(crate) fn find<'a, O: Object<'a>>(json: &'a str) -> Option<O> {
    serde_json::from_str(json).ok().map(|Found(object)| object)
}

struct Found<O>(O);

impl<'de, O: Object<'de>> Deserialize<'de> for Found<O> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Found)
    }
}

struct ObjectVisitor<O>(PhantomData<O>);

impl<'de, O: Object<'de>> Visitor<'de> for ObjectVisitor<O> {
    type Value = O;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = O::default();
        while let Some(name) = map.next_key::<Name<'de>>()? {
            let Some((place, name)) = object.place(&name.0) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if place.is_some() {
                map.next_value::<IgnoredAny>()?;
                object.note_twice(name);
            } else {
                *place = Some(map.next_value::<&RawValue>()?).filter(|value| value.get() != "null");
            }
        }
        Ok(object)
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
pub(crate) fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let json = value.get();
    match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        None => None,
        Some(plain) if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        Some(_) => serde_json::from_str(json).ok().map(Cow::Owned),
    }
}

/// How deep a JSON value nests: 0 for a text, 1 for a list of texts. Takes no more of the stack for a deep one.
pub(crate) fn depth(json: &str) -> usize {
    let (mut level, mut deepest) = (0_usize, 0);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => level += 1,
            b'}' | b']' => level = level.saturating_sub(1),
            b'"' => pass_text(&mut bytes),
            _ => {}
        }
        deepest = deepest.max(level);
    }
    deepest
}

/// Passes over the rest of a text.
fn pass_text(bytes: &mut std::str::Bytes<'_>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}

/// A word that is written as it is displayed.
pub(crate) struct Text<T>(pub(crate) T);

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Writes a frame, or nothing. Only a map whose keys are not text could fail, and there is none.
pub(crate) fn write(frame: &impl Serialize, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let written = serde_json::to_writer(&mut *out, frame).is_ok();
    if !written {
        out.truncate(start);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::depth;

    #[test]
    fn brackets_nest_unless_they_stand_in_a_text() {
        for (json, expected) in [
            ("1", 0),
            (r#""[[""#, 0),
            ("[]", 1),
            (r#"{"a":[1,[2]],"b":[[3]]}"#, 3),
            (r#"["\"[[[[","\\",["]"]]"#, 2),
            (r#"["never ends\"#, 1),
        ] {
            assert_eq!(depth(json), expected, "{json}");
        }
        assert_eq!(depth(&"[".repeat(1_000_000)), 1_000_000);
    }
}
