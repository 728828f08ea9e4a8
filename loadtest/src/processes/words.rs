//! What processes of one load tester say to each other: orders, and an answer to each. A line of JSON each; both sides are
//! the same program, so that there is one version of it.

use serde::{Deserialize, Serialize};

use super::Share;
use crate::audit::{Head, Testimony};
use crate::clock::Moment;
use crate::crowd::{Gathering, Standing};
use crate::report::Harvest;

/// What a process is told to do. Each order has its answer before the next one comes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// Make ready for this share of the people. [`Answer::Done`].
    Prepare { gathering: Box<Gathering>, share: Share },
    /// Let them in; the first connection of all is planned for this moment. [`Answer::Done`].
    Open { at: Moment },
    /// Say how far they are. Rooms have come at least so far, as others have seen. [`Answer::Seen`].
    Look { heads: Vec<Head> },
    /// Everybody is there: the first message is planned for this moment. [`Answer::Done`].
    Begin { at: Moment },
    /// Cut all connections. [`Answer::Done`].
    Cut,
    /// Send them home. [`Answer::Stopped`].
    Stop,
    /// Judge what they have seen: rooms have come that far, and nobody need have heard these messages.
    /// [`Answer::Harvest`], after which the process ends.
    Judge { heads: Vec<Head>, not_owed: Vec<u32> },
}

/// What a process answers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    Done,
    /// How far its people are, and how far rooms have come that it has not told of yet.
    Seen {
        standing: Standing,
        heads: Vec<Head>,
    },
    /// Which message has which place, as its people have seen it.
    Stopped(Box<Testimony>),
    Harvest(Box<Harvest>),
    /// The run is impossible.
    Failed(String),
}
