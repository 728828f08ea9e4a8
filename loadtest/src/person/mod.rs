//! One client: connects, joins its rooms, hears what is said there, says what it is told to, comes back when the
//! connection breaks.
//!
//! What it knows and decides is in [`state`], [`membership`], [`habits`], [`sends`], [`pace`] and [`silence`], without I/O; [`life`] only waits, reads and writes.

mod habits;
mod life;
mod membership;
mod pace;
mod sends;
mod silence;
mod stamped;
mod state;
mod talk;
#[cfg(test)]
mod tests;
mod visits;

pub(crate) use habits::Customs;
pub(crate) use life::{Surroundings, live};
pub(crate) use state::Person;
