//! What a subscription has to do with the others in its room.

/// What a subscription has to do with the others in its room. Whatever nobody there asks for costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attendance {
    /// Whether the user is seen in the room for as long as the subscription is open. A connection that is seen by
    /// several of its subscriptions of one room is there once.
    pub present: bool,
    /// Whether [`crate::Say::Roster`] follows the opening.
    pub roster: bool,
    /// Whether [`chat::Moment`]s are told.
    pub moments: bool,
}

impl Attendance {
    /// Neither sees nor is seen.
    pub const NONE: Self = Self { present: false, roster: false, moments: false };
}
