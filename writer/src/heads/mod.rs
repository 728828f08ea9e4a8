//! Where rooms stand, announced again and again: what the bus has lost, or what a writer has committed and
//! died before it could tell, is found by those who compare.

mod announce;
mod chunks;
mod recent;

pub(crate) use self::announce::{announce, announce_now, scan};
pub(crate) use self::chunks::chunks;
pub(crate) use self::recent::RecentHeads;
