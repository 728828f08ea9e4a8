//! What must be true of what was received: every subscription sees every event of its room from where it joined,
//! once and in order ([`trail`]); and everybody agrees on which message has which place ([`ledger`]). Where a
//! server gives no places, the plan does, and order is told for each sender ([`order`]). What several processes have
//! seen of one run is put together ([`testimony`]). Who waits until something was received waits for a count of all that
//! was ([`receipts`]).

mod ledger;
mod order;
mod receipts;
mod testimony;
mod trail;

pub(crate) use ledger::Ledger;
pub(crate) use order::SenderOrder;
pub(crate) use testimony::{Head, Testimony};
pub(crate) use trail::{Sight, Trail};
