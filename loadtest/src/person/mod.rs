//! One client: connects, joins its rooms, hears what is said there, says what it is told to, comes back when the
//! connection breaks.
//!
//! What it knows and decides is in [`state`] and [`sends`], without I/O; [`life`] only waits, reads and writes.

mod life;
mod sends;
mod state;

pub(crate) use life::{Surroundings, live};
pub(crate) use state::Person;
