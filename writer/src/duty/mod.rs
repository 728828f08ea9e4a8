//! Which partitions this writer serves. Only speed hangs on it: any writer can commit to any room at any
//! time, and while two believe that they own a partition nothing breaks.

mod doors;
#[cfg(test)]
mod handing_over;
mod keeper;
mod roster;
#[cfg(test)]
mod tests;

pub(crate) use self::doors::{Doors, Queues};
pub(crate) use self::keeper::{Duty, Keeper, Parts};
