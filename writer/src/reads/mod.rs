//! Reads for those who have no way to the store: the queue in which equal ones meet, and the task that makes
//! them.

mod query;
mod queue;
mod reader;

pub(crate) use self::reader::{Parts, Reader};
