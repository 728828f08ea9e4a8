//! A room as this gateway sees it: pure, without I/O and without a runtime, so that thousands of
//! interleavings of losses, repeats and reads can be tried in a second.

mod entry;
mod feed;
mod held;
mod log;
mod pages;
mod ring;

pub(crate) use entry::{Entry, enter, enter_after};
pub(crate) use feed::{Fed, Phase};
pub(crate) use log::{Progress, RoomLog};
pub(crate) use pages::Pages;
