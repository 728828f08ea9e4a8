//! What `actioncable-v1-ext-json` has beside the base: AnyCable's superset, for the unmodified `@anycable/core`.
//!
//! * `asked`: the commands `history`, `presence`, `join`, `leave`, `whisper`, and what a `subscribe` may bring with it.
//! * `history`: from where a subscription is to see its room, and what is said once that was shown.
//! * `said`: the frames that the base does not have.
//! * `passing`: who comes and goes, and whispers.
//!
//! A `welcome` has no `sid`: sessions are not restored, and the library tells its page of a cut at once where it has none.
//! Nothing is lost by that: it subscribes again with its last position, and any gateway can go on from there.

pub(super) mod asked;
mod history;
pub(super) mod passing;
pub(super) mod said;
