//! One client: connects, joins its rooms, hears what is said there, says what it is told to, comes back when the
//! connection breaks.
//!
//! What it knows and decides is in [`state`], [`hearing`], [`membership`], [`habits`], [`sends`], [`pace`] and
//! [`silence`], without I/O, and with what a [`scene`] gives it. [`life`] waits, connects and comes back, and has a
//! [`conversation`] for each connection. What is heard there, [`crate::ears`] reads.

mod conversation;
mod habits;
mod hearing;
mod life;
mod membership;
mod pace;
mod scene;
mod sends;
mod silence;
mod stamped;
mod state;
mod talk;
#[cfg(test)]
mod tests;
mod turn;
mod visits;

pub(crate) use habits::Customs;
pub(crate) use life::live;
pub(crate) use scene::{Rejected, Scene};
pub(crate) use state::Person;
