//! Where a frame belongs: `join_ref`, `ref` and topic.

use chat::Refusal;
use serde_json::value::RawValue;

use crate::Mark;

/// Where a frame belongs, each part as the client's own JSON, so that it comes back to the byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The `ref` of the join by which the topic was joined.
    pub(super) join_ref: Option<&'a RawValue>,
    /// The client's number of this request; `None` if it waits for no answer.
    pub(super) reference: Option<&'a RawValue>,
    pub(super) topic: &'a RawValue,
}

/// Between the parts of a mark: no JSON of a text or a number has one in it.
const BETWEEN: char = '\n';

impl<'a> Place<'a> {
    /// The longest ref, as JSON.
    const REF_BYTES_MAX: usize = 66;
    /// The longest topic, as JSON.
    const TOPIC_BYTES_MAX: usize = 257;

    /// As it is kept until there is an answer.
    pub(super) fn mark(&self) -> Mark {
        Mark::new(&[json(self.join_ref), json(self.reference), self.topic.get()].join("\n"))
    }

    /// Looks whether it can be kept until there is an answer.
    ///
    /// # Errors
    /// `malformed` if a part is longer than any client writes it. To say so at once takes no keeping.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if [json(self.join_ref), json(self.reference)].iter().any(|part| part.len() > Self::REF_BYTES_MAX) {
            return Err(Refusal::malformed("a ref has at most 64 bytes"));
        }
        if self.topic.get().len() > Self::TOPIC_BYTES_MAX {
            return Err(Refusal::malformed("a topic has at most 255 bytes"));
        }
        Ok(())
    }

    /// What a mark says, unless it is empty.
    pub(super) fn of(mark: &'a Mark) -> Option<Self> {
        let mut parts = mark.as_str().split(BETWEEN);
        let mut part = || parts.next().map(|part| serde_json::from_str(part).ok());
        let (join_ref, reference, topic) = (part()?, part()?, part()??);
        Some(Self { join_ref, reference, topic })
    }

    /// Whether what belongs here was said in the membership that was opened there. Those who know no `join_ref` mean
    /// the one that there is.
    pub(super) fn is_within(&self, joined: &Place<'_>) -> bool {
        self.join_ref
            .is_none_or(|join_ref| joined.join_ref.is_some_and(|joined| joined.get() == join_ref.get()))
    }

    /// The same place outside of any membership.
    pub(super) const fn outside(self) -> Self {
        Self { join_ref: None, ..self }
    }
}

fn json(part: Option<&RawValue>) -> &str {
    part.map_or("", RawValue::get)
}
